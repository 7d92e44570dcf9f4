"""What LMDB's file is made of: meta pages, B-tree pages and their nodes, read without LMDB, which believes whatever it
finds and can crash on damage. `structure` judges them; `environment` asks here whether a file is whole before opening.

The format is that of LMDB 0.9 on a 64-bit little-endian machine (lmdb.h, mdb.c): a page begins with its number, a pad,
flags, and either the two ends of its free space or, on overflow pages, how many pages follow.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from testamur_node.errors import NodeError

__all__ = [
    "DamagedPageError", "Tree", "Meta", "Page", "Entry", "PageFile", "HEADER_BYTES", "NO_PAGE", "BRANCH", "LEAF",
    "OVERFLOW", "BIG_DATA", "SUB_TREE", "MAP_BYTES",
]  # fmt: skip

MAP_BYTES = 1 << 40
"""How large the file may grow: far more than any chain, since it costs address space, not disk."""
HEADER_BYTES = 16
NO_PAGE = 2**64 - 1
"""Root of an empty tree."""
BRANCH, LEAF, OVERFLOW, META = 0x01, 0x02, 0x04, 0x08
BIG_DATA, SUB_TREE = 0x01, 0x02
"""Flags of a leaf's entry: its value lies on overflow pages; its value is the root of a named table."""

_HEADER = struct.Struct("<QHHHH")
_META = struct.Struct("<IIQQ")
_TREE = struct.Struct("<IHHQQQQQ")
_TAIL = struct.Struct("<QQ")
_ENTRY = struct.Struct("<HHHH")
_MAGIC, _VERSION = 0xBEEFC0DE, 1


class DamagedPageError(NodeError):
    """A page is not what LMDB writes."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The record of one B-tree."""

    pad: int
    """Page size in the free tree of a meta page, else 0."""
    flags: int
    depth: int
    branch_pages: int
    leaf_pages: int
    overflow_pages: int
    entries: int
    root: int

    @classmethod
    def read(cls, data: bytes) -> "Tree":
        """From its 48 bytes."""
        return cls(*_TREE.unpack(data))


@dataclass(frozen=True, slots=True)
class Meta:
    """One of the two meta pages: where a commit's trees begin."""

    page_size: int
    free: Tree
    main: Tree
    last_page: int
    transaction: int
    """Number of the commit that wrote it; even ones lie on page 0, odd ones on page 1."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page's header and bytes."""

    number: int
    flags: int
    lower: int
    """End of the entry pointers."""
    upper: int
    """Begin of the entries, which fill the page from its end."""
    data: bytes

    @property
    def overflow_count(self) -> int:
        """How many pages a value fills that begins here."""
        return self.lower | self.upper << 16

    def places(self) -> tuple[int, ...]:
        """Offsets of the entries, in key order."""
        return struct.unpack_from(f"<{(self.lower - HEADER_BYTES) // 2}H", self.data, HEADER_BYTES)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a branch or leaf page."""

    key: bytes
    flags: int
    """Of a leaf's entry."""
    size: int
    """Bytes of a leaf's value."""
    child: int
    """Page below a branch's entry, or the overflow page of a big value."""
    value: bytes
    """Of a leaf's entry that holds its value itself."""
    end: int
    """Offset of the first byte after the entry."""

    @classmethod
    def read(cls, page: Page, at: int) -> "Entry":
        """The entry at an offset. Raises `DamagedPageError` where it leaves the page."""
        if at % 2 or not page.upper <= at <= len(page.data) - _ENTRY.size:
            raise DamagedPageError(f"page {page.number}: an entry lies outside the page")
        low, high, flags, key_bytes = _ENTRY.unpack_from(page.data, at)
        key_end = at + _ENTRY.size + key_bytes
        key = page.data[at + _ENTRY.size : key_end]
        if page.flags == BRANCH:
            entry = cls(key, 0, 0, low | high << 16 | flags << 32, b"", key_end + key_end % 2)
        else:
            size = low | high << 16
            held = 8 if flags & BIG_DATA else size
            value = page.data[key_end : key_end + held]
            child = int.from_bytes(value, "little") if flags & BIG_DATA else NO_PAGE
            end = key_end + held
            entry = cls(key, flags, size, child, value, end + end % 2)
        if entry.end > len(page.data):
            raise DamagedPageError(f"page {page.number}: an entry runs over the page's end")
        return entry


