"""uvicorn's HTTP protocol with what it lacks: the client's certificate for the application, a share per address, and
responses that leave in one piece.

uvicorn hands each request a copy of `app_state`, and hands it on when a request becomes a WebSocket. So what is put
there when a connection begins reaches the application as `scope["state"]`, in both cases.
"""

import asyncio
import ssl
from collections.abc import MutableMapping
from typing import Any

import uvicorn

from testamur_node.rpc.access.addresses import Network, client_address, rate_group
from testamur_node.rpc.gathering import Gathering
from testamur_node.rpc.head_limit import HeadLimitedProtocol

__all__ = ["Protocol", "ServerConfig", "certificate_of"]

_CERTIFICATE = "testamur.client_certificate"
_SECONDS_TO_ASK = 2.0
"""How long one that is turned away may take to ask."""
_REFUSAL = (
    b"HTTP/1.1 %b\r\nconnection: close\r\nretry-after: 1\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b"
)


class ServerConfig(uvicorn.Config):
    """uvicorn's settings, and two of ours."""

    connections_per_address: int | None = None
    """Most connections of one address at once; None: no limit."""
    uncounted: tuple[Network, ...] = ()
    """Addresses that stand for many callers: no share for them, only the limit of all connections."""


class Protocol(HeadLimitedProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin; turn away who holds too many connections already."""
        super().connection_made(Gathering(transport, self.loop))  # type: ignore[arg-type] # it stands for one
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = secured.getpeercert(binary_form=True) if secured is not None else None
        self.app_state = {**self.app_state, _CERTIFICATE: certificate}
        config = self.config
        most = config.connections_per_address if isinstance(config, ServerConfig) else None
        self._refusal: bytes | None = None
        """What is answered to whatever is asked."""
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            self._turn_away(b"503 Service Unavailable", b"too many connections")
        elif most is not None and self._siblings() > most:
            self._turn_away(b"429 Too Many Requests", b"too many connections from this address")

    def data_received(self, data: bytes) -> None:
        """Take what has arrived. One that is turned away is answered once it has asked: an answer that is sent with
        the request unread is thrown away by the client's kernel."""
        if self._refusal is None:
            super().data_received(data)
        elif not self.transport.is_closing():
            self.transport.write(self._refusal)
            self.transport.close()

    def _siblings(self) -> int:
        """Connections of the same address, this one among them; WebSockets count as well."""
        mine = self._share_of(self)
        return sum(1 for other in self.connections if mine and self._share_of(other) == mine)

    def _share_of(self, connection: object) -> str:
        """Whose share a connection takes; nobody's where that is empty."""
        client: tuple[str, int] | None = getattr(connection, "client", None)
        address = client_address(client[0], (), ()) if client is not None else None
        uncounted = self.config.uncounted if isinstance(self.config, ServerConfig) else ()
        if address is None or any(address in network for network in uncounted):
            return ""
        return rate_group(address)

    def _turn_away(self, status: bytes, reason: bytes) -> None:
        body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"%b"}}' % reason
        self._refusal = _REFUSAL % (status, len(body), body)
        self.loop.call_later(_SECONDS_TO_ASK, self.transport.close)


def certificate_of(scope: MutableMapping[str, Any]) -> bytes | None:
    """The verified client certificate (DER) of the connection that a request came on."""
    certificate: bytes | None = scope.get("state", {}).get(_CERTIFICATE)
    return certificate
