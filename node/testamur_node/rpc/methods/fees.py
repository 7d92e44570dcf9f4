"""eth_: prices. On a free chain they are all zero, in every form a wallet may ask for them."""

from collections.abc import Sequence
from dataclasses import replace

from testamur_node.calls import Calls
from testamur_node.chain.block import Header
from testamur_node.rpc.codec import quantity
from testamur_node.rpc.context import Context, header_of
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.errors import DecodeError, ServerRefusalError
from testamur_node.rpc.fees import (
    blob_gas_price,
    most_blob_gas,
    next_base_fee,
    next_blob_gas_price,
    pending_header,
    rewards,
    tip_of_recent_blocks,
)
from testamur_node.rpc.messages import MessageArguments
from testamur_node.rpc.parameters import BlockReference, read_block_number, read_list
from testamur_node.rpc.rendering import Json

__all__ = ["eth", "suggested_tip", "with_fees"]

eth: Namespace[Context] = Namespace("eth")
_MOST_PERCENTILES = 100


def suggested_tip(context: Context) -> int:
    """A tip that recent blocks took: 0 on a free chain, else as geth samples and picks it."""
    return 0 if context.node.spec.is_free else tip_of_recent_blocks(context.node.block, context.node.head.number)


def priced_head(context: Context) -> Header:
    """The newest header, with the base fee that a tool asked for the next block (development)."""
    header, wished = context.node.head.header, context.node.wishes.base_fee
    return header if wished is None else replace(header, base_fee=wished)


def with_fees(context: Context, message: MessageArguments, header: Header) -> MessageArguments:
    """A message with the fees that a wallet would offer where it names none (geth's setFeeDefaults).

    On a free chain it stays as it is. Raises `ServerRefusalError` on fees that contradict each other.
    """
    if context.node.spec.is_free:
        return message
    cap, tip, price = message.max_fee_per_gas, message.max_priority_fee_per_gas, message.gas_price
    if message.max_fee_per_blob_gas == 0:
        raise ServerRefusalError("maxFeePerBlobGas, if specified, must be non-zero")
    if message.blob_hashes is not None and message.max_fee_per_blob_gas is None and header.excess_blob_gas is not None:
        message = replace(message, max_fee_per_blob_gas=2 * (blob_gas_price(context.node.spec, header) or 0))
    if price is not None:
        if cap is not None or tip is not None:
            raise ServerRefusalError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
        if price == 0 and header.base_fee is not None:
            raise ServerRefusalError("gasPrice must be non-zero after london fork")
        return message
    if cap is not None and tip is not None:
        if cap == 0:
            raise ServerRefusalError("maxFeePerGas must be non-zero")
        return _checked_fees(message)
    if header.base_fee is None:
        if cap is not None or tip is not None:
            raise ServerRefusalError("maxFeePerGas and maxPriorityFeePerGas are not valid before London is active")
        return replace(message, gas_price=suggested_tip(context))
    tip = suggested_tip(context) if tip is None else tip
    cap = tip + 2 * header.base_fee if cap is None else cap
    return _checked_fees(replace(message, max_fee_per_gas=cap, max_priority_fee_per_gas=tip))


def _checked_fees(message: MessageArguments) -> MessageArguments:
    cap, tip = message.max_fee_per_gas or 0, message.max_priority_fee_per_gas or 0
    if cap < tip:
        raise ServerRefusalError(f"maxFeePerGas ({cap:#x}) < maxPriorityFeePerGas ({tip:#x})")
    return message


@eth.method("gasPrice")
def gas_price(context: Context) -> str:
    """wei per gas that a legacy transaction should offer."""
    return quantity((priced_head(context).base_fee or 0) + suggested_tip(context))


@eth.method("maxPriorityFeePerGas")
def max_priority_fee_per_gas(context: Context) -> str:
    """wei per gas that a transaction should tip."""
    return quantity(suggested_tip(context))


@eth.method("blobBaseFee")
def blob_base_fee(context: Context) -> str | None:
    """wei per blob gas in the newest block."""
    price = blob_gas_price(context.node.spec, context.node.head.header)
    return None if price is None else quantity(price)


