"""One verb: judging a bundle. Pure but for the chain it is given; the clock is an argument."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from testamur.batch.bundle import Bundle
from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.proof.errors import ProofError
from testamur.verification.checks import (
    check_anchor,
    check_document,
    check_inclusion,
    check_issuer,
    check_key,
    check_signature,
    check_status,
    check_trust,
    check_validity,
    claims_of,
)
from testamur.verification.connection import Chain
from testamur.verification.errors import UndecidedError
from testamur.verification.evidence import Evidence
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy
from testamur.verification.records import Batch
from testamur.verification.registry import Registry
from testamur.verification.trust import At, State, find_state
from testamur.verification.verdict import CHECK_NAMES, AsOf, CheckResult, Verdict, iso

__all__ = ["Ground", "find_ground", "judge", "verify"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def verify(
    bundle: Bundle | bytes, chain: Chain, policy: Policy, now: datetime | None = None, *, at: At = None
) -> Verdict:
    """Decide whether a credential is genuine and in force at `now`, by `policy`.

    1. document: it is one we can judge                        -> malformed
    2. signature: the key it names signed it                   -> signature_invalid
    3. inclusion: its proof leads to the root of its batch     -> altered
    4. anchor: that batch was written to the chain             -> not_anchored
    5. issuer: recognised for this qualification then          -> issuer_unknown, issuer_not_recognised, out_of_scope,
                                                                  type_not_in_force
    6. key: key and operator were the issuer's                 -> key_not_valid, key_compromised
    7. status: neither revoked nor suspended                   -> revoked, suspended
    8. validity: within its period                             -> not_yet_valid, expired
    9. trust: what was read is what the policy demands         -> indeterminate: chain_unreachable, stale, unproven,
                                                                  wrong_chain

    The first check that failed decides; only where none failed does one that could not be made give
    `indeterminate`. `at` judges a past moment, or with "evidence" that of the bundle's own evidence. `now` is the
    verifier's clock, by default this computer's. A bundle in bytes that cannot be parsed is a `malformed` verdict;
    a chain that cannot be read gives `indeterminate`, never an exception.
    """
    now = now or datetime.now(UTC)
    document, parsed = check_document(bundle)
    if parsed is None:
        return _verdict([document])
    opening = _opening(document, parsed)
    if any(check.result == "fail" for check in opening):
        return _verdict(opening, parsed)
    ground = find_ground(parsed, chain, policy, Memory.of(policy), now, at)
    return _walk(opening, parsed, ground, policy)


@dataclass(frozen=True, slots=True)
class Ground:
    """What checks 4 to 9 stand on: a state with its registry, or the reason why there is none."""

    judged: datetime | None
    """The moment that validity is judged at; None where it is the evidence's and there is none."""
    state: State | None = None
    registry: Registry | None = None
    doubt: UndecidedError | None = None
    """Why there is no state, or why the one there is does not count as the present."""


