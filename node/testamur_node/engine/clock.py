"""A clock whose leaps are noticed: the system's time beside what has passed since the node started.

One reading of a clock that ran ahead would seal a block of a far year, and since times only rise, the chain would wait
until then. So the time of day is held against a count that no one sets (docs/operations.md, "Clocks"): what
it gains on that count, in one step or in many, is no more than `MOST_LEAD_NS`, or nothing is signed. A time of day that
goes back is harmless here, since a chain's times never do.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from testamur_node.errors import NodeError

__all__ = ["MOST_LEAD_NS", "UnlikelyTimeError", "SteadyClock", "demand_likely", "elapsed_ns", "moment"]

_SECOND = 1_000_000_000
MOST_LEAD_NS = 10 * _SECOND
"""A block's time may lie this far beyond what the count says."""
_MOST_PAUSE_NS = 7 * 86_400 * _SECOND
"""A chain that has signed nothing for longer than this is not gone on with unasked."""
_LASTING_NS = 600 * _SECOND
"""A time of day that was set, and stays so for this long, is taken as the right one: back always, forward once."""
_MOST_STEP_NS = 86_400 * _SECOND
"""One step forward that is taken so: what a paused machine has missed. A longer one wants a restart."""
_STEADY_NS = _SECOND
"""What a step may drift while it must last; a clock that runs fast drifts further."""


class UnlikelyTimeError(NodeError):
    """The clock is further ahead of the chain than a pause explains, unless the operator says so."""

    exit_code = 2


def elapsed_ns() -> int:
    """Nanoseconds since the machine started, sleep included; nobody can set it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def moment(time_ns: int) -> str:
    """A time as people read it, in UTC; a time out of a calendar's reach as its seconds."""
    try:
        return datetime.fromtimestamp(time_ns // _SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{time_ns // _SECOND} s"


def demand_likely(now_ns: int, signed_ns: int) -> None:
    """Raise `UnlikelyTimeError` where the clock is more than seven days beyond the newest signed header."""
    if now_ns - signed_ns > _MOST_PAUSE_NS:
        raise UnlikelyTimeError(
            f"the clock says {moment(now_ns)}, and this chain was last signed at {moment(signed_ns)}",
            "put the clock right; where it is right, and the node was off for so long, add --accept-time to start",
        )


class SteadyClock:
    """The time of day, and whether it can be believed. Of one thread that signs, and of any that only read."""

    def __init__(self, wall: Callable[[], int], elapsed: Callable[[], int], signed_ns: int) -> None:
        """`wall` and `elapsed` in nanoseconds; `signed_ns` is the time of the newest signed header, 0 for none.

        A clock that is behind that header at start is wrong: it may be put right once, as far as `demand_likely` goes.
        """
        self._wall = wall
        self._elapsed = elapsed
        now, count = wall(), elapsed()
        self._signed_ns = signed_ns
        self._awaits_correction = now < signed_ns - MOST_LEAD_NS
        self._origin = max(now, signed_ns) - count
        """What the count is added to for the time that it vouches for."""
        self._was_set_back: tuple[int, int] | None = None
        """(the count when it was first seen, the latest origin since) of a time of day that lies behind."""
        self._was_set_ahead: tuple[int, int] | None = None
        """(the count when it was first seen, its origin then) of one that lies ahead."""
        self._may_step = True

    def __call__(self) -> int:
        """Nanoseconds since 1970; never further ahead than may be signed."""
        return min(self._wall(), self._vouched() + MOST_LEAD_NS)

    def _vouched(self) -> int:
        return self._origin + self._elapsed()

    def problem(self) -> str | None:
        """Why nothing may be signed now; None where the time of day can be believed."""
        wall, count = self._wall(), self._elapsed()
        if self._awaits_correction and wall >= self._signed_ns - MOST_LEAD_NS:
            if wall <= self._origin + count + _MOST_PAUSE_NS:
                self._origin = max(self._origin, wall - count)
            self._awaits_correction = False
        self._follow_back(wall, count)
        self._follow_step(wall, count)
        lead = (wall - (self._origin + count)) // _SECOND
        if wall - (self._origin + count) <= MOST_LEAD_NS:
            return None
        if self._was_set_ahead is None:
            return (
                f"no block is made: the clock says {moment(wall)}, {lead} s more than has passed since the node"
                " started; put it right, or restart the node where it is right"
            )
        return (
            f"no block is made: the clock says {moment(wall)}, {lead} s more than has passed since the node"
            " started; put it right, or restart the node where it is right: it is believed after ten minutes"
        )

    def _follow_back(self, wall: int, count: int) -> None:
        """Take a time of day that was set back, and has stayed so, as the one to measure by."""
        origin = wall - count
        if self._awaits_correction or origin >= self._origin - MOST_LEAD_NS:
            self._was_set_back = None
            return
        since, latest = self._was_set_back or (count, origin)
        self._was_set_back = since, max(latest, origin)
        if count - since >= _LASTING_NS:
            self._origin, self._was_set_back = max(latest, origin), None

    def _follow_step(self, wall: int, count: int) -> None:
        """Take one time of day that was set forward, by a day at most, and has stayed so: a restart would take it too,
        and a reading that was wrong has passed by then.
        """
        origin = wall - count
        if not self._may_step or not MOST_LEAD_NS < origin - self._origin <= _MOST_STEP_NS:
            self._was_set_ahead = None
            return
        since, first = self._was_set_ahead or (count, origin)
        if abs(origin - first) > _STEADY_NS:
            since, first = count, origin
        self._was_set_ahead = since, first
        if count - since >= _LASTING_NS:
            self._origin, self._was_set_ahead, self._may_step = min(first, origin), None, False
