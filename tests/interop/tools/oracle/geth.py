"""go-ethereum itself on the chain of the recorded conversations: imported, started on loopback, its head final."""

import hashlib
import hmac
import json
import os
import socket
import subprocess
import time
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.interop.comparing import Request
from tests.tooling import GETH, output_of

__all__ = ["Http", "started_geth"]

_SECRET = bytes(range(32))
"""Signs what the engine API is told; the listener is on loopback and ends with the test."""
_START_SECONDS = 60


class Http:
    """A node behind a URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        """The answers to one batch, in order."""
        bodies = [
            {"jsonrpc": "2.0", "id": number, "method": request.method, "params": request.parameters}
            for number, request in enumerate(requests)
        ]
        answers = self.post(json.dumps(bodies).encode())
        assert isinstance(answers, list), answers
        assert len(answers) == len(requests)
        return answers

    def post(self, body: bytes, **headers: str) -> Any:
        """One body, as it is."""
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json", **headers})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def _token() -> str:
    """A JWT of now (engine API, authentication)."""

    def part(content: bytes) -> bytes:
        return urlsafe_b64encode(content).rstrip(b"=")

    signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps({"iat": int(time.time())}).encode())
    return (signed + b"." + part(hmac.new(_SECRET, signed, hashlib.sha256).digest())).decode()


@contextmanager
def started_geth(home: Path, vectors: Path) -> Iterator[Http]:
    """geth with the chain of `vectors`; it is ended with the block."""
    data = ("--datadir", home / "geth", "--state.scheme", "hash")
    output_of(GETH, *data, "init", vectors / "genesis.json")
    output_of(GETH, *data, "--gcmode", "archive", "import", vectors / "chain.rlp")
    secret = home / "jwt"
    secret.write_text("0x" + _SECRET.hex(), encoding="utf-8")
    rpc, engine = _free_ports(2)
    log = (home / "geth.log").open("wb")
    process = subprocess.Popen(
        [
            str(part)
            for part in (
                *(
                    GETH,
                    *data,
                    "--gcmode",
                    "archive",
                    "--syncmode",
                    "full",
                    "--nodiscover",
                    "--maxpeers",
                    0,
                    "--port",
                    0,
                ),
                *("--http", "--http.addr", "127.0.0.1", "--http.port", rpc, "--http.api", "eth,net,web3,debug,txpool"),
                *("--authrpc.addr", "127.0.0.1", "--authrpc.port", engine, "--authrpc.jwtsecret", secret),
                *("--ipcdisable", "--rpc.allow-unprotected-txs"),
            )
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "HOME": str(home)},
    )
    try:
        node = Http(f"http://127.0.0.1:{rpc}")
        _wait_until_ready(process, node, home / "geth.log")
        said = Http(f"http://127.0.0.1:{engine}").post(
            (vectors / "headfcu.json").read_bytes(), Authorization=f"Bearer {_token()}"
        )
        assert said["result"]["payloadStatus"]["status"] == "VALID", said
        yield node
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def _wait_until_ready(process: "subprocess.Popen[bytes]", node: Http, log: Path) -> None:
    """Ask until it answers."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"geth did not start\n{log.read_text(encoding='utf-8', errors='replace')}")
        try:
            node.ask([Request("eth_blockNumber", [])])
        except OSError:
            time.sleep(0.2)
        else:
            return