def find_ground(bundle: Bundle, chain: Chain, policy: Policy, memory: Memory, now: datetime, at: At = None) -> Ground:
    """The ground to judge a bundle on; online it is the same for every bundle until the chain moves on."""
    judged = at if isinstance(at, datetime) else None if at == "evidence" else now
    try:
        evidence = None
        if bundle.evidence is not None and (chain.rpc is None or at == "evidence"):
            evidence = Evidence.from_json(bundle.evidence)
        state = find_state(evidence, chain, policy, memory, now, at)
        registry = Registry(state.view, policy.directory, policy.directory_code_hash, state.time_seconds)
        _require_pins(state, registry, policy)
    except _UNKNOWN as error:
        return Ground(judged, doubt=_undecided(error))
    return Ground(_EPOCH + timedelta(microseconds=state.judged_ns // 1_000), state, registry, state.doubt)


def judge(bundle: Bundle | bytes, ground: Ground, policy: Policy) -> Verdict:
    """`verify` on ground that was already found, for those who judge many."""
    document, parsed = check_document(bundle)
    if parsed is None:
        return _verdict([document])
    opening = _opening(document, parsed)
    if any(check.result == "fail" for check in opening):
        return _verdict(opening, parsed)
    return _walk(opening, parsed, ground, policy)


def _opening(document: CheckResult, bundle: Bundle) -> list[CheckResult]:
    """Checks 1 to 3, which need no chain; what follows a failure is left out."""
    if bundle.document is None:
        return [document, CheckResult("signature", "skipped"), check_inclusion(bundle)]
    signature = check_signature(bundle.document)
    return [document, signature] if signature.result == "fail" else [document, signature, check_inclusion(bundle)]


def _walk(opening: list[CheckResult], bundle: Bundle, ground: Ground, policy: Policy) -> Verdict:
    """Checks 4 to 9."""
    doubts: list[UndecidedError] = [ground.doubt] if ground.doubt else []

    def attempt(name: str, check: Callable[[], CheckResult]) -> CheckResult:
        try:
            return check()
        except _UNKNOWN as error:
            doubts.append(_undecided(error))
            return CheckResult(name, "unknown", doubts[-1].code, _sentence(doubts[-1].message))

    registry, batch = ground.registry, None
    if registry is None:
        assert ground.doubt is not None  # no ground without a reason
        reason = ground.doubt
        reads = [CheckResult(name, "unknown", reason.code, _sentence(reason.message)) for name in CHECK_NAMES[3:7]]
    else:

        def anchor() -> CheckResult:
            nonlocal batch
            result, batch = check_anchor(bundle, registry, policy)
            if batch is not None and bundle.document is not None:
                registry.read_ahead(bundle.document.issuer_did, bundle.document.key, claims_of(bundle), batch)
            return result

        reads = [attempt("anchor", anchor)]
        if reads[0].result == "unknown" or reads[0].code == "altered":
            reads += [CheckResult(name, "skipped") for name in CHECK_NAMES[4:7]]
        else:
            reads.append(attempt("issuer", lambda: check_issuer(bundle, registry, policy, batch)))
            reads += _of_batch(bundle, registry, batch, attempt)
    if ground.judged is None:
        validity = CheckResult("validity", "unknown", doubts[0].code, "The moment to judge at is not known.")
    else:
        validity = check_validity(bundle, ground.judged)
    trust = check_trust(ground.state, doubts[0] if doubts else None, policy)
    return _verdict([*opening, *reads, validity, trust], bundle, ground, batch)


def _of_batch(
    bundle: Bundle,
    registry: Registry,
    batch: Batch | None,
    attempt: Callable[[str, Callable[[], CheckResult]], CheckResult],
) -> list[CheckResult]:
    """Checks 6 and 7, which ask about a recorded batch."""
    if batch is None:
        return [CheckResult("key", "skipped"), CheckResult("status", "skipped")]
    return [
        attempt("key", lambda: check_key(bundle.document, registry, batch)),
        attempt("status", lambda: check_status(bundle, registry, batch)),
    ]


def _verdict(
    made: list[CheckResult], bundle: Bundle | None = None, ground: Ground | None = None, batch: Batch | None = None
) -> Verdict:
    """The verdict that the checks come to; checks that were not made are skipped."""
    checks = (*made, *(CheckResult(name, "skipped") for name in CHECK_NAMES[len(made) :]))
    state = ground.state if ground else None
    as_of = AsOf(state.block, state.time, state.trust) if state else None
    outcome, code = _decide(checks, bundle)
    return Verdict(outcome, code, checks, as_of, _facts(checks, bundle, batch))


def _decide(checks: tuple[CheckResult, ...], bundle: Bundle | None) -> tuple[str, str]:
    failed = [check for check in checks if check.result == "fail"]
    if failed:
        if failed[0].code == "not_anchored" and len(failed) > 1 and failed[1].name == "issuer":
            return "invalid", str(failed[1].code)  # docs/protocol.md 6.4
        return "invalid", str(failed[0].code)
    unknown = [check for check in checks if check.result == "unknown"]
    if unknown:
        return "indeterminate", str(unknown[0].code)
    if bundle is None or bundle.document is None:
        return "indeterminate", "imported"
    return "valid", "ok"


def _facts(checks: tuple[CheckResult, ...], bundle: Bundle | None, batch: Batch | None) -> dict[str, Any]:
    """What the credential says, once its signature held; registry names once the registry confirmed them."""
    if bundle is None or bundle.document is None or checks[1].result != "pass":
        return {}
    document, issuer = bundle.document, checks[4]
    facts: dict[str, Any] = {
        "subject": document.subject_name,
        "achievement": document.achievement_name,
        "credits": f"{document.claims.credits_thousandths / 1000:g}",
        "valid_from": iso(document.valid_from),
        "valid_until": iso(document.valid_until) if document.valid_until else None,
        "list": document.list,
    }
    if "name" in issuer.facts:
        facts |= {"issuer": issuer.facts["name"], "institution": issuer.facts["institution"]}
    if issuer.result == "pass":
        labels = document.labels
        facts |= {"qualification": labels.name, "framework": labels.framework, "level": labels.code}
    if batch is not None:
        facts["anchored"] = iso(_EPOCH + timedelta(seconds=batch.time))
    return facts


def _require_pins(state: State, registry: Registry, policy: Policy) -> None:
    """The genesis that the policy pins is this chain's: the history contract keeps every block's hash."""
    if not policy.demands_proofs:
        return  # asked of the node itself, before anything was read
    genesis = state.block_hash if state.block == 0 else registry.block_hash(0)
    if genesis != policy.genesis_hash:
        raise UndecidedError("wrong_chain", f"block 0 is {genesis.hex()}, the policy pins {policy.genesis_hash.hex()}")


_UNKNOWN = (UndecidedError, ProofError, ChainUnreachableError, RpcError)


def _undecided(error: Exception) -> UndecidedError:
    if isinstance(error, UndecidedError):
        return error
    if isinstance(error, ChainUnreachableError):
        return UndecidedError("chain_unreachable", error.message, error.advice)
    assert isinstance(error, (ProofError, RpcError))
    return UndecidedError("unproven", error.message, error.advice)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + "."
