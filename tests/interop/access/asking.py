"""How these tests ask a running node: raw HTTP, raw TLS, WebSocket and Unix sockets, nothing that smooths a refusal."""

import http.client
import json
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets

__all__ = ["Answer", "call", "exchange", "opened", "post"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int | None:
        """The JSON-RPC error's code; None for a result."""
        code: int | None = self.body.get("error", {}).get("code")
        return code


def call(method: str, *parameters: object, identity: object = 1) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": list(parameters)}


def post(
    url: str, request: object, token: str | None = None, context: ssl.SSLContext | None = None, **headers: str
) -> Answer:
    """One POST on a connection of its own."""
    address = urllib.parse.urlsplit(url)
    place = (str(address.hostname), address.port)
    connection: http.client.HTTPConnection
    if context is None:
        connection = http.client.HTTPConnection(*place, timeout=60)
    else:
        connection = http.client.HTTPSConnection(*place, timeout=60, context=context)
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    try:
        connection.request("POST", "/", json.dumps(request), sent)
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    return Answer(response.status, json.loads(text) if text else None, {k.lower(): v for k, v in response.getheaders()})


def exchange(path: Path, request: object) -> Any:
    """One request over a Unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode())
        return json.loads(connection.makefile("rb").readline())


def opened(url: str, token: str | None = None, context: ssl.SSLContext | None = None) -> Any:
    """A WebSocket to be opened; what refuses it raises `InvalidStatus`."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return websockets.connect(url, additional_headers=headers, proxy=None, ssl=context)
