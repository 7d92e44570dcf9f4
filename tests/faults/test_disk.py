"""A disk that takes no more, or nothing at all: a sentence with advice, nothing lost, and the same home goes on once
there is room.
"""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import DATA_FOLDER
from testamur_node.operations import upkeep
from testamur_node.store.store import Store

from tests.faults.driving import Load, Nursery, demand_equal_to_a_twin, go_on, refusal
from tests.faults.mounts import Disk, mounted
from tests.node.founding import make_home, raw

pytestmark = pytest.mark.tool  # mounts small disks, which takes root

NO_ROOM = "No space left on device"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted(tmp_path / "disk", 6) as disk:
        yield disk


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery.open(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


def grow(nursery: Nursery, home: Path, blocks: int = 6) -> Load:
    """A home with some blocks."""
    make_home(home, DEVELOPMENT)
    load = Load(random.Random(4))
    go_on(nursery, home, load, blocks)
    return load


def test_a_node_on_a_full_disk_halts_in_words_and_goes_on_once_there_is_room(
    nursery: Nursery, disk: Disk, tmp_path: Path
) -> None:
    home = disk.path / "home"
    disk.remount("size=1200k")
    load = grow(nursery, home, 2)
    before = len(load.acknowledged)
    started = nursery.start(home, "--block-time", "instant")
    assert isinstance(started, str)
    load.run(started)
    ended = nursery.end()
    assert ended.code == 1
    assert len(load.acknowledged) > before
    last = json.loads(ended.told.splitlines()[-1])
    assert last["message"].startswith("the engine has halted: cannot commit to")
    assert NO_ROOM in last["message"]
    assert "free some disk space" in last["advice"]
    assert "free some disk space" in refusal(nursery, "status", "--home", home, code=7, words="cannot commit to")
    disk.remount("size=6m")
    go_on(nursery, home, load)
    demand_equal_to_a_twin(home, tmp_path / "twin", load.acknowledged)


def readiness(url: str) -> tuple[int, str]:
    answer = requests.get(f"{url}/readyz", timeout=60)
    return answer.status_code, answer.text


def test_a_node_whose_disk_is_full_is_not_ready_and_logs_whom_it_refuses(nursery: Nursery, disk: Disk) -> None:
    home = disk.path / "home"
    disk.remount("size=12m")
    make_home(home, DEVELOPMENT)
    started = nursery.start(home, "--block-time", "instant")
    assert isinstance(started, str)
    load = Load(random.Random(4))
    load.run(started, 2)
    assert readiness(started)[0] == 200
    filler = disk.fill()
    deadline = time.monotonic() + 60
    while readiness(started)[0] == 200:  # the disk is asked once a second
        assert time.monotonic() < deadline
    code, text = readiness(started)
    assert code == 503
    assert NO_ROOM in text
    assert str(disk.path) not in text
    large = raw(0, 900, data=bytes(100_000), gas=5_000_000)  # behind a gap: no block takes it
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + large.hex()]}
    answer = requests.post(started, json=body, timeout=60).json()
    assert "cannot keep the transaction" in answer["error"]["message"]
    filler.unlink()
    while readiness(started)[0] != 200:
        assert time.monotonic() < deadline + 60
    os.kill(nursery.pid, signal.SIGTERM)
    ended = nursery.end()
    assert ended.code == 0
    lines = [json.loads(line) for line in ended.told.splitlines() if line.startswith("{")]
    assert [line["level"] for line in lines if "cannot keep the transaction" in line["event"]] == ["error"]
    assert [line["event"].split(":")[0] for line in lines if line["event"].startswith("block ")][:2] == [
        "block 1", "block 2",
    ]  # fmt: skip


@pytest.mark.parametrize("missing", ["lock.mdb", "owner.lock", None])
def test_a_node_does_not_start_on_a_disk_without_a_free_byte_and_says_so(
    nursery: Nursery, disk: Disk, missing: str | None
) -> None:
    home = disk.path / "home"
    load = grow(nursery, home)
    if missing:
        (home / DATA_FOLDER / missing).unlink()
    filler = disk.fill()
    refusal(nursery, "start", "--home", home, "--http", "127.0.0.1:0", code=1, words=NO_ROOM)
    filler.unlink()
    go_on(nursery, home, load)


