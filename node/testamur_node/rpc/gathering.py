"""A connection on which what is written in one turn of the loop leaves in one piece.

uvicorn writes a response's head and its body apart, and the network may carry them apart: two packets and two wake-ups
of the client for an answer that fits one.
"""

import asyncio
from typing import Any

__all__ = ["Gathering"]


class Gathering:
    """A transport that holds what is written until the loop's turn is over; all else it leaves to the real one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep it for the end of this turn."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held += data

    def writelines(self, parts: list[bytes]) -> None:
        """The same for several."""
        self.write(b"".join(parts))

    def write_eof(self) -> None:
        """Send what is held, then say that nothing follows."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is held, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, bytearray()
        if held and not self._transport.is_closing():  # else the peer has gone meanwhile
            self._transport.write(held)
