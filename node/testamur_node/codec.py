"""Bytes in and out: RLP (Yellow Paper, appendix B) and big-endian numbers. A leaf module: everything may use it.

Whatever RLP comes from outside, as a transaction, a proposal, a file of blocks or a journal, is decoded by
`rlp_decode`, which looks at its size and at how deep it nests before the library does: that one recurses without end,
and its process with it (adr/0023).
"""

from collections.abc import Sequence
from mmap import mmap
from typing import TypeAlias

import rusty_rlp

from testamur_node.errors import NodeError

__all__ = [
    "Item",
    "DecodingError",
    "MOST_BYTES",
    "MOST_DEPTH",
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


MOST_BYTES = 64 << 20
"""Of one item from outside: more than any block has."""
MOST_DEPTH = 16
"""Lists in lists: a block nests three, a transaction with its blobs five, a receipt four, a node of a trie four."""
_HARMLESS_BYTES = 1_024
"""What is so short cannot nest deep enough to hurt; most nodes of tries are."""


class DecodingError(NodeError):
    """Bytes from outside are not the encoding they claim to be."""


def rlp_encode(item: Item) -> bytes:
    """The RLP encoding of nested bytes and lists."""
    encoded: bytes = rusty_rlp.encode_raw(item)
    return encoded


def rlp_decode(data: bytes) -> Item:
    """The one item that `data` encodes; `DecodingError` when it is not canonical RLP or something follows it."""
    if len(data) > MOST_BYTES:
        raise DecodingError(f"not RLP: {len(data)} bytes, at most {MOST_BYTES} are read")
    if len(data) > _HARMLESS_BYTES:
        _check_depth(data)
    try:
        item: Item = rusty_rlp.decode_raw(data, True, False)[0]
    except Exception as error:  # the extension raises its own DecodingError and, on oddities, others
        raise DecodingError(f"not RLP: {error}") from error
    # the library passes over an item that ends beyond its list: the bytes would have a hash that their content has not
    if rlp_encode(item) != data:
        raise DecodingError("not RLP: an item ends beyond the list it is in")
    return item


def _check_depth(data: bytes) -> None:
    """Raise where lists nest deeper than `MOST_DEPTH`; one pass over the heads, whatever they claim.

    What is not canonical is `rlp_decode`'s to refuse.
    """
    ends: list[int] = []
    at, length = 0, len(data)
    while at < length:
        while ends and at >= ends[-1]:
            ends.pop()
        head = data[at]
        if head < 0x80:
            at += 1
            continue
        begins, end = _extent(data, at)
        if head < 0xC0:
            at = end
            continue
        ends.append(end)
        if len(ends) > MOST_DEPTH:
            raise DecodingError(f"not RLP of ours: lists nest deeper than {MOST_DEPTH}")
        at = begins


def rlp_end(data: bytes | mmap, at: int = 0) -> int:
    """Where the item that begins at `at` ends, by its head alone (Yellow Paper, appendix B)."""
    return _extent(data, at)[1]


def _extent(data: bytes | mmap, at: int) -> tuple[int, int]:
    """Where the content of the item at `at` begins and ends."""
    head: int = data[at]
    if head < 0x80:
        return at, at + 1
    short, long = (0x80, 0xB7) if head < 0xC0 else (0xC0, 0xF7)
    if head <= long:
        return at + 1, at + 1 + head - short
    begins = at + 1 + head - long
    return begins, begins + int.from_bytes(data[at + 1 : begins], "big")


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
