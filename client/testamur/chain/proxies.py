"""Which proxy of the environment a node is reached through, read as curl reads it; what cannot be used is said.

`http_proxy`, `https_proxy` and `all_proxy`, each also in capitals (`HTTP_PROXY` not where a CGI server may have put it
there), and `no_proxy`: names with all below them, addresses, networks (`10.0.0.0/8`), each perhaps with a port and an
IPv6 address perhaps in brackets; `*` means every host.
"""

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from testamur.chain.errors import ChainUnreachableError

__all__ = ["is_loopback", "proxy_for"]

_SPOKEN = ("http", "https")
_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine by name: never asked through a proxy."""
    return host in ("127.0.0.1", "localhost", "::1")


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy's address for `url`, None for none. Raises ChainUnreachableError for one that cannot be used."""
    address = urlsplit(url)
    host = (address.hostname or "").rstrip(".")
    if is_loopback(host) or _is_exempt(host, address.port or _PORTS.get(address.scheme, 0), environment):
        return None
    name, proxy = _named(address.scheme, environment)
    if not proxy:
        return None
    return _checked(name, proxy if "://" in proxy else f"http://{proxy}", host)


def _named(scheme: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for name in (f"{scheme}_proxy", "all_proxy"):
        for spelt in (name, name.upper()):
            if spelt == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
                continue  # a CGI request's header "Proxy" (CVE-2016-5385)
            if value := environment.get(spelt, "").strip():
                return spelt, value
    return "", ""


def _checked(name: str, proxy: str, host: str) -> str:
    advice = f"set {name} to http://HOST:PORT, or set no_proxy={host} to ask the node without a proxy"
    scheme = proxy.partition("://")[0].lower()
    try:
        found = urlsplit(proxy)
        is_usable = bool(found.hostname) and found.port != 0 and proxy.isascii() and proxy.isprintable()
    except ValueError:  # a bracket that does not close, or a port that is no number
        is_usable = False
    if scheme not in _SPOKEN:
        raise ChainUnreachableError(
            f"{name} of the environment names a proxy that speaks {scheme}, this client speaks to http and https "
            "proxies alone",
            advice,
        )
    if not is_usable or " " in proxy:
        raise ChainUnreachableError(f"{name} of the environment is not the address of a proxy", advice)
    return proxy


def _is_exempt(host: str, port: int, environment: Mapping[str, str]) -> bool:
    listed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return any(_covers(entry, host.lower(), port) for entry in listed.lower().replace(",", " ").split())


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, wanted = _parted(entry)
    if wanted and wanted != str(port):
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    name = name.lstrip("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _parted(entry: str) -> tuple[str, str]:
    """Host and port of an entry; a bare IPv6 address has colons and no port."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, wanted = entry.rpartition(":")
    return (name, wanted) if name and ":" not in name else (entry, "")
