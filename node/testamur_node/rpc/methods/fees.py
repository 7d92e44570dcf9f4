"""eth_: prices. On a free chain they are all zero, in every form a wallet may ask for them (node.md 5)."""

from testamur_node.rpc.codec import quantity, read_quantity
from testamur_node.rpc.context import Context, block_of
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import DecodeError, ServerRefusalError
from testamur_node.rpc.fees import blob_gas_price, most_blob_gas, next_base_fee, next_blob_gas_price, rewards
from testamur_node.rpc.parameters import BlockReference, read_block_number, read_list
from testamur_node.rpc.rendering import Json

__all__ = ["eth", "suggested_tip"]

eth: Namespace[Context] = Namespace("eth")
_MOST_PERCENTILES = 100
_DEFAULT_TIP = 1_000_000_000
"""wei; what wallets offer on a chain whose blocks tell nothing."""


def suggested_tip(context: Context) -> int:
    """A tip that recent blocks took: 0 on a free chain, else the median of the newest block with transactions."""
    if context.node.spec.is_free:
        return 0
    for number in range(context.node.head.number, max(context.node.head.number - 20, -1), -1):
        block = context.node.block(number)
        if block is not None and block.transactions:
            return rewards(block, context.node.receipts(number), [60.0])[0]
    return _DEFAULT_TIP


@eth.method("gasPrice")
def gas_price(context: Context) -> str:
    """wei per gas that a legacy transaction should offer."""
    return quantity((context.node.head.header.base_fee or 0) + suggested_tip(context))


@eth.method("maxPriorityFeePerGas")
def max_priority_fee_per_gas(context: Context) -> str:
    """wei per gas that a transaction should tip."""
    return quantity(suggested_tip(context))


@eth.method("blobBaseFee")
def blob_base_fee(context: Context) -> str | None:
    """wei per blob gas in the next block."""
    price = next_blob_gas_price(context.node.spec, context.node.head.header)
    return None if price is None else quantity(price)


def _read_count(value: object) -> int:
    """How many blocks: a quantity, or a plain number as some wallets send."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    return read_quantity(value, 64)


def _read_percentiles(value: object) -> list[float]:
    """Rising percentiles from 0 to 100."""
    numbers = []
    for item in read_list(value):
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise DecodeError("json: cannot unmarshal into a percentile")
        numbers.append(float(item))
    return numbers


@eth.method("feeHistory", required(_read_count), required(read_block_number), optional(_read_percentiles, []))
def fee_history(context: Context, count: int, newest: BlockReference, percentiles: list[float]) -> Json:
    """Base fees, fullness and tips of `count` blocks up to `newest`, the following block's base fee last."""
    if len(percentiles) > _MOST_PERCENTILES:
        raise ServerRefusalError(f"over the query limit {_MOST_PERCENTILES}: {len(percentiles)} percentiles")
    for position, percentile in enumerate(percentiles):
        if not 0 <= percentile <= 100:
            raise ServerRefusalError(f"invalid reward percentile: {percentile}")
        if position and percentile < percentiles[position - 1]:
            raise ServerRefusalError(
                f"invalid reward percentile: #{position - 1}:{percentiles[position - 1]} > #{position}:{percentile}"
            )
    if count < 1:
        return {"oldestBlock": "0x0", "gasUsedRatio": None}
    last = block_of(context, newest).number if newest.number is None else newest.number
    if last > context.node.head.number:
        raise ServerRefusalError(f"request beyond head block: requested {last}, head {context.node.head.number}")
    spec, first = context.node.spec, max(last - min(count, context.limits.fee_history_blocks) + 1, 0)
    blocks = [block_of(context, BlockReference(number=number)) for number in range(first, last + 1)]
    following = blocks[-1].header
    answer: Json = {
        "oldestBlock": quantity(first),
        "baseFeePerGas": [quantity(block.header.base_fee or 0) for block in blocks]
        + [quantity(next_base_fee(spec, following) or 0)],
        "gasUsedRatio": [block.header.gas_used / block.header.gas_limit for block in blocks],
        "baseFeePerBlobGas": [quantity(blob_gas_price(spec, block.header) or 0) for block in blocks]
        + [quantity(next_blob_gas_price(spec, following) or 0)],
        "blobGasUsedRatio": [
            (block.header.blob_gas_used or 0) / (most_blob_gas(spec, block.header) or 1) for block in blocks
        ],
    }
    if percentiles:
        answer["reward"] = [
            [
                quantity(0 if spec.is_free else tip)
                for tip in rewards(block, context.node.receipts(block.number), percentiles)
            ]
            for block in blocks
        ]
    return answer
