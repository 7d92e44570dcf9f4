"""Log lines that strangers cause, in bounded number: so many a minute, then how many were left out.

What is refused is worth a line, but whoever sends a thousand refused transactions a second must not fill the disk.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic

__all__ = ["SparseLog"]

_MOST = 20
_SECONDS = 60.0


class SparseLog:
    """Lines of one kind to one logger; from any thread. Nothing is remembered but two numbers."""

    def __init__(
        self, logger: logging.Logger, what: str, level: int = logging.WARNING, clock: Callable[[], float] = monotonic
    ) -> None:
        """`what` names the lines where their number is told, in the plural; `clock` counts seconds."""
        self._logger = logger
        self._what = what
        self._level = level
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._count = 0

    def say(self, message: str, *facts: object) -> None:
        """One line, unless there were too many in this minute; the first of the next tells how many were left out."""
        with self._lock:
            now, left_out = self._clock(), 0
            if now - self._began >= _SECONDS:
                left_out, self._began, self._count = max(0, self._count - _MOST), now, 0
            self._count += 1
            is_told = self._count <= _MOST
        if left_out:
            self._logger.log(self._level, "%d more %s were not logged", left_out, self._what)
        if is_told:
            self._logger.log(self._level, message, *facts)
