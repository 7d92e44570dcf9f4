"""The node's log: one JSON object a line on stderr, so that stdout carries answers alone.

What strangers cause is bounded: of warnings and errors from one place in the code so many a minute are written, and the
first line of a later minute tells how many were left out. Nothing is remembered of who caused them.
"""

import datetime
import json
import logging
import sys
import threading
import time
from collections.abc import Callable

from testamur_node.errors import NodeError

__all__ = ["LogLevelError", "Sparse", "log_to_stderr"]

_MOST = 20
_SECONDS = 60.0


class LogLevelError(NodeError):
    """There is no such log level."""

    exit_code = 2


class Sparse(logging.Filter):
    """Lets `_MOST` warnings and errors of one place in the code pass in `_SECONDS`; whatever is less passes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        """Seconds that only rise."""
        self._lock = threading.Lock()
        self._places: dict[tuple[str, int], tuple[float, int]] = {}
        """(file, line) -> (when its minute began, how many came in it): as many as the program has such places."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line; it is given `left_out`, how many before it were not."""
        record.left_out = 0
        if record.levelno < logging.WARNING:
            return True
        place, now = (record.pathname, record.lineno), self._clock()
        with self._lock:
            began, count = self._places.get(place, (now, 0))
            if now - began >= _SECONDS:
                record.left_out = max(0, count - _MOST)
                began, count = now, 0
            self._places[place] = began, count + 1
        return count < _MOST


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if left_out := getattr(record, "left_out", 0):
            line["leftOut"] = left_out
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: str) -> None:
    """Send everything from `level` on to stderr."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise LogLevelError(f"there is no log level {level!r}", "say debug, info, warning or error")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    handler.addFilter(Sparse())
    logging.basicConfig(level=number, handlers=[handler], force=True)
    # at `info` it has a line for each WebSocket that comes and goes
    logging.getLogger("uvicorn").setLevel(max(number, logging.WARNING) if number != logging.DEBUG else number)
