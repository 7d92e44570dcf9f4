"""kill -9 at any moment loses no acknowledged transaction: each is in a block or waits again, in order and once."""

import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from testamur_node.chain.development import address_of
from testamur_node.chain.transaction import decode_transaction
from testamur_node.rpc.signing import UnsignedTransaction, sign_transaction

from tests.interop.conftest import NodeProcess, make_home, start_node

CHAIN_ID = 20260
KEYS = [bytes([number]) * 32 for number in range(1, 21)]
Place = tuple[int, int]
"""Which sender, which nonce."""


def signed(sender: int, nonce: int, fee: int = 0) -> bytes:
    return sign_transaction(
        UnsignedTransaction(
            chain_id=CHAIN_ID, nonce=nonce, gas_limit=60_000, to=bytes(19) + b"\xff", value=0,
            data=bytes(nonce % 90), gas_price=None, max_fee_per_gas=fee, max_priority_fee_per_gas=fee,
            access_list=None,
        ),
        KEYS[sender],
    )  # fmt: skip


def ask(url: str, calls: list[tuple[str, list[object]]]) -> list[Any]:
    """The answers of one batch, in order."""
    batch = [
        {"jsonrpc": "2.0", "id": at, "method": method, "params": parameters}
        for at, (method, parameters) in enumerate(calls)
    ]
    answers: list[Any] = []
    for first in range(0, len(batch), 500):
        answers += httpx.post(url, json=batch[first : first + 500], timeout=60).json()
    return answers


