"""kill -9 at any moment loses no acknowledged block, and the chain after it is the one an undisturbed node would
have.
"""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from testamur_node.application import Application, Decided
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.genesis import Genesis
from testamur_node.node import GENESIS_FILE

from tests.conftest import ROOT
from tests.node.founding import make_home, open_application

FAULTS = ("-", "before-append", "inside-append", "after-append")


def crash_repeatedly(home: Path, rounds: int, seed: int) -> dict[int, list[str]]:
    """Start, load and kill a node `rounds` times; returns what it acknowledged: number -> [hash, transaction
    hashes…].
    """
    chance = random.Random(seed)
    acknowledged: dict[int, list[str]] = {}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "client"), str(ROOT / "node")))}
    command = [sys.executable, str(Path(__file__).with_name("nursery.py")), str(home)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "warm\n"
        for turn in range(rounds):
            fault = FAULTS[turn % len(FAULTS)]
            nursery.stdin.write(f"{chance.randrange(2**32)} {fault}\n")
            nursery.stdin.flush()
            blocks_to_wait = chance.randint(1, 12)
            for line in nursery.stdout:
                kind, *words = line.split()
                if kind == "child":
                    child = int(words[0])
                elif kind == "ready" and acknowledged:
                    newest = max(acknowledged)
                    assert int(words[0]) >= newest, "the restarted node has lost a block it acknowledged"
                elif kind == "block":
                    number = int(words[0])
                    assert acknowledged.setdefault(number, words[1:]) == words[1:]
                    blocks_to_wait -= 1
                    if fault == "-" and blocks_to_wait == 0:
                        os.kill(child, signal.SIGKILL)
                elif kind == "ended":
                    assert int(words[0]) == -signal.SIGKILL
                    break
        nursery.stdin.close()
    assert nursery.returncode == 0
    return acknowledged


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", [20261123])
def test_a_killed_node_keeps_every_acknowledged_block_and_equals_its_undisturbed_twin(
    tmp_path: Path, seed: int, is_slow: bool
) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    acknowledged = crash_repeatedly(home, rounds=200 if is_slow else 12, seed=seed)
    assert len(acknowledged) > 8
    genesis = Genesis.from_json((home / GENESIS_FILE).read_text(encoding="utf-8"))
    survivor = open_application(home, genesis)
    twin = open_application(tmp_path / "twin", genesis)
    store = survivor.store
    for number, (block_hash, *hashes) in acknowledged.items():
        block = store.block(number)
        assert block is not None
        assert [block.hash.hex(), *(item.hash.hex() for item in block.transactions)] == [block_hash, *hashes]
        for index, item in enumerate(block.transactions):
            assert store.locate(item.hash) == (number, index)
            assert store.receipt(number, index) is not None
    assert store.head_number == survivor.head.number >= max(acknowledged)
    for number in range(1, survivor.head.number + 1):
        block = store.block(number)
        assert block is not None
        replay(twin, block.header.timestamp, tuple(item.raw for item in block.transactions))
        assert twin.head.hash == block.hash
        carried = store.carried(number)
        assert carried is not None
        assert store.signed_header(carried[1]) is not None
    survivor.store.close()
    twin.store.close()


def replay(application: Application, timestamp: int, transactions: tuple[bytes, ...]) -> None:
    """The same block through a node that never crashed."""
    height = application.info().engine_height + 1
    application.finalize(Decided(height, timestamp * 10**9, transactions, forces_block=True))
    application.commit()
