"""Threads whose stack holds an EVM call chain of 1,024 frames: 64 MiB (deep calls overrun the usual 512 KiB to 8
MiB).
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["STACK_BYTES", "start_thread", "Workers"]

STACK_BYTES = 64 * 1024 * 1024
_stack_size_lock = threading.Lock()

Result = TypeVar("Result")


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread with the large stack."""
    with _stack_size_lock:
        before = threading.stack_size(STACK_BYTES)
        try:
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    return thread


class Workers:
    """A few large-stack threads that run EVM calls for callers on ordinary threads."""

    def __init__(self, count: int, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = [start_thread(self._work, f"{name}-{index}") for index in range(count)]

    def run(self, job: Callable[[], Result]) -> Result:
        """Run `job` on a worker and return, or raise, what it does."""
        if threading.current_thread() in self._threads:
            return job()
        future: Future[Result] = Future()
        self._jobs.put((future, job))
        return future.result()

    def close(self) -> None:
        """Let the workers end after what is queued."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=10)

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            future, job = item
            try:
                future.set_result(job())
            except BaseException as error:  # handed to the caller, who raises it
                future.set_exception(error)
