"""Readers and old pages: a live reader keeps them, a killed one does not; too many readers are refused in words."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from testamur_node.store import StoreError
from testamur_node.store.environment import Environment
from testamur_node.store.pages import PageFile
from testamur_node.store.structure import structure_problem

from tests.conftest import ROOT

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
    path = os.pathsep.join((str(ROOT), str(ROOT / "client"), str(ROOT / "node")))
    process = subprocess.Popen(
        [sys.executable, "-c", READING, str(environment.folder), str(count)],
        env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == f"{count}\n"
    return process


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
