"""A clock that leaps: nothing is signed by it, in one leap or in many, and blocks go on once it can be believed."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from testamur_node.engine.clock import MOST_LEAD_NS, SteadyClock, UnlikelyTimeError, demand_likely, elapsed_ns, moment
from testamur_node.node import Node

from tests.node.founding import GENESIS_TIME, GOVERN, make_home, raw

SECOND = 10**9
DAY = 86_400 * SECOND
START = (GENESIS_TIME + 1000) * SECOND
IN_2036 = 2_096_409_600 * SECOND


class Times:
    """The time of day and the count beside it, both set by a test."""

    def __init__(self, wall: int = START) -> None:
        self.wall = wall
        self.count = 5 * DAY

    def clock(self, signed: int = 0) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.count, signed)

    def pass_(self, nanoseconds: int) -> None:
        """Time passes, as both see it."""
        self.wall += nanoseconds
        self.count += nanoseconds


def test_time_that_passes_is_believed() -> None:
    times = Times()
    clock = times.clock()
    for _ in range(1000):
        times.pass_(3600 * SECOND)
        assert clock.problem() is None
        assert clock() == times.wall


@pytest.mark.parametrize("leap", [11 * SECOND, DAY, IN_2036 - START])
def test_a_leap_is_not_believed_and_what_is_shown_stays_near(leap: int) -> None:
    times = Times()
    clock = times.clock()
    times.wall += leap
    problem = clock.problem()
    assert problem is not None
    assert f"{leap // SECOND} s more than has passed" in problem
    assert clock() == START + MOST_LEAD_NS
    times.wall -= leap
    assert clock.problem() is None


def test_many_small_steps_count_as_one_leap() -> None:
    times = Times()
    clock = times.clock()
    problems = []
    for _ in range(12):
        times.pass_(60 * SECOND)
        times.wall += SECOND
        problems.append(clock.problem())
    assert problems[:10] == [None] * 10
    assert None not in problems[10:]
    assert clock() == START + 12 * 60 * SECOND + MOST_LEAD_NS


@pytest.mark.parametrize("leap", [11 * SECOND, DAY])
def test_a_step_forward_that_stays_for_ten_minutes_is_taken_once(leap: int) -> None:
    """A machine that was paused; a restart would take it, too."""
    times = Times()
    clock = times.clock()
    times.wall += leap
    for _ in range(10):
        problem = clock.problem()
        assert problem is not None
        assert problem.endswith("where it is right: it is believed after ten minutes")
        assert clock() == START + MOST_LEAD_NS + times.count - 5 * DAY
        times.pass_(60 * SECOND)
    assert clock.problem() is None
    assert clock() == times.wall
    times.wall += leap
    for _ in range(100):
        problem = clock.problem()
        assert problem is not None, "a second one wants a restart"
        assert "ten minutes" not in problem
        times.pass_(60 * SECOND)


@pytest.mark.parametrize("leap", [DAY + SECOND, IN_2036 - START])
def test_a_longer_step_is_never_taken_by_itself(leap: int) -> None:
    times = Times()
    clock = times.clock()
    times.wall += leap
    for _ in range(100):
        assert clock.problem() is not None
        times.pass_(60 * SECOND)


def test_a_clock_that_runs_on_too_fast_or_comes_and_goes_is_no_step() -> None:
    times = Times()
    clock = times.clock()
    times.wall += 60 * SECOND
    for _ in range(100):
        assert clock.problem() is not None
        times.pass_(60 * SECOND)
        times.wall += 3 * SECOND
    again = Times()
    clock = again.clock()
    for _ in range(10):
        again.wall += 60 * SECOND
        assert clock.problem() is not None
        again.pass_(300 * SECOND)
        again.wall -= 60 * SECOND
        assert clock.problem() is None
        again.pass_(300 * SECOND)


def test_a_clock_that_was_ahead_at_start_and_is_put_right_is_believed_and_then_measured_by() -> None:
    times = Times(START + 3600 * SECOND)
    clock = times.clock()
    times.wall -= 3600 * SECOND
    for _ in range(12):
        assert clock.problem() is None
        times.pass_(60 * SECOND)
    times.wall += 60 * SECOND
    assert clock.problem() is not None


def test_a_short_step_back_does_not_make_the_way_forward_again_a_leap() -> None:
    times = Times()
    clock = times.clock()
    times.wall -= 3600 * SECOND
    times.pass_(300 * SECOND)
    assert clock.problem() is None
    times.wall += 3600 * SECOND
    assert clock.problem() is None


def test_a_clock_that_was_behind_the_chain_at_start_may_be_put_right_once() -> None:
    times = Times(wall=SECOND)  # 1970
    clock = times.clock(signed=START)
    assert clock.problem() is None  # the engine waits for what was signed
    times.pass_(60 * SECOND)
    times.wall = START + DAY
    assert clock.problem() is None
    assert clock() == START + DAY
    times.wall += DAY
    assert clock.problem() is not None


def test_putting_it_right_does_not_reach_2036() -> None:
    times = Times(wall=SECOND)
    clock = times.clock(signed=START)
    times.wall = IN_2036
    assert clock.problem() is not None
    assert clock() <= START + MOST_LEAD_NS


def test_seven_days_without_a_signature_are_asked_about() -> None:
    demand_likely(START + 7 * DAY, START)
    with pytest.raises(UnlikelyTimeError, match="the clock says 2036-06-07T00:00:00Z") as met:
        demand_likely(IN_2036, START)
    assert "--accept-time" in str(met.value.advice)
    assert met.value.exit_code == 2


def test_any_number_is_told_as_a_moment() -> None:
    assert moment(0) == "1970-01-01T00:00:00Z"
    assert moment(10**30) == "1000000000000000000000 s"


def test_the_count_of_the_machine_rises() -> None:
    assert elapsed_ns() <= elapsed_ns()


# nodes


def reaches(what: Callable[[], object]) -> bool:
    """Whether something comes true in a while."""
    deadline = time.monotonic() + 60
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def opened(home: Path, times: Times, **how: bool) -> Node:
    return Node.open(home, lambda: times.wall, block_time=0, elapsed=lambda: times.count, **how)


def nudge(node: Node) -> None:
    assert node._engine is not None
    node._engine.notify()


def test_no_block_is_sealed_by_a_clock_that_leapt_and_the_wait_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    times = Times()
    node = opened(make_home(tmp_path), times)
    try:
        assert reaches(lambda: node.engine_height == 1)
        times.wall = IN_2036
        with caplog.at_level(logging.WARNING):
            node.submit(raw(GOVERN, 0))
            assert reaches(lambda: node.waiting is not None)
        assert "no block is made: the clock says 2036-06-07T00:00:00Z" in caplog.text
        assert node.head.number == 0
        assert node.engine_height == 1, "no heartbeat either"
        times.wall = START + SECOND
        nudge(node)
        assert node.wait_for_block(1, 60)
        assert reaches(lambda: node.waiting is None)
        assert node.head.header.timestamp <= START // SECOND + 2
    finally:
        node.close()


def test_after_a_heartbeat_of_a_fast_clock_no_block_bears_a_time_to_come(tmp_path: Path) -> None:
    """The clock was two hours ahead at start, within what a pause explains, and is put right."""
    times = Times(START + 7200 * SECOND)
    node = opened(make_home(tmp_path), times)
    try:
        assert reaches(lambda: node.engine_height == 1)
        times.wall = START
        node.submit(raw(GOVERN, 0))
        assert reaches(lambda: node.waiting is not None)
        assert "7200 s ahead of this clock" in str(node.waiting)
        assert node.head.number == 0
        times.pass_(7200 * SECOND)
        nudge(node)
        assert node.wait_for_block(1, 60)
        assert node.head.header.timestamp - times.wall // SECOND <= 1
    finally:
        node.close()


def test_a_chain_that_was_silent_for_long_is_gone_on_with_when_told(tmp_path: Path) -> None:
    home, times = make_home(tmp_path), Times()
    node = opened(home, times)
    assert reaches(lambda: node.engine_height == 1)
    node.close()
    times.pass_(8 * DAY)
    with pytest.raises(UnlikelyTimeError):
        opened(home, times)
    node = opened(home, times, accepts_time=True)
    try:
        node.submit(raw(GOVERN, 0))
        assert node.wait_for_block(1, 60)
    finally:
        node.close()


def test_a_fresh_chain_may_have_been_founded_long_ago(tmp_path: Path) -> None:
    times = Times(START + 90 * DAY)
    node = opened(make_home(tmp_path), times)
    try:
        node.submit(raw(GOVERN, 0))
        assert node.wait_for_block(1, 60)
    finally:
        node.close()
