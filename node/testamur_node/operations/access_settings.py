"""The settings about access: `[tls]`, `[jwt]`, `[permissions]`, `[rates]` and their share of `[rpc]`, made into rules.

Key files are read here, at start and on SIGHUP: what is wrong with one is said in a sentence, and the node does not
begin, or goes on as before.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from testamur_node.errors import NodeError
from testamur_node.rpc.access.addresses import read_network
from testamur_node.rpc.access.certificates import TlsFiles
from testamur_node.rpc.access.gate import AccessRules
from testamur_node.rpc.access.hosts import HostRules
from testamur_node.rpc.access.permissions import Permissions
from testamur_node.rpc.access.principal import DEFAULT_API, LOCAL_API, OPERATOR_NAMESPACES
from testamur_node.rpc.access.rates import DEFAULT_WEIGHTS, RateRules
from testamur_node.rpc.access.token_keys import TokenKey, read_jwks, read_public_key, read_secret
from testamur_node.rpc.access.tokens import DEFAULT_LEEWAY_SECONDS, TokenRules

__all__ = ["ConfigError", "access_rules", "names", "table"]

_MOST_LEEWAY_SECONDS = 300
_LISTENERS = ("http", "ws", "ipc")
_KEY_FILES = ("secret_file", "public_key_file", "jwks_file")


class ConfigError(NodeError):
    """A setting is not one, or has a value that cannot be."""

    exit_code = 2


def names(value: object) -> tuple[str, ...]:
    """A list of names, or one comma-separated text."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ConfigError(f"{value!r} is not a list of names")
    return tuple(part.strip() for part in parts if part.strip())


def table(name: str, value: object, known: tuple[str, ...] | None = None) -> dict[str, Any]:
    """A table of node.toml, with no other entries than the known ones."""
    if not isinstance(value, dict):
        raise ConfigError(f"{name} is not a table")
    unknown = [] if known is None else [key for key in value if key not in known]
    if unknown:
        raise ConfigError(f"there is no setting {unknown[0]!r} in [{name}]", f"there are {', '.join(known or ())}")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{name} = {value!r} is not a text")
    return value


def _permissions(name: str, value: object, default: tuple[str, ...] = ()) -> Permissions:
    """`allow` and `deny` of one table."""
    entries = table(name, value, ("allow", "deny"))
    return Permissions.read(names(entries.get("allow", list(default))), names(entries.get("deny", [])))


def _tls(home: Path, value: object) -> TlsFiles | None:
    entries = table("tls", value, ("certificate", "key", "client_ca", "client_crl"))
    if not entries:
        return None
    missing = [name for name in ("certificate", "key") if name not in entries]
    if missing:
        raise ConfigError(f"[tls] needs {missing[0]}", "TLS takes a certificate and its private key")
    files = {name: home / _text(f"tls.{name}", entry) for name, entry in entries.items()}
    if "client_crl" in files and "client_ca" not in files:
        raise ConfigError("tls.client_crl is about client certificates, and [tls] has no client_ca")
    return TlsFiles(files["certificate"], files["key"], files.get("client_ca"), files.get("client_crl"))


def _tokens(home: Path, value: object, subjects: Mapping[str, Permissions]) -> TokenRules | None:
    entries = table(
        "jwt",
        value,
        (*_KEY_FILES, "issuer", "audience", "leeway_seconds", "revoked", "issued_since"),
    )
    if not entries:
        if subjects:
            raise ConfigError("[permissions.token] is about tokens, and [jwt] names no key for them")
        return None
    keys: list[TokenKey] = []
    if "secret_file" in entries:
        keys.append(read_secret(home / _text("jwt.secret_file", entries["secret_file"])))
    if "public_key_file" in entries:
        keys.append(read_public_key(home / _text("jwt.public_key_file", entries["public_key_file"])))
    if "jwks_file" in entries:
        keys += read_jwks(home / _text("jwt.jwks_file", entries["jwks_file"]))
    if not keys:
        raise ConfigError("[jwt] names no key", "give secret_file, public_key_file or jwks_file")
    leeway = entries.get("leeway_seconds", DEFAULT_LEEWAY_SECONDS)
    if isinstance(leeway, bool) or not isinstance(leeway, int) or not 0 <= leeway <= _MOST_LEEWAY_SECONDS:
        raise ConfigError(f"jwt.leeway_seconds = {leeway!r} is not a whole number from 0 to {_MOST_LEEWAY_SECONDS}")
    said = {name: _text(f"jwt.{name}", entries[name]) for name in ("issuer", "audience") if name in entries}
    revoked, since = frozenset(names(entries.get("revoked", []))), entries.get("issued_since")
    if since is not None and (not isinstance(since, datetime) or since.tzinfo is None):
        raise ConfigError(f"jwt.issued_since = {since!r} is no time", "write it like 2026-09-01T08:00:00Z, unquoted")
    return TokenRules(
        tuple(keys),
        said.get("issuer"),
        said.get("audience"),
        leeway,
        subjects,
        revoked,
        None if since is None else since.timestamp(),
    )


