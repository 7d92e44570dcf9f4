"""What gas costs at a block: nothing on our chains, the market's price on imported ones (EIP-1559, EIP-4844)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from testamur_node.chain import fees
from testamur_node.chain.block import Block, Header
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.rules import ChainSpec, Fork

__all__ = [
    "next_base_fee",
    "blob_gas_price",
    "next_blob_gas_price",
    "most_blob_gas",
    "pending_header",
    "rewards",
    "tip_of_recent_blocks",
]

_BLOB_GAS = 131_072
_SAMPLED_BLOCKS = 20
_TIPS_PER_BLOCK = 3
_TIP_PERCENTILE = 60
_LEAST_TIP = 2
_FIRST_TIP = 1_000_000
_MOST_TIP = 500 * 10**9
"""geth's defaults for its price oracle, in wei."""


@dataclass(frozen=True, slots=True)
class BlobSchedule:
    """Blob market of one fork (EIP-4844, EIP-7691)."""

    target: int
    """Blobs of a block at which the price stays."""
    most: int
    """Most blobs of a block."""
    update_fraction: int


_BLOBS = {Fork.CANCUN: BlobSchedule(3, 6, 3_338_477), Fork.PRAGUE: BlobSchedule(6, 9, 5_007_716)}


def next_base_fee(spec: ChainSpec, parent: Header) -> int | None:
    """The base fee of the block after `parent`, as far as can be known before its time; None before London."""
    return fees.next_base_fee(parent, spec, spec.fork_at(parent.number + 1, parent.timestamp + 1))


def pending_header(spec: ChainSpec, head: Header) -> Header:
    """The header of an empty block on `head`, as far as fees go."""
    fork = spec.fork_at(head.number + 1, head.timestamp + 1)
    return replace(
        head,
        number=head.number + 1,
        timestamp=head.timestamp + 1,
        base_fee=fees.next_base_fee(head, spec, fork),
        gas_used=0,
        blob_gas_used=None if head.blob_gas_used is None else 0,
        excess_blob_gas=fees.next_excess_blob_gas(head, fork),
    )


def blob_schedule(fork: Fork) -> BlobSchedule | None:
    """The blob market of a fork; None before Cancun."""
    return _BLOBS.get(fork)


def _schedule(spec: ChainSpec, number: int, timestamp: int) -> BlobSchedule | None:
    return blob_schedule(spec.fork_at(number, timestamp))


def most_blob_gas(spec: ChainSpec, header: Header) -> int:
    """How much blob gas a block may use; 0 before Cancun."""
    schedule = _schedule(spec, header.number, header.timestamp)
    return 0 if schedule is None else schedule.most * _BLOB_GAS


def blob_gas_price(spec: ChainSpec, header: Header) -> int | None:
    """wei per unit of blob gas in a block; None before Cancun."""
    schedule = _schedule(spec, header.number, header.timestamp)
    if schedule is None or header.excess_blob_gas is None:
        return None
    return _exponential(header.excess_blob_gas, schedule.update_fraction)


def next_blob_gas_price(spec: ChainSpec, parent: Header) -> int | None:
    """wei per unit of blob gas in the block after `parent`, by the rules of its parent's fork as geth tells it."""
    schedule = _schedule(spec, parent.number, parent.timestamp)
    if schedule is None:
        return None
    excess = fees.next_excess_blob_gas(parent, spec.fork_at(parent.number, parent.timestamp))
    return _exponential(excess or 0, schedule.update_fraction)


def _exponential(numerator: int, denominator: int) -> int:
    """fake_exponential of EIP-4844 with factor 1: about e ** (numerator / denominator)."""
    index, output, term = 1, 0, denominator
    while term > 0:
        output += term
        term = term * numerator // (denominator * index)
        index += 1
    return output // denominator


def rewards(block: Block, receipts: Sequence[Receipt], percentiles: Sequence[float]) -> list[int]:
    """The tip per gas at each percentile of a block's gas, transactions sorted by tip (geth's feeHistory)."""
    if not block.transactions:
        return [0] * len(percentiles)
    base_fee = block.header.base_fee or 0
    paid = sorted(
        (transaction.effective_gas_price(block.header.base_fee) - base_fee, receipt.gas_used)
        for transaction, receipt in zip(block.transactions, receipts, strict=True)
    )
    answers, position, total = [], 0, paid[0][1]
    for percentile in percentiles:
        threshold = int(block.header.gas_used * percentile / 100)
        while total < threshold and position < len(paid) - 1:
            position += 1
            total += paid[position][1]
        answers.append(paid[position][0])
    return answers


def tip_of_recent_blocks(block: Callable[[int], Block | None], head: int) -> int:
    """wei per gas that geth's oracle suggests: the 60th percentile of the three lowest tips of each of twenty blocks.

    A block that tells nothing, or one thing only, has an older block looked at as well; the very start counts as one
    million wei.
    """
    seen: list[int] = []
    waiting, number = [*range(head, max(head - _SAMPLED_BLOCKS, 0), -1)], max(head - _SAMPLED_BLOCKS, 0)
    while waiting:
        tips = _lowest_tips(block(waiting.pop(0))) or [_FIRST_TIP]
        if len(tips) == 1 and len(seen) + 1 + len(waiting) < 2 * _SAMPLED_BLOCKS and number > 0:
            waiting.append(number)
            number -= 1
        seen += tips
    if not seen:
        return _FIRST_TIP
    return min(sorted(seen)[(len(seen) - 1) * _TIP_PERCENTILE // 100], _MOST_TIP)


def _lowest_tips(block: Block | None) -> list[int]:
    """The lowest tips of a block that are worth a look; its own producer's transactions do not count."""
    if block is None:
        return []
    base_fee = block.header.base_fee
    tips = sorted((item.effective_gas_price(base_fee) - (base_fee or 0), item.sender) for item in block.transactions)
    worthy = (tip for tip, sender in tips if tip >= _LEAST_TIP and sender != block.header.coinbase)
    return list(islice(worthy, _TIPS_PER_BLOCK))