def test_every_command_on_a_full_disk_refuses_in_words_and_succeeds_once_there_is_room(
    nursery: Nursery, disk: Disk, tmp_path: Path
) -> None:
    home, new = disk.path / "home", disk.path / "new"
    load = grow(nursery, home)
    chain, backup = tmp_path / "chain.rlp", tmp_path / "backup"
    assert nursery.run("export", "--out", chain, "--home", home).code == 0
    assert nursery.run("backup", "--out", backup, "--home", home).code == 0
    empty = make_sibling(home, disk.path / "empty")
    commands: list[tuple[int, tuple[object, ...]]] = [
        (1, ("init", "--home", new)),
        (1, ("backup", "--out", new, "--home", home)),
        (2, ("restore", backup, "--home", new)),
        (2, ("export", "--out", new, "--home", home)),
        (1, ("compact", "--home", home)),
        (1, ("import", chain, "--home", empty)),
        (2, ("import-chain", "--home", new, "--genesis", home / "genesis.json", "--blocks", chain)),
    ]
    filler = disk.fill()
    names = sorted(path.name for path in disk.path.iterdir())
    for code, arguments in commands:
        refusal(nursery, *arguments, code=code, words=NO_ROOM)
        shutil.rmtree(new, ignore_errors=True)  # import-chain's empty folder
        assert sorted(path.name for path in disk.path.iterdir()) == names, arguments
        assert list(upkeep.verify(home)) == [], arguments
    filler.unlink()
    for _, arguments in commands:
        ended = nursery.run(*arguments)
        assert ended.code == 0, (arguments, ended.told)
        shutil.rmtree(new) if new.is_dir() else new.unlink(missing_ok=True)
    go_on(nursery, home, load)


def make_sibling(home: Path, other: Path) -> Path:
    """A home of the same genesis without blocks."""
    other.mkdir()
    shutil.copy(home / "genesis.json", other / "genesis.json")
    return other


def test_pruning_and_rolling_back_on_a_full_disk_harm_nothing(nursery: Nursery, disk: Disk, tmp_path: Path) -> None:
    home = disk.path / "home"
    load = grow(nursery, home)
    filler = disk.fill()
    for arguments in (("prune", "--keep", "2"), ("rollback", "1", "--yes")):
        ended = nursery.run(*arguments, "--home", home)
        assert ended.code == 0 or (ended.code == 1 and NO_ROOM in ended.told)
        assert list(upkeep.verify(home)) == []
    filler.unlink()
    head = Store.open(home / DATA_FOLDER, writes=False).head_number or 0
    kept = Load(load.chance, {number: words for number, words in load.acknowledged.items() if number <= head})
    go_on(nursery, home, kept)
    demand_equal_to_a_twin(home, tmp_path / "twin", kept.acknowledged)


def test_a_disk_mounted_for_reading_is_refused_in_words_and_still_read(
    nursery: Nursery, disk: Disk, tmp_path: Path
) -> None:
    home = disk.path / "home"
    load = grow(nursery, home)
    assert nursery.run("export", "--out", tmp_path / "before.rlp", "--home", home).code == 0
    disk.remount("ro")
    for arguments in (
        ("start", "--http", "127.0.0.1:0"), ("rollback", "1", "--yes"), ("prune", "--keep", "2"), ("compact",),
        ("import", tmp_path / "before.rlp"),
    ):  # fmt: skip
        told = refusal(nursery, *arguments, "--home", home, code=1, words="Read-only file system")
        assert "mount the disk for writing" in told
    refusal(nursery, "init", "--home", disk.path / "new", code=2, words="Read-only file system")
    assert nursery.run("verify-db", "--home", home).code == 0
    assert nursery.run("backup", "--out", tmp_path / "backup", "--home", home).code == 0
    assert nursery.run("export", "--out", tmp_path / "after.rlp", "--home", home).code == 0
    assert (tmp_path / "after.rlp").read_bytes() == (tmp_path / "before.rlp").read_bytes()
    assert nursery.run("restore", tmp_path / "backup", "--home", tmp_path / "restored").code == 0
    disk.remount("rw")
    go_on(nursery, home, load)


def test_a_limit_on_file_size_halts_the_node_in_words(nursery: Nursery, tmp_path: Path) -> None:
    home = tmp_path / "home"
    load = grow(nursery, home, 2)
    room = (home / DATA_FOLDER / "data.mdb").stat().st_size + 200_000
    started = nursery.start(home, "--block-time", "instant", file_bytes=room)
    assert isinstance(started, str)
    load.run(started)
    ended = nursery.end()
    assert ended.code == 1
    assert "cannot commit to" in ended.told.splitlines()[-1]
    go_on(nursery, home, load)
    demand_equal_to_a_twin(home, tmp_path / "twin", load.acknowledged)
