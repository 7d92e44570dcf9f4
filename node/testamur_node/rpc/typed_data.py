"""Typed structured data (EIP-712) as wallets send it -> the bytes that an unlocked account signs.

eth_account encodes it; what it lets pass is refused here: an array of another length than its type says has no hash
that a contract would agree with.
"""

from collections.abc import Mapping
from typing import Any

from testamur_node.rpc.errors import InvalidParametersError

__all__ = ["signing_preimage"]


def signing_preimage(document: Mapping[str, Any]) -> bytes:
    """What is hashed and signed: 0x19, 0x01, the domain's hash and the message's. Raises `InvalidParametersError`."""
    from eth_account.messages import encode_typed_data  # slow to import, and needed by tests of contracts alone

    try:
        _check_lengths(document["types"], document["primaryType"], document["message"])
        message = encode_typed_data(full_message=dict(document))
    except InvalidParametersError:
        raise
    except Exception as error:  # what eth_account raises depends on where the document breaks its own types
        raise InvalidParametersError(f"typed data: {type(error).__name__}: {error}") from error
    return b"\x19" + message.version + message.header + message.body


def _check_lengths(types: Mapping[str, Any], kind: str, value: Any) -> None:
    """Refuse an array that is not as long as its type says."""
    if kind.endswith("]"):
        item, _, length = kind[:-1].rpartition("[")
        if length and len(value) != int(length):
            raise InvalidParametersError(f"Expected {length} items for array type {kind}, got {len(value)} items")
        for each in value:
            _check_lengths(types, item, each)
    elif kind in types and value is not None:
        for field in types[kind]:
            _check_lengths(types, field["type"], value[field["name"]])
