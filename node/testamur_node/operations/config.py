"""The node's settings: flag over environment over `DIR/node.toml` over default. None of them is a rule of the chain.

Whatever could make two nodes disagree about a block lives on the chain instead (node parameters are local: a wrong one
harms this node alone). `access_settings` reads the tables about who may ask what.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from testamur_node.documents import DocumentError, read_file, read_toml
from testamur_node.operations.access_settings import ConfigError, access_rules, table
from testamur_node.rpc.access.gate import AccessRules
from testamur_node.rpc.ipc import LONGEST_PATH
from testamur_node.rpc.limits import Limits

__all__ = ["FLAGS", "INITIAL", "Config", "ConfigError", "block_seconds", "load"]

_log = logging.getLogger(__name__)
_PREFIX = "TESTAMUR_NODE_"
DEFAULT_HTTP = "127.0.0.1:8545"
INITIAL = """# Settings of this node; flags and TESTAMUR_NODE_* variables win over them. See docs/operations.md.
# Paths are taken from this folder. Secrets stand in files of mode 0600, never here.
[rpc]
http = "127.0.0.1:8545"
# ws = "127.0.0.1:8546"
# ipc = "node.ipc"                          # eth, net, web3, testamur, debug, txpool
# admin_ipc = "admin.ipc"                   # admin, here and nowhere else
# metrics = "127.0.0.1:9545"                # /metrics, /healthz, /readyz
# api = ["eth", "net", "web3", "testamur", "debug:traceTransaction"]
# deny = ["eth_sign", "eth_sendTransaction"]
# hosts = ["node.example"]
# origins = ["https://verify.example"]
# trusted_proxies = ["10.0.0.7"]            # whose X-Forwarded-For is believed

[engine]
# block_time = 1.0

# [tls]
# certificate = "server.pem"
# key = "server.key"
# client_ca = "clients.pem"                 # then every client must show a certificate
# client_crl = "clients.crl"                # certificates that were called back

# [jwt]
# secret_file = "jwt.hex"                   # HS256: openssl rand -hex 32
# public_key_file = "issuer.pem"            # RS256, ES256 or EdDSA, by the kind of key
# jwks_file = "keys.json"
# issuer = "https://login.example"
# audience = "testamur-node"
# revoked = ["7f3c", "9a01"]                # jti of tokens that were called back; kill -HUP takes it up
# issued_since = 2026-09-01T08:00:00Z       # calls back all that were made before

# [permissions.anonymous]                   # who shows no token; nothing, where [jwt] has a key
# allow = ["net:version", "eth:blockNumber"]
# [permissions.token.registrar]             # narrows the token's own claim "permissions"
# allow = ["eth", "net", "web3"]
# deny = ["eth_sign"]
# [permissions.certificate."dns:verify.example"]
# allow = ["eth:call", "eth:getLogs"]

# [rates]
# requests_per_second = 1000                # of one caller; 0: no limit
# burst = 10000
# [rates.weights]
# eth_getLogs = 10

# [limits]
# log_results = 100000
# call_processes = 3                        # one more than the cores, at most 9, unless said otherwise
"""
"""What `init` writes."""

_RPC = (
    "http", "ws", "ipc", "admin_ipc", "metrics", "api", "deny", "hosts", "origins", "trusted_proxies",
)  # fmt: skip
FLAGS: Mapping[str, tuple[str, str]] = {
    **{name: ("rpc", name) for name in _RPC},
    "block_time": ("engine", "block_time"),
    "call_processes": ("limits", "call_processes"),
    "tls_certificate": ("tls", "certificate"),
    "tls_key": ("tls", "key"),
    "tls_client_ca": ("tls", "client_ca"),
    "tls_client_crl": ("tls", "client_crl"),
    "jwt_secret_file": ("jwt", "secret_file"),
    "jwt_public_key_file": ("jwt", "public_key_file"),
    "jwt_jwks_file": ("jwt", "jwks_file"),
}
"""What flags and TESTAMUR_NODE_* may set: name -> (table, entry)."""
_PATHS = ("tls", "jwt")
"""Tables whose entries, given as a flag, are paths from the folder that the command runs in."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run."""

    http: str | None = DEFAULT_HTTP
    """HOST:PORT, or None for no HTTP."""
    ws: str | None = None
    """HOST:PORT, or None for no WebSocket."""
    metrics: str | None = None
    """HOST:PORT, or None for no metrics."""
    ipc: Path | None = None
    """Unix socket, `node.ipc` in the home folder unless said otherwise; None for none."""
    admin: Path | None = None
    """The operator's Unix socket, `admin.ipc` in the home folder unless said otherwise; None for none."""
    rules: AccessRules = field(default_factory=AccessRules)
    limits: Limits = field(default_factory=Limits)
    block_time: float | None = None
    """Seconds between blocks, 0 at once; None: what the chain's spec says."""


