"""Nodes that really run: `testamur-node init` and `start` as processes of their own, asked over real listeners."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from web3 import HTTPProvider, Web3

ENVIRONMENT = {**os.environ, "ETH_HASH_BACKEND": "pysha3"}
COMMAND = (sys.executable, "-c", "from testamur_node.cli import main; main()")


@dataclass
class NodeProcess:
    """A started node."""

    home: Path
    process: subprocess.Popen[str]
    ready: dict[str, object]
    """What it printed when ready."""

    @property
    def rpc(self) -> str:
        return str(self.ready["rpc"])

    def web3(self) -> Web3:
        return Web3(HTTPProvider(self.rpc, request_kwargs={"timeout": 60}))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and return its exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


def node_command(*arguments: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT, timeout=timeout, check=False
    )


def make_home(home: Path, *options: str) -> dict[str, object]:
    """`init`, and what it printed."""
    made = node_command("init", "--home", home, "--json", *options)
    assert made.returncode == 0, made.stderr
    answer: dict[str, object] = json.loads(made.stdout)
    return answer


def start_node(home: Path, *options: str) -> NodeProcess:
    """`start` on a free port, waiting for its ready line. Nobody reads its log before it ends, so it is short."""
    quiet = ("--log-level", "error")
    arguments = [*COMMAND, "start", "--home", str(home), "--http", "127.0.0.1:0", "--json", *quiet, *options]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("{"):
        process.kill()
        _, log = process.communicate()
        raise AssertionError(f"the node did not get ready: {line}{log}")
    return NodeProcess(home, process, json.loads(line))


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., NodeProcess]]:
    """Makes homes and starts nodes; whatever still runs at the end is stopped."""
    nodes: list[NodeProcess] = []

    def begin(*init_options: str, start_options: tuple[str, ...] = (), settings: str = "") -> NodeProcess:
        home = tmp_path_factory.mktemp("n") / "home"
        make_home(home, *init_options)
        with (home / "node.toml").open("a", encoding="utf-8") as file:
            file.write(settings)
        nodes.append(start_node(home, *start_options))
        return nodes[-1]

    yield begin
    for node in nodes:
        if node.process.poll() is None:
            node.stop()


@pytest.fixture(scope="session")
def development(started: Callable[..., NodeProcess]) -> NodeProcess:
    """A development chain that seals at once, with every namespace that HTTP may open, and WebSocket."""
    api = "eth,net,web3,testamur,debug,txpool"
    return started("--dev", start_options=("--http-api", api, "--ws", "127.0.0.1:0"))


@pytest.fixture(scope="session")
def alliance(started: Callable[..., NodeProcess]) -> NodeProcess:
    """A permissioned chain of the reference alliance."""
    return started()


@pytest.fixture
def w3(development: NodeProcess) -> Web3:
    """Unchanged web3.py on the development chain."""
    return development.web3()
