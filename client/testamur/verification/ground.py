"""What the checks that read the chain stand on: a state, its registry, and what was already found on it.

Online the ground is the same for every bundle until the chain moves on, so those who judge many find it once.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from testamur.batch.bundle import Bundle
from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.proof.errors import ProofError
from testamur.verification.checks import check_trust
from testamur.verification.connection import Chain
from testamur.verification.errors import UndecidedError
from testamur.verification.evidence import Evidence
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy
from testamur.verification.records import Batch
from testamur.verification.registry import CONTRACTS_READ, Registry
from testamur.verification.trust import At, State, find_state
from testamur.verification.verdict import CheckResult

__all__ = ["Ground", "Standing", "attempt", "find_ground", "probe"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What checks 4 to 6 found: one and the same for credentials of one batch, key and level."""

    anchor: CheckResult
    issuer: CheckResult
    key: CheckResult
    batch: Batch | None
    """The record, where check 4 passed."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A state with its registry, or the reason why there is none."""

    judged: datetime | None
    """The moment that validity is judged at; None where it is the evidence's and there is none."""
    trust: CheckResult
    """Check 9: `unknown` where there is no state, or where the one there is does not count as the present."""
    state: State | None = None
    registry: Registry | None = None
    standings: dict[Hashable, Standing] = field(default_factory=dict)
    """Found once, for as long as this state is looked at."""

    def at_clock(self, now: datetime) -> "Ground":
        """The same ground a little later: periods of validity are judged at `now`."""
        return self if now == self.judged else Ground(now, self.trust, self.state, self.registry, self.standings)

    def anew(self, policy: Policy) -> "Ground":
        """The same state with nothing found on it yet, so that every read is made again (from what was fetched)."""
        assert self.state is not None  # there is nothing to read without a state
        return Ground(self.judged, self.trust, self.state, _registry(self.state, policy))


def find_ground(bundle: Bundle, chain: Chain, policy: Policy, memory: Memory, now: datetime, at: At = None) -> Ground:
    """The ground to judge a bundle on: the node's state, or that of the bundle's evidence where there is no node."""
    judged = at if isinstance(at, datetime) else None if at == "evidence" else now
    try:
        evidence = None
        if bundle.evidence is not None and (chain.rpc is None or at == "evidence"):
            evidence = Evidence.from_json(bundle.evidence)
        state = find_state(evidence, chain, policy, now, at)
        registry = _registry(state, policy)
        state = _compare(state, registry, chain, policy, memory, is_present=at is None)
    except _UNREADABLE as error:
        return Ground(judged, check_trust(None, _undecided(error), policy))
    judged = _EPOCH + timedelta(microseconds=state.judged_ns // 1_000)
    return Ground(judged, check_trust(state, state.doubt, policy), state, registry)


def probe(chain: Chain, policy: Policy, memory: Memory, now: datetime) -> State:
    """The chain's present state, with every contract that a verdict reads found in force by this policy.

    Raises UndecidedError, ProofError or the connection's errors; a state that is too old comes with its doubt.
    """
    state = find_state(None, chain, policy, now)
    registry = _registry(state, policy)
    state = _compare(state, registry, chain, policy, memory, is_present=True)
    for name in CONTRACTS_READ:
        registry.contract(name)
    return state


def attempt(name: str, check: Callable[[], CheckResult]) -> CheckResult:
    """What a check that reads finds, or `unknown` where it cannot read."""
    try:
        return check()
    except _UNREADABLE as error:
        doubt = _undecided(error)
        return CheckResult(name, "unknown", doubt.code, doubt.sentence)


_UNREADABLE = (UndecidedError, ProofError, ChainUnreachableError, RpcError)


def _undecided(error: Exception) -> UndecidedError:
    if isinstance(error, UndecidedError):
        return error
    if isinstance(error, ChainUnreachableError):
        return UndecidedError("chain_unreachable", error.message, error.advice)
    assert isinstance(error, (ProofError, RpcError))
    return UndecidedError("unproven", error.message, error.advice)


def _compare(
    state: State, registry: Registry, chain: Chain, policy: Policy, memory: Memory, *, is_present: bool
) -> State:
    """Hold a state against what was shown before, then remember it (docs/protocol.md 4.5); the state, with its doubt.

    Evidence cannot show that it follows blocks that nobody asked about when it was made; the next node does.
    """
    seen, is_asked = state.seen[0], state.view.is_remote and chain.rpc is not None
    for shown in state.seen:
        memory.require_consistent(shown)
    if is_asked:
        memory.require_followed(seen, partial(_past_hash, registry, chain, policy))
    if is_present and state.doubt is None:
        try:
            if is_asked:
                memory.require_not_older(seen)
            else:
                memory.require_of_the_newest_block(seen)
        except UndecidedError as doubt:
            return replace(state, doubt=doubt)
    for shown in state.seen:
        memory.remember(shown, is_followed=is_asked)
    return state


def _past_hash(registry: Registry, chain: Chain, policy: Policy, number: int) -> bytes:
    if policy.demands_proofs or chain.rpc is None:
        return registry.block_hash(number)
    return chain.rpc.block_hash(number)


def _registry(state: State, policy: Policy) -> Registry:
    """The registry at a state of the chain whose block 0 the policy pins: the history contract keeps every hash.

    Where validators are trusted, the registry says whose they are: signatures of one institution's alone are a single
    signer's. Only those count whose signatures were verified; seats of a set say nothing.
    """
    registry = Registry(
        state.view, policy.directory, policy.directory_code_hash, state.time_seconds, state.announced, state.changes
    )
    if policy.demands_proofs:  # a node that is believed was asked for block 0 itself
        genesis = state.block_hash if state.block == 0 else registry.block_hash(0)
        if genesis != policy.genesis_hash:
            pinned = policy.genesis_hash.hex()
            raise UndecidedError("wrong_chain", f"block 0 is {genesis.hex()}, the policy pins {pinned}")
    if policy.min_institutions is not None and policy.trust == "light-client":
        for final in state.proved:
            signed = {registry.validator_institution(signer.key) for signer in final.signers} - {0}
            if len(signed) < policy.min_institutions:
                counted = f"validators of {len(signed)} institutions signed, the policy asks {policy.min_institutions}"
                raise UndecidedError("unproven", counted)
    return registry