def _read_count(value: object) -> int:
    """How many blocks: a plain number, or a string of decimal or hex digits (geth's HexOrDecimal64)."""
    if isinstance(value, str):
        digits, base = (value[2:], 16) if value[:2] in ("0x", "0X") else (value, 10)
        if value == "":
            return 0
        if not digits.isascii() or not digits.isalnum():
            raise DecodeError("invalid hex or decimal integer")
        try:
            value = int(digits, base)
        except ValueError as error:
            raise DecodeError("invalid hex or decimal integer") from error
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
        raise DecodeError("invalid hex or decimal integer")
    return value


def _read_percentiles(value: object) -> list[float]:
    """Percentiles; null is 0, as in geth."""
    numbers = []
    for item in read_list(value):
        if isinstance(item, bool) or not (item is None or isinstance(item, int | float)):
            raise DecodeError("json: cannot unmarshal into a percentile")
        numbers.append(float(item or 0))
    return numbers


def _check_percentiles(percentiles: list[float]) -> None:
    if len(percentiles) > _MOST_PERCENTILES:
        raise ServerRefusalError(f"over the query limit {_MOST_PERCENTILES}: {len(percentiles)} percentiles")
    for position, percentile in enumerate(percentiles):
        if not 0 <= percentile <= 100:
            raise ServerRefusalError(f"invalid reward percentile: {percentile}")
        if position and percentile <= percentiles[position - 1]:
            raise ServerRefusalError(
                f"invalid reward percentile: #{position - 1}:{percentiles[position - 1]} >= #{position}:{percentile}"
            )


@eth.method("feeHistory", required(_read_count), required(read_block_number), required(_read_percentiles))
def fee_history(context: Context, count: int, newest: BlockReference, percentiles: list[float]) -> Json:
    """Base fees, fullness and tips of `count` blocks up to `newest`, the following block's base fee last."""
    if count < 1:
        return {"oldestBlock": "0x0", "gasUsedRatio": None}
    _check_percentiles(percentiles)
    head = context.node.head
    last = head.number + 1
    if not newest.is_pending:
        last = header_of(context, newest).number if newest.number is None else newest.number
    if last > head.number and not newest.is_pending:
        raise ServerRefusalError(f"request beyond head block: requested {last}, head {head.number}")
    spec, wished = context.node.spec, context.node.wishes.base_fee
    first = max(last - min(count, context.limits.fee_history_blocks) + 1, 0)
    headers = [context.node.header_of(number) for number in range(first, min(last, head.number) + 1)]
    tips = _tips(context, headers, percentiles) if percentiles else []
    if newest.is_pending:
        coming = pending_header(spec, head.header)
        headers.append(coming if wished is None else replace(coming, base_fee=wished))
        tips.append([0] * len(percentiles))
    following = headers[-1]
    next_fee = next_base_fee(spec, following) if wished is None or following.number != head.number else wished
    answer: Json = {
        "oldestBlock": quantity(first),
        "baseFeePerGas": [quantity(header.base_fee or 0) for header in headers] + [quantity(next_fee or 0)],
        "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
        "baseFeePerBlobGas": [quantity(blob_gas_price(spec, header) or 0) for header in headers]
        + [quantity(next_blob_gas_price(spec, following) or 0)],
        "blobGasUsedRatio": [(header.blob_gas_used or 0) / (most_blob_gas(spec, header) or 1) for header in headers],
    }
    if percentiles:
        answer["reward"] = [[quantity(tip) for tip in row] for row in tips]
    return answer


def _tips(context: Context, headers: Sequence[Header], percentiles: Sequence[float]) -> list[list[int]]:
    """The tip at each percentile of each block; nothing is read where nothing was paid, all else in a process apart."""
    paying = [] if context.node.spec.is_free else [header.number for header in headers if header.gas_used]
    found = context.node.render(_rewards, context.limits.call_seconds, paying, percentiles) if paying else {}
    nothing = [0] * len(percentiles)
    return [found.get(header.number, nothing) for header in headers]


def _rewards(calls: Calls, numbers: Sequence[int], percentiles: Sequence[float]) -> dict[int, list[int]]:
    """The same by block number, where it is read."""
    chain = calls.chain
    return {number: rewards(chain.required(number), chain.receipts(number), percentiles) for number in numbers}
