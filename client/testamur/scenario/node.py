"""A node of one's own for a scenario or the demo: `testamur-node init` and `start`, as a process beside this one.

The client never imports the node; it runs the command that stands next to the interpreter it runs in.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur.scenario.errors import ScenarioError

__all__ = ["OwnNode", "init_node", "start_node"]

_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class OwnNode:
    """A running node."""

    home: Path
    rpc: str
    chain_id: int
    pid: int
    process: "subprocess.Popen[bytes]"

    def leave(self) -> None:
        """Let it go on running after this process, which need not wait for it."""
        self.process.returncode = 0  # a Popen that is dropped unwaited would warn

    def stop(self) -> None:
        """End it in order; what it acknowledged is on disk."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


def init_node(home: Path, *, is_development: bool) -> None:
    """Write the reference alliance of two institutions and its genesis to `home`; an existing home is kept."""
    if (home / "testamur.toml").exists():
        return
    flags = ["--dev"] if is_development else []
    done = subprocess.run(
        [*_command(), "init", "--home", str(home), "--json", *flags], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ScenarioError(f"testamur-node init failed: {_last_words(done.stderr)}")


def start_node(home: Path, *, address: str = "127.0.0.1:0") -> OwnNode:
    """Start the node of `home`; returns when it answers. It outlives this process unless it is stopped."""
    log = home / "node.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_command(), "start", "--home", str(home), "--http", address, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "ETH_HASH_BACKEND": "pysha3"},
        )
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        ready = _ready_line(log)
        if ready is not None:
            return OwnNode(home, ready["rpc"], int(ready["chainId"]), process.pid, process)
        if process.poll() is not None:
            raise ScenarioError(f"testamur-node start failed: {_last_words(log.read_text(errors='replace'))}", str(log))
        time.sleep(0.05)
    process.kill()
    raise ScenarioError(f"the node was not ready within {_READY_SECONDS:.0f} s", f"its words stand in {log}")


def _command() -> list[str]:
    beside = Path(sys.executable).with_name("testamur-node")
    found = str(beside) if beside.exists() else shutil.which("testamur-node")
    if found is None:
        raise ScenarioError("testamur-node is not installed", "install testamur[node], or name a chain with --rpc")
    return [found]


def _ready_line(log: Path) -> dict[str, Any] | None:
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and value.keys() >= {"rpc", "pid", "chainId"}:
                return value
    return None


def _last_words(text: str) -> str:
    """Why the node ended: the message of the JSON object that `--json` puts last on stderr."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    try:
        return str(json.loads(lines[-1])["message"])
    except (IndexError, ValueError, KeyError, TypeError):
        return lines[-1] if lines else "it said nothing"
