"""Messages tried out on a state: the block a call sees, and the least gas with which it succeeds.

The search follows geth's estimator step by step, since tools compare its answers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from testamur_node.chain.block import Block, Header
from testamur_node.execution.executor import BlockContext, CallResult, NodeReader
from testamur_node.permission import Parent

__all__ = ["Outlook", "context_of", "least_gas", "pending_context", "replay_context"]

_STIPEND = 2_300
_ERROR_RATIO = 0.015
"""geth stops searching when the bounds are this close."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state after a block that was executed and is not on the chain: what `pending` shows."""

    header: Header
    writes: Mapping[bytes, bytes]
    """Trie nodes and codes that the store does not have."""

    def reader(self, read_node: NodeReader) -> NodeReader:
        """Nodes of that state, over those of the store."""
        return lambda digest: self.writes.get(digest) or read_node(digest)


def context_of(
    header: Header, chain_id: int, ancestors: Callable[[int], Iterable[bytes]], deployers: frozenset[bytes] | None
) -> BlockContext:
    """The block whose state a call runs on: geth lets a call see that block's own number and time."""
    return BlockContext(
        number=header.number,
        timestamp=header.timestamp,
        coinbase=header.coinbase,
        prev_randao=header.mix_hash,
        gas_limit=header.gas_limit,
        base_fee=header.base_fee,
        chain_id=chain_id,
        parent_hash=header.parent_hash,
        difficulty=header.difficulty,
        ancestors=ancestors(header.number - 1) if header.number else (),
        excess_blob_gas=header.excess_blob_gas,
        deployers=deployers,
    )


def replay_context(
    block: Block, chain_id: int, ancestors: Callable[[int], Iterable[bytes]], deployers: frozenset[bytes] | None
) -> BlockContext:
    """The block as it was executed, to run its transactions again."""
    header = block.header
    return replace(
        context_of(header, chain_id, ancestors, deployers),
        parent_beacon_root=header.parent_beacon_root,
        withdrawals=block.withdrawals,
        ommers=tuple((ommer.coinbase, ommer.number) for ommer in block.ommers),
    )


def pending_context(
    parent: Parent,
    head: Header,
    head_hash: bytes,
    prev_randao: bytes,
    timestamp: int,
    deployers: frozenset[bytes] | None,
) -> BlockContext:
    """The block to come, as far as it can be known."""
    return BlockContext(
        number=head.number + 1,
        timestamp=timestamp,
        coinbase=head.coinbase,
        prev_randao=prev_randao,
        gas_limit=parent.gas_limit,
        base_fee=parent.base_fee,
        chain_id=parent.chain_id,
        parent_hash=head_hash,
        ancestors=(head_hash,),
        excess_blob_gas=head.excess_blob_gas,
        deployers=deployers,
    )


def least_gas(run: Callable[[int], CallResult], highest: int, is_plain_transfer: bool) -> CallResult:
    """The result of the run with the least gas limit that succeeds, that limit in `gas_used`; a failed result
    otherwise.
    """
    if is_plain_transfer:
        result = run(21_000)
        if result.error is None:
            return _with_gas(result, 21_000)
    result = run(highest)
    if result.error is not None:
        return result
    low, high, best = result.gas_used - 1, highest, result
    optimistic = (result.gas_used + result.gas_refunded + _STIPEND) * 64 // 63
    if optimistic < high:
        tried = run(optimistic)
        if tried.error is not None:
            low = optimistic
        else:
            high, best = optimistic, tried
    while low + 1 < high and (high - low) / high >= _ERROR_RATIO:
        middle = min((high + low) // 2, low * 2)
        tried = run(middle)
        if tried.error is not None:
            low = middle
        else:
            high, best = middle, tried
    return _with_gas(best, high)


def _with_gas(result: CallResult, gas: int) -> CallResult:
    return CallResult(result.output, gas, None, result.logs, result.gas_refunded)
