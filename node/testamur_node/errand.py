"""On whose behalf a thread works, until when, and whether anybody still waits: one errand for each body.

Flow: http or connection makes an errand -> a thread of the server runs the dispatcher on it -> `current` tells
apart.py, deep below the methods, who asks and how long there is left. When the client is gone the errand is called off:
nothing more of it begins, and after a moment what runs in a process apart is killed.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from testamur_node.errors import NodeError

__all__ = ["Errand", "OutOfTimeError", "current"]

P = ParamSpec("P")
Result = TypeVar("Result")


class OutOfTimeError(NodeError):
    """The time for the whole body is over, or nobody waits for its answer any more."""


class Errand:
    """What one body costs and may cost. `call_off` and `stop` may come from another thread than the one that works."""

    def __init__(self, caller: str = "", seconds: float = math.inf) -> None:
        """`caller` takes turns with others; with the empty name one has no share of one's own. Time runs from now."""
        self.caller = caller
        self.used_seconds = 0.0
        """Of processors, measured: this thread's, and as long as a process apart was held."""
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._is_off = False
        self._stop: Callable[[], object] | None = None
        self._lock = threading.Lock()

    @property
    def is_off(self) -> bool:
        """Whether nobody waits any more."""
        return self._is_off

    def left(self) -> float:
        """Seconds until its end, not below 0."""
        return max(0.0, self._ends - time.monotonic())

    def raise_if_over(self) -> None:
        """Raise `OutOfTimeError` where nothing more may begin."""
        if self._is_off:
            raise OutOfTimeError("nobody waits for the answer")
        if time.monotonic() >= self._ends:
            raise OutOfTimeError(f"request timed out: {self._seconds:g} s are for all requests of a body")

    def call_off(self) -> None:
        """Nothing more begins; what has begun may end."""
        self._is_off = True

    def stop(self) -> None:
        """End what has begun, too."""
        with self._lock:
            self._is_off = True
            stop = self._stop
            if stop is not None:
                stop()

    @contextlib.contextmanager
    def stoppable(self, stop: Callable[[], object]) -> Iterator[None]:
        """While the block lasts, `stop` is what ends it; it does not wait. Whoever was stopped meets `OutOfTimeError`
        at the latest when the block ends, so that what was killed is not taken for whole.
        """
        with self._lock:
            self.raise_if_over()
            self._stop = stop
        try:
            yield
        finally:
            with self._lock:
                self._stop = None
        if self._is_off:
            raise OutOfTimeError("nobody waits for the answer")

    def run(self, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Do `work` on this thread as this errand's."""
        token, began = _CURRENT.set(self), time.thread_time()
        try:
            return work(*args, **kwargs)
        finally:
            self.used_seconds += time.thread_time() - began
            _CURRENT.reset(token)


_CURRENT: ContextVar[Errand | None] = ContextVar("errand", default=None)


def current() -> Errand:
    """The errand that this thread is on; one of nobody's, without an end, where it is on none."""
    return _CURRENT.get() or Errand()
