"""Check 9: finding a state that the policy accepts, and saying what it is worth.

Data flow: evidence or a node -> `find_state` -> `State`, whose view the other checks read. Three grounds: evidence in
the bundle, a node whose answers are proved, a node whose word is taken (`rpc`). A state that can be read but is too
old to count as the present is returned with its `doubt`, so that a revocation in it is still seen.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

from testamur.proof.finality import FinalityProof, FinalState, holds_at, verify_light_client, verify_single_signer
from testamur.verification.changes import Changes, no_changes, read_changes
from testamur.verification.connection import Chain, block_before
from testamur.verification.errors import UndecidedError
from testamur.verification.evidence import Evidence
from testamur.verification.memory import Seen
from testamur.verification.names import announced_names
from testamur.verification.policy import Policy
from testamur.verification.view import LiveProvenView, ProvenView, RpcView, StateView

if TYPE_CHECKING:
    from testamur.chain.rpc import Rpc

__all__ = ["At", "State", "find_state", "nanoseconds"]

At = datetime | Literal["evidence"] | None
"""The moment to judge at: a past one, that of the evidence, or None for now."""

_CLOCK_DRIFT_NS = 10_000_000_000
"""How far a signed header may be ahead of the verifier's clock: a proposer leads by one second at most."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class State:
    """A state that checks may read."""

    view: StateView
    block: int
    """EVM height."""
    block_hash: bytes
    time_ns: int
    """When it was current: the signed header's time, or the moment it was shown to hold at."""
    judged_ns: int
    """The moment that validity periods are compared with."""
    trust: str
    """As in `AsOf.trust`."""
    proofs: tuple[FinalityProof, ...] = ()
    """What proved it, for those who keep evidence; empty for `rpc`."""
    proved: tuple[FinalState, ...] = ()
    """The same, judged: this state and, where it is judged at a past moment, its child."""
    announced: Callable[[bytes, int], Iterable[str]] = lambda registry, institution: ()
    """Names that the registry's events gave an institution; a node's word, good only where a hash confirms it."""
    changes: Callable[[bytes, int, str], Changes | None] = no_changes
    """What the status registry's events say of a list's entries; a node's word, for people."""
    doubt: UndecidedError | None = None
    """Why it does not count as the present although it can be read."""

    @property
    def seen(self) -> tuple[Seen, ...]:
        """What a verifier remembers of it: the state itself, then the child that showed how long it held."""
        if not self.proved:
            return (Seen(self.block, self.block_hash, self.block, self.block_hash),)
        return tuple(
            Seen(final.engine_height, final.engine_hash, final.header.number, final.hash) for final in self.proved
        )

    @property
    def time_seconds(self) -> int:
        """`time_ns` in whole seconds, as contracts count."""
        return self.time_ns // 1_000_000_000

    @property
    def time(self) -> datetime:
        """`time_ns` as an aware datetime."""
        return _EPOCH + timedelta(seconds=self.time_seconds)


def find_state(evidence: Evidence | None, chain: Chain, policy: Policy, now: datetime, at: At = None) -> State:
    """The state to judge by. Raises UndecidedError where there is none that the policy accepts.

    1. offline, or at the evidence's own moment: the evidence  -> unproven, wrong_chain, stale (as doubt)
    2. a policy that demands proofs: a node, proved            -> also chain_unreachable
    3. `rpc`: a node's word                                    -> chain_unreachable, wrong_chain
    """
    now_ns = nanoseconds(now)
    if chain.rpc is None or at == "evidence":
        return _from_evidence(evidence, policy, now_ns, at)
    moment_ns = nanoseconds(at) if isinstance(at, datetime) else None
    try:
        if policy.demands_proofs:
            return _proved_by_node(chain.rpc, policy, now_ns, moment_ns)
        return _told_by_node(chain.rpc, policy, now_ns, moment_ns)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UndecidedError("chain_unreachable", f"{chain.rpc.url} does not answer as JSON-RPC nodes do") from error


