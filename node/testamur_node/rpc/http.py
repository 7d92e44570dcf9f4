"""The HTTP and WebSocket face of JSON-RPC: an ASGI application that reads bodies, asks the dispatcher, writes answers.

Requests work on threads, so that a slow one does not hold up the loop that accepts the others.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import orjson

from testamur_node.errand import Errand
from testamur_node.rpc.access.gate import Caller, Gate, Refused
from testamur_node.rpc.access.hosts import HostRules, allows_origin, refusal_of
from testamur_node.rpc.connection import Connection
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher, refusal
from testamur_node.rpc.errors import InvalidRequestError, ResourceLimitError, RpcError
from testamur_node.rpc.health import health, readiness
from testamur_node.rpc.protocol import certificate_of
from testamur_node.rpc.websocket import HAS_GONE
from testamur_node.rpc.wire import Receive, Scope, Send, headers_of, reply

__all__ = ["Application"]

_JSON_TYPES = ("application/json", "application/json-rpc", "application/jsonrequest")


@dataclass(frozen=True, slots=True)
class Application:
    """One listener: POST / for requests, GET /healthz and /readyz for supervisors, and WebSocket where it is open."""

    gate: Gate
    """Who may ask by POST; and by WebSocket, where that has none of its own."""
    dispatcher: Dispatcher[Context]
    workers: Executor
    """Threads on which requests work."""
    has_http: bool = True
    websocket: tuple[Gate, Dispatcher[Context]] | None = None
    """Who may ask what by WebSocket; None: it is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection (ASGI 3)."""
        if scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
        elif scope["type"] == "http":
            # cancelled only where the node stops and waits no longer for this request
            with contextlib.suppress(asyncio.CancelledError):
                await self._serve_request(scope, receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(headers_of(scope))
        rules, origin = self.gate.rules.hosts, headers.get("origin")
        reason = refusal_of(rules, headers.get("host"), origin)
        if reason is not None:
            await reply(send, 403, _refused(reason))
        elif scope["method"] == "OPTIONS":
            await reply(send, 204, b"", _cross_origin(rules, origin))
        elif scope["method"] == "GET" and scope["path"] in ("/healthz", "/readyz"):
            ask = health if scope["path"] == "/healthz" else readiness
            node = self.dispatcher.context.node
            status, answer = await asyncio.get_running_loop().run_in_executor(self.workers, ask, node)
            await reply(send, status, orjson.dumps(answer))
        elif scope["method"] != "POST" or not self.has_http:
            await reply(send, 405, _refused("JSON-RPC is asked with POST"), {"allow": "POST, OPTIONS"})
        elif headers.get("content-type", "").partition(";")[0].strip().lower() not in _JSON_TYPES:
            await reply(send, 415, _refused("the content type must be application/json"))
        else:
            extra = _cross_origin(rules, origin)
            try:
                caller = _caller(self.gate, scope)
            except Refused as refused:
                self.dispatcher.observe("", refused.error, 0.0)
                await _read_body(receive, _MOST_UNREAD)
                await _refuse(send, refused, {**extra, "connection": "close"})
            else:
                await self._serve_body(caller, receive, send, extra)

    async def _serve_body(self, caller: Caller, receive: Receive, send: Send, extra: Mapping[str, str]) -> None:
        most = self.dispatcher.limits.body_bytes
        try:
            async with asyncio.timeout(self.dispatcher.limits.body_seconds):
                body = await _read_body(receive, most)
        except TimeoutError:
            await reply(send, 408, _refused("the body did not arrive in time"), {"connection": "close"})
            return
        if body is None:
            error = ResourceLimitError(f"request body too large, at most {most} bytes are taken")
            with contextlib.suppress(RpcError):
                caller.admit(None)  # it counts, whatever is left in the bucket
            await reply(send, 413, refusal(error), {"connection": "close"})
            return
        errand = Errand(caller.name, self.dispatcher.limits.body_seconds)
        dispatcher = replace(self.dispatcher, admit=caller.admit)
        work = asyncio.get_running_loop().run_in_executor(self.workers, errand.run, dispatcher.answer, body)
        is_awaited = await _until_gone(work, receive, errand)
        caller.charge(errand.used_seconds)
        if not is_awaited:
            return
        answer, refused = await work, caller.refusal()
        if refused is None:
            await reply(send, 200, answer or b"", extra)
        else:
            await reply(send, refused.status, answer or b"", {**extra, **refused.headers})

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(headers_of(scope))
        await receive()  # websocket.connect
        reason = refusal_of(self.gate.rules.hosts, headers.get("host"), headers.get("origin"))
        if self.websocket is None or reason is not None:
            await _refuse(
                send, Refused(InvalidRequestError(reason or "WebSocket is closed here"), 403, {}), {}, _DENIAL
            )
            return
        gate, dispatcher = self.websocket
        try:
            caller = _caller(gate, scope)
        except Refused as refused:
            dispatcher.observe("", refused.error, 0.0)
            await _refuse(send, refused, {}, _DENIAL)
            return
        await send({"type": "websocket.accept"})

        async def write(message: bytes) -> None:
            await send({"type": "websocket.send", "text": message.decode()})

        dispatcher = replace(dispatcher, admit=caller.admit)
        async with Connection.open(dispatcher, self.workers, write, caller.name, caller.charge) as connection:
            try:
                async with asyncio.timeout(caller.seconds_left()):
                    while (message := await receive())["type"] == "websocket.receive":
                        body = message.get("bytes") or (message.get("text") or "").encode()
                        if not await connection.take(body, scope["state"][HAS_GONE]):
                            break
            except TimeoutError:  # subscriptions would go on telling whoever holds the expired token
                await send({"type": "websocket.close", "code": 1008, "reason": "the token has expired"})


_MOST_UNREAD = 64 * 1024
"""Bytes of the body of one who may not ask that are read, so that they read the answer."""
_DENIAL = "websocket.http.response"
"""ASGI's name for the answer to a WebSocket that is not opened."""


_GRACE_SECONDS = 0.5
"""What ends within it, after its client has gone, ends by itself: to replace a killed process costs more."""


async def _until_gone(work: "asyncio.Future[bytes | None]", receive: Receive, errand: Errand) -> bool:
    """Wait for the end of the work, and end it where the client is gone before; whether somebody waits for it still."""
    gone = asyncio.ensure_future(receive())  # a body was read to its end: what comes now is http.disconnect
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return True
        errand.call_off()
        await asyncio.wait((work,), timeout=_GRACE_SECONDS)
        errand.stop()
        await asyncio.wait((work,))
        return False
    except asyncio.CancelledError:  # the node stops
        errand.stop()
        raise
    finally:
        gone.cancel()
        if work.done() and not work.cancelled():
            work.exception()  # of what nobody waits for, nobody is told


def _caller(gate: Gate, scope: Scope) -> Caller:
    client = scope.get("client")
    origin = f"connection:{client[0]}:{client[1]}" if client else ""
    return gate.caller(headers_of(scope), client[0] if client else "", certificate_of(scope), origin)


def _cross_origin(rules: HostRules, origin: str | None) -> dict[str, str]:
    """The CORS answer for an origin that passed."""
    if origin is None or not allows_origin(rules, origin):
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type, authorization",
        "access-control-expose-headers": "retry-after, www-authenticate",
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


async def _refuse(send: Send, refused: Refused, extra: Mapping[str, str], kind: str = "http.response") -> None:
    await reply(send, refused.status, refusal(refused.error), {**extra, **refused.headers}, kind)
