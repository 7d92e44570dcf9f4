"""What keeps a node from running well: each check says what it found and, where it failed, what to do."""

import contextlib
import importlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from testamur_node.alliance_file import parse_alliance
from testamur_node.errors import NodeError
from testamur_node.genesis import Genesis
from testamur_node.node import DATA_FOLDER
from testamur_node.operations.config import load
from testamur_node.operations.initialise import ISLAND
from testamur_node.operations.running import farewell, find
from testamur_node.operations.secret_files import readable_by_others
from testamur_node.operations.status import ask
from testamur_node.rpc.access.addresses import is_local
from testamur_node.rpc.access.certificates import server_context
from testamur_node.store.environment import DATA
from testamur_node.store.rollbacks import Rollback, rollbacks_of
from testamur_node.store.store import Store

__all__ = ["Finding", "examine"]

_LEAST_FREE_BYTES = 1 << 30
_OWN_NAMES = {"localhost"}
"""Names in a Host header that no proxy need stand for."""
_MOST_LEAD_SECONDS = 10
"""A head further ahead of the clock than this means that a clock is wrong, here or at the proposer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    result: Literal["pass", "warn", "fail"]
    message: str

    def to_json(self) -> dict[str, str]:
        """One entry of `doctor --json`."""
        return {"name": self.name, "result": self.result, "message": self.message}

    def to_line(self, said: Callable[[str], str]) -> str:
        """One line of `doctor`; `said` puts the sentence into the reader's language."""
        return f"{said(self.result):4}  {said(self.name)}: {said(self.message)}"


def _libraries(_home: Path) -> Finding:
    for name in ("eth", "lmdb", "coincurve", "rusty_rlp", "sha3", "uvicorn"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            return Finding("libraries", "fail", f"{name} cannot be imported ({error}): run ./run setup")
    backend = os.environ.get("ETH_HASH_BACKEND", "")
    if backend != "pysha3":
        return Finding("libraries", "warn", f"ETH_HASH_BACKEND is {backend!r}: pysha3 is seven times faster")
    return Finding("libraries", "pass", "all there")


def _folder(home: Path) -> Finding:
    if not (home / "genesis.json").is_file():
        return Finding("home", "fail", f"{home} holds no genesis.json: run testamur-node init")
    if not os.access(home, os.W_OK):
        return Finding("home", "fail", f"{home} is not writable")
    loose = readable_by_others(home)
    if loose:
        return Finding("home", "fail", f"{', '.join(loose)} can be read by others: chmod 600")
    left = home.absolute().with_name(f".{home.absolute().name}.partial")
    if left.exists():
        return Finding("home", "warn", f"{left} was left by a killed init or restore and may hold keys: remove it")
    return Finding("home", "pass", str(home))


def _genesis(home: Path) -> Finding:
    genesis = Genesis.load(home / "genesis.json")
    return Finding("genesis", "pass", f"{genesis.spec.name} chain {genesis.chain_id}, 0x{genesis.hash.hex()}")


def _settings(home: Path) -> Finding:
    settings, running = load(home, {}), find(home)
    rules = settings.rules
    has_tls = rules.tls is not None
    if running is not None:  # flags of its start win over what the file says
        settings = replace(settings, http=running.http, ws=running.websocket, metrics=running.scraped)
        has_tls = any(url.startswith(("https:", "wss:")) for url in (running.rpc, running.ws) if url is not None)
    if settings.metrics is not None and not is_local(settings.metrics):
        message = f"metrics {settings.metrics}: open beyond this machine in plain HTTP, to whoever asks"
        return Finding("settings", "warn", message)
    local = all(is_local(address) for address in (settings.http, settings.ws) if address)
    if local and not rules.trusted_proxies and not rules.rates.loopback and set(rules.hosts.hosts) - _OWN_NAMES:
        names = ", ".join(sorted(set(rules.hosts.hosts) - _OWN_NAMES))
        message = (
            f"{names} is answered on this machine alone, so a proxy stands before it: without [rpc] trusted_proxies "
            "all its callers count as this machine, which no rate bounds"
        )
        return Finding("settings", "warn", message)
    if rules.tls is not None:
        server_context(rules.tls, time.time())
    asked_for = {
        "TLS": has_tls,
        "client certificates": rules.tls is not None and rules.tls.client_authority is not None,
        "tokens": rules.tokens is not None,
    }
    shown = ", ".join(name for name, is_asked_for in asked_for.items() if is_asked_for)
    ws = settings.ws or "none"
    if shown:
        return Finding("settings", "pass", f"HTTP {settings.http}, WebSocket {ws}: {shown}")
    if local:
        return Finding("settings", "pass", f"HTTP {settings.http}, WebSocket {ws}: this machine alone")
    message = f"HTTP {settings.http}, WebSocket {ws}: open beyond this machine without TLS and tokens"
    return Finding("settings", "warn", message)


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    text = f"{free >> 20} MiB free"
    return Finding("disk", "pass" if free >= _LEAST_FREE_BYTES else "fail", text)


def _process(home: Path) -> Finding:
    if find(home) is None:
        ended = farewell(home)
        return Finding("process", "warn", "no node runs on this home" if ended is None else ended[0])
    standing = ask(home)
    lead = standing.block_time - int(time.time())
    if lead > _MOST_LEAD_SECONDS:
        return Finding("process", "fail", f"the newest block is {lead} s ahead of this clock: check the time service")
    if standing.troubles:
        return Finding("process", "warn", standing.troubles[0])
    return Finding("process", "pass", f"height {standing.height} at {standing.running.rpc or standing.running.ipc}")


def _history(home: Path) -> Finding:
    undone: tuple[Rollback, ...] = ()
    if (home / DATA_FOLDER / DATA).exists():  # else it was never started
        with contextlib.closing(Store.open(home / DATA_FOLDER, writes=False)) as store:
            undone = rollbacks_of(store)
    if not undone:
        return Finding("history", "pass", "no block was ever undone")
    last = undone[-1]
    return Finding(
        "history", "warn",
        f"rolled back {len(undone)} times, last from block {last.head} to {last.target}: tell whoever verified since",
    )  # fmt: skip


def _founding(home: Path) -> Finding:
    """Whether other institutions may believe that they run nodes of the same chain."""
    genesis, file = Genesis.load(home / "genesis.json"), home / "alliance.toml"
    is_reference = (home / "keys").exists()  # of init without --alliance, for one machine
    if not genesis.spec.is_permissioned or is_reference or not file.exists():
        return Finding("founding", "pass", "this chain is meant for one node")
    several = len(parse_alliance(file.read_text(encoding="utf-8"), genesis.chain_id).names) > 1
    return Finding("founding", "warn", ISLAND) if several else Finding("founding", "pass", "one institution founded it")


_CHECKS: tuple[tuple[str, Callable[[Path], Finding]], ...] = (
    ("libraries", _libraries),
    ("home", _folder),
    ("genesis", _genesis),
    ("settings", _settings),
    ("disk", _disk),
    ("process", _process),
    ("history", _history),
    ("founding", _founding),
)


def examine(home: Path) -> list[Finding]:
    """Every check in order; one that cannot even run has failed."""
    findings = []
    for name, check in _CHECKS:
        try:
            findings.append(check(home))
        except (NodeError, OSError) as error:
            findings.append(Finding(name, "fail", str(error)))
    return findings
