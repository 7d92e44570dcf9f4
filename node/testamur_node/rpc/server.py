"""All listeners of one node, from sockets to shutdown.

Sockets are bound before anything else, so that a taken port is told at once and port 0 has a number by the time the
ready line is printed.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import uvicorn

from testamur_node.errors import NodeError
from testamur_node.node import Node
from testamur_node.rpc.access.addresses import LOOPBACK
from testamur_node.rpc.access.certificates import server_context
from testamur_node.rpc.access.gate import AccessRules, Gate
from testamur_node.rpc.access.permissions import Permissions
from testamur_node.rpc.access.principal import OPERATOR_API, Listener
from testamur_node.rpc.access.rates import Rates
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.filters import Filters
from testamur_node.rpc.http import Application
from testamur_node.rpc.ipc import serve_socket
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.methods import DEVELOPMENT_NAMESPACES, NAMESPACES
from testamur_node.rpc.metrics import Metrics
from testamur_node.rpc.metrics_http import MetricsApplication
from testamur_node.rpc.protocol import Protocol, ServerConfig

__all__ = ["Listeners", "Endpoints", "AddressError", "UnknownNamespaceError", "dispatcher_for", "serve"]


class AddressError(NodeError):
    """A listener cannot be opened at this address."""

    exit_code = 2


class UnknownNamespaceError(NodeError):
    """There is no such namespace or method to open."""

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
    admin: Path | None = None
    """Path of the operator's Unix socket; None: nobody can ask admin_ methods."""
    metrics: str | None = None
    """HOST:PORT of /metrics, /healthz and /readyz, plain HTTP; None: no metrics."""
    rules: AccessRules = field(default_factory=AccessRules)
    """Who may ask what over the others."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a node is reached."""

    rpc: str | None
    websocket: str | None
    ipc: Path | None
    admin: Path | None
    metrics: str | None


def _opened(node: Node, listener: Listener) -> Listener:
    """A listener with `rpc`, which tells what it opens, and on a development chain with that chain's own namespaces."""
    _check(node, listener.permissions)
    added = ("rpc", *(DEVELOPMENT_NAMESPACES if node.spec.is_development and listener.name != "admin" else ()))
    allow = listener.permissions.allow | {(namespace, "*") for namespace in added}
    return replace(listener, permissions=replace(listener.permissions, allow=allow))


def dispatcher_for(node: Node, api: Iterable[str], limits: Limits) -> Dispatcher[Context]:
    """A dispatcher over what is named, for a program that holds the node itself: there is nobody to judge."""
    inside = Listener("inside", Permissions.read(api), is_operators=True)
    return _dispatcher(node, _opened(node, inside), limits, None)


def _dispatcher(node: Node, listener: Listener, limits: Limits, metrics: Metrics | None) -> Dispatcher[Context]:
    """A dispatcher over what a listener opens; `metrics`, where there are any, are told of each request."""
    names = tuple(
        name
        for name, namespace in NAMESPACES.items()
        if (name not in DEVELOPMENT_NAMESPACES or node.spec.is_development)
        and any(map(listener.opens, namespace.methods))
    )
    context = Context(node, limits, Filters(limits, time.monotonic), names)
    dispatcher = Dispatcher.open([NAMESPACES[name] for name in names], context, limits, listener.opens)
    return dispatcher if metrics is None else replace(dispatcher, observe=metrics.observe)


def _check(node: Node, permissions: Permissions) -> None:
    """Refuse to open what there is not."""
    known = {name for name in NAMESPACES if name not in DEVELOPMENT_NAMESPACES or node.spec.is_development}
    for namespace, method in sorted(permissions.allow):
        if namespace in DEVELOPMENT_NAMESPACES and namespace not in known:
            raise UnknownNamespaceError("evm, hardhat and anvil are for development chains alone")
        if namespace != "*" and namespace not in known:
            raise UnknownNamespaceError(
                f"no namespace {namespace}", f"there are {', '.join(sorted(known - set(DEVELOPMENT_NAMESPACES)))}"
            )
        if method != "*" and f"{namespace}_{method}" not in NAMESPACES[namespace].methods:
            raise UnknownNamespaceError(f"no method {namespace}_{method}", "docs/rpc.md lists them")


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
        raise AddressError(
            f"cannot listen on {address}: {reason}", "choose another with --http, --ws or --metrics"
        ) from error
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


