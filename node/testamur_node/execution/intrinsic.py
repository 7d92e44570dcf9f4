"""What a transaction costs before its first instruction, and what makes it unfit for any block: pure rules by fork.

EIP-2 (creation), 2028 (calldata), 2930 (access lists), 3860 (init code), 7623 (calldata floor), 7702 (authorizations).
"""

from testamur_node.chain.rules import Fork
from testamur_node.chain.transaction import Transaction

__all__ = [
    "intrinsic_gas", "upfront_gas", "floor_gas", "least_gas_limit", "unfitness", "most_cost", "MAX_INITCODE_BYTES",
    "GAS_PER_BLOB", "max_blob_gas",
]  # fmt: skip

MAX_INITCODE_BYTES = 49_152
"""EIP-3860."""
GAS_PER_BLOB = 1 << 17
_TYPE_SINCE = {0: Fork.FRONTIER, 1: Fork.BERLIN, 2: Fork.LONDON, 3: Fork.CANCUN, 4: Fork.PRAGUE}


def max_blob_gas(fork: Fork) -> int:
    """Blob gas that a block may hold: six blobs in Cancun, nine in Prague (EIP-4844, 7691)."""
    return (9 if fork >= Fork.PRAGUE else 6) * GAS_PER_BLOB


def intrinsic_gas(transaction: Transaction, fork: Fork) -> int:
    """Gas charged up front, init code words apart, which the interpreter charges as it starts."""
    zeros = transaction.data.count(0)
    gas = 21_000 + 4 * zeros + (16 if fork >= Fork.ISTANBUL else 68) * (len(transaction.data) - zeros)
    if transaction.creates and fork >= Fork.HOMESTEAD:
        gas += 32_000
    for entry in transaction.access_list:
        gas += 2_400 + 1_900 * len(entry.slots)
    return gas + 25_000 * len(transaction.authorizations)


def upfront_gas(transaction: Transaction, fork: Fork) -> int:
    """Gas that must be there before anything runs, init code words included (EIP-3860)."""
    gas = intrinsic_gas(transaction, fork)
    if transaction.creates and fork >= Fork.SHANGHAI:
        gas += 2 * ((len(transaction.data) + 31) // 32)
    return gas


def most_cost(transaction: Transaction, is_free: bool) -> int:
    """The most wei a transaction can take from its sender; on free chains its value alone."""
    if is_free:
        return transaction.value
    price = transaction.max_fee_per_gas if transaction.max_fee_per_gas is not None else transaction.gas_price or 0
    blobs = GAS_PER_BLOB * len(transaction.blob_hashes) * (transaction.max_fee_per_blob_gas or 0)
    return transaction.value + transaction.gas_limit * price + blobs


def floor_gas(data: bytes, fork: Fork) -> int:
    """Gas that calldata costs at least (EIP-7623); 0 before Prague."""
    if fork < Fork.PRAGUE:
        return 0
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))


def least_gas_limit(transaction: Transaction, fork: Fork) -> int:
    """The gas limit below which no block may hold the transaction."""
    return max(upfront_gas(transaction, fork), floor_gas(transaction.data, fork))


def unfitness(transaction: Transaction, fork: Fork) -> str | None:
    """Why no block under `fork` may hold the transaction whatever the state is, or None; worded as geth does."""
    if fork < _TYPE_SINCE[transaction.type_id]:
        return (
            f"transaction type not supported: type {transaction.type_id} before {_TYPE_SINCE[transaction.type_id].name}"
        )
    least = least_gas_limit(transaction, fork)
    if transaction.gas_limit < least:
        return f"intrinsic gas too low: gas {transaction.gas_limit}, minimum needed {least}"
    if transaction.nonce >= 2**64 - 1:
        return "nonce has max value"
    if transaction.creates and fork >= Fork.SHANGHAI and len(transaction.data) > MAX_INITCODE_BYTES:
        return f"max initcode size exceeded: code size {len(transaction.data)}, limit {MAX_INITCODE_BYTES}"
    if (transaction.max_fee_per_gas or 0) < (transaction.max_priority_fee_per_gas or 0):
        return "max priority fee per gas higher than max fee per gas"
    if transaction.type_id == 3:
        if not transaction.blob_hashes:
            return "blob transaction missing blob hashes"
        if any(blob[0] != 1 for blob in transaction.blob_hashes):
            return "blob hash with an unknown version"
        if len(transaction.blob_hashes) * GAS_PER_BLOB > max_blob_gas(fork):
            return f"too many blobs in transaction: {len(transaction.blob_hashes)}"
    return None
