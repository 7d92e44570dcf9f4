"""kill -9 in the middle of each command that writes: what it makes is there whole or not at all, what it found is
unharmed, and the same command succeeds the next time.
"""

import json
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import DATA_FOLDER, GENESIS_FILE, VALIDATOR_KEY
from testamur_node.operations import upkeep
from testamur_node.store import StoreError
from testamur_node.store.store import Store

from tests.faults.driving import Load, Nursery, demand_equal_to_a_twin, go_on
from tests.faults.points import POINTS, Point
from tests.node.founding import make_home

BLOCKS = 9
COMMANDS = [point for point in POINTS if point.phase == "command"]


class Bench:
    """A grown chain, and a nursery to break commands on copies of it."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self.folder, self.nursery = folder, nursery
        self.grown = make_home(folder / "grown", DEVELOPMENT)
        self.load = Load(random.Random(9))
        go_on(nursery, self.grown, self.load, BLOCKS)
        self.head = height(self.grown)
        self.chain = folder / "chain.rlp"
        assert nursery.run("export", "--out", self.chain, "--home", self.grown).code == 0
        self.backup = folder / "backup"
        assert nursery.run("backup", "--out", self.backup, "--home", self.grown).code == 0

    def break_in(self, point: Point, *arguments: object, chance: random.Random) -> None:
        """The command, killed where it should be."""
        ended = self.nursery.run(
            *arguments, point=point, passage=chance.randint(1, point.most), seed=chance.randrange(2**32)
        )
        assert (ended.code, ended.died_at) == (-signal.SIGKILL, point.name), self.nursery.errors

    def run(self, *arguments: object) -> dict[str, object]:
        """The command, undisturbed."""
        ended = self.nursery.run(*arguments, "--json")
        assert ended.code == 0, (ended, self.nursery.errors)
        found: dict[str, object] = json.loads(ended.said[-1])
        return found

    def demand_sound(self, home: Path, kept: int, first_signed: int) -> None:
        """Verified, goes on from its `kept` blocks, equals a twin."""
        told = {number: words for number, words in self.load.acknowledged.items() if number <= kept}
        load = Load(random.Random(1), told)
        go_on(self.nursery, home, load, 2)
        demand_equal_to_a_twin(home, home.with_name(home.name + "-twin"), load.acknowledged, first_signed)


def height(home: Path) -> int:
    store = Store.open(home / DATA_FOLDER, writes=False)
    try:
        return store.head_number or 0
    finally:
        store.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    with Nursery.open(folder) as nursery:
        yield Bench(folder, nursery)


def break_init(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    home = folder / "home"
    kill("init", "--home", home, "--dev")
    if not home.exists():
        assert bench.run("init", "--home", home, "--dev")["spec"] == "development"
    assert [path.name for path in folder.iterdir()] == ["home"]
    assert bench.nursery.run("init", "--home", home, "--dev").code == 2
    assert len(list((home / "keys").iterdir())) == 13
    return home, 0


def break_import(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    home = folder / "home"
    for name in (GENESIS_FILE, VALIDATOR_KEY):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bench.grown / name, home / name)
    kill("import", bench.chain, "--home", home)
    demand_sound_or_empty(home)
    assert bench.run("import", bench.chain, "--home", home)["head"] == bench.head
    return home, bench.head


def demand_sound_or_empty(home: Path) -> None:
    """Killed before block 0, nothing is there to verify."""
    store = Store.open(home / DATA_FOLDER, writes=False)
    is_begun = store.head_number is not None
    store.close()
    if is_begun:
        assert list(upkeep.verify(home)) == []
        return
    with pytest.raises(StoreError, match="no block yet"):
        list(upkeep.verify(home))


def break_import_chain(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    home = folder / "home"
    arguments = ("import-chain", "--home", home, "--genesis", bench.grown / GENESIS_FILE, "--blocks", bench.chain)
    kill(*arguments)
    assert bench.run(*arguments)["head"] == bench.head
    assert not list(home.glob(".*"))
    (home / "engine").mkdir()
    shutil.copy(bench.grown / VALIDATOR_KEY, home / VALIDATOR_KEY)
    return home, bench.head


def break_prune(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    home = shutil.copytree(bench.grown, folder / "home")
    kill("prune", "--keep", "3", "--home", home)
    assert list(upkeep.verify(home)) == []
    bench.run("prune", "--keep", "3", "--home", home)
    assert bench.run("prune", "--keep", "3", "--home", home)["removed"] == 0
    return home, bench.head


def break_compact(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    home = shutil.copytree(bench.grown, folder / "home")
    kill("compact", "--home", home)
    assert list(upkeep.verify(home)) == []
    bench.run("compact", "--home", home)
    assert {path.name for path in (home / DATA_FOLDER).iterdir()} == {"data.mdb", "lock.mdb", "owner.lock"}
    return home, bench.head


def break_rollback(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    home = shutil.copytree(bench.grown, folder / "home")
    kill("rollback", "3", "--yes", "--home", home)
    assert list(upkeep.verify(home)) == []
    assert height(home) in (bench.head, bench.head - 3)
    if height(home) == bench.head:
        assert bench.run("rollback", "3", "--yes", "--home", home)["head"] == bench.head - 3
    return home, bench.head - 3


def break_backup(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    target = folder / "copy"
    kill("backup", "--out", target, "--home", bench.grown)
    if not target.exists():
        assert bench.run("backup", "--out", target, "--home", bench.grown)["head"] == bench.head
    assert [path.name for path in folder.iterdir()] == ["copy"]
    assert bench.run("restore", target, "--home", folder / "home")["head"] == bench.head
    return folder / "home", bench.head


def break_restore(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    home = folder / "home"
    kill("restore", bench.backup, "--home", home)
    if not home.exists():
        assert bench.run("restore", bench.backup, "--home", home)["head"] == bench.head
    assert [path.name for path in folder.iterdir()] == ["home"]
    assert bench.nursery.run("restore", bench.backup, "--home", home).code == 2
    return home, bench.head


def break_export(bench: Bench, folder: Path, kill: Callable[..., None]) -> tuple[Path, int]:
    target = folder / "chain.rlp"
    kill("export", "--out", target, "--home", bench.grown)
    if not target.exists():
        assert bench.run("export", "--out", target, "--home", bench.grown)["blocks"] == bench.head
    assert [path.name for path in folder.iterdir()] == ["chain.rlp"]
    assert target.read_bytes() == bench.chain.read_bytes()
    return shutil.copytree(bench.grown, folder / "home"), bench.head


BREAKING = {
    "init": break_init, "import": break_import, "import-chain": break_import_chain, "prune": break_prune,
    "compact": break_compact, "rollback": break_rollback, "backup": break_backup, "restore": break_restore,
    "export": break_export,
}  # fmt: skip


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("point", COMMANDS, ids=lambda point: f"{point.detail}-{point.name}")
def test_a_command_killed_midway_succeeds_the_next_time_and_has_harmed_nothing(
    bench: Bench, tmp_path: Path, point: Point, is_slow: bool
) -> None:
    for turn in range(4 if is_slow else 1):
        chance = random.Random(f"{point.name} {turn}")
        folder = tmp_path / str(turn)
        folder.mkdir()

        def kill(*arguments: object, chance: random.Random = chance) -> None:
            bench.break_in(point, *arguments, chance=chance)

        home, kept = BREAKING[point.detail](bench, folder, kill)
        bench.demand_sound(home, kept, first_signed=kept if point.detail.startswith("import") else 1)


def test_every_command_that_writes_has_fault_points() -> None:
    assert {point.detail for point in COMMANDS} == set(BREAKING)
