"""All listeners of one node, from sockets to shutdown.

Sockets are bound before anything else, so that a taken port is told at once and port 0 has a number by the time the
ready line is printed.
"""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn

from testamur_node.errors import NodeError
from testamur_node.node import Node
from testamur_node.rpc.access.addresses import LOOPBACK, is_local
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
from testamur_node.rpc.websocket import WebSocketProtocol

__all__ = ["Listeners", "Endpoints", "Serving", "AddressError", "UnknownNamespaceError", "dispatcher_for", "serve"]


_log = logging.getLogger(__name__)


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


def _dispatcher(
    node: Node, listener: Listener, limits: Limits, metrics: Metrics | None, filters: Filters | None = None
) -> Dispatcher[Context]:
    """A dispatcher over what a listener opens; `metrics`, where there are any, are told of each request. `filters` are
    its own where there are none.
    """
    names = tuple(
        name
        for name, namespace in NAMESPACES.items()
        if (name not in DEVELOPMENT_NAMESPACES or node.spec.is_development)
        and any(map(listener.opens, namespace.methods))
    )
    context = Context(node, limits, Filters(limits, time.monotonic) if filters is None else filters, names)
    dispatcher = Dispatcher.open([NAMESPACES[name] for name in names], context, limits, listener.opens)
    dispatcher = replace(dispatcher, give_way=node.give_way, finish=node.wait_until_sealed)
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
        ws=WebSocketProtocol,
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


@dataclass(frozen=True, slots=True)
class _Place:
    """A bound port, and what is spoken there."""

    bound: socket.socket
    has_http: bool
    has_websocket: bool


class Serving:
    """A node's listeners while they are open."""

    def __init__(
        self, node: Node, listeners: Listeners, places: Sequence[_Place], metrics: Metrics | None,
        workers: ThreadPoolExecutor, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self.endpoints = Endpoints(None, None, None, None, None)
        self._node, self._listeners, self._places = node, listeners, places
        self._metrics, self._workers, self._clock = metrics, workers, clock
        self._rates = Rates(listeners.rules.rates, time.monotonic)
        self._filters = {name: Filters(listeners.limits, time.monotonic) for name in ("http", "ws")}
        """They outlive a change of rules: who holds one goes on asking it."""
        self._running: list[tuple[_Server, asyncio.Task[None]]] = []

    async def take_up(self, rules: AccessRules) -> None:
        """Judge by these rules from now on; who is connected over the network must connect, and show itself, anew.

        The ports stay bound meanwhile. What opens Unix sockets and whether there is TLS is settled at start. Raises
        `NodeError` where the rules cannot be, and the old ones hold.
        """
        if (rules.tls is None) != (self._listeners.rules.tls is None):
            raise AddressError("TLS is turned on and off at start alone", "restart the node")
        secured = None if rules.tls is None else server_context(rules.tls, self._clock())
        if rules.rates != self._rates.rules:
            self._rates = Rates(rules.rates, time.monotonic)
        http, websocket = self._opened("http", rules.http, rules), self._opened("ws", rules.ws, rules)
        begun: list[tuple[_Server, asyncio.Task[None]]] = []
        for place in self._places:
            spoken = websocket if place.has_websocket else None
            face = Application(*http, self._workers, has_http=place.has_http, websocket=spoken)
            server = _server(face, replace(self._listeners, rules=rules), secured)
            try:
                begun.append((server, await _begin(server, place.bound.dup())))
            except BaseException:
                await _end(begun)
                raise
        before, self._running = self._running, begun
        await _end(before)

    async def close(self) -> None:
        """End what was begun."""
        running, self._running = self._running, []
        await _end(running)
        for place in self._places:
            place.bound.close()

    def _opened(self, name: str, permissions: Permissions, rules: AccessRules) -> tuple[Gate, Dispatcher[Context]]:
        listener = _opened(self._node, Listener(name, permissions))
        dispatcher = _dispatcher(self._node, listener, self._listeners.limits, self._metrics, self._filters[name])
        return Gate(listener, rules, self._rates, self._clock), dispatcher


@contextlib.asynccontextmanager
async def serve(node: Node, listeners: Listeners, clock: Callable[[], float] = time.time) -> AsyncIterator[Serving]:
    """Serve a node while the block lasts; leaving it closes every listener."""
    limits, rules = listeners.limits, listeners.rules
    workers = ThreadPoolExecutor(limits.parallel_requests, "request")
    metrics = None if listeners.metrics is None else Metrics(node, clock)
    places: list[_Place] = []
    http = websocket = scraped = None
    scheme = "" if rules.tls is None else "s"
    if listeners.http is not None:
        # two listeners on port 0 get a port each
        shares = listeners.websocket == listeners.http and not listeners.http.endswith(":0")
        places.append(_Place(_bind(listeners.http), True, shares))
        http = _address("http" + scheme, places[0].bound)
        websocket = _address("ws" + scheme, places[0].bound) if shares else None
    if listeners.websocket is not None and websocket is None:
        places.append(_Place(_bind(listeners.websocket), False, True))
        websocket = _address("ws" + scheme, places[-1].bound)
    scraping = None if listeners.metrics is None else _bind(listeners.metrics)
    if listeners.metrics is not None and not is_local(listeners.metrics):
        _log.warning("%s tells its metrics in plain HTTP to whoever reaches it", listeners.metrics)
    operators = Listener("admin", Permissions.read(OPERATOR_API), is_operators=True)
    sockets = ((listeners.ipc, Listener("ipc", rules.ipc)), (listeners.admin, operators))
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(workers.shutdown, wait=False, cancel_futures=True)
        for path, listener in sockets:
            if path is not None:
                answers = _dispatcher(node, _opened(node, listener), limits, metrics)
                unix = await serve_socket(path, answers, workers)
                stack.callback(_remove, path)
                stack.callback(unix.close)
        if metrics is not None and scraping is not None:
            stack.callback(node.subscribe(metrics.count))
            scraped = _address("http", scraping) + "/metrics"
            server = _server(MetricsApplication(node, metrics, rules.hosts, workers), listeners, None)
            stack.push_async_callback(_end, [(server, await _begin(server, scraping))])
        serving = Serving(node, listeners, places, metrics, workers, clock)
        stack.push_async_callback(serving.close)
        await serving.take_up(rules)
        serving.endpoints = Endpoints(http, websocket, listeners.ipc, listeners.admin, scraped)
        yield serving


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


async def _begin(server: _Server, bound: socket.socket) -> "asyncio.Task[None]":
    """Start one server on its own socket."""
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not task.done():
        await asyncio.sleep(0.005)
    if task.done():
        await task
        raise AddressError("the HTTP server did not start, see the log")
    return task


async def _end(running: Iterable[tuple[_Server, "asyncio.Task[None]"]]) -> None:
    """Stop servers, their connections with them, once these have had their answers or a few seconds."""
    for server, _ in running:
        server.should_exit = True
    await asyncio.gather(*(task for _, task in running))
