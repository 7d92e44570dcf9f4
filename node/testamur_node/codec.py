"""Bytes in and out: RLP (Yellow Paper, appendix B) and big-endian numbers. A leaf module: everything may use it."""

from collections.abc import Sequence
from mmap import mmap
from typing import TypeAlias

import rusty_rlp

from testamur_node.errors import NodeError

__all__ = [
    "Item",
    "DecodingError",
    "rlp_encode",
    "rlp_decode",
    "rlp_end",
    "rlp_list",
    "number_of",
    "minimal",
    "word",
    "from_hex",
    "to_hex",
]

Item: TypeAlias = "bytes | Sequence[Item]"
"""An RLP item: a string of bytes or a list of items."""


class DecodingError(NodeError):
    """Bytes from outside are not the encoding they claim to be."""


def rlp_encode(item: Item) -> bytes:
    """The RLP encoding of nested bytes and lists."""
    encoded: bytes = rusty_rlp.encode_raw(item)
    return encoded


def rlp_decode(data: bytes) -> Item:
    """The one item that `data` encodes; `DecodingError` when it is not canonical RLP or something follows it."""
    try:
        item: Item = rusty_rlp.decode_raw(data, True, False)[0]
    except Exception as error:  # the extension raises its own DecodingError and, on oddities, others
        raise DecodingError(f"not RLP: {error}") from error
    return item


def rlp_end(data: bytes | mmap, at: int = 0) -> int:
    """Where the item that begins at `at` ends, by its head alone (Yellow Paper, appendix B)."""
    head: int = data[at]
    if head < 0x80:
        return at + 1
    short, long = (0x80, 0xB7) if head < 0xC0 else (0xC0, 0xF7)
    if head <= long:
        return at + 1 + head - short
    size = head - long
    return at + 1 + size + int.from_bytes(data[at + 1 : at + 1 + size], "big")


def rlp_list(data: bytes, *lengths: int) -> list[bytes | list[Item]]:
    """The items of an RLP list that has one of the `lengths` (any, when none is given)."""
    item = rlp_decode(data)
    if not isinstance(item, list) or (lengths and len(item) not in lengths):
        found = f"a list of {len(item)}" if isinstance(item, list) else "a string"
        raise DecodingError(f"expected an RLP list of {' or '.join(map(str, lengths)) or 'any length'}, found {found}")
    return item


def number_of(data: object, limit_bytes: int = 32) -> int:
    """The number in its shortest big-endian form; `DecodingError` on leading zeros, excess length or a list."""
    if not isinstance(data, bytes) or len(data) > limit_bytes or data[:1] == b"\x00":
        raise DecodingError(f"expected a number of at most {limit_bytes} bytes without leading zeros")
    return int.from_bytes(data, "big")


def minimal(number: int) -> bytes:
    """The shortest big-endian form of a number; zero is the empty string."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def word(number: int) -> bytes:
    """A number as 32 big-endian bytes."""
    return number.to_bytes(32, "big")


def from_hex(text: str) -> bytes:
    """The bytes of a hex string, with or without 0x; an odd number of digits gets a leading zero."""
    digits = text[2:] if text[:2] in ("0x", "0X") else text
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def to_hex(data: bytes) -> str:
    """`0x` and two digits a byte."""
    return "0x" + data.hex()
