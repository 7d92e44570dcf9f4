"""Run a node in the foreground until told to stop: store, engine and listeners up, ready line, signal, all down.

SIGHUP rereads who may ask what, with the files that it names; what is wrong there is logged, and the old holds.
"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from testamur_node.engine.clock import elapsed_ns
from testamur_node.errors import NodeError
from testamur_node.executor_process import ExecutorProcess
from testamur_node.garbage import GIVING_BACK_SECONDS, give_back, settle
from testamur_node.node import Node
from testamur_node.operations.config import Config
from testamur_node.operations.running import RunningNode, announce
from testamur_node.operations.secret_files import readable_by_others
from testamur_node.rpc.server import Endpoints, Listeners, Serving, serve

__all__ = ["run"]

_log = logging.getLogger(__name__)


def run(
    home: Path, load: Callable[[], Config], tell_ready: Callable[[RunningNode], None], *, accepts_time: bool = False
) -> None:
    """Serve by the settings that `load` reads until SIGTERM or SIGINT; raises what kept the node from starting, or what
    stopped it. `accepts_time` goes on with a chain that was not signed for more than seven days.
    """
    config = load()
    limits = config.limits
    loose = readable_by_others(home)
    if loose:
        _log.warning("%s can be read by others: chmod 600", ", ".join(loose))
    settle()
    executor = ExecutorProcess.start()  # before there are threads
    try:
        node = Node.open(
            home,
            time.time_ns,
            block_time=config.block_time,
            call_processes=limits.call_processes,
            most_apart=max(1, limits.parallel_requests // 2),
            executor=executor,
            elapsed=elapsed_ns,
            accepts_time=accepts_time,
        )
    except BaseException:
        executor.close()
        raise
    try:
        uvloop.run(_serve(node, home, config, load, tell_ready))
    finally:
        node.close()


async def _serve(
    node: Node, home: Path, config: Config, load: Callable[[], Config], tell_ready: Callable[[RunningNode], None]
) -> None:
    stopping, rereading = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, rereading.set)
    listeners = Listeners(config.http, config.ws, config.ipc, config.admin, config.metrics, config.rules, config.limits)
    async with serve(node, listeners) as serving:
        running = _running(node, serving.endpoints, config)
        with announce(home, running):
            tell_ready(running)
            failed = asyncio.create_task(_watch(node))
            stopped = asyncio.create_task(stopping.wait())
            reread = asyncio.create_task(_reread(rereading, serving, load))
            tidying = asyncio.create_task(_give_back())
            await asyncio.wait((failed, stopped), return_when=asyncio.FIRST_COMPLETED)
            for task in (failed, stopped, reread, tidying):
                task.cancel()
            if failed.done() and not failed.cancelled():
                failed.result()


async def _reread(asked: asyncio.Event, serving: Serving, load: Callable[[], Config]) -> None:
    """Take up the rules of access each time that SIGHUP asks for it."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            await serving.take_up(load().rules)
        except (NodeError, OSError) as error:
            _log.error("the settings were read again and are not good, so the old ones hold: %s", error)
        else:
            _log.warning("the settings about access were read again and hold from now on")


async def _give_back() -> None:
    """Return what requests have taken and freed, again and again."""
    while True:
        await asyncio.sleep(GIVING_BACK_SECONDS)
        await asyncio.to_thread(give_back)


async def _watch(node: Node) -> None:
    """Return only by raising: what halted the engine must halt the process."""
    while True:
        node.raise_if_halted()
        await asyncio.sleep(0.5)


def _running(node: Node, endpoints: Endpoints, config: Config) -> RunningNode:
    return RunningNode(
        rpc=endpoints.rpc,
        ws=endpoints.websocket,
        ipc=None if endpoints.ipc is None else str(endpoints.ipc),
        pid=os.getpid(),
        chain_id=node.chain_id,
        metrics=endpoints.metrics,
        admin=None if endpoints.admin is None else str(endpoints.admin),
        http=_bound(config.http, endpoints.rpc),
        websocket=_bound(config.ws, endpoints.websocket),
        scraped=_bound(config.metrics, endpoints.metrics),
    )


def _bound(asked: str | None, url: str | None) -> str | None:
    """HOST:PORT with the port that it got."""
    return None if asked is None or url is None else f"{asked.rpartition(':')[0]}:{urlsplit(url).port}"
