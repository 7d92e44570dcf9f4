"""One process that works apart, seen from both ends of its pipe: what the node sends, and what the process makes of it.

A job goes over as (the time, a module's function, its arguments), and comes back as (whether it is a result, the result
or what was raised).
"""

import contextlib
import multiprocessing
import os
import pickle
import resource
import select
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testamur_node.errors import NodeError

if TYPE_CHECKING:
    from testamur_node.calls import Calls
    from testamur_node.node import Node

__all__ = ["ApartError", "ApartProcess"]

_MOST_DATA_BYTES = 2 << 30
"""Private memory of one process."""
_NICE = 5
"""Blocks come first."""
_START_SECONDS = 60.0
"""A new process may take this long to import and open the store; no request's time counts meanwhile."""


class ApartError(NodeError):
    """The process that worked on the request ended before it answered."""


class ApartProcess:
    """One process and the pipe to it, for one thread at a time."""

    def __init__(self, home: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(home, theirs), daemon=True, name="testamur-call")
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()
        self._answers = select.poll()
        self._answers.register(self._pipe.fileno(), select.POLLIN)
        self._is_ready = False

    def wait_until_ready(self) -> None:
        """Let it load its libraries; that is not the caller's time. `EOFError` where it ended instead."""
        if not self._is_ready:
            if not self._answers.poll(_START_SECONDS * 1000):
                raise EOFError
            self._pipe.recv_bytes()
            self._is_ready = True

    def ask(self, job: tuple[Any, ...], seconds: float) -> tuple[bool, Any] | None:
        """Whether it is a result, and the result or what was raised; None where it takes longer than `seconds`.

        `EOFError` or `OSError` where the process ended.
        """
        # not Connection.send, recv and poll: those build a pickler and a selector of their own for every message
        self._pipe.send_bytes(pickle.dumps(job, pickle.HIGHEST_PROTOCOL))
        if not self._answers.poll(seconds * 1000):
            return None
        answer: tuple[bool, Any] = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - our own process
        return answer

    def end(self) -> None:
        """Have the system end it, without waiting for that."""
        self._process.kill()

    def kill(self) -> int | None:
        """End it, whatever it does; how it ended, as a process's exit code.

        Its pipe is closed with the last reference: a thread may be reading from it.
        """
        self._process.kill()
        self._process.join(timeout=10)
        return self._process.exitcode


def _serve(home: Path, pipe: "Connection[Any, Any]") -> None:
    """The process: answer until the other side is gone."""
    for number in (signal.SIGINT, signal.SIGHUP):  # sent to a whole group, they are the node's to handle
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_DATA_BYTES, _MOST_DATA_BYTES))
    from testamur_node.garbage import settle
    from testamur_node.node import Node

    clock = _Clock()
    node = Node.reading(home, clock)
    settle()
    pipe.send_bytes(b"")
    node.calls.on_large_stack(lambda: _answer_all(node, clock, pipe))


def _answer_all(node: "Node", clock: "_Clock", pipe: "Connection[Any, Any]") -> None:
    from testamur_node.garbage import GivingBack

    giving_back = GivingBack()
    with contextlib.suppress(EOFError, OSError):
        while True:
            clock.now_ns, function, args, kwargs = pickle.loads(pipe.recv_bytes())  # noqa: S301 - the node's words
            node.refresh()
            _send(pipe, *_outcome(function, node.calls, args, kwargs))
            del function, args, kwargs
            giving_back.after_job()


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
