"""What a server writes in one turn of its loop leaves in one piece, and nothing is held longer than that."""

import asyncio
from typing import Any

from testamur_node.rpc.protocol import Protocol
from uvicorn import Config
from uvicorn.server import ServerState


class Wire(asyncio.Transport):
    """A transport that remembers each piece it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        assert not self.is_closed
        self.pieces.append(bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def answers(scope: Any, receive: Any, send: Any) -> None:
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def exchange(*requests: bytes) -> tuple[list[bytes], bool]:
    """The pieces that uvicorn's protocol writes for these requests, and whether it closes the connection then."""
    config = Config(answers, log_config=None, lifespan="off")
    config.load()
    protocol, wire = Protocol(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    for request in requests:
        protocol.data_received(request)
        for _ in range(5):
            await asyncio.sleep(0)
    for task in protocol.tasks:
        await task
    left = list(wire.pieces), wire.is_closed
    protocol.connection_lost(None)
    return left


def test_head_and_body_of_a_response_leave_in_one_piece() -> None:
    pieces, is_closed = asyncio.run(
        exchange(b"GET /one HTTP/1.1\r\nhost: x\r\n\r\n", b"GET /two HTTP/1.1\r\nhost: x\r\n\r\n")
    )
    assert [piece.partition(b"\r\n\r\n")[2] for piece in pieces] == [b"/one", b"/two"]
    assert not is_closed


def test_what_is_held_leaves_before_the_connection_closes() -> None:
    pieces, is_closed = asyncio.run(exchange(b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    assert b"".join(pieces).endswith(b"/last")
    assert is_closed


def test_a_request_that_is_no_http_is_answered_and_ends_the_connection() -> None:
    pieces, is_closed = asyncio.run(exchange(b"\x00\x01 nothing\r\n\r\n"))
    assert b"400 Bad Request" in b"".join(pieces)
    assert is_closed
