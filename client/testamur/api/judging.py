"""Who judges what requests bring: a few processes, each for one piece of a request at a time.

Data flow: a route -> `Judges.judge` -> pieces of a request, one after another -> an idle `JudgeProcess`. A large
request gives way to others between its pieces. A process that takes too long, or whose client has left, is ended; only
one that gave its judgement back is handed to the next piece. Everything here runs in the server's event loop, waiting
in threads of its own.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from testamur.api.judge_process import Job, Judgement, JudgeProcess, Setup
from testamur.api.problem import Problem

__all__ = ["Judges", "JudgingLimits"]

_PIECE = 16
"""Bundles that a process is given at once."""
_START_AGAIN_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JudgingLimits:
    """What judging one request may cost."""

    processes: int = field(default_factory=lambda: min(max(os.cpu_count() or 1, 2), 8))
    seconds: float = 60.0
    """For one piece of a request: longer than a node that does not answer is waited for."""
    abandoned_seconds: float = 1.0
    """For what is being judged when its client leaves."""
    quads: int = 20_000
    """Of credentials of shapes that were never seen: two hundred usual ones, about a second of work."""
    waiting_bytes: int = 256 * 1024 * 1024
    """What the bundles of all requests together may hold while they wait for their verdicts."""


class Judges:
    """The processes of one server; made, used and closed in its event loop."""

    def __init__(self, setup: Setup, limits: JudgingLimits) -> None:
        self._setup = setup
        self._limits = limits
        self._idle: asyncio.LifoQueue[JudgeProcess] = asyncio.LifoQueue()
        self._threads = ThreadPoolExecutor(2 * limits.processes, "testamur-judge")
        self._processes: set[JudgeProcess] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting_bytes = 0
        self._is_open = False

    def open(self) -> None:
        """Start the processes; requests wait until the first is ready."""
        if not self._is_open:
            self._is_open = True
            for _ in range(self._limits.processes):
                self._keep(asyncio.create_task(self._start_one()))

    async def close(self) -> None:
        """End the processes, whatever they do."""
        self._is_open = False
        for process in self._processes:
            process.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in self._processes:
            process.join()
        self._processes.clear()
        self._threads.shutdown()

    async def judge(self, bundles: Sequence[bytes], now: datetime) -> list[dict[str, Any]]:
        """The verdict JSON of each bundle, in order. Raises Problem where a limit ends the work.

        Cancelling it stops the work: pieces that were not begun are left, the one at work has a moment to end.
        """
        self.open()
        size = sum(map(len, bundles))
        if self._waiting_bytes + size > self._limits.waiting_bytes:
            raise Problem(503, "too many bundles wait to be judged; try again")
        self._waiting_bytes += size
        try:
            verdicts: list[dict[str, Any]] = []
            quads = self._limits.quads
            for first in range(0, len(bundles), _PIECE):
                found = await self._piece(Job(bundles[first : first + _PIECE], now, quads))
                if found.refusal is not None:
                    raise Problem(422, found.refusal.message, found.refusal.advice)
                verdicts += found.verdicts
                quads = found.quads
            return verdicts
        finally:
            self._waiting_bytes -= size

    async def _piece(self, job: Job) -> Judgement:
        process = await self._idle.get()
        work = self._keep(asyncio.create_task(self._work(process, job)))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if not work.done():
                timer = asyncio.get_running_loop().call_later(self._limits.abandoned_seconds, process.end)
                work.add_done_callback(lambda _: timer.cancel())
            raise
        except (EOFError, OSError) as error:
            raise Problem(
                503, "judging took too long, or ended for a fault", "send fewer bundles at a time, or try again"
            ) from error

    async def _work(self, process: JudgeProcess, job: Job) -> Judgement:
        """One job in a process, which is idle afterwards or replaced: whatever happens, its place is filled again."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._limits.seconds, process.end)
        try:
            return await loop.run_in_executor(self._threads, process.judge, job)
        finally:
            timer.cancel()
            if process.is_usable:
                self._idle.put_nowait(process)
            else:
                self._replace(process)

    def _replace(self, process: JudgeProcess) -> None:
        if self._is_open:
            _log.warning("judging process %s ended before its judgement and is replaced", process.pid)
            self._keep(asyncio.create_task(self._start_one(process)))

    async def _start_one(self, ended: JudgeProcess | None = None) -> None:
        """Fill one place, however often a process cannot be started."""
        loop = asyncio.get_running_loop()
        if ended is not None:
            ended.end()
            await loop.run_in_executor(self._threads, ended.join)
            self._processes.discard(ended)
        while self._is_open:
            process = None
            try:
                process = JudgeProcess(self._setup)
                self._processes.add(process)
                await loop.run_in_executor(self._threads, process.wait_until_ready)
            except (EOFError, OSError) as error:
                if self._is_open:
                    _log.error("a judging process could not be started, trying again: %r", error)
                if process is not None:
                    process.end()
                    self._processes.discard(process)
                await asyncio.sleep(_START_AGAIN_SECONDS)
            else:
                self._idle.put_nowait(process)
                return

    def _keep(self, task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
        """Hold a task until it is done, and look at its exception: who has left does not."""
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()
