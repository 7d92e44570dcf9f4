"""One verb: judging a bundle. Pure but for the chain it is given; the clock is an argument."""

from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from typing import Any

from testamur.batch.bundle import Bundle
from testamur.verification.checks import (
    check_anchor,
    check_document,
    check_inclusion,
    check_issuer,
    check_key,
    check_signature,
    check_status,
    check_validity,
    claims_of,
)
from testamur.verification.connection import Chain
from testamur.verification.ground import Ground, Standing, attempt, find_ground
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy
from testamur.verification.records import Batch
from testamur.verification.registry import Registry
from testamur.verification.trust import At
from testamur.verification.verdict import CHECK_NAMES, AsOf, CheckResult, Verdict, iso

__all__ = ["examine", "judge", "refuse", "verify"]


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
    opening, parsed = examine(bundle)
    if parsed is None:
        return refuse(opening)
    ground = find_ground(parsed, chain, policy, Memory.of(policy), now or datetime.now(UTC), at)
    return judge(opening, parsed, ground, policy)


def examine(data: Bundle | bytes) -> tuple[list[CheckResult], Bundle | None]:
    """Checks 1 to 3, which need no chain, and the bundle; None, and the checks so far, where one failed."""
    document, bundle = check_document(data)
    if bundle is None:
        return [document], None
    opening = [document, CheckResult("signature", "skipped")]
    if bundle.document is not None:
        opening[1] = check_signature(bundle.document)
        if opening[1].result == "fail":
            return opening, None
    opening.append(check_inclusion(bundle))
    return opening, bundle


def refuse(opening: list[CheckResult]) -> Verdict:
    """The verdict where check 1 or 2 failed: nothing of the content is shown as fact (docs/protocol.md 6.5)."""
    return _verdict(opening)


def judge(opening: list[CheckResult], bundle: Bundle, ground: Ground, policy: Policy) -> Verdict:
    """Checks 4 to 9 and the verdict, on ground that was found before."""
    if opening[-1].result == "fail":
        return _verdict(opening, bundle)
    registry, trust, standing = ground.registry, ground.trust, None
    if registry is None:
        reads = [CheckResult(name, "unknown", trust.code, trust.message) for name in CHECK_NAMES[3:7]]
    else:
        standing = _standing(bundle, registry, ground, policy)
        reads = [standing.anchor, standing.issuer, standing.key, _status(bundle, registry, standing.batch)]
        unknown = next((check for check in reads if check.result == "unknown"), None)
        if unknown is not None and trust.result == "pass":
            trust = CheckResult("trust", "unknown", unknown.code, unknown.message, trust.facts)
    if ground.judged is None:
        validity = CheckResult("validity", "unknown", trust.code, "The moment to judge at is not known.")
    else:
        validity = check_validity(bundle, ground.judged)
    checks = [*opening, *reads, validity, trust]
    return _verdict(checks, bundle, ground, standing.batch if standing else None)


def _standing(bundle: Bundle, registry: Registry, ground: Ground, policy: Policy) -> Standing:
    """Checks 4 to 6; kept for the next credential of the same batch, key and level."""
    name = _standing_name(bundle)
    found = ground.standings.get(name)
    if found is None:
        found = _find_standing(bundle, registry, policy)
        if "unknown" not in (found.anchor.result, found.issuer.result, found.key.result):
            ground.standings[name] = found
    return found


def _find_standing(bundle: Bundle, registry: Registry, policy: Policy) -> Standing:
    document, batch = bundle.document, None

    def anchor() -> CheckResult:
        nonlocal batch
        result, batch = check_anchor(bundle, registry, policy)
        if batch is not None and document is not None:
            registry.read_ahead(document.issuer_did, document.key, claims_of(bundle), batch)
        return result

    anchored = attempt("anchor", anchor)
    issuer, key = CheckResult("issuer", "skipped"), CheckResult("key", "skipped")
    if anchored.result == "pass" or anchored.code == "not_anchored":
        issuer = attempt("issuer", lambda: check_issuer(bundle, registry, policy, batch))
    if batch is not None:
        record = batch
        key = attempt("key", lambda: check_key(document, registry, record))
    return Standing(anchored, issuer, key, batch)


def _standing_name(bundle: Bundle) -> Hashable:
    """Everything that checks 4 to 6 depend on."""
    inclusion, document, claims = bundle.inclusion, bundle.document, claims_of(bundle)
    texts = bundle.evidence.get("texts") if bundle.evidence else None
    named = (document.issuer_did, document.issuer_name, document.key, document.labels) if document else None
    level = (claims.framework, claims.type, claims.rank, claims.region)
    batch = (inclusion.kind, inclusion.issuer, inclusion.list, inclusion.size)
    return bundle.anchor, batch, level, named, str(texts)


def _status(bundle: Bundle, registry: Registry, batch: Batch | None) -> CheckResult:
    if batch is None:
        return CheckResult("status", "skipped")
    return attempt("status", lambda: check_status(bundle, registry, batch))


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
        **_numbers(document.tree["credentialSubject"]),
        "issued": document.created,
        "credits": _decimal(document.claims.credits_thousandths),
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
        facts["anchored"] = iso(batch.time)
    return facts


def _numbers(subject: Mapping[str, Any]) -> dict[str, str]:
    """The learner's number and that of the paper, where the credential brings them (OB 3.0, IdentityObject)."""
    numbers: dict[str, str] = {}
    for item in subject.get("identifier", ()):
        if isinstance(item, dict) and item.get("identityType") == "identifier" and item.get("hashed") is False:
            numbers["student_number"] = str(item.get("identityHash"))
    if isinstance(number := subject.get("licenseNumber"), str):
        numbers["certificate_number"] = number
    return numbers


def _decimal(thousandths: int) -> str:
    """Thousandths as a decimal without trailing zeros: 140500 is `140.5`."""
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
