"""The node's settings: flag over environment over `DIR/node.toml` over default. None of them is a rule of the chain.

Whatever could make two nodes disagree about a block lives on the chain instead (node parameters are local: a wrong one
harms this node alone).
"""

import logging
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from testamur_node.errors import NodeError
from testamur_node.rpc.access import DEFAULT_API, Access
from testamur_node.rpc.ipc import LONGEST_PATH
from testamur_node.rpc.limits import Limits

__all__ = ["ConfigError", "Config", "load", "block_seconds", "INITIAL"]

_log = logging.getLogger(__name__)
_PREFIX = "TESTAMUR_NODE_"
INITIAL = """# Settings of this node; flags and TESTAMUR_NODE_* variables win over them. See docs/operations.md.
[rpc]
http = "127.0.0.1:8545"
# ws = "127.0.0.1:8546"
# ipc = "node.ipc"
# api = ["eth", "net", "web3", "testamur"]
# hosts = ["node.example"]
# origins = ["https://verify.example"]

[engine]
# block_time = 1.0

# [limits]
# log_results = 100000
"""
"""What `init` writes."""


class ConfigError(NodeError):
    """A setting is not one, or has a value that cannot be."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run."""

    http: str | None = "127.0.0.1:8545"
    """HOST:PORT, or None for no HTTP."""
    ws: str | None = None
    """HOST:PORT, or None for no WebSocket."""
    ipc: Path | None = None
    """Unix socket, `node.ipc` in the home folder unless said otherwise; None for none."""
    api: tuple[str, ...] = DEFAULT_API
    access: Access = field(default_factory=Access)
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


def _names(value: object) -> tuple[str, ...]:
    """A list of names, or one comma-separated text."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ConfigError(f"{value!r} is not a list of names")
    return tuple(part.strip() for part in parts if part.strip())


def _limits(values: Mapping[str, Any]) -> Limits:
    known = {entry.name: entry.default for entry in fields(Limits)}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"there is no limit {name!r}", f"there are {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise ConfigError(f"limit {name} = {value!r} is not a number above 0")
        if isinstance(known[name], int) and not isinstance(value, int):
            raise ConfigError(f"limit {name} = {value!r} is not a whole number")
    return Limits(**values)


def load(home: Path, flags: Mapping[str, str | None], environment: Mapping[str, str] = os.environ) -> Config:
    """The settings for a home: `flags` hold what was said on the command line (http, ws, ipc, api, hosts, origins,
    block_time), None where nothing was."""
    table: dict[str, Any] = {}
    file = home / "node.toml"
    if file.exists():
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{file} cannot be read: {error}") from error
    unknown = set(table) - {"rpc", "engine", "limits"}
    if unknown:
        raise ConfigError(f"{file} has unknown parts: {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {**table.get("rpc", {}), **table.get("engine", {})}
    for name in ("http", "ws", "ipc", "api", "hosts", "origins", "block_time"):
        said = flags.get(name) or environment.get(_PREFIX + name.upper())
        if said is not None:
            values[name] = said
    return _config(home, values, _limits(table.get("limits", {})))


def _default_socket(home: Path) -> Path | None:
    """`node.ipc` in the home folder, where the system can name it: a Unix socket's path is short."""
    path = home.absolute() / "node.ipc"
    if len(os.fsencode(path)) > LONGEST_PATH:
        _log.warning("no Unix socket: %s is too long for one, name a shorter path with --ipc", path)
        return None
    return path


def _config(home: Path, values: Mapping[str, Any], limits: Limits) -> Config:
    config = Config(ipc=_default_socket(home), limits=limits)
    for name, value in values.items():
        if name == "http":
            config = replace(config, http=_address(value))
        elif name == "ws":
            config = replace(config, ws=_address(value))
        elif name == "ipc":
            config = replace(config, ipc=None if value == "none" else home / str(value))
        elif name == "api":
            config = replace(config, api=_names(value))
        elif name == "hosts":
            names = frozenset(name.lower() for name in _names(value))
            config = replace(config, access=replace(config.access, hosts=config.access.hosts | names))
        elif name == "origins":
            names = frozenset(name.lower() for name in _names(value))
            config = replace(config, access=replace(config.access, origins=names))
        elif name == "block_time":
            config = replace(config, block_time=block_seconds(str(value)))
        else:
            raise ConfigError(f"there is no setting {name!r}")
    return config
