"""A connection that stays open, WebSocket or Unix socket: requests side by side, answers and notifications out.

Everything that leaves goes through one queue, so that messages never mix. A reader that is too slow for what it has
subscribed to is cut off rather than buffered without end. A request counts as being worked on until its answer was
sent, so that who asks and does not read is not worked for; with the connection ends what was begun for it.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import replace

from testamur_node.errand import Errand
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.subscriptions import Answering, Render, Subscriptions

__all__ = ["Connection", "Write"]

Write = Callable[[bytes], Awaitable[None]]
"""Sends one message to the peer."""
Charge = Callable[[float], None]

_log = logging.getLogger(__name__)
_MOST_WAITING = 10_000
"""Messages that may wait for a slow reader."""
_MOST_RUNNING = 8
"""Requests of one connection that are worked on or whose answers are not sent yet: each may have 25 MB."""
_LOOKING_SECONDS = 1.0
"""So often a peer whose requests wait is looked after: it may have hung up."""


class Connection:
    """The server's end of one connection."""

    def __init__(
        self, dispatcher: Dispatcher[Context], workers: Executor, write: Write, name: str, charge: Charge
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._outgoing: asyncio.Queue[tuple[Render, bool]] = asyncio.Queue()
        """What makes messages, and whether they answer a request."""
        self._workers = workers
        self._write = write
        self._running = asyncio.Semaphore(_MOST_RUNNING)
        self._name = name
        self._charge = charge
        self._tasks: set[asyncio.Task[None]] = set()
        self._errands: set[Errand] = set()
        self._subscriptions = Subscriptions(dispatcher.context.node, self._publish)
        self._dispatcher = dispatcher
        self.is_broken = False
        """Whether the peer is gone or too slow."""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        dispatcher: Dispatcher[Context],
        workers: Executor,
        write: Write,
        name: str,
        charge: Charge = lambda _seconds: None,
    ) -> AsyncIterator["Connection"]:
        """A connection while it lasts; its subscriptions end with it, and what is worked on for it. `name` is with whom
        it shares turns, `charge` is told the seconds of processors that it used.
        """
        connection = cls(dispatcher, workers, write, name, charge)
        writer = asyncio.create_task(connection._drain())
        try:
            yield connection
        finally:
            connection._subscriptions.close()
            for errand in connection._errands:
                errand.stop()
            for task in (writer, *connection._tasks):
                task.cancel()
            await asyncio.gather(writer, *connection._tasks, return_exceptions=True)

    async def take(self, body: bytes, has_gone: Callable[[], bool] = lambda: False) -> bool:
        """Begin to work on one message of the peer; returns at once unless too many are being worked on. False where
        the peer `has_gone` before its turn came: nothing of its is worth working on any more.
        """
        if not await self._has_room(has_gone):
            return False
        task = asyncio.create_task(self._work(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _has_room(self, has_gone: Callable[[], bool]) -> bool:
        """Wait until one more may be worked on; False where the peer has gone meanwhile."""
        while True:
            try:
                async with asyncio.timeout(_LOOKING_SECONDS):
                    await self._running.acquire()
                    return True
            except TimeoutError:
                if has_gone():
                    return False

    async def _work(self, body: bytes) -> None:
        session = Answering(self._subscriptions)
        dispatcher = replace(self._dispatcher, context=replace(self._dispatcher.context, session=session))
        errand = Errand(self._name, dispatcher.limits.body_seconds)
        self._errands.add(errand)
        answer: bytes | None = None
        try:
            answer = await self._loop.run_in_executor(self._workers, errand.run, dispatcher.answer, body)
        finally:
            self._errands.discard(errand)
            self._charge(errand.used_seconds)
            if answer is None:
                self._running.release()
        if answer is not None:
            self._outgoing.put_nowait((lambda: [answer], True))
        session.release()

    def _publish(self, render: Render) -> None:
        """Queue a notification, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closing, and the connection with it
            self._loop.call_soon_threadsafe(self._queue, render)

    def _queue(self, render: Render) -> None:
        if self._outgoing.qsize() < _MOST_WAITING:
            self._outgoing.put_nowait((render, False))
        elif not self.is_broken:
            self.is_broken = True
            self._subscriptions.close()
            _log.warning("a subscriber reads too slowly, its subscriptions are ended")

    async def _drain(self) -> None:
        """Render and send what is queued, in order."""
        while True:
            render, is_answer = await self._outgoing.get()
            for message in render() if is_answer else await self._loop.run_in_executor(self._workers, render):
                await self._write(message)
            del render  # an answer may be large, and the next may be long in coming
            if is_answer:
                self._running.release()
