"""Errands and turns: nothing more begins for who is gone, one caller's crowd does not go before another's one."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from testamur_node.apart import TooSlowError
from testamur_node.errand import Errand, OutOfTimeError, current
from testamur_node.fair_turns import FairPlaces, FairTurns
from testamur_node.node import Node

from tests.node.test_apart import AGES, height, hold, opened, process_of

__all__ = ["opened"]


def begun_in(folder: Path) -> None:
    """Wait until a process works."""
    while not list(folder.glob("begun.*")):
        time.sleep(0.01)


def test_an_errand_that_is_over_begins_nothing() -> None:
    gone, late = Errand("a"), Errand("a", 0.0)
    gone.call_off()
    for errand, words in ((gone, "nobody waits"), (late, "0 s are for all requests")):
        with pytest.raises(OutOfTimeError, match=words):
            errand.raise_if_over()
        with pytest.raises(OutOfTimeError), errand.stoppable(lambda: None):
            raise AssertionError("it began")
    Errand("a").raise_if_over()


def test_what_is_stopped_at_its_last_moment_counts_as_stopped() -> None:
    """So a process that was killed when it had just answered is not handed to the next caller."""
    errand, stopped = Errand("a"), []
    with pytest.raises(OutOfTimeError), errand.stoppable(lambda: stopped.append(1)):
        errand.stop()
    errand.stop()  # nothing is there to stop any more
    assert stopped == [1]


def test_a_thread_knows_whose_work_it_does_and_what_that_took() -> None:
    errand = Errand("a")
    assert errand.run(current) is errand
    assert current() is not errand
    errand.run(lambda: sum(range(1_000_000)))
    assert 0 < errand.used_seconds < 60


class Queue:
    """Threads that wait for turns, in a known order."""

    def __init__(self, turns: FairTurns) -> None:
        self.turns = turns
        self.served: list[str] = []
        self._threads: list[threading.Thread] = []

    def add(self, caller: str) -> None:
        before = self._waiting()
        self._threads.append(threading.Thread(target=self._wait, args=(caller,), daemon=True))
        self._threads[-1].start()
        while self._waiting() == before:
            time.sleep(0.001)

    def _waiting(self) -> int:
        return sum(map(len, self.turns._waiting.values()))

    def _wait(self, caller: str) -> None:
        assert self.turns.take(Errand(caller), AGES)
        self.served.append(caller)
        self.turns.give_back(caller)

    def end(self) -> list[str]:
        for thread in self._threads:
            thread.join(AGES)
        return self.served


def test_whoever_has_fewest_at_work_goes_first_then_who_waited_longest() -> None:
    turns = FairTurns(1, 2)
    assert turns.take(Errand("crowd"), 0)
    queue = Queue(turns)
    for caller in ("crowd", "crowd", "crowd", "one", "other", "one"):
        queue.add(caller)
    turns.give_back("crowd")
    assert queue.end() == ["crowd", "one", "other", "crowd", "one", "crowd"]
    assert len(turns) == 0


def test_one_caller_has_two_turns_at_most_however_many_are_free() -> None:
    turns = FairTurns(8, 2)
    assert [turns.take(Errand("a"), 0) for _ in range(3)] == [True, True, False]
    assert turns.take(Errand("b"), 0)
    assert [turns.take(Errand(), 0) for _ in range(6)] == [True] * 5 + [False]  # who has no name may have the rest
    turns.give_back("a")
    assert turns.take(Errand("a"), 0)


def test_one_caller_leaves_places_to_others_however_many_connections_it_has() -> None:
    places = FairPlaces(64)
    taken = {name: sum(places.take(name) for _ in range(64)) for name in ("crowd", "second", "third", "one")}
    assert taken == {"crowd": 32, "second": 16, "third": 8, "one": 4}
    assert [places.take("") for _ in range(5)] == [True] * 4 + [False]  # who has no name may have the rest
    assert not places.take("crowd")
    places.give_back("")
    assert places.take("new")
    for name, count in {**taken, "": 3, "new": 1}.items():
        for _ in range(count):
            places.give_back(name)
    assert len(places) == 0
    assert places.take("crowd")


def test_a_turn_that_comes_to_who_has_gone_goes_to_the_next() -> None:
    turns = FairTurns(1, 2)
    assert turns.take(Errand("a"), 0)
    gone, met = Errand("b"), []

    def wait() -> None:
        try:
            turns.take(gone, AGES)
        except OutOfTimeError as error:
            met.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while not gone._stop:
        time.sleep(0.001)
    gone.stop()
    thread.join(AGES)
    assert len(met) == 1
    turns.give_back("a")
    assert turns.take(Errand("c"), 0)


def test_many_callers_leave_nothing_behind() -> None:
    turns = FairTurns(3, 2)

    def work(number: int) -> None:
        for turn in range(50):
            errand = Errand(str(turn * number % 7), AGES if turn % 5 else 0.0)
            try:
                if turns.take(errand, AGES):
                    turns.give_back(errand.caller)
            except OutOfTimeError:
                assert turn % 5 == 0

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(AGES)
    assert len(turns) == 0
    assert [turns.take(Errand(), 0) for _ in range(4)] == [True, True, True, False]


def test_work_apart_ends_with_its_client_and_the_next_gets_another_process(
    opened: Callable[..., Node], tmp_path: Path
) -> None:
    node = opened(1)
    errand, met = Errand("a"), []
    first = node.apart(process_of, AGES)

    def work() -> None:
        try:
            errand.run(lambda: node.apart(hold, AGES, str(tmp_path / "begun")))
        except OutOfTimeError as error:
            met.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    begun_in(tmp_path)
    errand.call_off()
    assert thread.is_alive()  # what has begun may end by itself, for a moment
    errand.stop()
    thread.join(AGES)
    assert len(met) == 1
    assert node.apart(process_of, AGES) != first
    assert node.render(height, AGES) == 0


def test_the_time_of_a_body_is_for_all_that_it_asks(opened: Callable[..., Node], tmp_path: Path) -> None:
    node = opened(1)
    node.apart(height, AGES)  # begun and loaded
    errand = Errand("a", 1.0)
    with pytest.raises(OutOfTimeError, match="1 s are for all requests of a body"):
        errand.run(lambda: node.apart(hold, AGES, str(tmp_path / "begun")))
    assert errand.used_seconds > 0.5
    with pytest.raises(OutOfTimeError):
        errand.run(lambda: node.apart(height, AGES))
    with pytest.raises(TooSlowError, match=r"timeout = 0\.1s"):  # its own time ends first
        Errand("a", AGES).run(lambda: node.apart(hold, 0.1, str(tmp_path / "begun")))
