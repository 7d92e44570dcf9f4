"""All listeners of one node, from sockets to shutdown.

Sockets are bound before anything else, so that a taken port is told at once and port 0 has a number by the time the
ready line is printed.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import uvicorn

from testamur_node.errors import NodeError
from testamur_node.node import Node
from testamur_node.rpc.access import DEFAULT_API, Access
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.filters import Filters
from testamur_node.rpc.http import Application
from testamur_node.rpc.ipc import serve_socket
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.methods import DEVELOPMENT_NAMESPACES, NAMESPACES

__all__ = ["Listeners", "Endpoints", "AddressError", "UnknownNamespaceError", "dispatcher_for", "serve"]


class AddressError(NodeError):
    """A listener cannot be opened at this address."""

    exit_code = 2


class UnknownNamespaceError(NodeError):
    """There is no such namespace to open."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Listeners:
    """Where a node listens."""

    http: str | None = "127.0.0.1:8545"
    """HOST:PORT; port 0 takes a free one. None: no HTTP."""
    websocket: str | None = None
    """HOST:PORT; the same as `http` shares its port. None: no WebSocket."""
    ipc: Path | None = None
    """Path of the Unix socket; None: no Unix socket."""
    api: tuple[str, ...] = DEFAULT_API
    """Namespaces on HTTP and WebSocket."""
    access: Access = field(default_factory=Access)
    """Who may ask over HTTP and WebSocket."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a node is reached."""

    rpc: str | None
    websocket: str | None
    ipc: Path | None


def dispatcher_for(node: Node, api: Iterable[str], limits: Limits) -> Dispatcher[Context]:
    """A dispatcher over the named namespaces; development chains open theirs beside them."""
    names = list(dict.fromkeys([*api, "rpc"]))
    unknown = [name for name in names if name not in NAMESPACES]
    if unknown:
        known = ", ".join(sorted(set(NAMESPACES) - set(DEVELOPMENT_NAMESPACES)))
        raise UnknownNamespaceError(f"no namespace {', '.join(unknown)}", f"there are {known}")
    if node.spec.is_development:
        names += [name for name in DEVELOPMENT_NAMESPACES if name not in names]
    elif any(name in DEVELOPMENT_NAMESPACES for name in names):
        raise UnknownNamespaceError("evm, hardhat and anvil are for development chains alone")
    context = Context(node, limits, Filters(limits, time.monotonic), tuple(names))
    return Dispatcher.open([NAMESPACES[name] for name in names], context, limits)


def _bind(address: str) -> socket.socket:
    """A bound socket for HOST:PORT."""
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65_535:
        raise AddressError(f"{address!r} is not HOST:PORT")
    host = host.strip("[]")
    try:
        family = socket.getaddrinfo(host or None, int(port), type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, so that asyncio turns Nagle off
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, int(port)))
    except OSError as error:
        reason = error.strerror or str(error)
        raise AddressError(f"cannot listen on {address}: {reason}", "choose another with --http or --ws") from error
    return bound


def _address(scheme: str, bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the node's own loop decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signal handlers alone."""
        yield


def _server(application: Application, limits: Limits) -> _Server:
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        ws_max_size=limits.body_bytes,
        ws_per_message_deflate=False,
    )
    return _Server(config)


@contextlib.asynccontextmanager
async def serve(node: Node, listeners: Listeners) -> AsyncIterator[Endpoints]:
    """Serve a node while the block lasts; leaving it closes every listener."""
    limits = listeners.limits
    workers = anyio.CapacityLimiter(limits.parallel_requests)
    dispatcher = dispatcher_for(node, listeners.api, limits)
    local = dispatcher_for(node, [name for name in NAMESPACES if name not in DEVELOPMENT_NAMESPACES], limits)
    application = Application(dispatcher, listeners.access, workers)
    plans: list[tuple[socket.socket, Application]] = []
    http = websocket = None
    if listeners.http is not None:
        # two listeners on port 0 get a port each
        shares = listeners.websocket == listeners.http and not listeners.http.endswith(":0")
        bound = _bind(listeners.http)
        plans.append((bound, replace(application, has_websocket=shares)))
        http, websocket = _address("http", bound), _address("ws", bound) if shares else None
    if listeners.websocket is not None and websocket is None:
        bound = _bind(listeners.websocket)
        plans.append((bound, replace(application, has_http=False, has_websocket=True)))
        websocket = _address("ws", bound)
    async with contextlib.AsyncExitStack() as stack:
        if listeners.ipc is not None:
            unix = await serve_socket(listeners.ipc, local, workers)
            stack.callback(_remove, listeners.ipc)
            stack.callback(unix.close)
        for bound, face in plans:
            await _start(stack, _server(face, limits), bound)
        yield Endpoints(http, websocket, listeners.ipc)


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


async def _start(stack: contextlib.AsyncExitStack, server: _Server, bound: socket.socket) -> None:
    """Start one listener and have the stack stop it."""
    task = asyncio.create_task(server.serve(sockets=[bound]))

    async def stop() -> None:
        server.should_exit = True
        await task

    stack.push_async_callback(stop)
    while not server.started and not task.done():
        await asyncio.sleep(0.005)
    if task.done():
        await task
        raise AddressError("the HTTP server did not start, see the log")
