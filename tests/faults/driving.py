"""The other side of the nursery: start commands that die, load a node over its HTTP, and remember what it said.

What a node told anyone, a receipt or a block, is acknowledged: after any crash it must be there.
"""

import contextlib
import http.client
import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from testamur_node.abci import Decided
from testamur_node.application import Application
from testamur_node.codec import word
from testamur_node.node import DATA_FOLDER
from testamur_node.operations import upkeep
from testamur_node.store.store import Store

from tests.conftest import ROOT
from tests.faults.points import Point
from tests.node.founding import ADDRESSES, STORING_CODE, creating, open_application, raw

__all__ = ["Nursery", "Ended", "Load", "refusal", "go_on", "demand_equal_to_a_twin"]

WAIT_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    """Negative: the signal that ended it."""
    said: tuple[str, ...]
    """Its lines on standard output."""
    told: str = ""
    """What it wrote to standard error."""

    @property
    def died_at(self) -> str | None:
        """Name of the fault point where it killed itself."""
        names = [line.removeprefix("dying ") for line in self.said if line.startswith("dying ")]
        return names[-1] if names else None


class Nursery:
    """Runs one command at a time."""

    def __init__(self, process: "subprocess.Popen[str]", errors: Path) -> None:
        self._process = process
        self._errors = errors
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.line() == "warm", self.errors
        self.said: list[str] = []
        self.pid = 0
        """Of the command that runs or ran last."""
        self.is_at_work = False

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator["Nursery"]:
        """A warm nursery; its standard error goes to a file in `folder`."""
        path = os.pathsep.join((str(ROOT), str(ROOT / "client"), str(ROOT / "node")))
        environment = {**os.environ, "PYTHONPATH": path, "ETH_HASH_BACKEND": "pysha3"}
        errors = folder / "nursery.log"
        with (
            errors.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("nursery.py"))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=ROOT,
            ) as process,
        ):  # fmt: skip
            assert process.stdin is not None
            nursery = cls(process, errors)
            try:
                yield nursery
            finally:
                process.stdin.close()
                if nursery.is_at_work:  # a test failed meanwhile
                    os.kill(nursery.pid, signal.SIGKILL)
        assert process.returncode == 0

    @property
    def errors(self) -> str:
        """The end of what the commands wrote to standard error."""
        return self._errors.read_text(encoding="utf-8")[-4000:]

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # closed, where a test failed
            for line in self._process.stdout:
                self._lines.put(line.rstrip("\n"))
        self._lines.put("ended -999")

    def line(self) -> str:
        """The next line."""
        return self._lines.get(timeout=WAIT_SECONDS)

    def begin(
        self, *arguments: object, point: Point | None = None, passage: int = 1, seed: int = 0, file_bytes: int = 0,
        user: int = 0,
    ) -> None:  # fmt: skip
        """Fork a command; `file_bytes` limits its files, as `ulimit -f` does, `user` is who runs it."""
        assert self._process.stdin is not None
        order = {
            "arguments": [str(argument) for argument in arguments],
            "point": None if point is None else point.name,
            "passage": passage,
            "seed": seed,
            "file_bytes": file_bytes,
            "user": user,
        }
        self._told_before = self._errors.stat().st_size
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.said = []
        word_, number = self.line().split()
        assert word_ == "child"
        self.pid, self.is_at_work = int(number), True

    def end(self) -> Ended:
        """Wait for the command's end."""
        while not (line := self.line()).startswith("ended "):
            self.said.append(line)
        return self._ended(line)

    def _ended(self, line: str) -> Ended:
        self.is_at_work = False
        told = self._errors.read_bytes()[self._told_before :].decode()
        return Ended(int(line.split()[1]), tuple(self.said), told)

    def run(self, *arguments: object, **how: Any) -> Ended:
        """A command to its end; `how` as `begin` takes it."""
        self.begin(*arguments, **how)
        return self.end()

    def start(self, home: Path, *options: object, **how: Any) -> "str | Ended":
        """`start` on a home: the URL of the node once it is ready, or how it ended before."""
        self.begin("start", "--home", home, "--http", "127.0.0.1:0", "--json", *options, **how)
        while True:
            line = self.line()
            if line.startswith("ended "):
                return self._ended(line)
            self.said.append(line)
            if line.startswith('{"rpc"'):
                return str(json.loads(line)["rpc"])


