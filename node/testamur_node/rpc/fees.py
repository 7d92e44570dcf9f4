"""What gas costs at a block: nothing on our chains, the market's price on imported ones (EIP-1559, EIP-4844)."""

from collections.abc import Sequence
from dataclasses import dataclass

from testamur_node.chain import fees
from testamur_node.chain.block import Block, Header
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.rules import ChainSpec, Fork

__all__ = ["next_base_fee", "blob_gas_price", "next_blob_gas_price", "most_blob_gas", "rewards"]

_BLOB_GAS = 131_072


@dataclass(frozen=True, slots=True)
class _BlobSchedule:
    """Blob market of one fork (EIP-4844, EIP-7691)."""

    most: int
    """Most blobs of a block."""
    update_fraction: int


_BLOBS = {Fork.CANCUN: _BlobSchedule(6, 3_338_477), Fork.PRAGUE: _BlobSchedule(9, 5_007_716)}


def next_base_fee(spec: ChainSpec, parent: Header) -> int | None:
    """The base fee of the block after `parent`, as far as can be known before its time; None before London."""
    return fees.next_base_fee(parent, spec, spec.fork_at(parent.number + 1, parent.timestamp + 1))


def _schedule(spec: ChainSpec, number: int, timestamp: int) -> _BlobSchedule | None:
    return _BLOBS.get(spec.fork_at(number, timestamp))


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
    """wei per unit of blob gas in the block after `parent`."""
    schedule = _schedule(spec, parent.number + 1, parent.timestamp + 1)
    if schedule is None:
        return None
    excess = fees.next_excess_blob_gas(parent, spec.fork_at(parent.number + 1, parent.timestamp + 1))
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
