"""Hex at the border of JSON-RPC: quantities and data, strict on the way in, minimal on the way out.

Refusals use geth's words (its package hexutil), which tools and their users search for.
"""

from testamur.proof.hashing import keccak256

from testamur_node.rpc.errors import DecodeError, ServerRefusalError

__all__ = [
    "quantity",
    "data",
    "optional_data",
    "checksummed",
    "read_quantity",
    "read_uint64",
    "read_data",
    "read_address",
    "read_hash",
    "read_storage_key",
]

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


def quantity(value: int) -> str:
    """A number as `0x`-hex without leading zeros."""
    return hex(value)


def data(value: bytes) -> str:
    """Bytes as `0x`-hex, two digits each."""
    return "0x" + value.hex()


def optional_data(value: bytes | None) -> str | None:
    """Bytes as `0x`-hex, or JSON null."""
    return None if value is None else "0x" + value.hex()


def checksummed(address: bytes) -> str:
    """An address with its checksum in the case of its letters (EIP-55)."""
    digits = address.hex()
    digest = keccak256(digits.encode()).hex()
    mixed = (letter.upper() if int(nibble, 16) >= 8 else letter for letter, nibble in zip(digits, digest, strict=False))
    return "0x" + "".join(mixed)


def _digits(value: object) -> str:
    """The digits behind `0x` of a JSON string; an empty string is taken for no digits, as geth's decoder does."""
    if not isinstance(value, str):
        raise DecodeError(f"json: cannot unmarshal {_kind(value)} into a hex string")
    if value == "":
        return ""
    if value[:2] not in ("0x", "0X"):
        raise DecodeError("hex string without 0x prefix")
    return value[2:]


def _kind(value: object) -> str:
    """The JSON name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "string"


def read_quantity(value: object, bits: int = 256) -> int:
    """A number of at most `bits` bits from `0x`-hex without leading zeros (EIP-1474); an empty string is 0 to geth."""
    digits = _digits(value)
    if digits == "":
        if value == "":
            return 0
        raise DecodeError('hex string "0x"')
    if len(digits) > 1 and digits[0] == "0":
        raise DecodeError("hex number with leading zero digits")
    if not _HEX_DIGITS.issuperset(digits):
        raise DecodeError("invalid hex string")
    if len(digits) > bits // 4:
        raise DecodeError(f"hex number > {bits} bits")
    return int(digits, 16)


def read_uint64(value: object) -> int:
    """A number of at most 64 bits."""
    return read_quantity(value, 64)


def read_data(value: object) -> bytes:
    """Bytes of any length."""
    digits = _digits(value)
    if len(digits) % 2:
        raise DecodeError("hex string of odd length")
    if not _HEX_DIGITS.issuperset(digits):
        raise DecodeError("invalid hex string")
    return bytes.fromhex(digits)


def _fixed(value: object, length: int, what: str) -> bytes:
    """Exactly `length` bytes."""
    decoded = read_data(value)
    if len(decoded) != length:
        raise DecodeError(f"hex string has length {2 * len(decoded)}, want {2 * length} for {what}")
    return decoded


def read_address(value: object) -> bytes:
    """A 20-byte address; the letters' case carries no meaning here."""
    return _fixed(value, 20, "an address")


def read_hash(value: object) -> bytes:
    """A 32-byte hash."""
    return _fixed(value, 32, "a hash")


def read_storage_key(value: object) -> tuple[int, bool]:
    """A storage slot, and whether it was written as full 32 bytes (eth_getProof echoes the caller's form).

    Slots are taken in any length up to 32 bytes, odd ones too. What cannot be read is refused with -32000 and not
    -32602: geth decodes slots inside its methods, and the recorded conversations of execution-apis hold that.
    """
    if not isinstance(value, str):
        raise DecodeError(f"json: cannot unmarshal {_kind(value)} into a storage key")
    digits = value[2:] if value[:2] in ("0x", "0X") else value
    if not _HEX_DIGITS.issuperset(digits):
        raise ServerRefusalError("unable to decode storage key: hex string invalid")
    if len(digits) > 64:
        raise ServerRefusalError("unable to decode storage key: hex string too long, want at most 32 bytes")
    return int(digits or "0", 16), len(digits) in (63, 64)