class Load:
    """Random transactions of many senders: out of order, with gaps that are filled later, some replaced."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.made = [0] * len(KEYS)
        self.withheld: list[Place] = []
        self.sent: dict[Place, list[bytes]] = defaultdict(list)
        """Raw transactions in the order in which they went out."""
        self.acknowledged: dict[Place, list[bytes]] = defaultdict(list)
        """Hashes that the node answered with."""

    def batch(self) -> list[tuple[Place, bytes]]:
        places: list[Place] = []
        for _ in range(self.chance.randint(5, 40)):
            sender = self.chance.randrange(len(KEYS))
            place = (sender, self.made[sender])
            self.made[sender] += 1
            (self.withheld if self.chance.random() < 0.05 else places).append(place)
        if self.withheld and self.chance.random() < 0.5:
            places.append(self.withheld.pop(self.chance.randrange(len(self.withheld))))
        self.chance.shuffle(places)
        batch = [(place, signed(*place)) for place in places]
        replaced = self.chance.choice(list(self.sent)) if self.sent else None
        if replaced is not None:
            batch.append((replaced, signed(*replaced, fee=len(self.sent[replaced]) * 10**9)))
        return batch

    def send(self, url: str, batch: list[tuple[Place, bytes]]) -> None:
        for place, raw in batch:
            self.sent[place].append(raw)
        answers = ask(url, [("eth_sendRawTransaction", ["0x" + raw.hex()]) for _, raw in batch])
        for (place, _), answer in zip(batch, answers, strict=True):
            if "result" in answer:
                self.acknowledged[place].append(bytes.fromhex(answer["result"][2:]))
            elif not answer["error"]["message"].startswith("account limit exceeded"):  # 1,024 wait behind a gap
                # of a nonce that was sent before: a block may have it already, or has it twice the fee
                assert len(self.sent[place]) > 1, answer
                assert answer["error"]["message"].startswith(("nonce too low", "replacement", "already known"))

    def run(self, url: str, until: threading.Event) -> None:
        while not until.is_set():
            try:
                self.send(url, self.batch())
            except httpx.TransportError:
                return  # killed: what was under way may have been taken or not


def look(url: str, load: Load) -> dict[Place, tuple[bytes, int | None]]:
    """What the node knows of all that was sent: its hash and its block, None for one that waits."""
    every = [(place, raw) for place, versions in load.sent.items() for raw in versions]
    hashes = [decode_transaction(raw, bytes(20)).hash for _, raw in every]
    answers = ask(url, [("eth_getTransactionByHash", ["0x" + digest.hex()]) for digest in hashes])
    found: dict[Place, tuple[bytes, int | None]] = {}
    for (place, _), digest, answer in zip(every, hashes, answers, strict=True):
        if answer["result"] is not None:
            assert found.get(place, (digest, 0))[0] == digest, "two transactions with one nonce"
            block = answer["result"]["blockNumber"]
            found[place] = (digest, None if block is None else int(block, 16))
    return found


def check(url: str, load: Load) -> None:
    """Nothing acknowledged is lost, and the pending nonce is the first that nothing known fills."""
    found = look(url, load)
    for place, hashes in load.acknowledged.items():
        digest, block = found[place]
        if block is None and digest in hashes:
            assert digest == hashes[-1], "a replaced transaction waits again"
    answers = ask(url, [("eth_getTransactionCount", ["0x" + address_of(key).hex(), "pending"]) for key in KEYS])
    for sender, answer in enumerate(answers):
        nonce = 0
        while (sender, nonce) in found:
            nonce += 1
        assert int(answer["result"], 16) == nonce


def finish(url: str, load: Load) -> None:
    """Fill every gap; then all is in blocks, each nonce once and after the one before it."""
    found = look(url, load)
    gaps = [(sender, nonce) for sender, made in enumerate(load.made) for nonce in range(made)]
    load.send(url, [(place, signed(*place)) for place in gaps if place not in found])
    deadline = time.monotonic() + 120
    while int(ask(url, [("txpool_status", [])])[0]["result"]["pending"], 16) and time.monotonic() < deadline:
        time.sleep(0.1)
    (status,) = ask(url, [("txpool_status", [])])
    assert status["result"] == {"pending": "0x0", "queued": "0x0"}
    found = look(url, load)
    assert set(found) == set(gaps)
    for (sender, nonce), (_, block) in found.items():
        assert block is not None
        if nonce:
            before = found[sender, nonce - 1][1]
            assert before is not None
            assert before <= block


@pytest.fixture
def restarted() -> Iterator[Callable[[Path, str], NodeProcess]]:
    """Starts a node on a home; none outlives the test."""
    nodes: list[NodeProcess] = []

    def start(home: Path, block_time: str) -> NodeProcess:
        nodes.append(start_node(home, "--http-api", "eth,txpool", "--block-time", block_time))
        return nodes[-1]

    yield start
    for node in nodes:
        if node.process.poll() is None:
            node.stop(signal.SIGKILL)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", [20261126])
def test_a_killed_node_has_every_acknowledged_transaction_in_a_block_or_waiting(
    tmp_path: Path, seed: int, is_slow: bool, restarted: Callable[[Path, str], NodeProcess]
) -> None:
    make_home(tmp_path / "home", "--dev", "--chain-id", str(CHAIN_ID))
    load = Load(seed)
    chance = random.Random(seed + 1)
    rounds = 40 if is_slow else 3
    for turn in range(rounds):
        node = restarted(tmp_path / "home", chance.choice(["instant", "1", "3600"]))
        check(node.rpc, load)
        over = threading.Event()
        loading = threading.Thread(target=load.run, args=(node.rpc, over))
        loading.start()
        time.sleep(chance.uniform(0.1, 1.5))
        if turn % 3 == 2:
            over.set()
            loading.join()
            assert node.stop() == 0
        else:
            os.kill(node.process.pid, signal.SIGKILL)
            node.process.communicate(timeout=60)
            loading.join()
    assert sum(map(len, load.acknowledged.values())) > 20 * rounds
    node = restarted(tmp_path / "home", "instant")
    check(node.rpc, load)
    finish(node.rpc, load)
    assert node.stop() == 0
    assert (tmp_path / "home" / "pool.journal").stat().st_size < 100
