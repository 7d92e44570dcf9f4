"""One flipped byte anywhere in data.mdb: verify-db says so, or no record has changed and the node goes on."""

import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from testamur_node.node import DATA_FOLDER, Node
from testamur_node.operations import upkeep
from testamur_node.store.environment import Environment
from testamur_node.store.pages import BIG_DATA, BRANCH, HEADER_BYTES, LEAF, NO_PAGE, DamagedPageError, Entry, PageFile
from testamur_node.store.structure import demand_whole, structure_problem

from tests.node.founding import GOVERN, raw

META_BYTES = HEADER_BYTES + 136
"""Of a meta page, header included."""


def first_problem(home: Path) -> str | None:
    return next(upkeep.verify(home), None)


def records(home: Path) -> dict[str, list[tuple[bytes, bytes]]]:
    """Every record of a closed store, through LMDB."""
    with contextlib.closing(Environment(home / DATA_FOLDER, writes=False)) as store, store.lmdb.begin() as view:
        return {name: list(view.cursor(table)) for name, table in store.tables.items()}


@contextlib.contextmanager
def flipped(data: Path, at: int, mask: int) -> Iterator[None]:
    """One byte of a file changed for a while."""
    with data.open("r+b", buffering=0) as file:
        octet = os.pread(file.fileno(), 1, at)[0]
        os.pwrite(file.fileno(), bytes([octet ^ mask]), at)
        try:
            yield
        finally:
            os.pwrite(file.fileno(), bytes([octet]), at)


def record_bytes(data: Path) -> dict[str, list[int]]:
    """Offsets of all bytes that say something, by what they are part of; what is left is used by nothing."""
    kinds: dict[str, list[int]] = {"page header": [], "pointer": [], "entry header": [], "key": [], "value": []}
    with contextlib.closing(PageFile(data)) as file:
        newer, _ = file.metas()
        size = file.page_size
        open_trees, free = [newer.free.root, newer.main.root], newer.free.root
        while open_trees:
            number = open_trees.pop()
            if number == NO_PAGE:
                continue
            page, begin = file.page(number), number * size
            kinds["page header"] += [*range(begin, begin + 8), *range(begin + 10, begin + HEADER_BYTES)]
            kinds["pointer"] += range(begin + HEADER_BYTES, begin + page.lower)
            for index, at in enumerate(page.places()):
                entry = Entry.read(page, at)
                key = begin + at + 8
                kinds["entry header"] += range(begin + at, key)
                if page.flags == BRANCH:
                    open_trees.append(entry.child)
                    continue
                assert page.flags == LEAF
                if number != free:  # its keys, numbers of commits, are judged apart
                    kinds["key"] += range(key, key + len(entry.key))
                value = key + len(entry.key)
                kinds["value"] += range(value, value + len(entry.value))
                if entry.flags & BIG_DATA:
                    over = entry.child * size
                    kinds["page header"] += [*range(over, over + 8), *range(over + 10, over + HEADER_BYTES)]
                    kinds["value"] += range(over + HEADER_BYTES, over + HEADER_BYTES + entry.size)
                elif number == newer.main.root:
                    open_trees.append(int.from_bytes(entry.value[40:48], "little"))
                assert index < len(page.places())
    return kinds


@pytest.mark.timeout(3600)
def test_one_flipped_byte_of_whatever_says_something_is_found(home: Path, is_slow: bool) -> None:
    data, chance = home / DATA_FOLDER / "data.mdb", random.Random(20261126)
    kinds = record_bytes(data)
    assert all(len(offsets) > 50 for offsets in kinds.values())
    assert first_problem(home) is None
    for kind, offsets in kinds.items():
        for at in chance.sample(offsets, min(len(offsets), 1500 if is_slow else 40)):
            mask = chance.randrange(1, 256)
            with flipped(data, at, mask):
                assert first_problem(home) is not None, f"{kind}: byte {at % 4096} of page {at // 4096} ^ {mask:#x}"
    assert first_problem(home) is None


@pytest.mark.timeout(3600)
def test_a_flipped_byte_that_is_not_found_changes_no_record(home: Path, is_slow: bool) -> None:
    data, chance = home / DATA_FOLDER / "data.mdb", random.Random(8)
    before, tally = records(home), Counter[bool]()
    size = data.stat().st_size
    for at in [*range(META_BYTES), *range(4096, 4096 + META_BYTES)][:: 1 if is_slow else 7] + [
        chance.randrange(size) for _ in range(3000 if is_slow else 60)
    ]:
        with flipped(data, at, chance.randrange(1, 256)):
            problem = first_problem(home)
            tally[problem is not None] += 1
            if problem is None:
                assert records(home) == before, f"byte {at % 4096} of page {at // 4096}"
    assert tally[True] > 50
    assert tally[False] > 10


def test_bytes_that_nothing_uses_harm_nothing(home: Path) -> None:
    data = home / DATA_FOLDER / "data.mdb"
    used = {at for offsets in record_bytes(data).values() for at in offsets}
    unused = [at for at in range(8192, data.stat().st_size) if at not in used]
    octets = bytearray(data.read_bytes())
    chance = random.Random(3)
    structural = structure_problem(home / DATA_FOLDER)
    assert structural is None
    changed = []
    for at in chance.sample(unused, 300):
        with flipped(data, at, 255):
            if structure_problem(home / DATA_FOLDER) is None:
                changed.append(at)
    for at in changed:
        octets[at] ^= 255
    data.write_bytes(octets)
    assert len(changed) > 100
    assert first_problem(home) is None
    node = Node.open(home, time.time_ns)
    node.submit(raw(GOVERN, 6))
    assert node.wait_for_block(9, 20)
    node.close()
    assert first_problem(home) is None


def test_a_file_that_was_cut_off_is_told_from_one_whose_last_pages_are_not_needed(home: Path) -> None:
    data = home / DATA_FOLDER / "data.mdb"
    whole, before = data.read_bytes(), records(home)
    needed = (max(at for offsets in record_bytes(data).values() for at in offsets) // 4096 + 1) * 4096
    for length in (0, 100, 4096, 8192, needed // 8192 * 4096, needed - 4096, needed - 1):
        data.write_bytes(whole[:length])
        with pytest.raises(DamagedPageError, match="cut off"):
            demand_whole(data)
        assert first_problem(home) is not None
    data.write_bytes(whole[:needed])
    demand_whole(data)
    assert records(home) == before