@dataclass
class Load:
    """Random transactions to a node, and all that it acknowledged."""

    chance: random.Random
    acknowledged: dict[int, list[str]] = field(default_factory=dict)
    """Block number -> its hash, then its transactions' hashes."""
    pause_seconds: float = 0
    """Between bursts."""
    is_governed: bool = False
    """An alliance chain: members call, nobody deploys or pays."""
    _connection: http.client.HTTPConnection | None = None

    def check(self, url: str) -> int:
        """A restarted node has all that was acknowledged; its height."""
        self.close()
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        head = int(self._ask("eth_blockNumber"), 16)
        if self.acknowledged:
            newest = max(self.acknowledged)
            assert head >= newest, "the restarted node has lost a block that it acknowledged"
            self._see(newest)
        return head

    def run(self, url: str, blocks: int = 10_000) -> None:
        """Load the node until it dies or has made so many blocks more."""
        try:
            head = self.check(url)
            goal = head + blocks
            nonces = [int(self._ask("eth_getTransactionCount", "0x" + one.hex(), "pending"), 16) for one in ADDRESSES]
            while head < goal:
                burst = [self._transaction(nonces) for _ in range(self.chance.choice((1, 1, 2, 5)))]
                answers = self._post([("eth_sendRawTransaction", "0x" + one.hex()) for one in burst])
                if "has halted" in str(answers):
                    return  # it says so and ends
                assert all("result" in answer for answer in answers), answers
                newest = int(self._ask("eth_blockNumber"), 16)
                for number in range(head + 1, newest + 1):
                    self._see(number)
                head = newest
                time.sleep(self.pause_seconds)
        except (OSError, http.client.HTTPException):
            return  # it died
        finally:
            self.close()

    def _see(self, number: int) -> None:
        block, receipts = (
            answer["result"]
            for answer in self._post(
                [("eth_getBlockByNumber", hex(number), False), ("eth_getBlockReceipts", hex(number))]
            )
        )
        words = [block["hash"], *block["transactions"]]
        assert [receipt["transactionHash"] for receipt in receipts] == block["transactions"]
        assert self.acknowledged.setdefault(number, words) == words, f"block {number} is another now"

    def _transaction(self, nonces: list[int]) -> bytes:
        sender = self.chance.randrange(len(ADDRESSES))
        kind = self.chance.random()
        fields: dict[str, Any]
        if self.is_governed:
            fields = {"to": ADDRESSES[self.chance.randrange(len(ADDRESSES))], "data": self.chance.randbytes(40)}
        elif kind < 0.3:
            fields = {"to": None, "data": creating(STORING_CODE)}
        elif kind < 0.5:
            fields = {"to": ADDRESSES[self.chance.randrange(len(ADDRESSES))], "value": self.chance.randrange(10**9)}
        else:  # init code that stores twice and logs
            fields = {
                "to": None,
                "data": bytes.fromhex("5f355f5560015f5560005fa000") + word(self.chance.randrange(2**64)),
            }
        nonces[sender] += 1
        return raw(sender, nonces[sender] - 1, **fields)

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, calls: list[tuple[str, *tuple[Any, ...]]]) -> list[dict[str, Any]]:
        batch = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
            for number, (method, *parameters) in enumerate(calls)
        ]
        assert self._connection is not None
        self._connection.request("POST", "/", json.dumps(batch), {"content-type": "application/json"})
        answers: list[dict[str, Any]] = json.loads(self._connection.getresponse().read())
        return answers

    def _ask(self, method: str, *parameters: Any) -> Any:
        [answer] = self._post([(method, *parameters)])
        return answer["result"]


def refusal(nursery: Nursery, *arguments: object, code: int, words: str, user: int = 0) -> str:
    """What a command that is refused tells the operator."""
    ended = nursery.run(*arguments, user=user)
    assert ended.code == code, ended
    assert "Traceback" not in ended.told
    *_, error, advice = ended.told.splitlines()
    assert error.startswith("error: "), ended.told
    assert advice.startswith("advice: "), ended.told
    told = f"{error}\n{advice}"
    assert words in told
    return told


def go_on(nursery: Nursery, home: Path, load: Load, blocks: int = 3) -> None:
    """The node starts, has all that was acknowledged, makes more blocks and ends in peace."""
    started = nursery.start(home, "--block-time", "instant")
    assert isinstance(started, str), (started, nursery.errors)
    before = load.check(started)
    load.run(started, blocks)
    assert max(load.acknowledged) >= before + blocks, nursery.errors
    os.kill(nursery.pid, signal.SIGTERM)
    assert nursery.end().code == 0, nursery.errors


def demand_equal_to_a_twin(
    home: Path, twin_home: Path, acknowledged: dict[int, list[str]], first_signed: int = 1
) -> int:
    """The chain of `home`, replayed on a node that never crashed, has the same blocks, roots and receipts; everything
    acknowledged is in it, and verification finds nothing. Returns the height. An import brings no signed headers:
    `first_signed` is the first block that has one.
    """
    assert list(upkeep.verify(home)) == []
    genesis = upkeep.load_genesis(home)
    twin = open_application(twin_home, genesis)
    store = Store.open(home / DATA_FOLDER, writes=False)
    try:
        head = store.head_number or 0
        assert head >= max(acknowledged, default=0)
        for number in range(1, head + 1):
            block = store.block(number)
            assert block is not None
            replay(twin, block.header.timestamp, tuple(item.raw for item in block.transactions))
            assert twin.head.hash == block.hash
            assert twin.store.receipts(number) == store.receipts(number)
            said = ["0x" + block.hash.hex(), *("0x" + item.hash.hex() for item in block.transactions)]
            assert acknowledged.get(number, said) == said
            for index, item in enumerate(block.transactions):
                assert store.locate(item.hash) == (number, index)
            carried = store.carried(number)
            assert (carried is not None) == (number >= first_signed)
            assert carried is None or store.signed_header(carried[1]) is not None
        return head
    finally:
        store.close()
        twin.store.close()


def replay(application: Application, timestamp: int, transactions: tuple[bytes, ...]) -> None:
    """The same block through a node that never crashed."""
    height = application.info().engine_height + 1
    application.finalize(Decided(height, timestamp * 10**9, transactions, forces_block=True))
    application.commit()
