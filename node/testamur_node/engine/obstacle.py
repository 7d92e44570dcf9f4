"""Why nothing may be signed now though it is time: a clock that cannot be believed, or one that was ahead before."""

import logging
from collections.abc import Callable

from testamur_node.engine.clock import SteadyClock, moment

__all__ = ["Obstacle"]

_log = logging.getLogger(__name__)
_SECOND = 1_000_000_000
_MOST_AHEAD = 2 * _SECOND
"""What was signed may lie so far beyond the clock: a block that is made at once leads it by a second."""
_TELLING_EVERY = 60 * _SECOND
_NEVER = -(2**63)


class Obstacle:
    """What stands in the way of one engine; of its thread, but for `reason`, which any may read."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._told_at = _NEVER
        self.reason: str | None = None
        """A sentence, as it was when last looked at; None where all is well."""

    def look(self, signed_ns: int) -> bool:
        """Whether something stands in the way of signing after `signed_ns`; told in the log once a minute."""
        before, self.reason = self.reason, self._found(signed_ns)
        if self.reason is None:
            if before is not None:
                _log.warning("blocks are made again")
            return False
        now = self._clock()
        if not 0 <= now - self._told_at < _TELLING_EVERY:
            self._told_at = now
            _log.error("%s", self.reason)
        return True

    def _found(self, signed_ns: int) -> str | None:
        if isinstance(self._clock, SteadyClock) and (problem := self._clock.problem()) is not None:
            return problem
        ahead = signed_ns - self._clock()
        if ahead <= _MOST_AHEAD:
            return None
        return (
            f"no block is made: the chain was last signed at {moment(signed_ns)}, {ahead // _SECOND} s ahead of this"
            ' clock; put it right where it is slow, else wait, or see "Clocks" in docs/operations.md'
        )
