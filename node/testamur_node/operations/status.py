"""Where a running node stands, asked over its Unix socket, which needs no token; over HTTP where that is closed.

How much waits, and what troubles it, is told on the socket alone: `txpool` is not open on HTTP.
"""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur_node.documents import read_json
from testamur_node.engine.clock import moment
from testamur_node.errors import NodeError
from testamur_node.operations.running import RunningNode, farewell, find

__all__ = ["NotRunningError", "Standing", "ask", "follow"]


_SECONDS = 10
_MOST_BYTES = 1 << 20
"""Of the answer; what a node says of its head is a hundredth of that."""


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
    waiting: tuple[int, int] | None
    """Transactions that are pending and queued; None where the node has no Unix socket to ask."""
    troubles: tuple[str, ...] = ()
    """What an operator should know: why no block is made, that blocks were undone, what is set aside."""

    def to_json(self) -> dict[str, object]:
        """The object that `status --json` prints."""
        return {
            **self.running.to_json(),
            "height": self.height,
            "hash": self.block_hash,
            "time": self.block_time,
            "version": self.version,
            "pool": None if self.waiting is None else {"pending": self.waiting[0], "queued": self.waiting[1]},
            "troubles": list(self.troubles),
        }

    def to_lines(self) -> tuple[str, ...]:
        """What `status` prints."""
        return (self._place(), *self.troubles)

    def _place(self) -> str:
        place = self.running.rpc or self.running.ipc
        chain, height, hash_ = self.running.chain_id, self.height, self.block_hash
        if self.waiting is None:
            return f"chain {chain} at height {height}, {hash_} ({place})"
        pending, queued = self.waiting
        return f"chain {chain} at height {height}, {hash_} ({place}), {pending} pending and {queued} queued"


def _over_socket(path: str, body: bytes) -> Any:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        connection.connect(path)
        connection.sendall(body)
        with connection.makefile("rb") as answers:
            return read_json(answers.readline(_MOST_BYTES))


def _over_http(url: str, body: bytes) -> Any:
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=_SECONDS) as response:
        return read_json(response.read(_MOST_BYTES))


def _request(running: RunningNode, *methods: str) -> list[Any]:
    """The results of some methods without arguments, but for the head; None where one is refused."""
    parameters = {"eth_getBlockByNumber": ["latest", False]}
    batch = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters.get(method, [])}
        for number, method in enumerate(methods)
    ]
    body = json.dumps(batch).encode()
    answers = _over_socket(running.ipc, body) if running.ipc is not None else _over_http(str(running.rpc), body)
    return [answer.get("result") for answer in answers]


def ask(home: Path) -> Standing:
    """Where the node that runs on `home` stands."""
    running = find(home)
    if running is None:
        what, advice = farewell(home) or (f"no node runs on {home}", "begin one with testamur-node start")
        raise NotRunningError(what, advice)
    if running.rpc is None and running.ipc is None:
        raise NotRunningError(f"the node on {home} has neither a Unix socket nor HTTP to ask")
    place = running.ipc or running.rpc
    try:
        methods = ["eth_getBlockByNumber", "web3_clientVersion"]
        methods += ["txpool_status", "testamur_nodeStatus"] if running.ipc else []
        head, version, *more = _request(running, *methods)
        waiting = (int(more[0]["pending"], 16), int(more[0]["queued"], 16)) if more else None
        height, timestamp = int(head["number"], 16), int(head["timestamp"], 16)
        troubles = tuple(_troubles(more[1])) if more and more[1] else ()
        return Standing(running, height, head["hash"], timestamp, version, waiting, troubles)
    except (urllib.error.URLError, TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
        advice = (
            f"see whether process {running.pid} is this node; where it is not, begin it again with testamur-node start"
            if running.ipc
            else "give it its Unix socket again, which asks for no token and no certificate"
        )
        raise NotRunningError(f"the node on {home} does not answer at {place}: {error}", advice) from error


def _troubles(said: Mapping[str, Any]) -> Iterator[str]:
    """What `testamur_nodeStatus` says that an operator should know, in sentences."""
    if said["waiting"] is not None:
        yield str(said["waiting"])
    for back in said["rolledBack"]:
        yield (
            f"rolled back from block {back['from']} to {back['to']} at {moment(back['time'] * 10**9)}, which undid"
            f" {back['transactions']} transactions and {back['statusChanges']} status changes"
        )
    for digest in said["setAside"]:
        yield f"set aside, since the node died of it twice: {digest}"


def follow(home: Path) -> Iterator[Standing]:
    """Where it stands now, and again at each new height."""
    last = -1
    while True:
        standing = ask(home)
        if standing.height != last:
            last = standing.height
            yield standing
        time.sleep(1)
