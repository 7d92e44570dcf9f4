"""Canonical protobuf, the little of it that CometBFT hashes and signs.

Fields are written in the order of their numbers and left out when zero or empty, as gogoproto's Marshal does; what
it writes even when empty (a non-nullable message) is written with `message(..., always=True)`.
"""

__all__ = ["delimited", "integer", "message", "octets", "sfixed64", "uvarint"]


def uvarint(number: int) -> bytes:
    """An unsigned base-128 varint of a number below 2⁶⁴."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def integer(field: int, number: int) -> bytes:
    """An int64, uint64, uint32 or enum field; negative numbers take ten bytes."""
    return uvarint(field << 3) + uvarint(number & 0xFFFFFFFFFFFFFFFF) if number else b""


def sfixed64(field: int, number: int) -> bytes:
    """An sfixed64 field."""
    return uvarint(field << 3 | 1) + number.to_bytes(8, "little", signed=True) if number else b""


def octets(field: int, data: bytes) -> bytes:
    """A bytes or string field."""
    return uvarint(field << 3 | 2) + delimited(data) if data else b""


def message(field: int, data: bytes, always: bool = False) -> bytes:
    """A message field that holds the encoded message `data`."""
    return uvarint(field << 3 | 2) + delimited(data) if data or always else b""


def delimited(data: bytes) -> bytes:
    """The data behind its length."""
    return uvarint(len(data)) + data
