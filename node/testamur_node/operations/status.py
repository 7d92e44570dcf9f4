"""Where a running node stands, asked over its own HTTP listener."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur_node.errors import NodeError
from testamur_node.operations.running import RunningNode, find

__all__ = ["NotRunningError", "Standing", "ask", "follow"]


class NotRunningError(NodeError):
    """No node runs on this home, or it does not answer."""

    exit_code = 7


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a node stands."""

    running: RunningNode
    height: int
    block_hash: str
    block_time: int
    """Seconds since 1970 of the newest block."""
    version: str

    def to_json(self) -> dict[str, object]:
        """The object that `status --json` prints."""
        return {
            **self.running.to_json(),
            "height": self.height,
            "hash": self.block_hash,
            "time": self.block_time,
            "version": self.version,
        }

    def to_line(self) -> str:
        """The line that `status` prints."""
        return f"chain {self.running.chain_id} at height {self.height}, {self.block_hash} ({self.running.rpc})"


def _request(url: str, *methods: str) -> list[Any]:
    """The results of some methods without arguments, but for the head."""
    parameters = {"eth_getBlockByNumber": ["latest", False]}
    batch = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters.get(method, [])}
        for number, method in enumerate(methods)
    ]
    request = urllib.request.Request(url, json.dumps(batch).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        answers = json.load(response)
    return [answer["result"] for answer in answers]


def ask(home: Path) -> Standing:
    """Where the node that runs on `home` stands."""
    running = find(home)
    if running is None:
        raise NotRunningError(f"no node runs on {home}", "begin one with testamur-node start")
    if running.rpc is None:
        raise NotRunningError(f"the node on {home} has no HTTP listener to ask")
    try:
        head, version = _request(running.rpc, "eth_getBlockByNumber", "web3_clientVersion")
        return Standing(running, int(head["number"], 16), head["hash"], int(head["timestamp"], 16), version)
    except (urllib.error.URLError, TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
        raise NotRunningError(f"the node on {home} does not answer at {running.rpc}: {error}") from error


def follow(home: Path) -> Iterator[Standing]:
    """Where it stands now, and again at each new height."""
    last = -1
    while True:
        standing = ask(home)
        if standing.height != last:
            last = standing.height
            yield standing
        time.sleep(1)