def nanoseconds(moment: datetime) -> int:
    """An aware datetime as nanoseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


def _from_evidence(evidence: Evidence | None, policy: Policy, now_ns: int, at: At) -> State:
    if not policy.demands_proofs:
        raise UndecidedError(
            "unproven",
            "a policy of trust rpc has nothing to judge evidence by",
            "connect to a node, or use a policy of trust single-signer or light-client",
        )
    if evidence is None:
        raise UndecidedError(
            "unproven", "there is no evidence in the file and no node to ask", "connect, or: testamur bundle prove"
        )
    final = _judge(evidence.finality[0], policy, now_ns)
    child = _judge(evidence.finality[1], policy, now_ns) if len(evidence.finality) > 1 else None
    if isinstance(at, datetime):
        moment_ns: int | None = nanoseconds(at)
    else:
        moment_ns = final.engine_time_ns - 1 if at == "evidence" else None
    view = ProvenView(final.header.state_root, evidence.nodes)
    return _dated(final, child, view, "bundle", policy, now_ns, moment_ns, evidence.finality)


def _proved_by_node(rpc: "Rpc", policy: Policy, now_ns: int, moment_ns: int | None) -> State:
    if moment_ns is None:
        proof, following = _ask(rpc, policy, "latest"), None
    else:
        block, is_followed = block_before(rpc, moment_ns // 1_000_000_000)
        if block is None:
            raise UndecidedError("unproven", "the chain began after that moment")
        number = int(block["number"], 16)
        proof = _ask(rpc, policy, hex(number))
        following = _ask(rpc, policy, hex(number + 1)) if is_followed else None
    final = _judge(proof, policy, now_ns)
    child = _judge(following, policy, now_ns) if following is not None else None
    view = LiveProvenView(final.header.state_root, final.header.number, rpc)
    proofs = (proof,) if following is None else (proof, following)
    state = _dated(final, child, view, policy.trust, policy, now_ns, moment_ns, proofs)
    number = final.header.number
    return replace(state, announced=partial(announced_names, rpc, number), changes=partial(read_changes, rpc, number))


def _told_by_node(rpc: "Rpc", policy: Policy, now_ns: int, moment_ns: int | None) -> State:
    chain_id = rpc.chain_id()
    if chain_id != policy.chain_id:
        raise UndecidedError("wrong_chain", f"the node is of chain {chain_id}, the policy of {policy.chain_id}")
    first = rpc.block_hash(0)
    if first != policy.genesis_hash:
        raise UndecidedError("wrong_chain", f"the node's block 0 is {first.hex()}, not {policy.genesis_hash.hex()}")
    if moment_ns is not None and moment_ns > now_ns:
        raise UndecidedError("unproven", "that moment has not come yet")
    if moment_ns is not None:
        block, _ = block_before(rpc, moment_ns // 1_000_000_000)
    elif policy.confirmations is None:
        block = rpc.block("finalized")
    else:
        block = rpc.block(max(0, rpc.block_number() - policy.confirmations))
    if block is None:
        raise UndecidedError("unproven", "the node has no block that far back")
    number, timestamp_ns = int(block["number"], 16), int(block["timestamp"], 16) * 1_000_000_000
    return State(
        view=RpcView(number, rpc),
        block=number,
        block_hash=bytes.fromhex(block["hash"][2:]),
        time_ns=timestamp_ns if moment_ns is None else moment_ns,
        judged_ns=now_ns if moment_ns is None else moment_ns,
        trust="rpc",
        doubt=_doubt_of_age(now_ns - timestamp_ns, policy) if moment_ns is None else None,
        announced=partial(announced_names, rpc, number),
        changes=partial(read_changes, rpc, number),
    )


def _ask(rpc: "Rpc", policy: Policy, block: str) -> FinalityProof:
    answer = rpc.call("testamur_finalityProof", block)
    if answer is None:
        raise UndecidedError("unproven", f"the node has no finality proof of block {block}")
    return FinalityProof.from_json(answer)


def _judge(proof: FinalityProof, policy: Policy, now_ns: int) -> FinalState:
    engine_chain_id = proof.signed.header.chain_id
    if engine_chain_id != policy.engine_chain_id:
        raise UndecidedError(
            "wrong_chain", f"the header is of chain {engine_chain_id!r}, the policy of {policy.engine_chain_id!r}"
        )
    if policy.solo_key is not None and policy.trust == "single-signer":
        return verify_single_signer(proof, engine_chain_id, policy.solo_key)
    assert policy.checkpoint is not None  # a policy of trust light-client is refused without one
    return verify_light_client(
        proof,
        engine_chain_id,
        policy.checkpoint.height,
        policy.checkpoint.hash,
        trust_period_ns=policy.trust_period_seconds * 1_000_000_000,
        now_ns=now_ns,
        clock_drift_ns=_CLOCK_DRIFT_NS,
    )


def _dated(
    final: FinalState,
    child: FinalState | None,
    view: StateView,
    trust: str,
    policy: Policy,
    now_ns: int,
    moment_ns: int | None,
    proofs: tuple[FinalityProof, ...],
) -> State:
    """The state at its moment, with the doubt that its age casts; `unproven` where it was not that moment's state."""
    age_seconds = (now_ns - final.engine_time_ns) // 1_000_000_000
    if final.engine_time_ns > now_ns + _CLOCK_DRIFT_NS:
        raise UndecidedError(
            "unproven", f"the state is {-age_seconds} s ahead of this computer's clock", "set the clock"
        )
    if age_seconds > policy.trust_period_seconds:
        raise UndecidedError("unproven", f"the signatures are {age_seconds} s old, older than the trust period")
    if moment_ns is not None and not holds_at(final, moment_ns, child):
        raise UndecidedError("unproven", f"nothing shows that block {final.header.number} was the newest then")
    doubt = None
    if moment_ns is None:
        doubt = _doubt_of_age(now_ns - final.engine_time_ns, policy)
        if child is not None and child.header.parent_hash == final.hash:
            following = f"block {child.header.number} follows the state that is to be the present"
            doubt = UndecidedError(
                "stale", following, "connect to a node, or judge the moment it was made for with --at"
            )
    return State(
        view=view,
        block=final.header.number,
        block_hash=final.hash,
        time_ns=final.engine_time_ns if moment_ns is None else moment_ns,
        judged_ns=now_ns if moment_ns is None else moment_ns,
        trust=trust,
        proofs=proofs,
        proved=(final,) if child is None else (final, child),
        doubt=doubt,
    )


def _doubt_of_age(age_ns: int, policy: Policy) -> UndecidedError | None:
    """Why a state of this age is not the present; None where the policy sets no age or it is young enough."""
    age_seconds, greatest = age_ns // 1_000_000_000, policy.max_age_seconds
    if greatest is None or age_seconds <= greatest:
        return None
    return UndecidedError(
        "stale",
        f"the newest state is {age_seconds} s old, the policy allows {greatest} s",
        "connect to a node, or judge it as of its own time with --at evidence",
    )
