"""evm_, hardhat_, anvil_: when a development chain makes blocks, and what time they bear."""

from dataclasses import replace

from testamur_node.rpc.codec import quantity
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import InvalidParametersError
from testamur_node.rpc.parameters import read_boolean, read_loose_number, read_object

__all__ = ["evm", "hardhat", "anvil"]

evm: Namespace[Context] = Namespace("evm")
hardhat: Namespace[Context] = Namespace("hardhat")
anvil: Namespace[Context] = Namespace("anvil")

_LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: engine headers carry no later time (RFC 3339)."""
_LONGEST_SPACING = 86_400
"""seconds"""
_LONGEST_INTERVAL = 1000 * 86_400
"""milliseconds"""


def _read_mine(value: object) -> tuple[int, int | None]:
    """(blocks, timestamp) of evm_mine: a timestamp, or geth's and anvil's options object."""
    if isinstance(value, dict):
        body = read_object(value)
        blocks, stamp = body.get("blocks"), body.get("timestamp")
        return (1 if blocks is None else read_loose_number(blocks)), (
            None if stamp is None else read_loose_number(stamp)
        )
    return 1, read_loose_number(value)


def _checked_timestamp(context: Context, timestamp: int) -> int:
    head = context.node.head.header.timestamp
    if timestamp <= head:
        raise InvalidParametersError(f"timestamp {timestamp} is not above the newest block's {head}")
    if timestamp > _LAST_SECOND:
        raise InvalidParametersError(f"timestamp {timestamp} lies beyond the year 9999")
    return timestamp


def _checked_count(count: int) -> int:
    if count > 10_000:
        raise InvalidParametersError(f"{count} blocks at once, at most 10000 are mined")
    return count


@evm.method("mine", optional(_read_mine, (1, None)))
def mine(context: Context, options: tuple[int, int | None]) -> str:
    """Seal what waits, then empty blocks."""
    count, timestamp = options
    if timestamp is not None:
        _checked_timestamp(context, timestamp)
    context.node.development.mine(_checked_count(count), timestamp)
    return "0x0"


@anvil.method("mine", optional(read_loose_number, 1), optional(read_loose_number, None))
@hardhat.method("mine", optional(read_loose_number, 1), optional(read_loose_number, None))
def mine_many(context: Context, count: int, interval: int | None) -> None:
    """Mine `count` blocks, `interval` seconds apart; the first at its own time, as evm_setNextBlockTimestamp set it."""
    count = _checked_count(count)
    if interval:
        _checked_timestamp(context, context.node.head.header.timestamp + interval * max(1, count))
    context.node.development.mine(count, spacing=interval or None)


@anvil.method("increaseTime", required(read_loose_number))
@evm.method("increaseTime", required(read_loose_number))
def increase_time(context: Context, seconds: int) -> str:
    """Move the chain's clock forward; the total shift in seconds."""
    if context.node.head.header.timestamp + seconds > _LAST_SECOND:
        raise InvalidParametersError(f"{seconds} seconds lead beyond the year 9999")
    return quantity(context.node.development.increase_time(seconds))


@anvil.method("setNextBlockTimestamp", required(read_loose_number))
@evm.method("setNextBlockTimestamp", required(read_loose_number))
def set_next_block_timestamp(context: Context, timestamp: int) -> None:
    """The next block's timestamp."""
    context.node.development.set_next_timestamp(_checked_timestamp(context, timestamp))


@anvil.method("setTime", required(read_loose_number))
@evm.method("setTime", required(read_loose_number))
def set_time(context: Context, timestamp: int) -> str:
    """Set the chain's clock, in seconds since 1970; how far that moved it."""
    return quantity(max(context.node.development.set_time(_checked_timestamp(context, timestamp)), 0))


@anvil.method("setBlockTimestampInterval", required(read_loose_number))
def set_block_timestamp_interval(context: Context, seconds: int) -> None:
    """How far each timestamp lies above its parent's from now on, whatever the clock says."""
    if not 0 < seconds <= _LONGEST_SPACING:
        raise InvalidParametersError(f"timestamps lie 1 to {_LONGEST_SPACING} seconds apart, not {seconds}")
    context.node.development.wish(lambda wishes: replace(wishes, spacing=seconds))


@anvil.method("removeBlockTimestampInterval")
def remove_block_timestamp_interval(context: Context) -> bool:
    """By the clock again; false where they were."""
    was_set = context.node.wishes.spacing is not None
    context.node.development.wish(lambda wishes: replace(wishes, spacing=None))
    return was_set


@anvil.method("setAutomine", required(read_boolean))
@evm.method("setAutomine", required(read_boolean))
def set_automine(context: Context, is_on: bool) -> bool:
    """Whether each transaction is sealed at once."""
    context.node.development.set_automine(is_on)
    return True


@anvil.method("getAutomine")
@hardhat.method("getAutomine")
def get_automine(context: Context) -> bool:
    """Whether each transaction is sealed at once."""
    return context.node.development.automine


def _checked_interval(milliseconds: int) -> int:
    if milliseconds > _LONGEST_INTERVAL:
        raise InvalidParametersError(f"an interval of {milliseconds} ms, at most {_LONGEST_INTERVAL} are kept")
    return milliseconds


@evm.method("setIntervalMining", required(read_loose_number))
def set_interval_mining(context: Context, milliseconds: int) -> bool:
    """A block, an empty one too, each so many milliseconds (as hardhat has it); 0 for none by the clock."""
    context.node.development.set_interval(_checked_interval(milliseconds))
    return True


@anvil.method("setIntervalMining", required(read_loose_number))
def set_interval_mining_in_seconds(context: Context, seconds: int) -> None:
    """The same in seconds, and instead of sealing at once (as anvil has it)."""
    milliseconds = _checked_interval(1000 * seconds)
    context.node.development.set_automine(False)
    context.node.development.set_interval(milliseconds)
