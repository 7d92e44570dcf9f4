"""WebSocket on the wire: uvicorn's protocol with the bounds that it lacks.

A client that sends pings and does not read has every pong buffered, and a message of endless empty fragments takes
memory though it has no bytes. So nothing is read while too much is written and not read, and fragments are counted.
"""

import select

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from testamur_node.rpc.patience import Impatient

__all__ = ["HAS_GONE", "WebSocketProtocol"]

HAS_GONE = "has_gone"
"""In the scope's `state`: a function that says whether the client has hung up, though nothing is read from it now."""

_MOST_FRAGMENTS = 10_000
"""Of one message: of the largest that is taken, each may have 500 bytes."""


class WebSocketProtocol(Impatient, WebSocketsSansIOProtocol):
    """One connection that has become a WebSocket."""

    def handle_connect(self, event: Request) -> None:
        """It asks to become one."""
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else it was refused
            self.scope["state"][HAS_GONE] = self.has_gone

    def has_gone(self) -> bool:
        """Whether nobody is there any more. What a client sends last is not read while its requests wait, and so its
        end is not met either: the system is asked (poll(2), POLLRDHUP).
        """
        if self.disconnected or self.transport.is_closing():
            return True
        asking = select.poll()
        asking.register(self.transport.get_extra_info("socket").fileno(), select.POLLRDHUP)
        return bool(asking.poll(0))

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

    def send_receive_event_to_app(self) -> None:
        """A message is whole. What is no text ends the connection (RFC 6455, 8.1), and is no fault for the log."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.conn.fail(1007, "no UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        """It did not answer a ping: what it has not read it will not read."""
        super().keepalive_timeout()
        self.transport.abort()
