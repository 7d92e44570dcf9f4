"""Work that strangers ask for, in processes of its own: it can be ended, and blocks do not wait for it (node.md 2).

Each process opens the store for reading and has its own interpreter; it is given a module-level function and arguments,
and sends back what that function makes of the `Calls` of a node without an engine. One that takes too long is killed
and replaced.
"""

import contextlib
import logging
import multiprocessing
import os
import pickle
import resource
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from testamur_node.errors import NodeError
from testamur_node.last_words import meaning

if TYPE_CHECKING:
    from testamur_node.calls import Calls
    from testamur_node.node import Node

__all__ = ["Apart", "ApartError", "TooSlowError", "BusyError"]

P = ParamSpec("P")
Result = TypeVar("Result")

_log = logging.getLogger(__name__)
_MOST_DATA_BYTES = 2 << 30
"""Private memory of one process."""
_NICE = 5
"""Blocks come first."""
_START_SECONDS = 60.0
"""A new process may take this long to import and open the store; no request's time counts meanwhile."""


class ApartError(NodeError):
    """The process that worked on the request ended before it answered."""


class TooSlowError(NodeError):
    """The request took longer than it may; its process was killed."""


class BusyError(NodeError):
    """All processes are at work and stayed so."""


class _Process:
    """One process and the pipe to it."""

    def __init__(self, home: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(home, theirs), daemon=True, name="testamur-call")
        self._process.start()
        theirs.close()
        self._is_ready = False

    def wait_until_ready(self) -> None:
        """Let it load its libraries; that is not the caller's time."""
        if not self._is_ready:
            if not self.pipe.poll(_START_SECONDS):
                raise EOFError
            self.pipe.recv()
            self._is_ready = True

    def kill(self) -> int | None:
        """End it, whatever it does; how it ended, as a process's exit code."""
        self._process.kill()
        self._process.join(timeout=10)
        self.pipe.close()
        return self._process.exitcode


class Apart:
    """A few processes that take turns; each begins when it is first needed."""

    def __init__(self, home: Path, count: int, forget_readers: Callable[[], object]) -> None:
        self._home = home
        self._forget_readers = forget_readers
        self._free: LifoQueue[_Process | None] = LifoQueue()
        for _ in range(count):
            self._free.put(None)
        self._started: set[_Process] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def run(
        self,
        function: "Callable[Concatenate[Calls, P], Result]",
        now_ns: int,
        seconds: float,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Result:
        """`function(calls, …)` in a process, or what it raised; `now_ns` is what its clock shows.

        Raises `BusyError`, `TooSlowError` and `ApartError`.
        """
        process = self._take(seconds)
        try:
            process.wait_until_ready()
            # not Connection.send and recv: those build a pickler of their own for every message
            process.pipe.send_bytes(pickle.dumps((now_ns, function, args, kwargs), pickle.HIGHEST_PROTOCOL))
            if not process.pipe.poll(seconds):
                raise TooSlowError(f"execution aborted (timeout = {seconds:g}s)", "ask for less, or of an own node")
            is_result, value = pickle.loads(process.pipe.recv_bytes())  # noqa: S301 - our own process
        except TooSlowError:
            self._replace(process)
            raise
        except (EOFError, OSError) as error:
            if self._replace(process) == -signal.SIGBUS:
                from testamur_node.node import DATA_FOLDER  # which imports this module

                what, advice = meaning(signal.SIGBUS, self._home / DATA_FOLDER)
                _log.critical("a process for calls ended: %s; %s", what, advice)
                raise ApartError("the node cannot read its data, see its log") from error
            raise ApartError("the request needed more memory or stack than one may use") from error
        except BaseException:
            self._replace(process)
            raise
        self._free.put(process)
        if not is_result:
            raise value
        result: Result = value
        return result

    def _take(self, seconds: float) -> _Process:
        """A process that nobody uses."""
        try:
            process = self._free.get(timeout=seconds)
        except Empty as error:
            raise BusyError(f"the node is busy: no call could begin within {seconds:g} s", "try again later") from error
        return self._begin() if process is None else process

    def _begin(self) -> _Process:
        with self._lock:
            if self._is_closed:
                self._free.put(None)
                raise BusyError("the node is stopping")
            process = _Process(self._home)
            self._started.add(process)
        return process

    def _replace(self, process: _Process) -> int | None:
        """Kill a process and begin another in its place; how the old one ended."""
        with self._lock:
            self._started.discard(process)
        code = process.kill()
        self._forget_readers()
        with contextlib.suppress(BusyError):
            self._free.put(self._begin())
        return code

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._is_closed = True
            started, self._started = self._started, set()
        for process in started:
            process.kill()


def _serve(home: Path, pipe: "Connection[Any, Any]") -> None:
    """The process: answer until the other side is gone."""
    for number in (signal.SIGINT, signal.SIGHUP):  # sent to a whole group, they are the node's to handle
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_DATA_BYTES, _MOST_DATA_BYTES))
    from testamur_node.node import Node

    clock = _Clock()
    node = Node.reading(home, clock)
    pipe.send(None)
    node.calls.on_large_stack(lambda: _answer_all(node, clock, pipe))


def _answer_all(node: "Node", clock: "_Clock", pipe: "Connection[Any, Any]") -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            clock.now_ns, function, args, kwargs = pickle.loads(pipe.recv_bytes())  # noqa: S301 - the node's words
            node.refresh()
            _send(pipe, *_outcome(function, node.calls, args, kwargs))


def _outcome(function: Callable[..., Any], calls: "Calls", args: Any, kwargs: Any) -> tuple[bool, Any]:
    try:
        return True, function(calls, *args, **kwargs)
    except Exception as error:  # goes back to the caller, who raises it
        return False, error


def _send(pipe: "Connection[Any, Any]", is_result: bool, value: Any) -> None:
    try:
        answer = pickle.dumps((is_result, value), pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        answer = pickle.dumps((False, ApartError(f"the answer cannot be sent: {error}")))
    pipe.send_bytes(answer)


class _Clock:
    """Shows what the last request said."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns
