"""Who may speak to this node over the network, and about what.

A browser on the operator's machine can be made to send requests to 127.0.0.1 (DNS rebinding, cross-site forms), so a
request passes only with a Host that names an address or an allowed name, with no Origin or an allowed one, and as JSON.
"""

import ipaddress
from dataclasses import dataclass

__all__ = ["Access", "DEFAULT_API", "refusal_of", "allows_origin"]

DEFAULT_API = ("eth", "net", "web3", "rpc", "testamur")
"""Namespaces on HTTP and WebSocket; admin, debug and txpool must be named (node.md 5)."""


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one HTTP or WebSocket listener."""

    hosts: frozenset[str] = frozenset({"localhost"})
    """Names that a Host header may carry, lower case; `*` for any. Addresses always pass."""
    origins: frozenset[str] = frozenset()
    """Origins of pages that may ask; `*` for any."""


def _host_name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def allows_origin(access: Access, origin: str) -> bool:
    """Whether a page of that origin may ask."""
    return "*" in access.origins or origin.lower() in access.origins


def refusal_of(access: Access, host: str | None, origin: str | None) -> str | None:
    """Why a request is refused; None where it passes."""
    if "*" not in access.hosts:
        name = _host_name(host or "").lower()
        if name not in access.hosts and not _is_address(name):
            return f"host {name!r} is not allowed: name it with --http-host"
    if origin is not None and not allows_origin(access, origin):
        return f"origin {origin!r} is not allowed: name it with --http-origin"
    return None