def _rates(value: object) -> RateRules:
    entries = table("rates", value, ("requests_per_second", "burst", "loopback", "weights"))
    rules = RateRules()
    rate, burst = entries.get("requests_per_second", rules.requests_per_second), entries.get("burst", rules.burst)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1e9:
        raise ConfigError(f"rates.requests_per_second = {rate!r} is not a number from 0 on", "0 is no limit")
    if isinstance(burst, bool) or not isinstance(burst, int) or burst < 1:
        raise ConfigError(f"rates.burst = {burst!r} is not a whole number above 0")
    loopback = entries.get("loopback", rules.loopback)
    if not isinstance(loopback, bool):
        raise ConfigError(f"rates.loopback = {loopback!r} is neither true nor false")
    weights = {**DEFAULT_WEIGHTS, **table("rates.weights", entries.get("weights", {}))}
    for method, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int) or weight < 0:
            raise ConfigError(f"rates.weights.{method} = {weight!r} is not a whole number from 0 on")
    heaviest = max(weights, key=lambda method: weights[method])
    if rate and weights[heaviest] > burst:
        raise ConfigError(
            f"{heaviest} counts {weights[heaviest]}, more than a burst of {burst} ever holds", "raise rates.burst"
        )
    return replace(rules, requests_per_second=float(rate), burst=burst, loopback=loopback, weights=weights)


def access_rules(home: Path, rpc: Mapping[str, Any], tables: Mapping[str, Any]) -> AccessRules:
    """The rules that `[rpc]` (api, deny, hosts, origins, trusted_proxies) and the other tables make."""
    listed = table("permissions", tables.get("permissions", {}), (*_LISTENERS, "anonymous", "token", "certificate"))
    shared = {"allow": list(names(rpc.get("api", list(DEFAULT_API)))), "deny": list(names(rpc.get("deny", [])))}
    opened = {name: _permissions(f"permissions.{name}", listed.get(name, shared)) for name in ("http", "ws")}
    opened["ipc"] = _permissions("permissions.ipc", listed.get("ipc", {}), LOCAL_API)
    for name, permissions in opened.items():
        for namespace in permissions.namespaces & set(OPERATOR_NAMESPACES):
            raise ConfigError(
                f"{namespace} cannot be opened on {name}", "it is on the admin socket alone: admin.ipc, --admin-ipc"
            )
    subjects, holders = (
        {
            name: _permissions(f"permissions.{kind}.{name}", entry)
            for name, entry in table(f"permissions.{kind}", listed.get(kind, {})).items()
        }
        for kind in ("token", "certificate")
    )
    tls = _tls(home, tables.get("tls", {}))
    if holders and (tls is None or tls.client_authority is None):
        raise ConfigError("[permissions.certificate] is about client certificates, and [tls] has no client_ca")
    hosts = HostRules(
        HostRules().hosts | frozenset(name.lower() for name in names(rpc.get("hosts", []))),
        frozenset(name.lower() for name in names(rpc.get("origins", []))),
    )
    return AccessRules(
        hosts=hosts,
        http=opened["http"],
        ws=opened["ws"],
        ipc=opened["ipc"],
        anonymous=_permissions("permissions.anonymous", listed["anonymous"]) if "anonymous" in listed else None,
        tokens=_tokens(home, tables.get("jwt", {}), subjects),
        tls=tls,
        certificates=holders if "certificate" in listed else None,
        rates=_rates(tables.get("rates", {})),
        trusted_proxies=tuple(read_network(entry) for entry in names(rpc.get("trusted_proxies", []))),
    )
