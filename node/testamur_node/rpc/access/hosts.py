"""Which Host and Origin headers pass: what keeps a web page from speaking to a node behind its visitor's back.

A browser on the operator's machine can be made to send requests to 127.0.0.1 (DNS rebinding, cross-site forms), so a
request passes only with a Host that names an address or an allowed name, with no Origin or an allowed one, and as JSON.
"""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["HostRules", "allows_origin", "refusal_of"]


@dataclass(frozen=True, slots=True)
class HostRules:
    """What the headers of a request on HTTP or WebSocket may say."""

    hosts: frozenset[str] = frozenset({"localhost"})
    """Names that a Host header may carry, lower case; `*` for any. Addresses always pass."""
    origins: frozenset[str] = frozenset()
    """Origins of pages that may ask; `*` for any."""


def _host_name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


@lru_cache(maxsize=1_024)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def allows_origin(rules: HostRules, origin: str) -> bool:
    """Whether a page of that origin may ask."""
    return "*" in rules.origins or origin.lower() in rules.origins


def refusal_of(rules: HostRules, host: str | None, origin: str | None) -> str | None:
    """Why a request is refused; None where it passes."""
    if "*" not in rules.hosts:
        name = _host_name(host or "").lower()
        if name not in rules.hosts and not _is_address(name):
            return f"host {name!r} is not allowed: name it with --http-host"
    if origin is not None and not allows_origin(rules, origin):
        return f"origin {origin!r} is not allowed: name it with --http-origin"
    return None
