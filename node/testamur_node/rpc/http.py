"""The HTTP and WebSocket face of JSON-RPC: an ASGI application that reads bodies, asks the dispatcher, writes answers.

Requests work on threads, so that a slow one does not hold up the loop that accepts the others.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import orjson

from testamur_node.rpc.access import Access, allows_origin, refusal_of
from testamur_node.rpc.connection import Connection
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher, refusal
from testamur_node.rpc.errors import InvalidRequestError, ResourceLimitError

__all__ = ["Application"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON_TYPES = ("application/json", "application/json-rpc", "application/jsonrequest")


@dataclass(frozen=True, slots=True)
class Application:
    """One listener: POST / for requests, GET /healthz for supervisors, and WebSocket where it is open."""

    dispatcher: Dispatcher[Context]
    access: Access
    workers: anyio.CapacityLimiter
    has_http: bool = True
    has_websocket: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection (ASGI 3)."""
        if scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_request(scope, receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        origin = headers.get("origin")
        reason = refusal_of(self.access, headers.get("host"), origin)
        if reason is not None:
            await _reply(send, 403, _refused(reason))
        elif scope["method"] == "OPTIONS":
            await _reply(send, 204, b"", _cross_origin(self.access, origin))
        elif scope["method"] == "GET" and scope["path"] == "/healthz":
            await _reply(send, 200, await self._health())
        elif scope["method"] != "POST" or not self.has_http:
            await _reply(send, 405, _refused("JSON-RPC is asked with POST"), {"allow": "POST, OPTIONS"})
        elif headers.get("content-type", "").partition(";")[0].strip().lower() not in _JSON_TYPES:
            await _reply(send, 415, _refused("the content type must be application/json"))
        else:
            await self._serve_body(receive, send, _cross_origin(self.access, origin))

    async def _serve_body(self, receive: Receive, send: Send, extra: Mapping[str, str]) -> None:
        most = self.dispatcher.limits.body_bytes
        body = await _read_body(receive, most)
        if body is None:
            error = ResourceLimitError(f"request body too large, at most {most} bytes are taken")
            await _reply(send, 413, refusal(error), {"connection": "close"})
            return
        answer = await anyio.to_thread.run_sync(self.dispatcher.answer, body, limiter=self.workers)
        await _reply(send, 200, answer or b"", extra)

    async def _health(self) -> bytes:
        head = await anyio.to_thread.run_sync(lambda: self.dispatcher.context.node.head, limiter=self.workers)
        return orjson.dumps({"height": head.number, "hash": "0x" + head.hash.hex(), "time": head.header.timestamp})

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        await receive()  # websocket.connect
        if not self.has_websocket or refusal_of(self.access, headers.get("host"), headers.get("origin")) is not None:
            await send({"type": "websocket.close", "code": 1008})  # before accept: HTTP 403
            return
        await send({"type": "websocket.accept"})

        async def write(message: bytes) -> None:
            await send({"type": "websocket.send", "text": message.decode()})

        async with Connection.open(self.dispatcher, self.workers, write) as connection:
            while (message := await receive())["type"] == "websocket.receive":
                body = message.get("bytes") or (message.get("text") or "").encode()
                await connection.take(body)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _cross_origin(access: Access, origin: str | None) -> dict[str, str]:
    """The CORS answer for an origin that passed."""
    if origin is None or not allows_origin(access, origin):
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type, authorization",
        "access-control-max-age": "600",
        "vary": "origin",
    }


async def _read_body(receive: Receive, most: int) -> bytes | None:
    """The whole body; None where it is longer than `most`.

    What is too long is read on for a while and thrown away: a client that still writes would not read the refusal.
    """
    parts, length, more = [], 0, True
    while more and length <= 4 * most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        part = message.get("body", b"")
        length += len(part)
        if length <= most:
            parts.append(part)
        else:
            parts.clear()
        more = message.get("more_body", False)
    return b"".join(parts) if length <= most else None


def _refused(reason: str) -> bytes:
    return refusal(InvalidRequestError(reason))


async def _reply(send: Send, status: int, body: bytes, extra: Mapping[str, str] | None = None) -> None:
    headers = {"content-type": "application/json", "content-length": str(len(body)), **(extra or {})}
    if status == 204:
        headers.pop("content-type")
        headers.pop("content-length")
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