def block_seconds(text: str) -> float:
    """`--block-time`: seconds, or `instant`."""
    if text == "instant":
        return 0.0
    try:
        seconds = float(text)
    except ValueError as error:
        raise ConfigError(f"block time {text!r} is neither a number of seconds nor instant") from error
    if not 0 <= seconds <= 3_600:
        raise ConfigError(f"block time {seconds} is not between 0 and 3600 seconds")
    return seconds


def _address(value: object) -> str | None:
    """HOST:PORT, or `none`."""
    if not isinstance(value, str):
        raise ConfigError(f"{value!r} is not HOST:PORT")
    return None if value == "none" else value


def _limits(values: Mapping[str, Any]) -> Limits:
    defaults = Limits()
    known = {entry.name: getattr(defaults, entry.name) for entry in fields(Limits)}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"there is no limit {name!r}", f"there are {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise ConfigError(f"limit {name} = {value!r} is not a number above 0")
        if isinstance(known[name], int) and not isinstance(value, int):
            raise ConfigError(f"limit {name} = {value!r} is not a whole number")
    return Limits(**values)


def load(home: Path, flags: Mapping[str, str | None], environment: Mapping[str, str] = os.environ) -> Config:
    """The settings for a home: `flags` hold what was said on the command line under the names of `FLAGS`, None where
    nothing was."""
    content: dict[str, Any] = {}
    file = home / "node.toml"
    if file.exists():
        try:
            content = read_toml(read_file(file))
        except (OSError, DocumentError) as error:
            raise ConfigError(f"{file} cannot be read: {error}") from error
    parts = ("rpc", "engine", "limits", "tls", "jwt", "permissions", "rates")
    tables = {name: dict(table(name, content.get(name, {}))) for name in parts}
    unknown = set(content) - set(parts)
    if unknown:
        raise ConfigError(f"{file} has unknown parts: {', '.join(sorted(unknown))}")
    for name, (part, entry) in FLAGS.items():
        said = flags.get(name) or environment.get(_PREFIX + name.upper())
        if said is not None:
            tables[part][entry] = _read(part, entry, said)
    return _config(home, tables)


def _read(part: str, entry: str, said: str) -> object:
    """A flag's or variable's words as the file would have them."""
    if part in _PATHS:
        return str(Path(said).absolute())
    if part == "limits":
        try:
            return int(said)
        except ValueError as error:
            raise ConfigError(f"limit {entry} = {said!r} is not a whole number") from error
    return said


def _socket(home: Path, value: object, name: str) -> Path | None:
    """A Unix socket: the default in the home folder, where the system can name it, for its path is short."""
    if value is not None:
        return None if value == "none" else home / str(value)
    path = home.absolute() / name
    if len(os.fsencode(path)) > LONGEST_PATH:
        _log.warning("no Unix socket: %s is too long for one, name a shorter path with --ipc or --admin-ipc", path)
        return None
    return path


def _config(home: Path, tables: Mapping[str, dict[str, Any]]) -> Config:
    rpc = table("rpc", tables["rpc"], _RPC)
    engine = table("engine", tables["engine"], ("block_time",))
    return Config(
        http=_address(rpc.get("http", DEFAULT_HTTP)),
        ws=_address(rpc.get("ws", "none")),
        metrics=_address(rpc.get("metrics", "none")),
        ipc=_socket(home, rpc.get("ipc"), "node.ipc"),
        admin=_socket(home, rpc.get("admin_ipc"), "admin.ipc"),
        rules=access_rules(home, rpc, tables),
        limits=_limits(tables["limits"]),
        block_time=block_seconds(str(engine["block_time"])) if "block_time" in engine else None,
    )
