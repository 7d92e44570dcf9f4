"""Where a request comes from: the peer's address, or what a trusted proxy says of the client behind it.

`X-Forwarded-For` is anybody's to write, so it is read only where the connection itself comes from a proxy that the
settings name, and from its right end: the last entry was written by that proxy (RFC 7239, 8.1).
"""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from testamur_node.errors import NodeError

__all__ = ["LOOPBACK", "Address", "Network", "NetworkError", "client_address", "is_local", "rate_group", "read_network"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
"""This machine."""
_MOST_HOPS = 20


class NetworkError(NodeError):
    """Not an address or a network."""

    exit_code = 2


def read_network(text: str) -> Network:
    """An address, or a network in CIDR form."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise NetworkError(f"{text!r} is no address or network", "say 10.0.0.7 or 10.0.0.0/24") from error


@lru_cache(maxsize=1_024)
def _address(text: str) -> Address | None:
    """An address as proxies write it: alone, in brackets, or with a port."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def client_address(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> Address | None:
    """The nearest address that is no trusted proxy; None where the peer has none.

    `forwarded` holds the values of the X-Forwarded-For headers in their order. An entry that is no address ends the
    search at the proxy that passed it on.
    """
    nearest = _address(peer)
    entries = [entry for value in forwarded for entry in value.split(",")][-_MOST_HOPS:]
    while nearest is not None and entries and any(nearest in network for network in trusted):
        further = _address(entries.pop())
        if further is None:
            break
        nearest = further
    return nearest


def rate_group(address: Address) -> str:
    """What shares one measure: an IPv4 address, or the /64 that one IPv6 subscriber has to itself."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_local(address: str) -> bool:
    """Whether HOST:PORT can be reached from this machine alone."""
    host = client_address(address.rpartition(":")[0].strip("[]"), (), ())
    return address.startswith("localhost:") or (host is not None and host.is_loopback)
