"""Run a node in the foreground until told to stop: store, engine and listeners up, ready line, signal, all down."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from testamur_node.executor_process import ExecutorProcess
from testamur_node.node import Node
from testamur_node.operations.config import Config
from testamur_node.operations.running import RunningNode, announce
from testamur_node.rpc.server import Endpoints, Listeners, serve

__all__ = ["run"]


def run(home: Path, config: Config, tell_ready: Callable[[RunningNode], None]) -> None:
    """Serve until SIGTERM or SIGINT; raises what kept the node from starting, or what stopped it."""
    processes = config.limits.call_processes
    executor = ExecutorProcess.start()  # before there are threads
    try:
        node = Node.open(home, time.time_ns, block_time=config.block_time, call_processes=processes, executor=executor)
    except BaseException:
        executor.close()
        raise
    try:
        uvloop.run(_serve(node, home, config, tell_ready))
    finally:
        node.close()


async def _serve(node: Node, home: Path, config: Config, tell_ready: Callable[[RunningNode], None]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    listeners = Listeners(config.http, config.ws, config.ipc, config.admin, config.metrics, config.rules, config.limits)
    async with serve(node, listeners) as endpoints:
        running = _running(node, endpoints)
        with announce(home, running):
            tell_ready(running)
            failed = asyncio.create_task(_watch(node))
            stopped = asyncio.create_task(stopping.wait())
            await asyncio.wait((failed, stopped), return_when=asyncio.FIRST_COMPLETED)
            for task in (failed, stopped):
                task.cancel()
            if failed.done() and not failed.cancelled():
                failed.result()


async def _watch(node: Node) -> None:
    """Return only by raising: what halted the engine must halt the process (node.md 2)."""
    while True:
        node.raise_if_halted()
        await asyncio.sleep(0.5)


def _running(node: Node, endpoints: Endpoints) -> RunningNode:
    return RunningNode(
        rpc=endpoints.rpc,
        ws=endpoints.websocket,
        ipc=None if endpoints.ipc is None else str(endpoints.ipc),
        pid=os.getpid(),
        chain_id=node.chain_id,
        metrics=endpoints.metrics,
        admin=None if endpoints.admin is None else str(endpoints.admin),
    )
