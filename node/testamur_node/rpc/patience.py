"""How long a connection may take: to send the head of a request, and to read what it is answered.

uvicorn closes idle connections alone. One that stops in the middle of a head, or that asks and does not read, would
keep its place and its answer for ever: closing waits until all was read.
"""

import asyncio
from typing import Any

__all__ = ["HEAD_SECONDS", "READING_SECONDS", "Impatient"]

HEAD_SECONDS = 30.0
"""From its first byte, or from the beginning of the connection, to the end of a head."""
READING_SECONDS = 120.0
"""For what is written until most of it was read: 25 MB at 2 Mbit/s."""


class Impatient:
    """Before a protocol of asyncio: cuts off who does not read. `loop` and `transport` are the protocol's."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    _cutting: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Too much is written and not read."""
        super().pause_writing()  # type: ignore[misc] # the protocol has it
        if self._cutting is None:
            self._cutting = self.loop.call_later(READING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It was read."""
        self._be_calm()
        super().resume_writing()  # type: ignore[misc] # as above

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._be_calm()
        super().connection_lost(exc)  # type: ignore[misc] # as above

    def _be_calm(self) -> None:
        if self._cutting is not None:
            self._cutting.cancel()
            self._cutting = None
