"""What a client may ask of the server: a body of bounded size that arrives in bounded time.

The whole body is taken in before the application sees the request, so that a slow or endless sender costs one
coroutine and some kilobytes, never a worker thread. A body that is too large is read on and thrown away for a while:
a browser shows an answer only once it has sent what it meant to send.
"""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimit"]

_DRAINED_BYTES = 64 * 1024 * 1024
"""How much of an oversized body is read and thrown away before the connection is simply closed."""


class _FullError(Exception):
    """All requests together hold too much."""


class BodyLimit:
    """ASGI layer: 413 to a body above `max_bytes`, 408 to one that takes too long, 503 when all hold too much."""

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        held_bytes: int,
        timeout_seconds: float,
        refuse: Callable[[Request, int, str], Response],
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.held_bytes = held_bytes
        """What all requests together may hold before their bodies are complete."""
        self._held = 0
        self.timeout_seconds = timeout_seconds
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(self._read(receive), self.timeout_seconds)
        except TimeoutError:
            detail = f"the body did not arrive within {self.timeout_seconds:g} seconds"
            await self._answer(408, detail, scope, receive, send)
            return
        except _FullError:
            await self._answer(503, "too many large requests at once; try again", scope, receive, send)
            return
        if body is None:
            await self._answer(413, f"the body is larger than {self.max_bytes} bytes", scope, receive, send)
            return
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def replay() -> Message:
            return next(messages, None) or await receive()

        await self.app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body (what there was of it, when the client left), or None when it is too large."""
        parts: list[bytes] = []
        size = held = 0
        try:
            while size <= _DRAINED_BYTES:
                message = await receive()
                part = message.get("body", b"")
                size += len(part)
                if size > self.max_bytes:
                    parts.clear()
                else:
                    parts.append(part)
                    held += len(part)
                    self._held += len(part)
                    if self._held > self.held_bytes:
                        raise _FullError
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return b"".join(parts) if size <= self.max_bytes else None
        finally:
            self._held -= held
        return None

    async def _answer(self, status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
        response = self.refuse(Request(scope), status, detail)
        response.headers["connection"] = "close"
        await response(scope, receive, send)
