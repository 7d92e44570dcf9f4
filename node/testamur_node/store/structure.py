"""Whether LMDB's file hangs together: every page of the last commits is reached once or free, and is what it should be.

verify-db looks here first, because LMDB itself crashes on a page that lies; `verification` then recomputes the
records. What no check can find changes no record: bytes that no entry uses, a separator that still separates, the
number of the commit that freed a page (docs/operations.md).
"""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import lmdb

from testamur_node.store.pages import (
    BIG_DATA,
    BRANCH,
    HEADER_BYTES,
    LEAF,
    MAP_BYTES,
    NO_PAGE,
    OVERFLOW,
    SUB_TREE,
    DamagedPageError,
    Entry,
    Meta,
    Page,
    PageFile,
    Tree,
)

__all__ = ["structure_problem", "demand_whole"]

_INTEGER_KEYS = 0x08
_MOST_TABLES = 128
_ATTEMPTS = 100
"""A node may commit between two looks."""


def structure_problem(folder: Path) -> str | None:
    """What is wrong with the file in `folder`, in one sentence; a node may run on it meanwhile.

    1. both meta pages are those of the last two commits
    2. each tree's pages are of its kind, in order, and as many as its record says
    3. no page is used twice, and each that is not used is free
    """
    with contextlib.closing(PageFile(folder / "data.mdb")) as file:
        try:
            file.metas()
            for _ in range(_ATTEMPTS):
                # a read transaction keeps the pages of its commit; without tables LMDB touches the meta pages alone
                with _pinned(folder) as transaction:
                    newer, older = file.metas()
                    seen = {meta.transaction: meta for meta in (older, newer)}.get(transaction)
                    if seen is None:
                        continue
                    _Walk(file, seen).run()
                    problem = _older_problem(file, older) if seen is newer else None
                    # commits since then may have taken the older one's pages
                    return problem if file.metas()[1] == older else None
            raise DamagedPageError("its newest commit is not the one that lock.mdb names")
        except (DamagedPageError, lmdb.Error) as error:
            return f"data.mdb: {error}"


def demand_whole(path: Path) -> None:
    """Raise `DamagedPageError` where the file lacks pages that it uses: LMDB would end the process with SIGBUS.

    LMDB leaves out writing the last pages where their own commit freed them, so a short file alone proves nothing.
    """
    with contextlib.closing(PageFile(path)) as file:
        for _ in range(_ATTEMPTS):
            newer, _older = file.metas()
            if file.size >= (newer.last_page + 1) * file.page_size:
                return
            try:
                _Walk(file, newer).run()
            except DamagedPageError:
                if file.metas()[0] == newer:
                    raise
            else:
                return


@contextlib.contextmanager
def _pinned(folder: Path) -> Iterator[int]:
    """The number of the newest commit, kept for as long as the context lasts."""
    with (
        lmdb.open(str(folder), readonly=True, create=False, max_readers=1024) as environment,
        environment.begin() as view,
    ):
        yield view.id()


def _older_problem(file: PageFile, meta: Meta) -> str | None:
    """The commit before the newest is still whole: LMDB takes freed pages only once no meta page leads to them."""
    try:
        _Walk(file, meta).run()
    except DamagedPageError as error:
        return f"data.mdb, the commit before the newest: {error}"
    return None


