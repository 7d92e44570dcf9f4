"""Work apart, with real processes: neither kind takes the last one, nobody holds the server's threads for long, and
what ends in a process is replaced."""

import errno
import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from testamur_node.apart import ApartError, BusyError, TooSlowError, process_count
from testamur_node.calls import Calls
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import Node

from tests.node.founding import make_home

AGES = 60.0
"""Seconds that nothing here takes."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Opens a node with as many processes as are asked for."""
    nodes = []

    def open_(processes: int, most: int = 64) -> Node:
        home = make_home(tmp_path / "home", DEVELOPMENT)
        nodes.append(Node.open(home, time.time_ns, call_processes=processes, most_apart=most))
        return nodes[0]

    yield open_
    nodes[0].close()


def hold(calls: Calls, begun: str) -> None:
    """Say that it works, and never end."""
    Path(begun).with_suffix(f".{os.getpid()}").touch()
    time.sleep(AGES)


def height(calls: Calls) -> int:
    return calls.chain.head.number


def die(calls: Calls) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Crowd:
    """Strangers whose work of one kind never ends."""

    def __init__(self, run: Callable[..., Any], folder: Path, count: int) -> None:
        self.met: list[Exception] = []
        self._folder = folder
        self._threads = [threading.Thread(target=self._ask, args=(run,), daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self, run: Callable[..., Any]) -> None:
        try:
            run(hold, AGES, str(self._folder / "begun"))
        except Exception as error:
            self.met.append(error)

    def wait(self, count: int) -> None:
        """Until so many of them work."""
        while len(list(self._folder.glob("begun.*"))) < count:
            time.sleep(0.01)

    def end(self) -> None:
        for thread in self._threads:
            thread.join(timeout=30)


@pytest.mark.parametrize(("slow", "other"), [("apart", "render"), ("render", "apart")])
@pytest.mark.parametrize("processes", [2, 3])
def test_neither_kind_of_work_takes_the_last_process(
    opened: Callable[..., Node], tmp_path: Path, slow: str, other: str, processes: int
) -> None:
    node = opened(processes)
    crowd = Crowd(getattr(node, slow), tmp_path, 5)
    crowd.wait(processes - 1)
    for _ in range(3):
        assert getattr(node, other)(height, AGES) == 0
    with pytest.raises(BusyError, match=r"no call could begin within 0\.2 s"):
        getattr(node, slow)(height, 0.1)
    assert crowd.met == []  # all of them were there meanwhile
    node.close()
    crowd.end()
    assert len(crowd.met) == 5
    assert all(isinstance(error, ApartError | BusyError) for error in crowd.met), crowd.met


def test_one_process_serves_both_kinds(opened: Callable[..., Node]) -> None:
    node = opened(1)
    assert [node.apart(height, AGES), node.render(height, AGES), node.apart(height, AGES)] == [0, 0, 0]


def test_who_comes_when_too_many_wait_is_refused_at_once(opened: Callable[..., Node], tmp_path: Path) -> None:
    node = opened(3, most=2)
    crowd = Crowd(node.apart, tmp_path, 2)
    crowd.wait(2)
    with pytest.raises(BusyError, match="too many calls wait already"):
        node.apart(height, AGES)
    assert crowd.met == []
    node.close()
    crowd.end()


@pytest.mark.parametrize(
    ("function", "seconds", "error"), [(die, AGES, ApartError), (hold, 0.1, TooSlowError)], ids=["ended", "too slow"]
)
def test_what_ends_gives_its_turn_back(
    opened: Callable[..., Node], tmp_path: Path, function: Any, seconds: float, error: type[Exception]
) -> None:
    node = opened(2)
    arguments = (str(tmp_path / "begun"),) if function is hold else ()
    for _ in range(2):
        with pytest.raises(error):
            node.apart(function, seconds, *arguments)
    assert [node.apart(height, AGES), node.render(height, AGES)] == [0, 0]


def refuse(calls: Calls) -> None:
    raise ValueError("what it raises is raised here")


def test_what_the_work_raises_keeps_its_process(opened: Callable[..., Node]) -> None:
    node = opened(1)
    first = node.apart(process_of, AGES)
    with pytest.raises(ValueError, match="is raised here"):
        node.apart(refuse, AGES)
    assert node.apart(process_of, AGES) == first


def process_of(calls: Calls) -> int:
    return os.getpid()


def left_alone(calls: Calls) -> int:
    return gc.get_freeze_count()


def test_a_process_does_not_collect_what_it_has_loaded(opened: Callable[..., Node]) -> None:
    assert opened(1).apart(left_alone, AGES) > 10_000


def test_there_is_a_process_more_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, count in ((1, 2), (2, 3), (8, 9), (64, 9)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        assert process_count() == count


def test_a_process_that_cannot_be_begun_takes_no_place(
    opened: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = opened(2)
    is_refusing = [True]
    begin = multiprocessing.get_context("spawn").Process.start

    def start(process: Any) -> None:
        if is_refusing[0]:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        begin(process)

    monkeypatch.setattr(multiprocessing.get_context("spawn").Process, "start", start)
    files = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with pytest.raises(BusyError, match="the system gives it no process"):
            node.apart(height, AGES)
    assert len(os.listdir("/proc/self/fd")) <= files, "pipes stay open"
    is_refusing[0] = False
    assert node.apart(height, AGES) == 0
    is_refusing[0] = True
    with pytest.raises(ApartError):
        node.apart(die, AGES)  # and nothing can be put in its place
    is_refusing[0] = False
    assert [node.apart(height, AGES), node.render(height, AGES)] == [0, 0]