class PageFile:
    """data.mdb as a sequence of pages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.page_size = 4096
        """Until a meta page says otherwise."""

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    @property
    def size(self) -> int:
        """Bytes of the file now."""
        return os.fstat(self._descriptor).st_size

    def metas(self) -> tuple[Meta, Meta]:
        """Both meta pages, the newer first. Raises `DamagedPageError` where they cannot be the last two commits'."""
        before = b""
        while True:
            octets = self._meta_octets()
            try:
                return self._read_metas(octets)
            except DamagedPageError:
                if octets == before:
                    raise
            before = octets  # a node may have been writing just there: what is damaged stays as it is

    def _meta_octets(self) -> bytes:
        head = os.pread(self._descriptor, 256, 0)
        if len(head) < 256:
            raise DamagedPageError(f"{self.path} is cut off: {len(head)} bytes")
        self.page_size = Tree.read(head[HEADER_BYTES + _META.size :][: _TREE.size]).pad
        if self.page_size not in (1 << power for power in range(8, 17)):
            raise DamagedPageError("page 0: the page size is damaged")
        octets = os.pread(self._descriptor, 2 * self.page_size, 0)
        if len(octets) < 2 * self.page_size:
            raise DamagedPageError(f"{self.path} is cut off: {len(octets)} bytes, not two pages")
        return octets

    def _read_metas(self, octets: bytes) -> tuple[Meta, Meta]:
        first, second = (_meta(number, octets[number * self.page_size :][: self.page_size]) for number in (0, 1))
        newer, older = (first, second) if first.transaction > second.transaction else (second, first)
        is_next = newer.transaction == older.transaction + 1 or newer.transaction == older.transaction == 0
        if not is_next or (first.transaction % 2, second.transaction % 2) not in ((0, 1), (0, 0)):
            raise DamagedPageError("pages 0 and 1 are not those of two commits in a row")
        if (older.page_size, older.free.flags) != (newer.page_size, newer.free.flags):
            raise DamagedPageError("pages 0 and 1 differ in what never changes")
        return newer, older

    def page(self, number: int) -> Page:
        """A page by its number. Raises `DamagedPageError` where the file ends before or the page is another."""
        data = os.pread(self._descriptor, self.page_size, number * self.page_size)
        if len(data) < self.page_size:
            raise DamagedPageError(f"page {number} lies beyond the end of the file: it was cut off")
        return _page(number, data)

    def overflow(self, first: Page, size: int) -> bytes:
        """The value of `size` bytes that begins on an overflow page."""
        more = os.pread(self._descriptor, size, first.number * self.page_size + HEADER_BYTES)
        if len(more) < size:
            raise DamagedPageError(f"page {first.number}: its value runs over the end of the file: it was cut off")
        return more


def _page(number: int, data: bytes) -> Page:
    said, _, flags, lower, upper = _HEADER.unpack_from(data)
    if said != number:
        raise DamagedPageError(f"page {number} says that it is page {said}")
    return Page(number, flags, lower, upper, data)


def _meta(number: int, data: bytes) -> Meta:
    page = _page(number, data)
    magic, version, address, _map_size = _META.unpack_from(data, HEADER_BYTES)
    at = HEADER_BYTES + _META.size
    free, main = Tree.read(data[at : at + 48]), Tree.read(data[at + 48 : at + 96])
    last_page, transaction = _TAIL.unpack_from(data, at + 96)
    if page.flags != META or (magic, version, address) != (_MAGIC, _VERSION, 0) or last_page < 1:
        raise DamagedPageError(f"page {number}: not a meta page")
    return Meta(free.pad, free, main, last_page, transaction)
