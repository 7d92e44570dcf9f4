"""evm_, hardhat_, anvil_: time, history and state of development chains. Never open on any other chain.

The three prefixes are three names of the same deeds, since each tool knows its own.
"""

from testamur_node.execution.executor import AccountOverride
from testamur_node.rpc.codec import quantity, read_address, read_data, read_hash, read_quantity
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import InvalidParametersError
from testamur_node.rpc.parameters import read_boolean, read_object

__all__ = ["evm", "hardhat", "anvil"]

evm: Namespace[Context] = Namespace("evm")
hardhat: Namespace[Context] = Namespace("hardhat")
anvil: Namespace[Context] = Namespace("anvil")

_LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: engine headers carry no later time (RFC 3339)."""


def _read_number(value: object) -> int:
    """A number as tools send it: 5, "5" or "0x5"."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return read_quantity(value, 64)


def _read_mine(value: object) -> tuple[int, int | None]:
    """(blocks, timestamp) of evm_mine: a timestamp, or geth's and anvil's options object."""
    if isinstance(value, dict):
        body = read_object(value)
        blocks, stamp = body.get("blocks"), body.get("timestamp")
        return (1 if blocks is None else _read_number(blocks)), (None if stamp is None else _read_number(stamp))
    return 1, _read_number(value)


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


@evm.method("snapshot")
def snapshot(context: Context) -> str:
    """Remember the present head; the number to revert to."""
    return quantity(context.node.development.snapshot())


@evm.method("revert", required(_read_number))
def revert(context: Context, number: int) -> bool:
    """Return to a snapshot and forget it and later ones."""
    return context.node.development.revert(number)


@evm.method("increaseTime", required(_read_number))
def increase_time(context: Context, seconds: int) -> str:
    """Move the chain's clock forward; the total shift in seconds."""
    if context.node.head.header.timestamp + seconds > _LAST_SECOND:
        raise InvalidParametersError(f"{seconds} seconds lead beyond the year 9999")
    return quantity(context.node.development.increase_time(seconds))


@evm.method("setNextBlockTimestamp", required(_read_number))
def set_next_block_timestamp(context: Context, timestamp: int) -> None:
    """The next block's timestamp."""
    context.node.development.set_next_timestamp(_checked_timestamp(context, timestamp))


@evm.method("setAutomine", required(read_boolean))
def set_automine(context: Context, is_on: bool) -> bool:
    """Whether each transaction is sealed at once."""
    context.node.development.set_automine(is_on)
    return True


@anvil.method("mine", optional(_read_number, 1), optional(_read_number, None))
@hardhat.method("mine", optional(_read_number, 1), optional(_read_number, None))
def mine_many(context: Context, count: int, interval: int | None) -> None:
    """Mine `count` blocks, `interval` seconds apart; the first at its own time, as evm_setNextBlockTimestamp set it."""
    if not interval:
        context.node.development.mine(_checked_count(count))
        return
    for index in range(_checked_count(count)):
        following = context.node.head.header.timestamp + interval
        context.node.development.mine(1, _checked_timestamp(context, following) if index else None)


anvil.method("snapshot")(snapshot)
anvil.method("revert", required(_read_number))(revert)
anvil.method("increaseTime", required(_read_number))(increase_time)
anvil.method("setNextBlockTimestamp", required(_read_number))(set_next_block_timestamp)


def _read_reset(value: object) -> None:
    """The options of hardhat_reset: a fork of another chain is asked for there."""
    if isinstance(value, dict) and value.get("forking") is not None:
        raise InvalidParametersError("this node forks no other chain")


@anvil.method("reset", optional(_read_reset))
@hardhat.method("reset", optional(_read_reset))
def reset(context: Context, _options: None) -> bool:
    """Return to block 0, and forget snapshots, impersonations and what waits."""
    context.node.development.reset()
    return True


@anvil.method("getAutomine")
@hardhat.method("getAutomine")
def get_automine(context: Context) -> bool:
    """Whether each transaction is sealed at once."""
    return context.node.development.automine


@anvil.method("dropTransaction", required(read_hash))
@hardhat.method("dropTransaction", required(read_hash))
def drop_transaction(context: Context, transaction_hash: bytes) -> bool:
    """Take a waiting transaction out of the pool; false where it does not wait."""
    return context.node.pool.remove(transaction_hash)


@anvil.method("dropAllTransactions")
def drop_all_transactions(context: Context) -> None:
    """Empty the pool."""
    context.node.pool.clear()


@anvil.method("setBalance", required(read_address), required(read_quantity))
@hardhat.method("setBalance", required(read_address), required(read_quantity))
def set_balance(context: Context, address: bytes, balance: int) -> bool:
    """Give an account a balance; each such write is a block of its own, so that it has a state root."""
    context.node.development.write_state({address: AccountOverride(balance=balance)})
    return True


@anvil.method("setNonce", required(read_address), required(read_quantity))
@hardhat.method("setNonce", required(read_address), required(read_quantity))
def set_nonce(context: Context, address: bytes, nonce: int) -> bool:
    """Give an account a nonce, not below the one it has: what it sent would be sent again."""
    present = context.node.state_at(context.node.head.number).nonce(address)
    if not present <= nonce < 2**64 - 1:
        raise InvalidParametersError(f"nonce {nonce} is below the account's {present}, or too large")
    context.node.development.write_state({address: AccountOverride(nonce=nonce)})
    return True


@anvil.method("setCode", required(read_address), required(read_data))
@hardhat.method("setCode", required(read_address), required(read_data))
def set_code(context: Context, address: bytes, code: bytes) -> bool:
    """Give an account code."""
    context.node.development.write_state({address: AccountOverride(code=code)})
    return True


@anvil.method("setStorageAt", required(read_address), required(read_quantity), required(read_data))
@hardhat.method("setStorageAt", required(read_address), required(read_quantity), required(read_data))
def set_storage_at(context: Context, address: bytes, slot: int, value: bytes) -> bool:
    """Write one word of an account's storage."""
    if len(value) != 32:
        raise InvalidParametersError(f"a storage value has 32 bytes, not {len(value)}")
    context.node.development.write_state(
        {address: AccountOverride(storage_difference={slot: int.from_bytes(value, "big")})}
    )
    return True


@anvil.method("impersonateAccount", required(read_address))
@hardhat.method("impersonateAccount", required(read_address))
def impersonate_account(context: Context, address: bytes) -> bool:
    """Let eth_sendTransaction act for an account without its key."""
    context.node.development.impersonate(address)
    return True


@anvil.method("stopImpersonatingAccount", required(read_address))
@hardhat.method("stopImpersonatingAccount", required(read_address))
def stop_impersonating_account(context: Context, address: bytes) -> bool:
    """No longer."""
    context.node.development.impersonate(address, False)
    return True
