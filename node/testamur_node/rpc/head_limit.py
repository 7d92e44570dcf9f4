"""HTTP on the wire: the protocol of httptools, whose parser is C, with what it lacks.

A head has a bound in bytes and in time. An upgrade to anything but WebSocket is passed over, as HTTP allows (RFC 9110,
7.8): Java's client and `curl --http2` offer h2c with every request on plain HTTP, and httptools takes such an offer for
the end of HTTP and throws the body away. So the head is read again without the offer.
"""

import asyncio
from collections.abc import Sequence

import httptools
import orjson
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from testamur_node.rpc.patience import HEAD_SECONDS, Impatient

__all__ = ["HeadLimitedProtocol"]

_MOST_HEAD_BYTES = 65_536
_OFFER = (b"upgrade", b"http2-settings")
"""Headers that an upgrade is offered with (RFC 7540, 3.2)."""


class HeadLimitedProtocol(Impatient, HttpToolsProtocol):
    """Refuses a request whose first line and headers do not end within 64 KiB, as h11 does, and in half a minute."""

    _head_bytes: int | None = 0
    """Received of the head that is being read; None while a body is."""
    _waiting: asyncio.TimerHandle | None = None
    """Ends the connection while a head does not."""
    _answering: Sequence[RequestResponseCycle] = ()
    """The request that is being answered; others wait behind it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin, and wait for a head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and tell it to the requests that are being answered: uvicorn tells the last that came alone."""
        self._head_is_there()
        for cycle in self._answering:
            cycle.disconnected = True
            cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = [cycle]
        super()._start_asgi_task(cycle, app)

    def _wait_for_head(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _head_is_there(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; more of a head than it may have ends the connection, and so does what is no HTTP."""
        self._unset_keepalive_if_required()
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            self._wait_for_head()
        if not self._parsed(data):
            self.send_400_response("the request is not HTTP/1.1")
        elif self._head_bytes is not None and self._head_bytes > _MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("the request's head is longer than 65536 bytes")

    def _parsed(self, data: bytes) -> bool:
        """Whether all of it could be parsed, or was handed on to a WebSocket."""
        rest = memoryview(data)
        while True:
            try:
                self.parser.feed_data(rest)
                return True
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self._head_is_there()
                    self.handle_websocket_upgrade()
                    return True
                if self.parser.get_method() == b"CONNECT":
                    return False
                rest = rest[upgrade.args[0] :]
                head = self._head_without_offer()
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets its own
            except httptools.HttpParserError:
                return False
            try:
                self.parser.feed_data(head)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                return False

    def _head_without_offer(self) -> bytes:
        """The head that was just read, as one of a request that offers nothing."""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] not in _OFFER]
        return b"\r\n".join((*lines, b"", b""))

    def _is_offer(self) -> bool:
        """Whether the head that ends here is to be read again."""
        return bool(self.parser.should_upgrade()) and not self._should_upgrade()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._head_bytes = None
        self._head_is_there()
        if not self._is_offer():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Another head may begin."""
        if not self._is_offer():
            super().on_message_complete()
        self._head_bytes = 0

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as every refusal is answered, and end the connection."""
        body = orjson.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": msg}})
        head = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n"
        self.transport.write(head + b"content-length: %d\r\n\r\n%b" % (len(body), body))
        self.transport.close()
