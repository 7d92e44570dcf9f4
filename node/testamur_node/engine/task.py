"""Work that other threads hand to the engine's thread, done between blocks. Each asker gets an answer, whatever befalls
the others.
"""

import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from testamur_node.errors import NodeError

__all__ = ["Tasks"]

Result = TypeVar("Result")


class Tasks:
    """What waits to be done, in order. The engine holds its own lock around `add` and `refuse_all`."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Future[object], Callable[[], object]]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, task: Callable[[], object]) -> Future[object]:
        """Put a task at the end; where its outcome will be."""
        future: Future[object] = Future()
        self._waiting.append((future, task))
        return future

    def do_next(self) -> None:
        """Do the first. A `NodeError` is its asker's alone; any other error is raised too, while those behind wait."""
        future, task = self._waiting.popleft()
        try:
            result = task()
        except NodeError as error:
            future.set_exception(error)
        except BaseException as error:
            with contextlib.suppress(Exception):
                future.set_exception(error)
            raise
        else:
            future.set_result(result)

    def refuse_all(self, error: NodeError) -> None:
        """Nothing is done any more: tell all who wait."""
        while self._waiting:
            self._waiting.popleft()[0].set_exception(error)
