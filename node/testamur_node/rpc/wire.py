"""ASGI's messages as our HTTP applications use them: types, headers as text, a whole answer at once."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

__all__ = ["Message", "Receive", "Scope", "Send", "headers_of", "reply"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def headers_of(scope: Scope) -> list[tuple[str, str]]:
    """The request's headers, names in lower case."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]


async def reply(
    send: Send, status: int, body: bytes, extra: Mapping[str, str] | None = None, kind: str = "http.response"
) -> None:
    """A whole answer, JSON unless `extra` says otherwise; `kind` is ASGI's name for what is answered."""
    headers = {"content-type": "application/json", "content-length": str(len(body)), **(extra or {})}
    if status == 204:
        headers.pop("content-type")
        headers.pop("content-length")
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": f"{kind}.start", "status": status, "headers": raw})
    await send({"type": f"{kind}.body", "body": body})
