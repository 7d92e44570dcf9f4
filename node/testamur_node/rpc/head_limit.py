"""HTTP on the wire: the protocol of httptools, whose parser is C, with the bound on a head that it lacks."""

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HeadLimitedProtocol"]

_MOST_HEAD_BYTES = 65_536


class HeadLimitedProtocol(HttpToolsProtocol):
    """Refuses a request whose first line and headers do not end within 64 KiB, as h11 does."""

    _head_bytes: int | None = 0
    """Received of the head that is being read; None while a body is."""

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; more of a head than it may have ends the connection."""
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes is not None and self._head_bytes > _MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("the request's head is longer than 65536 bytes")

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Another head may begin."""
        super().on_message_complete()
        self._head_bytes = 0

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as every refusal is answered, and end the connection."""
        body = orjson.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": msg}})
        head = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n"
        self.transport.write(head + b"content-length: %d\r\n\r\n%b" % (len(body), body))
        self.transport.close()
