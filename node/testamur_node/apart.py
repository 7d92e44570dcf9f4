"""Work that strangers ask for, in processes of its own: it can be ended, and blocks do not wait for it.

Each process opens the store for reading and has its own interpreter; it is given a module-level function and arguments,
and sends back what that function makes of the `Calls` of a node without an engine. One that takes too long is killed
and replaced, and so is one whose client is gone (errand.py). Neither of the two kinds of work takes the last process
from the other, callers take turns, two of one at once at most, and who waits holds a thread of the server only as long
as others are left (adr/0020, adr/0024).
"""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from queue import Empty, LifoQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from testamur_node.apart_process import ApartError, ApartProcess
from testamur_node.errand import Errand, current
from testamur_node.errors import NodeError
from testamur_node.fair_turns import FairPlaces, FairTurns
from testamur_node.last_words import meaning

if TYPE_CHECKING:
    from testamur_node.calls import Calls

__all__ = ["Apart", "ApartError", "BusyError", "TooSlowError", "Work", "process_count"]

P = ParamSpec("P")
Result = TypeVar("Result")

_log = logging.getLogger(__name__)
_MOST_BY_DEFAULT = 9
_MOST_OF_ONE = 2
"""Processes of each kind of work that one caller may hold at once."""
_LOST_SECONDS = 1.0
"""What it costs to begin a process in the place of a killed one: charged to who had it killed."""


def process_count() -> int:
    """How many processes a node has where nobody says: one more than the cores that it may use, 9 at most."""
    return min(len(os.sched_getaffinity(0)) + 1, _MOST_BY_DEFAULT)


class Work(Enum):
    """Of which kind a request's work is."""

    CALL = "call"
    """Runs what a stranger wrote, as long as it may: calls, estimates, traces."""
    RENDERING = "rendering"
    """Reads what is on the chain and writes it out: large blocks, their receipts, many logs."""


class TooSlowError(NodeError):
    """The request took longer than it may; its process was killed."""


class BusyError(NodeError):
    """All processes are at work and stayed so."""


class Apart:
    """A few processes that take turns; each begins when it is first needed.

    Each kind of work has all of them but one at most. `most` requests may be here at a time, at work or waiting, and of
    one caller at most as many as it leaves to others.
    """

    def __init__(self, home: Path, count: int, most: int, forget_readers: Callable[[], object]) -> None:
        self._home = home
        self._forget_readers = forget_readers
        self._free: LifoQueue[ApartProcess | None] = LifoQueue()
        for _ in range(count):
            self._free.put(None)
        self._places = FairPlaces(most)
        self._turns = {work: FairTurns(max(1, count - 1), _MOST_OF_ONE) for work in Work}
        self._started: set[ApartProcess] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def run(
        self,
        work: Work,
        function: "Callable[Concatenate[Calls, P], Result]",
        now_ns: int,
        seconds: float,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Result:
        """`function(calls, …)` in a process, or what it raised; `now_ns` is what its clock shows.

        Raises `BusyError`, `TooSlowError`, `ApartError`, and `OutOfTimeError` where this thread's errand is over.
        """
        errand = current()
        with self._turn(work, errand, seconds) as process, errand.stoppable(process.end):
            try:
                process.wait_until_ready()
                answer = self._asked(process, (now_ns, function, args, kwargs), errand, seconds)
            except (EOFError, OSError) as error:
                errand.raise_if_over()  # it was ended, and did not end by itself
                raise self._loss(process.kill()) from error
        is_result, value = answer
        if not is_result:
            raise value
        result: Result = value
        return result

    def _asked(self, process: ApartProcess, job: tuple[Any, ...], errand: Errand, seconds: float) -> tuple[bool, Any]:
        """What a process answers, its time charged to the errand."""
        began, allowed = monotonic(), min(seconds, errand.left())
        try:
            answer = process.ask(job, allowed)
        finally:
            errand.used_seconds += monotonic() - began
        if answer is None:
            errand.used_seconds += _LOST_SECONDS
            errand.raise_if_over()
            raise TooSlowError(f"execution aborted (timeout = {seconds:g}s)", "ask for less, or of an own node")
        return answer

    @contextmanager
    def _turn(self, work: Work, errand: Errand, seconds: float) -> Iterator[ApartProcess]:
        """A process for one request; replaced where an error comes out of it. It is waited for twice as long as the
        request may take, since whoever has it may take as long.
        """
        if not self._places.take(errand.caller):
            raise BusyError("the node is busy: too many calls wait already", "try again later")
        try:
            patience = 2 * seconds
            ends = monotonic() + patience
            if not self._turns[work].take(errand, patience):
                raise _busy(patience)
            try:
                process = self._take(max(0.0, ends - monotonic()), patience)
                try:
                    yield process
                except BaseException:
                    self._replace(process)
                    raise
                self._free.put(process)
            finally:
                self._turns[work].give_back(errand.caller)
        finally:
            self._places.give_back(errand.caller)

    def _take(self, left: float, seconds: float) -> ApartProcess:
        """A process that nobody uses, within the seconds that are `left` of `seconds`."""
        try:
            process = self._free.get(timeout=left)
        except Empty as error:
            raise _busy(seconds) from error
        if process is not None:
            return process
        try:
            return self._begin()
        except BaseException:
            self._free.put(None)  # its place stays, for who comes next
            raise

    def _begin(self) -> ApartProcess:
        """A new process. `BusyError` where the node is stopping or the system gives none."""
        with self._lock:
            if self._is_closed:
                raise BusyError("the node is stopping")
            try:
                process = ApartProcess(self._home)
            except OSError as error:
                _log.error("cannot begin a process for calls: %s", error.strerror or error)
                raise BusyError("the node is busy: the system gives it no process", "try again later") from error
            self._started.add(process)
        return process

    def _replace(self, process: ApartProcess) -> None:
        """Kill a process and begin another in its place, at the latest when the place is needed."""
        following: ApartProcess | None = None
        try:
            process.kill()
            with self._lock:
                self._started.discard(process)
                if not self._is_closed:  # else the store may be closed as well
                    self._forget_readers()
            with contextlib.suppress(BusyError):
                following = self._begin()
        finally:
            self._free.put(following)

    def _loss(self, code: int | None) -> ApartError:
        """What to tell of a process that ended, by its exit code."""
        if code != -signal.SIGBUS:
            return ApartError("the request needed more memory or stack than one may use")
        from testamur_node.node import DATA_FOLDER  # which imports this module

        what, advice = meaning(signal.SIGBUS, self._home / DATA_FOLDER)
        _log.critical("a process for calls ended: %s; %s", what, advice)
        return ApartError("the node cannot read its data, see its log")

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._is_closed = True
            started, self._started = self._started, set()
        for process in started:
            process.kill()


def _busy(seconds: float) -> BusyError:
    return BusyError(f"the node is busy: no call could begin within {seconds:g} s", "try again later")
