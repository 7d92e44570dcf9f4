"""Our node and anvil as processes with a JSON-RPC address each, and what the benchmarks say to both.

Both run on loopback, on a chain of their own, with the same chain id, accounts and gas limit, so that the very same
signed transactions go to either. Ours writes to a disk; anvil keeps its chain in memory.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from _registry import ADDRESSES, CHAIN_ID  # noqa: E402 - the path above makes the tests' ground importable
from testamur_node.chain.rules import DEVELOPMENT  # noqa: E402 - as above

from tests.node.founding import make_home  # noqa: E402 - as above
from tests.tooling import ROOT, foundry  # noqa: E402 - as above

__all__ = ["REQUEST_BATCH", "Server", "anvil", "has_anvil", "ours"]

_GAS_LIMIT = 30_000_000
_START = "from testamur_node.cli import main; main()"
REQUEST_BATCH = 100
"""Transactions of one HTTP request: both servers spend little on HTTP then."""


@dataclass(frozen=True, slots=True)
class Server:
    """A node that answers."""

    url: str
    pid: int
    client: httpx.Client

    def ask(self, method: str, *parameters: object) -> Any:
        """The result of one call; an error object ends the benchmark."""
        answer = self.client.post(self.url, json=_request(0, method, parameters)).json()
        assert "result" in answer, answer
        return answer["result"]

    def send(self, transactions: Sequence[bytes], batch: int = REQUEST_BATCH) -> None:
        """Hand raw transactions in, in batches; each must be taken."""
        for first in range(0, len(transactions), batch):
            part = transactions[first : first + batch]
            calls = [_request(at, "eth_sendRawTransaction", ["0x" + raw.hex()]) for at, raw in enumerate(part)]
            answers = self.client.post(self.url, json=calls).json()
            assert all("result" in answer for answer in answers), answers[0]

    def wait_for(self, count: int) -> None:
        """Until the senders' nonces at the newest block add up to `count`."""
        calls = [
            _request(at, "eth_getTransactionCount", ["0x" + address.hex(), "latest"])
            for at, address in enumerate(ADDRESSES)
        ]
        while sum(int(answer["result"], 16) for answer in self.client.post(self.url, json=calls).json()) < count:
            time.sleep(0.02)


@contextmanager
def ours(*options: str) -> Iterator[Server]:
    """`testamur-node start` on a development chain in a fresh folder, as its process."""
    with tempfile.TemporaryDirectory(prefix="testamur-bench-") as name:
        home = make_home(Path(name), DEVELOPMENT)
        command = [sys.executable, "-c", _START, "start", "--home", str(home), "--http", "127.0.0.1:0", "--json"]
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready, "the node did not start; its words stand above"
            yield from _served(process, json.loads(ready)["rpc"])


def has_anvil() -> bool:
    """Whether the npm package is here."""
    return (ROOT / "node_modules" / "@foundry-rs").exists()


@contextmanager
def anvil(*options: str) -> Iterator[Server]:
    """anvil of the npm package; without `options` it mines each transaction as it comes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [foundry("anvil"), "--silent", "--port", str(port), "--chain-id", str(CHAIN_ID)]
    command += ["--gas-limit", str(_GAS_LIMIT), "--block-base-fee-per-gas", "0", "--no-request-size-limit"]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        yield from _served(process, f"http://127.0.0.1:{port}")


def _served(process: "subprocess.Popen[Any]", url: str) -> Iterator[Server]:
    """The server while the benchmark uses it; then it is ended by its own process id."""
    with httpx.Client(timeout=120) as client:
        server = Server(url, process.pid, client)
        try:
            _until_ready(server, process)
            yield server
        finally:
            process.terminate()


def _until_ready(server: Server, process: "subprocess.Popen[Any]") -> None:
    while True:
        try:
            assert int(server.ask("eth_chainId"), 16) == CHAIN_ID
        except httpx.TransportError:
            assert process.poll() is None, "the server ended before it answered"
            time.sleep(0.05)
        else:
            return


def _request(identity: int, method: str, parameters: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": list(parameters)}
