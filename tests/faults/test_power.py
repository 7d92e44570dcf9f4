"""A power cut: of what LMDB has not synced any part may be on the disk; what we make beside it was synced in order."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from testamur_node.application import Application
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import DATA_FOLDER, GENESIS_FILE
from testamur_node.operations import upkeep
from testamur_node.operations.initialise import initialise
from testamur_node.operations.running import RunningNode, announce
from testamur_node.store.pages import PageFile

from tests.node.founding import (
    GOVERN,
    STORING_CODE,
    creating,
    genesis_of,
    make_home,
    open_application,
    raw,
    run_block,
)

PAGE = 4096


def opened(home: Path) -> Application:
    return open_application(home, upkeep.load_genesis(home))


def block(application: Application, nonce: int) -> bytes:
    finalized = run_block(application, [raw(GOVERN, nonce, to=None, data=creating(STORING_CODE))])
    return finalized.app_hash


def test_a_commit_returns_after_its_pages_and_its_meta_page_are_synced(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of(DEVELOPMENT))
    flags = application.store.environment.lmdb.flags()
    application.store.close()
    assert flags["sync"]
    assert flags["metasync"]
    assert not flags["map_async"]
    assert not flags["writemap"]


def test_any_part_of_a_commit_without_its_meta_page_is_the_block_before(tmp_path: Path, is_slow: bool) -> None:
    home, chance = make_home(tmp_path / "home", DEVELOPMENT), random.Random(20)
    data = home / DATA_FOLDER / "data.mdb"
    application = opened(home)
    hashes = [block(application, nonce) for nonce in range(3)]
    application.store.close()
    before = data.read_bytes()
    application = opened(home)
    after_hash = block(application, 3)
    application.store.close()
    after = data.read_bytes()
    changed = [
        number
        for number in range(len(after) // PAGE)
        if after[number * PAGE :][:PAGE] != before[number * PAGE :][:PAGE]
    ]
    [meta] = [number for number in changed if number < 2]
    pages = [number for number in changed if number != meta]
    assert len(pages) > 8
    for turn in range(100 if is_slow else 12):
        written = pages if turn == 0 else chance.sample(pages, chance.randrange(len(pages)))
        octets = bytearray(before)
        for number in written:
            if len(octets) < number * PAGE:
                octets += bytes(number * PAGE - len(octets))
            octets[number * PAGE : (number + 1) * PAGE] = after[number * PAGE : (number + 1) * PAGE]
        data.write_bytes(octets)
        assert list(upkeep.verify(home)) == []
        application = opened(home)
        assert application.head.hash == hashes[-1]
        if turn % 4 == 0:
            assert block(application, 3) == after_hash
        application.store.close()
        assert list(upkeep.verify(home)) == []
    data.write_bytes(after)
    application = opened(home)
    assert application.head.hash == after_hash
    application.store.close()


def test_the_commit_before_the_newest_is_whole_on_the_disk(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", DEVELOPMENT)
    data = home / DATA_FOLDER / "data.mdb"
    application = opened(home)
    hashes = [block(application, nonce) for nonce in range(4)]
    application.store.close()
    file = PageFile(data)
    newer, older = file.metas()
    file.close()
    octets = bytearray(data.read_bytes())
    place = newer.transaction % 2 * PAGE
    assert older.transaction == newer.transaction - 1
    # the newest meta page never reached the disk: what lay there is of two commits before
    octets[place + 16 + 128 : place + 16 + 136] = (newer.transaction - 2).to_bytes(8, "little")
    data.write_bytes(octets)
    application = opened(home)
    assert application.head.hash == hashes[-2]
    application.store.close()


class Recorder:
    """What was synced and what was moved, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[str, str]] = []
        fsync, rename = os.fsync, Path.rename

        def record_sync(descriptor: int) -> None:
            self.events.append(("sync", os.readlink(f"/proc/self/fd/{descriptor}")))
            fsync(descriptor)

        def record_rename(path: Path, target: Path) -> Path:
            self.events.append(("move", str(path.absolute())))
            return rename(path, target)

        monkeypatch.setattr(os, "fsync", record_sync)
        monkeypatch.setattr(Path, "rename", record_rename)

    def demand_synced(self, made: Path) -> None:
        """All of `made` was synced under its other name, then moved, then its folder synced."""
        partial = made.with_name(f".{made.name}.partial")
        moved = self.events.index(("move", str(partial)))
        names = [partial, *(partial / path.relative_to(made) for path in made.rglob("*"))]
        for name in names:
            assert ("sync", str(name)) in self.events[:moved], name
        assert ("sync", str(made.parent)) in self.events[moved:]
        assert not partial.exists()


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    home = make_home(tmp_path / "grown", DEVELOPMENT)
    application = opened(home)
    for nonce in range(2):
        block(application, nonce)
    application.store.close()
    return home


def make_restored(grown: Path, made: Path) -> None:
    upkeep.back_up(grown, made.with_name("copy"))
    upkeep.restore(made.with_name("copy"), made)


MAKING: dict[str, Callable[[Path, Path], Any]] = {
    "init": lambda _, made: initialise(made, engine="solo", alliance=None, chain_id=None, is_development=True),
    "backup": upkeep.back_up,
    "restore": make_restored,
    "export": upkeep.export_chain,
}


@pytest.mark.parametrize("command", MAKING)
def test_what_a_command_makes_is_synced_before_it_is_in_place(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    recorder = Recorder(monkeypatch)
    MAKING[command](grown, tmp_path / "made")
    recorder.demand_synced(tmp_path / "made")


def test_a_copied_genesis_and_the_word_of_a_running_node_are_synced_before_they_are_in_place(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep.export_chain(grown, tmp_path / "chain.rlp")
    recorder = Recorder(monkeypatch)
    upkeep.import_chain(tmp_path / "made", grown / GENESIS_FILE, tmp_path / "chain.rlp")
    recorder.demand_synced(tmp_path / "made" / GENESIS_FILE)
    with announce(tmp_path / "made", RunningNode(None, None, None, 1, 1)):
        recorder.demand_synced(tmp_path / "made" / "running.json")


def test_a_new_store_and_a_compacted_one_are_synced_before_they_are_in_place(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[int] = []
    replace = Path.replace

    def record_replace(path: Path, target: Path) -> Path:
        replaced.append(len(recorder.events))
        return replace(path, target)

    recorder = Recorder(monkeypatch)
    monkeypatch.setattr(Path, "replace", record_replace)
    upkeep.compact(grown)
    [at] = replaced
    data = grown / DATA_FOLDER
    assert ("sync", str(data / "compacting" / "data.mdb")) in recorder.events[:at]
    assert ("sync", str(data)) in recorder.events[at:]
    recorder.events.clear()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(grown / GENESIS_FILE, other)
    opened(other).store.close()
    data = other / DATA_FOLDER
    assert recorder.events == [
        ("sync", str(data / "making" / "data.mdb")),
        ("move", str(data / "making" / "data.mdb")),
        ("sync", str(data)),
        ("sync", str(other)),
    ]
