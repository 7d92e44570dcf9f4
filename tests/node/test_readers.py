"""Readers and old pages: a live reader keeps them, a killed one does not; too many readers are refused in words."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from testamur_node.apart import TooSlowError
from testamur_node.calls import Calls
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import Node
from testamur_node.store import StoreError
from testamur_node.store.environment import Environment
from testamur_node.store.maintenance import compact
from testamur_node.store.pages import PageFile
from testamur_node.store.structure import demand_whole, structure_problem

from tests.conftest import ROOT
from tests.node.founding import make_home

READING = """
import sys, time
from pathlib import Path
from testamur_node.store.environment import Environment
environment = Environment(Path(sys.argv[1]), writes=False)
views = [environment.lmdb.begin() for _ in range(int(sys.argv[2]))]
print(len(views), flush=True)
time.sleep(600)
"""
COMMITS = 60


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    environment = Environment(tmp_path / "data")
    commit(environment, 10)
    yield environment
    environment.close()


def commit(environment: Environment, times: int) -> int:
    """Overwrite one big record so often; how many pages the file has grown by."""
    before = pages(environment)
    for turn in range(times):
        with environment.write() as transaction:
            transaction.put(b"key", bytes([turn % 256]) * 30_000, db=environment.tables["bodies"])
    return pages(environment) - before


def pages(environment: Environment) -> int:
    file = PageFile(environment.folder / "data.mdb")
    try:
        return file.metas()[0].last_page + 1
    finally:
        file.close()


def reader(environment: Environment, count: int = 1) -> "subprocess.Popen[str]":
    """A process that holds `count` read transactions on the present commit."""
    return process(READING, environment.folder, count, says=str(count))


def process(program: str, *arguments: object, says: str) -> "subprocess.Popen[str]":
    """A Python process that has said so."""
    path = os.pathsep.join((str(ROOT), str(ROOT / "client"), str(ROOT / "node")))
    begun = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert begun.stdout is not None
    assert begun.stdout.readline() == says + "\n"
    return begun


def end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def test_a_killed_reader_does_not_keep_old_pages_from_being_used_again(environment: Environment) -> None:
    steady = commit(environment, COMMITS)
    living = reader(environment)
    kept = commit(environment, COMMITS)
    end(living)
    assert commit(environment, COMMITS) <= 16
    assert steady <= 16
    assert kept > 4 * COMMITS
    assert structure_problem_of(environment) is None


def structure_problem_of(environment: Environment) -> str | None:
    environment.close()
    return structure_problem(environment.folder)


def test_a_reader_that_is_killed_before_any_commit_leaves_no_trace(environment: Environment) -> None:
    end(reader(environment, 200))
    assert environment.lmdb.info()["num_readers"] >= 200
    commit(environment, 1)
    assert commit(environment, COMMITS) <= 16
    assert "(active)" not in environment.lmdb.readers()


def grown(environment: Environment) -> dict[str, int]:
    """Records per table; what was deleted leaves room for compacting."""
    with environment.write() as transaction:
        for number in range(50):
            transaction.put(number.to_bytes(8, "big"), bytes(3000), db=environment.tables["nodes"])
    with environment.write() as transaction:
        for number in range(40):
            transaction.delete(number.to_bytes(8, "big"), db=environment.tables["nodes"])
    return environment.statistics()


@pytest.mark.parametrize("more_commits", [0, 1])
def test_compacting_waits_for_who_reads_the_old_file(environment: Environment, more_commits: int) -> None:
    before, folder = grown(environment), environment.folder
    commit(environment, more_commits)
    environment.close()
    living = reader(environment)
    with pytest.raises(StoreError, match="another process reads"):
        compact(folder)
    again = Environment(folder)
    assert again.statistics() == before
    again.close()
    end(living)
    was, now = compact(folder)
    assert now < was
    again = Environment(folder)
    assert again.statistics() == before
    again.close()


@pytest.mark.parametrize("more_commits", [0, 1])
def test_a_replaced_file_is_not_written_while_the_old_one_is_read(environment: Environment, more_commits: int) -> None:
    # compacting killed between moving the new file into place and telling LMDB
    before, folder = grown(environment), environment.folder
    commit(environment, more_commits)
    (folder / "copy").mkdir()
    environment.lmdb.copy(str(folder / "copy"), compact=True)
    environment.close()
    living = reader(environment)
    (folder / "copy" / "data.mdb").replace(folder / "data.mdb")
    octets = (folder / "data.mdb").read_bytes()
    with pytest.raises(StoreError, match="some process still reads"):
        Environment(folder)
    assert (folder / "data.mdb").read_bytes() == octets
    end(living)
    again = Environment(folder)
    assert again.statistics() == before
    again.close()


def hold(calls: Calls, seconds: float) -> None:
    with calls.chain.store.environment.lmdb.begin():
        time.sleep(seconds)


def test_a_call_process_that_is_killed_leaves_no_reader_behind(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path / "home", DEVELOPMENT), time.time_ns, call_processes=1)
    try:
        commit(node.store.environment, 10)
        for _ in range(2):
            with pytest.raises(TooSlowError):
                node.apart(hold, 0.3, 60.0)
        commit(node.store.environment, 1)
        living = {os.getpid(), *(child.pid for child in multiprocessing.active_children())}
        table = node.store.environment.lmdb.readers().splitlines()[1:]
        assert {int(line.split()[0]) for line in table} <= living
        assert commit(node.store.environment, COMMITS) <= 16
    finally:
        node.close()


WRITING = """
import sys
from pathlib import Path
from testamur_node.store.environment import Environment
environment = Environment(Path(sys.argv[1]))
turn = 0
print("writing", flush=True)
while True:
    turn += 1
    with environment.write() as transaction:
        for number in range(turn % 7):
            transaction.put(bytes([number]), bytes([turn % 256]) * (turn * 97 % 9000), db=environment.tables["bodies"])
        transaction.delete(bytes([turn % 5]), db=environment.tables["bodies"])
"""


def test_a_store_that_is_written_all_the_time_is_never_called_damaged(environment: Environment, is_slow: bool) -> None:
    folder = environment.folder
    environment.close()
    writer = process(WRITING, folder, says="writing")
    try:
        for _ in range(2000 if is_slow else 60):
            assert structure_problem(folder) is None
            for _ in range(20):
                demand_whole(folder / "data.mdb")
    finally:
        end(writer)
    assert structure_problem(folder) is None


def test_too_many_readers_are_refused_in_words_and_blocks_go_on(environment: Environment) -> None:
    crowd = reader(environment, 1024)
    with pytest.raises(StoreError, match="1024 readers at once"):
        environment.get("meta", b"head")
    with pytest.raises(StoreError, match="1024 readers at once"), environment.read():
        pass
    commit(environment, 1)
    end(crowd)
    commit(environment, 1)
    assert environment.get("meta", b"head") is None
