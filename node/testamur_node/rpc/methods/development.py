"""evm_, hardhat_, anvil_: history, state and accounts of development chains, and what waits there.

The three prefixes are three names of the same deeds, since each tool knows its own. Never open on any other chain.
"""

from testamur_node.execution.executor import AccountOverride
from testamur_node.rpc.codec import quantity, read_address, read_data, read_hash, read_quantity, read_storage_key
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import InvalidParametersError
from testamur_node.rpc.parameters import read_boolean, read_loose_number

__all__ = ["evm", "hardhat", "anvil"]

evm: Namespace[Context] = Namespace("evm")
hardhat: Namespace[Context] = Namespace("hardhat")
anvil: Namespace[Context] = Namespace("anvil")


@anvil.method("snapshot")
@evm.method("snapshot")
def snapshot(context: Context) -> str:
    """Remember the present head; the number to revert to."""
    return quantity(context.node.development.snapshot())


@anvil.method("revert", required(read_loose_number))
@evm.method("revert", required(read_loose_number))
def revert(context: Context, number: int) -> bool:
    """Return to a snapshot and forget it and later ones."""
    return context.node.development.revert(number)


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


@anvil.method("setStorageAt", required(read_address), required(read_storage_key), required(read_data))
@hardhat.method("setStorageAt", required(read_address), required(read_storage_key), required(read_data))
def set_storage_at(context: Context, address: bytes, key: tuple[int, bool], value: bytes) -> bool:
    """Write one word of an account's storage; the slot is short or padded, as in eth_getStorageAt."""
    if len(value) != 32:
        raise InvalidParametersError(f"a storage value has 32 bytes, not {len(value)}")
    context.node.development.write_state(
        {address: AccountOverride(storage_difference={key[0]: int.from_bytes(value, "big")})}
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


@anvil.method("autoImpersonateAccount", required(read_boolean))
@hardhat.method("autoImpersonateAccount", required(read_boolean))
def auto_impersonate_account(context: Context, is_on: bool) -> bool:
    """Let eth_sendTransaction act for every account without its key, or no longer."""
    context.node.development.impersonate_all(is_on)
    return True