def _server(application: Callable[..., Any], listeners: Listeners, secured: ssl.SSLContext | None) -> _Server:
    limits, rules = listeners.limits, listeners.rules
    config = ServerConfig(
        application,
        http=Protocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        proxy_headers=False,  # the gate reads them, from trusted proxies alone
        limit_concurrency=limits.connections,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        ws_max_size=limits.body_bytes,
        ws_per_message_deflate=False,
        ssl_context_factory=None if secured is None else lambda _config, _default: secured,
    )
    config.connections_per_address = limits.connections_per_address
    config.uncounted = rules.trusted_proxies if rules.rates.loopback else (*rules.trusted_proxies, *LOOPBACK)
    return _Server(config)


@contextlib.asynccontextmanager
async def serve(node: Node, listeners: Listeners, clock: Callable[[], float] = time.time) -> AsyncIterator[Endpoints]:
    """Serve a node while the block lasts; leaving it closes every listener."""
    limits, rules = listeners.limits, listeners.rules
    workers = anyio.CapacityLimiter(limits.parallel_requests)
    rates = Rates(rules.rates, time.monotonic)
    metrics = None if listeners.metrics is None else Metrics(node, clock)
    secured = None if rules.tls is None else server_context(rules.tls, clock())

    def opened(name: str, permissions: Permissions) -> tuple[Gate, Dispatcher[Context]]:
        listener = _opened(node, Listener(name, permissions))
        return Gate(listener, rules, rates, clock), _dispatcher(node, listener, limits, metrics)

    over_http, over_websocket = opened("http", rules.http), opened("ws", rules.ws)
    application = Application(*over_http, workers)
    plans: list[tuple[socket.socket, Callable[..., Any], ssl.SSLContext | None]] = []
    http = websocket = scraped = None
    scheme = "" if secured is None else "s"
    if listeners.http is not None:
        # two listeners on port 0 get a port each
        shares = listeners.websocket == listeners.http and not listeners.http.endswith(":0")
        bound = _bind(listeners.http)
        plans.append((bound, replace(application, websocket=over_websocket if shares else None), secured))
        http, websocket = _address("http" + scheme, bound), _address("ws" + scheme, bound) if shares else None
    if listeners.websocket is not None and websocket is None:
        bound = _bind(listeners.websocket)
        plans.append((bound, replace(application, has_http=False, websocket=over_websocket), secured))
        websocket = _address("ws" + scheme, bound)
    if metrics is not None and listeners.metrics is not None:
        bound = _bind(listeners.metrics)
        plans.append((bound, MetricsApplication(node, metrics, rules.hosts, workers), None))
        scraped = _address("http", bound) + "/metrics"
    operators = Listener("admin", Permissions.read(OPERATOR_API), is_operators=True)
    sockets = ((listeners.ipc, Listener("ipc", rules.ipc)), (listeners.admin, operators))
    async with contextlib.AsyncExitStack() as stack:
        for path, listener in sockets:
            if path is not None:
                answers = _dispatcher(node, _opened(node, listener), limits, metrics)
                unix = await serve_socket(path, answers, workers)
                stack.callback(_remove, path)
                stack.callback(unix.close)
        if metrics is not None:
            stack.callback(node.subscribe(metrics.count))
        for bound, face, secret in plans:
            await _start(stack, _server(face, listeners, secret), bound)
        yield Endpoints(http, websocket, listeners.ipc, listeners.admin, scraped)


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
