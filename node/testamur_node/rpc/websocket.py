"""WebSocket on the wire: uvicorn's protocol with the bounds that it lacks.

A client that sends pings and does not read has every pong buffered, and a message of endless empty fragments takes
memory though it has no bytes. So nothing is read while too much is written and not read, and fragments are counted.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from testamur_node.rpc.patience import Impatient

__all__ = ["WebSocketProtocol"]

_MOST_FRAGMENTS = 10_000
"""Of one message: of the largest that is taken, each may have 500 bytes."""


class WebSocketProtocol(Impatient, WebSocketsSansIOProtocol):
    """One connection that has become a WebSocket."""

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        super().data_received(data)
        if not self.writable.is_set() and not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """What was written was read: go on, unless a message still waits to be taken."""
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_cont(self, event: Frame) -> None:
        """One more fragment of a message."""
        if len(self.frames) >= _MOST_FRAGMENTS:
            self.conn.fail(1009, "too many fragments")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    def keepalive_timeout(self) -> None:
        """It did not answer a ping: what it has not read it will not read."""
        super().keepalive_timeout()
        self.transport.abort()
