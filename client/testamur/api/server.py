"""The socket side of the verification server: uvicorn with bounds on connections, headers and idle time."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from testamur.api.app import create_app
from testamur.api.judging import Judges
from testamur.api.service import Service
from testamur.errors import TestamurError
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["ListenError", "make_server", "run_server"]

_HEADER_SECONDS = 10.0
_IDLE_SECONDS = 5
_HEADER_BYTES = 16 * 1024


class ListenError(TestamurError):
    """The address cannot be listened on."""

    exit_code = 2


class _BoundedProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection on which a request's header takes more than a few seconds, be it the first or
    a later one."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: object) -> None:
        super().connection_made(transport)  # type: ignore[arg-type] # uvicorn narrows asyncio's transport
        self._wait_for_header()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_header()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait_for_header(self) -> None:
        """Set the time from the first byte of a header on, until it is complete."""
        if self.cycle is not None and not self.cycle.response_complete:  # uvicorn makes one with each complete header
            self._wait_no_more()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(_HEADER_SECONDS, self._close_if_silent)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_if_silent(self) -> None:
        self._deadline = None
        has_request: bool = self.cycle is not None and not self.cycle.response_complete
        if not has_request and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Ends in order on SIGINT and SIGTERM, lets its caller end in order too, and leaves no process behind."""

    def __init__(self, config: uvicorn.Config, judges: Judges) -> None:
        super().__init__(config)
        self._judges = judges
        self.tell_ready: Callable[[], None] | None = None
        """Called once connections are taken and signals are heard."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._judges.open()
        try:
            await super().serve(sockets)
        finally:
            await self._judges.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.tell_ready is not None:
            self.tell_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def make_server(service: Service, host: str, port: int) -> tuple[_Server, socket.socket, str]:
    """A server that is bound but does not serve yet, its socket and its URL."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(f"{host}:{port} cannot be listened on: {error.strerror}", "choose another --port") from error
    app = create_app(service)
    config = uvicorn.Config(
        app,
        http=_BoundedProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=service.limits.concurrency,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=_HEADER_BYTES,
    )
    shown = f"[{host}]" if family == socket.AF_INET6 else host
    return _Server(config, app.state.judges), listener, f"http://{shown}:{listener.getsockname()[1]}"


def run_server(service: Service, host: str, port: int, ready: Callable[[str, int], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the URL and the process id once connections are taken."""
    server, listener, url = make_server(service, host, port)
    with listener:
        listener.listen(128)
        server.tell_ready = lambda: ready(url, os.getpid())
        server.run(sockets=[listener])
