"""HTTP on the wire: the protocol of httptools, whose parser is C, with what it lacks.

A head has a bound. An upgrade to anything but WebSocket is passed over, as HTTP allows (RFC 9110, 7.8): Java's client
and `curl --http2` offer h2c with every request on plain HTTP, and httptools takes such an offer for the end of HTTP
and throws the body away. So the head is read again without the offer.
"""

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HeadLimitedProtocol"]

_MOST_HEAD_BYTES = 65_536
_OFFER = (b"upgrade", b"http2-settings")
"""Headers that an upgrade is offered with (RFC 7540, 3.2)."""


class HeadLimitedProtocol(HttpToolsProtocol):
    """Refuses a request whose first line and headers do not end within 64 KiB, as h11 does."""

    _head_bytes: int | None = 0
    """Received of the head that is being read; None while a body is."""

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; more of a head than it may have ends the connection, and so does what is no HTTP."""
        self._unset_keepalive_if_required()
        if self._head_bytes is not None:
            self._head_bytes += len(data)
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
