"""Messages tried out on a state: the block a call sees, and the least gas with which it succeeds.

The search follows geth's estimator step by step, since tools compare its answers.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat

from testamur_node.chain.block import Block, Header
from testamur_node.chain.message import BlockOverrides
from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.errors import NodeError
from testamur_node.execution.executor import BlockContext, CallRequest, CallResult, NodeReader
from testamur_node.execution.intrinsic import GAS_PER_BLOB
from testamur_node.execution.trial import Problem, RefusedMessageError

__all__ = [
    "Outlook", "UnsupportedOverrideError", "affordable_gas", "context_of", "least_gas", "pretended_context",
    "pretended_fork", "priced_context", "replay_context",
]  # fmt: skip

_TRANSFER_GAS = 21_000
_NOTHING = BlockOverrides()
_STIPEND = 2_300
_ERROR_RATIO = 0.015
"""geth stops searching when the bounds are this close."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A state that the store does not have: after a block that is not on the chain, what `pending` shows; or in one."""

    header: Header
    writes: Mapping[bytes, bytes]
    """Trie nodes and codes that the store does not have."""
    within: bytes | None = None
    """The root of a state inside the block, where it is not the one after it."""

    @property
    def state_root(self) -> bytes:
        """Where the state is."""
        return self.header.state_root if self.within is None else self.within

    def reader(self, read_node: NodeReader) -> NodeReader:
        """Nodes of that state, over those of the store."""
        return lambda digest: self.writes.get(digest) or read_node(digest)


class UnsupportedOverrideError(NodeError):
    """A call cannot pretend this of its block."""


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


def pretended_fork(spec: ChainSpec, context: BlockContext, wanted: BlockOverrides) -> Fork:
    """Under which rules a call runs: with a random number a block of proof of work becomes a merged one."""
    return spec.fork_under(
        context.number if wanted.number is None else wanted.number,
        context.timestamp if wanted.time is None else wanted.time,
        context.difficulty == 0 or wanted.prev_randao is not None,
    )


def pretended_context(
    context: BlockContext, header: Header, wanted: BlockOverrides, fork: Fork, follows: bool = False
) -> BlockContext:
    """`context` with what a call pretends of the block; `header` is the block on whose state it runs.

    BLOCKHASH still answers for the blocks that are, by their numbers: for those before the block that stands there
    alone, unless the call pretends the next number and `follows`, as geth's debug_traceCall does and its eth_call does
    not.
    """
    if wanted == _NOTHING and context.excess_blob_gas is not None:
        return context
    for name in ("beacon_root", "withdrawals"):
        if getattr(wanted, name) is not None:
            raise UnsupportedOverrideError(f"block override {name!r} is not supported for this RPC method")
    number = context.number if wanted.number is None else wanted.number
    ancestors, beyond = context.ancestors, number - context.number
    if follows and beyond == 1 and context.number == header.number:
        ancestors = chain([header.hash], ancestors)
    elif beyond > 0:
        ancestors = chain(repeat(bytes(32), min(beyond, 256)), ancestors)
    elif beyond < 0:
        ancestors = islice(ancestors, -beyond, None)
    return replace(
        context,
        number=number,
        ancestors=ancestors,
        timestamp=context.timestamp if wanted.time is None else wanted.time,
        difficulty=context.difficulty if wanted.difficulty is None else wanted.difficulty,
        fork=fork,
        gas_limit=context.gas_limit if wanted.gas_limit is None else wanted.gas_limit,
        coinbase=context.coinbase if wanted.coinbase is None else wanted.coinbase,
        prev_randao=context.prev_randao if wanted.prev_randao is None else wanted.prev_randao,
        base_fee=context.base_fee if wanted.base_fee is None else wanted.base_fee,
        blob_base_fee=context.blob_base_fee if wanted.blob_base_fee is None else wanted.blob_base_fee,
        excess_blob_gas=context.excess_blob_gas or 0,  # a block of old may be made to look like one with blobs
    )


def priced_context(context: BlockContext, request: CallRequest) -> BlockContext:
    """`context` as geth shows it to a call: who offers no price sees no base fee, and the same for blobs."""
    if request.gas_price == 0 or context.base_fee is None:
        context = context if context.base_fee == 0 else replace(context, base_fee=0)
    return replace(context, blob_base_fee=0) if request.blob_fee_cap == 0 else context


def affordable_gas(request: CallRequest, balance: int) -> int:
    """How much gas the sender can pay for at its own price, what it sends and its blobs cost set aside."""
    blobs = len(request.blob_hashes or ()) * GAS_PER_BLOB * (request.blob_fee_cap or 0)
    left = balance - request.value
    if left <= 0:
        raise RefusedMessageError(Problem.FUNDS, "insufficient funds for transfer")
    if blobs and left <= blobs:
        raise RefusedMessageError(Problem.FUNDS, "insufficient funds for gas * price + value")
    return (left - blobs) // request.fee_cap


def least_gas(run: Callable[[int], CallResult], highest: int, is_plain_transfer: bool) -> CallResult:
    """The result of the run with the least gas limit that succeeds, that limit in `gas_used`; a failed result
    otherwise. A limit that is too low to begin with counts as a failure; other refusals end the search.
    """

    def tried(gas: int) -> CallResult:
        try:
            return run(gas)
        except RefusedMessageError as error:
            if error.problem is not Problem.INTRINSIC_GAS:
                raise
            return CallResult(b"", gas, "out of gas")

    if is_plain_transfer:
        with contextlib.suppress(RefusedMessageError):
            result = tried(_TRANSFER_GAS)
            if result.error is None:
                return _with_gas(result, _TRANSFER_GAS)
    result = tried(highest)
    if result.error is not None:
        if result.error == "out of gas":
            return replace(result, error=f"gas required exceeds allowance ({highest})")
        return result
    low, high, best = result.gas_used - 1, highest, result
    optimistic = (result.peak_gas + _STIPEND) * 64 // 63
    if optimistic < high:
        attempt = tried(optimistic)
        if attempt.error is not None:
            low = optimistic
        else:
            high, best = optimistic, attempt
    while low + 1 < high and (high - low) / high >= _ERROR_RATIO:
        middle = min((high + low) // 2, low * 2)
        attempt = tried(middle)
        if attempt.error is not None:
            low = middle
        else:
            high, best = middle, attempt
    return _with_gas(best, high)


def _with_gas(result: CallResult, gas: int) -> CallResult:
    return CallResult(result.output, gas, None, result.logs, result.peak_gas)
