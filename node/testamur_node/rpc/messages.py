"""Messages to run or sign, and what a call pretends of state and block, read from JSON as geth's decoder reads them.

Only the shape is judged here. Whether fields contradict each other is the methods' business: geth refuses that with
another error number (-32000, not -32602).
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from testamur_node.chain.block import Withdrawal
from testamur_node.chain.message import BlockOverrides, MessageArguments
from testamur_node.chain.transaction import AccessEntry, Authorization
from testamur_node.execution.executor import AccountOverride
from testamur_node.rpc.codec import read_address, read_data, read_hash, read_quantity, read_uint64
from testamur_node.rpc.errors import DecodeError
from testamur_node.rpc.parameters import members, read_list, read_object

__all__ = ["MessageArguments", "read_message", "read_overrides", "read_block_overrides"]

Value = TypeVar("Value")


def _optional(body: Mapping[str, object], name: str, decode: Callable[[object], Value]) -> Value | None:
    """One member decoded, None where it is left out; a failure says which."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return decode(value)
    except DecodeError as error:
        raise DecodeError(f"{name}: {error}") from error


def _given(body: Mapping[str, object], name: str, decode: Callable[[object], Value]) -> Value:
    """One member that must be there."""
    value = _optional(body, name, decode)
    if value is None:
        raise DecodeError(f"missing required field '{name}'")
    return value


def _read_access_entry(value: object) -> AccessEntry:
    body = members(value, "address", "storageKeys")
    return AccessEntry(_given(body, "address", read_address), _given(body, "storageKeys", _list_of(read_hash)))


def _read_authorization(value: object) -> Authorization:
    body = members(value, "chainId", "address", "nonce", "yParity", "r", "s")
    return Authorization(
        chain_id=_given(body, "chainId", read_quantity),
        address=_given(body, "address", read_address),
        nonce=_given(body, "nonce", read_uint64),
        y_parity=_given(body, "yParity", read_uint64) & 0xFF,
        r=_given(body, "r", read_quantity),
        s=_given(body, "s", read_quantity),
    )


def _list_of(decode: Callable[[object], Value]) -> Callable[[object], tuple[Value, ...]]:
    return lambda value: tuple(decode(item) for item in read_list(value))


def _blob_data(length: int) -> Callable[[object], bytes]:
    """One of a sidecar's blobs, commitments or proofs; calls have no use for it beyond its shape."""

    def decode(value: object) -> bytes:
        decoded = read_data(value)
        if len(decoded) != length:
            raise DecodeError(f"hex string has length {2 * len(decoded)}, want {2 * length}")
        return decoded

    return decode


_MESSAGE: dict[str, tuple[str, Callable[[object], object]]] = {
    "from": ("sender", read_address),
    "to": ("to", read_address),
    "gas": ("gas", read_uint64),
    "gasPrice": ("gas_price", read_quantity),
    "maxFeePerGas": ("max_fee_per_gas", read_quantity),
    "maxPriorityFeePerGas": ("max_priority_fee_per_gas", read_quantity),
    "maxFeePerBlobGas": ("max_fee_per_blob_gas", read_quantity),
    "value": ("value", read_quantity),
    "nonce": ("nonce", read_uint64),
    "data": ("payload", read_data),
    "input": ("input", read_data),
    "accessList": ("access_list", _list_of(_read_access_entry)),
    "chainId": ("chain_id", read_quantity),
    "blobVersionedHashes": ("blob_hashes", _list_of(read_hash)),
    "authorizationList": ("authorizations", _list_of(_read_authorization)),
}
_SIDECAR: dict[str, Callable[[object], object]] = {
    "blobs": _list_of(_blob_data(131_072)),
    "commitments": _list_of(_blob_data(48)),
    "proofs": _list_of(_blob_data(48)),
}


def read_message(value: object) -> MessageArguments:
    """A call or transaction object (geth's TransactionArgs)."""
    body = members(value, *_MESSAGE, *_SIDECAR)
    for name, decode in _SIDECAR.items():
        _optional(body, name, decode)
    fields = {field: _optional(body, name, decode) for name, (field, decode) in _MESSAGE.items()}
    return MessageArguments(**fields)  # type: ignore[arg-type] # each decoder gives what its field holds


def _read_slots(value: object) -> dict[int, int]:
    return {
        int.from_bytes(read_hash(key), "big"): int.from_bytes(read_hash(word), "big")
        for key, word in read_object(value).items()
    }


def _read_override(value: object) -> AccountOverride:
    body = members(value, "balance", "nonce", "code", "state", "stateDiff", "movePrecompileToAddress")
    return AccountOverride(
        balance=_optional(body, "balance", read_quantity),
        nonce=_optional(body, "nonce", read_uint64),
        code=_optional(body, "code", read_data),
        storage=_optional(body, "state", _read_slots),
        storage_difference=_optional(body, "stateDiff", _read_slots),
        moves_to=_optional(body, "movePrecompileToAddress", read_address),
    )


def read_overrides(value: object) -> dict[bytes, AccountOverride]:
    """State that a call shall pretend, by address (geth's StateOverride)."""
    return {read_address(address): _read_override(override) for address, override in read_object(value).items()}


def _read_withdrawal(value: object) -> Withdrawal:
    body = members(value, "index", "validatorIndex", "address", "amount")
    return Withdrawal(
        index=_optional(body, "index", read_uint64) or 0,
        validator_index=_optional(body, "validatorIndex", read_uint64) or 0,
        address=_optional(body, "address", read_address) or bytes(20),
        amount_gwei=_optional(body, "amount", read_uint64) or 0,
    )


_BLOCK: dict[str, tuple[str, Callable[[object], object]]] = {
    "number": ("number", read_quantity),
    "time": ("time", read_uint64),
    "gasLimit": ("gas_limit", read_uint64),
    "feeRecipient": ("coinbase", read_address),
    "prevRandao": ("prev_randao", read_hash),
    "baseFeePerGas": ("base_fee", read_quantity),
    "blobBaseFee": ("blob_base_fee", read_quantity),
    "difficulty": ("difficulty", read_quantity),
    "beaconRoot": ("beacon_root", read_hash),
    "withdrawals": ("withdrawals", _list_of(_read_withdrawal)),
}


def read_block_overrides(value: object) -> BlockOverrides:
    """Fields of a block that a call shall pretend (geth's BlockOverrides)."""
    body = members(value, *_BLOCK)
    fields = {field: _optional(body, name, decode) for name, (field, decode) in _BLOCK.items()}
    return BlockOverrides(**fields)  # type: ignore[arg-type] # each decoder gives what its field holds
