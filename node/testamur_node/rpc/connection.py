"""A connection that stays open, WebSocket or Unix socket: requests side by side, answers and notifications out.

Everything that leaves goes through one queue, so that messages never mix. A reader that is too slow for what it has
subscribed to is cut off rather than buffered without end.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import replace

from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.subscriptions import Answering, Render, Subscriptions

__all__ = ["Connection", "Write"]

Write = Callable[[bytes], Awaitable[None]]
"""Sends one message to the peer."""

_log = logging.getLogger(__name__)
_MOST_WAITING = 10_000
"""Messages that may wait for a slow reader."""
_MOST_RUNNING = 32
"""Requests of one connection that work side by side."""


class Connection:
    """The server's end of one connection."""

    def __init__(self, dispatcher: Dispatcher[Context], workers: Executor, write: Write) -> None:
        self._loop = asyncio.get_running_loop()
        self._outgoing: asyncio.Queue[Render] = asyncio.Queue()
        self._workers = workers
        self._write = write
        self._running = asyncio.Semaphore(_MOST_RUNNING)
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscriptions = Subscriptions(dispatcher.context.node, self._publish)
        self._dispatcher = dispatcher
        self.is_broken = False
        """Whether the peer is gone or too slow."""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, dispatcher: Dispatcher[Context], workers: Executor, write: Write
    ) -> AsyncIterator["Connection"]:
        """A connection while it lasts; its subscriptions end with it."""
        connection = cls(dispatcher, workers, write)
        writer = asyncio.create_task(connection._drain())
        try:
            yield connection
        finally:
            connection._subscriptions.close()
            for task in (writer, *connection._tasks):
                task.cancel()
            await asyncio.gather(writer, *connection._tasks, return_exceptions=True)

    async def take(self, body: bytes) -> None:
        """Begin to work on one message of the peer; returns at once unless too many are being worked on."""
        await self._running.acquire()
        task = asyncio.create_task(self._work(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, body: bytes) -> None:
        session = Answering(self._subscriptions)
        dispatcher = replace(self._dispatcher, context=replace(self._dispatcher.context, session=session))
        try:
            answer = await self._loop.run_in_executor(self._workers, dispatcher.answer, body)
        finally:
            self._running.release()
        if answer is not None:
            self._outgoing.put_nowait(lambda: [answer])
        session.release()

    def _publish(self, render: Render) -> None:
        """Queue a notification, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closing, and the connection with it
            self._loop.call_soon_threadsafe(self._queue, render)

    def _queue(self, render: Render) -> None:
        if self._outgoing.qsize() < _MOST_WAITING:
            self._outgoing.put_nowait(render)
        elif not self.is_broken:
            self.is_broken = True
            self._subscriptions.close()
            _log.warning("a subscriber reads too slowly, its subscriptions are ended")

    async def _drain(self) -> None:
        """Render and send what is queued, in order."""
        while True:
            render = await self._outgoing.get()
            messages = await self._loop.run_in_executor(self._workers, render)
            for message in messages:
                await self._write(message)
