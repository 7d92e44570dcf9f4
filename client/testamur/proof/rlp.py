"""Recursive Length Prefix, the encoding of trie nodes and EVM headers (Ethereum Yellow Paper, appendix B).

Written here because the `rlp` package takes 0.4 s to import and `rusty_rlp` exists for few platforms, while a
verifier must start at once anywhere. Decoding is strict: one byte string has one encoding, so whoever decodes and
hashes has bound the meaning too.
"""

from collections.abc import Sequence
from typing import TypeAlias

from testamur.proof.errors import MalformedEvidenceError

__all__ = ["Item", "decode", "decode_uint", "encode", "encode_uint"]

Item: TypeAlias = "bytes | list[Item]"
"""A byte string, or a list of items."""

_MAX_DEPTH = 24
"""Nothing a proof holds nests deeper: a branch in a branch is the deepest embedded node there is."""


def encode(item: "bytes | Sequence[object]") -> bytes:
    """The one encoding of a byte string or of nested sequences of byte strings."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _prefix(len(item), 0x80) + item
    body = b"".join(encode(part) for part in item)  # type: ignore[arg-type]  # a recursive Sequence has no finite type
    return _prefix(len(body), 0xC0) + body


def encode_uint(number: int) -> bytes:
    """The big-endian bytes of a non-negative integer without leading zeros; zero is empty. Not yet prefixed."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def decode(data: bytes) -> Item:
    """The item that `data` encodes, all of it. Raises MalformedEvidenceError for anything but the one encoding."""
    item, end = _decode_at(data, 0, len(data), 0)
    if end != len(data):
        raise MalformedEvidenceError(f"RLP item of {end} bytes is followed by {len(data) - end} more")
    return item


def decode_uint(item: Item, max_bytes: int = 32) -> int:
    """The integer in a decoded byte string. Raises MalformedEvidenceError for lists, leading zeros, greater lengths."""
    if not isinstance(item, bytes) or len(item) > max_bytes or item[:1] == b"\x00":
        raise MalformedEvidenceError(f"not an RLP integer of at most {max_bytes} bytes")
    return int.from_bytes(item, "big")


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    size = encode_uint(length)
    return bytes((offset + 55 + len(size),)) + size


def _decode_at(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    """The item that begins at `start`, and where it ends; nothing at or beyond `limit` belongs to it."""
    if start >= limit:
        raise MalformedEvidenceError("RLP item is missing")
    if depth > _MAX_DEPTH:
        raise MalformedEvidenceError(f"RLP lists nest deeper than {_MAX_DEPTH}")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    is_list = first >= 0xC0
    short = first - (0xC0 if is_list else 0x80)
    begin = start + 1
    if short < 56:
        length = short
    else:
        size = data[begin : min(begin + short - 55, limit)]
        length = int.from_bytes(size, "big")
        if len(size) != short - 55 or size[0] == 0 or length < 56:
            raise MalformedEvidenceError("RLP length is not the shortest form")
        begin += len(size)
    end = begin + length
    if end > limit:
        raise MalformedEvidenceError(f"RLP item needs {end - limit} bytes more than there are")
    if is_list:
        items: list[Item] = []
        while begin < end:
            part, begin = _decode_at(data, begin, end, depth + 1)
            items.append(part)
        return items, end
    if length == 1 and data[begin] < 0x80:
        raise MalformedEvidenceError("RLP byte below 0x80 carries a prefix")
    return data[begin:end], end
