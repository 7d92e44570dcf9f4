"""Asking several nodes whether they show one history: what `policy refresh` does.

A node counts as agreeing only where it shows, by the policy's own trust, a state that it could not have made up, and
that state is the newest there is or a step behind it. A node that signs with another key, or stands at the first
block while the others have gone on, says nothing about the chain and must not be counted as a second opinion.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.chain.rpc import Rpc
from testamur.errors import TestamurError
from testamur.proof.errors import ProofError
from testamur.verification.connection import Chain
from testamur.verification.errors import UndecidedError
from testamur.verification.ground import probe
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy

__all__ = ["NodeReport", "compare_nodes"]

_BEHIND_SECONDS = 60
"""How old a block may be that a node lacks and another has: two heartbeats. Who lacks an older one is cut off."""


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What one node shows of the policy's chain."""

    url: str
    height: int | None = None
    """Newest EVM block that it shows; None where it shows none that the policy accepts."""
    hash: bytes = b""
    """Of that block."""
    time_seconds: int = 0
    """When that was the newest block."""
    problem: str | None = None
    """Why it does not count as agreeing."""
    error: TestamurError | None = None
    """The same as it was raised, where nothing could be read."""


def compare_nodes(
    policy: Policy, urls: Iterable[str], memory: Memory, now: datetime, connect: Callable[[str], Rpc] = Rpc
) -> list[NodeReport]:
    """What each node shows, each address once, in order; those without a problem agree. Nothing is remembered yet.

    1. the node is of the policy's chain and shows a state by its trust   -> problem
    2. that state is not too old by the policy, nor older than remembered -> problem
    3. the node with the newest state has the same block at its height    -> UndecidedError: two histories
    4. it lacks no block older than a minute, nor all but the first       -> problem
    """
    nodes = {url: connect(url) for url in dict.fromkeys(url.rstrip("/") for url in urls)}
    try:
        shown = [_shown(url, rpc, policy, replace(memory, path=None), now) for url, rpc in nodes.items()]
        usable = [report for report in shown if report.problem is None]
        if not usable:
            return shown
        newest = max(usable, key=lambda report: (report.height or 0, report.time_seconds))
        return [_beside(report, newest, nodes[newest.url]) if report in usable else report for report in shown]
    finally:
        for rpc in nodes.values():
            rpc.close()


def _shown(url: str, rpc: Rpc, policy: Policy, memory: Memory, now: datetime) -> NodeReport:
    try:
        state = probe(Chain(rpc), policy, memory, now)
    except (UndecidedError, ProofError, ChainUnreachableError, RpcError) as error:
        return NodeReport(url, problem=error.message, error=error)
    problem = state.doubt.message if state.doubt is not None else None
    return NodeReport(url, state.block, state.block_hash, state.time_seconds, problem)


def _beside(report: NodeReport, newest: NodeReport, leading: Rpc) -> NodeReport:
    """A node's report beside that of the one with the newest state, which is asked for the blocks between them."""
    height = report.height or 0
    try:
        same = leading.block_hash(height) if height < (newest.height or 0) else newest.hash
        if same != report.hash:
            raise UndecidedError(
                "unproven",
                f"{report.url} and {newest.url} show different histories at block {height}",
                "do not rely on any of them, and tell the alliance",
            )
        if same == newest.hash:
            return report
        following = leading.block(height + 1)
        missing = int(following["timestamp"], 16) if following else newest.time_seconds
    except (ChainUnreachableError, RpcError) as error:
        return replace(report, problem=f"{newest.url} cannot be asked about block {height}: {error}")
    if height == 0:
        return replace(report, problem=f"it stands at block 0, {newest.url} at {newest.height}")
    if newest.time_seconds - missing > _BEHIND_SECONDS:
        age = newest.time_seconds - missing
        return replace(report, problem=f"it lacks block {height + 1}, which {newest.url} has had for {age} s")
    return report