class _Walk:
    """One commit's trees."""

    def __init__(self, file: PageFile, meta: Meta) -> None:
        self._file = file
        self._meta = meta
        if (meta.last_page + 1) * file.page_size > MAP_BYTES:
            raise DamagedPageError(f"page {meta.last_page} would lie beyond the map")
        self._owners = ["nobody", "meta"]
        self._owner = bytearray(meta.last_page + 1)
        """Whose each page is, by its place in `_owners`: a byte a page, since there are millions."""
        self._owner[:2] = b"\1\1"
        self._tables: list[tuple[str, Tree]] = []

    def run(self) -> None:
        """Raises `DamagedPageError` at the first thing wrong."""
        meta = self._meta
        if meta.free.flags & ~_INTEGER_KEYS or not meta.free.flags & _INTEGER_KEYS:
            raise DamagedPageError("the free tree's flags are damaged")
        free: list[int] = []
        for key, value in self._tree("the free tree", meta.free):
            free += self._free_pages(key, value)
        for key, value in self._tree("the main tree", meta.main):
            self._tables.append((key.decode("ascii", "replace"), Tree.read(value)))
            if len(self._tables) > _MOST_TABLES:
                raise DamagedPageError(f"the main tree names more than {_MOST_TABLES} tables")
        for name, tree in self._tables:
            for _ in self._tree(f"table {name}", tree):
                pass
        for number in free:
            self._take(number, "free")
        missing = self._owner.count(0)
        if missing:
            raise DamagedPageError(f"{missing} pages are neither used nor free")

    def _take(self, number: int, owner: str, count: int = 1) -> None:
        if owner not in self._owners:
            self._owners.append(owner)
        place = self._owners.index(owner)
        for page in range(number, number + count):
            if not 2 <= page <= self._meta.last_page:
                raise DamagedPageError(f"{owner} names page {page} of {self._meta.last_page}")
            if self._owner[page]:
                raise DamagedPageError(f"page {page} belongs to {self._owners[self._owner[page]]} and to {owner}")
            self._owner[page] = place

    def _free_pages(self, key: bytes, value: bytes) -> list[int]:
        """One commit's freed pages: how many, then their numbers, falling."""
        numbers = [int.from_bytes(value[at : at + 8], "little") for at in range(0, len(value), 8)]
        count, listed = (numbers[0], numbers[1:]) if numbers else (-1, [])
        if len(key) != 8 or len(value) % 8 or count != len(listed):
            raise DamagedPageError("a list of free pages has another length than it says")
        if not 0 < int.from_bytes(key, "little") <= self._meta.transaction:
            raise DamagedPageError("a list of free pages is of no commit")
        if any(above <= below for above, below in itertools.pairwise(listed)):
            raise DamagedPageError("a list of free pages is out of order")
        return listed

    def _tree(self, name: str, tree: Tree) -> Iterator[tuple[bytes, bytes]]:
        """A tree's records: of the main and the free tree with their values, of the tables without."""
        if name.startswith("table") and (tree.flags or tree.pad):
            raise DamagedPageError(f"{name}: its flags are damaged")
        if name == "the main tree" and (tree.flags or tree.pad):
            raise DamagedPageError("the main tree's flags are damaged")
        counts = {"branch": 0, "leaf": 0, "overflow": 0, "entries": 0}
        if tree.root != NO_PAGE:
            yield from self._below(name, tree, tree.root, tree.depth, b"", None, counts)
        told = (tree.branch_pages, tree.leaf_pages, tree.overflow_pages, tree.entries)
        if tuple(counts.values()) != told or (tree.root == NO_PAGE and tree.depth):
            raise DamagedPageError(f"{name}: {counts} found, its record says {told}")

    def _below(
        self, name: str, tree: Tree, number: int, depth: int, least: bytes, limit: bytes | None, counts: dict[str, int]
    ) -> Iterator[tuple[bytes, bytes]]:
        """The records below a page, whose keys must lie from `least` up to, but not at, `limit`."""
        self._take(number, name)
        page = self._file.page(number)
        is_leaf = depth == 1
        if page.flags != (LEAF if is_leaf else BRANCH):
            raise DamagedPageError(f"page {number} of {name} has flags {page.flags:#x} at depth {depth}")
        counts["leaf" if is_leaf else "branch"] += 1
        entries = self._entries(page)
        order = _by_number if tree.flags & _INTEGER_KEYS else _by_bytes
        keys = [entry.key for entry in entries]
        if not is_leaf:
            keys[0] = least  # LMDB never looks at a branch's first key
        if any(order(one) >= order(two) for one, two in itertools.pairwise(keys)):
            raise DamagedPageError(f"page {number} of {name}: keys out of order")
        if (least and order(keys[0]) < order(least)) or (limit is not None and order(keys[-1]) >= order(limit)):
            raise DamagedPageError(f"page {number} of {name}: keys outside their branch")
        for index, entry in enumerate(entries):
            if is_leaf:
                counts["entries"] += 1
                yield entry.key, self._value(name, entry, counts)
            else:
                end = keys[index + 1] if index + 1 < len(keys) else limit
                yield from self._below(name, tree, entry.child, depth - 1, keys[index], end, counts)

    def _entries(self, page: Page) -> list[Entry]:
        """A page's entries, which fill it from its end without a gap."""
        size = len(page.data)
        if not HEADER_BYTES + 2 <= page.lower <= page.upper < size or page.lower % 2:
            raise DamagedPageError(f"page {page.number}: its free space is damaged")
        places = page.places()
        entries = [Entry.read(page, at) for at in places]
        begin = page.upper
        for at, end in sorted(zip(places, (entry.end for entry in entries), strict=True)):
            if at != begin:
                raise DamagedPageError(f"page {page.number}: entries overlap or leave a gap")
            begin = end
        if begin != size:
            raise DamagedPageError(f"page {page.number}: entries do not fill the page")
        return entries

    def _value(self, name: str, entry: Entry, counts: dict[str, int]) -> bytes:
        wanted = SUB_TREE if name == "the main tree" else 0
        if entry.flags & ~BIG_DATA != wanted or (wanted and entry.size != 48):
            raise DamagedPageError(f"{name}: an entry has flags {entry.flags:#x}")
        if not entry.flags & BIG_DATA:
            return entry.value
        pages = (HEADER_BYTES - 1 + entry.size) // self._file.page_size + 1
        self._take(entry.child, name, pages)
        counts["overflow"] += pages
        first = self._file.page(entry.child)
        if first.flags != OVERFLOW or first.overflow_count != pages:
            raise DamagedPageError(f"page {entry.child} of {name}: not {pages} pages of one value")
        return self._file.overflow(first, entry.size)


def _by_number(key: bytes) -> bytes:
    """Little-endian numbers in their order."""
    return key[::-1]


def _by_bytes(key: bytes) -> bytes:
    return key
