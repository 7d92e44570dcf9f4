"""A transaction that the executor dies of: tried twice, then set aside until an operator lets it back."""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.chain.transaction import decode_transaction
from testamur_node.engine.in_hand import HAND_FILE, Aside, InHand, NotAsideError
from testamur_node.genesis import GenesisError
from testamur_node.node import Node
from testamur_node.operations import status
from testamur_node.operations.aside import NotAHashError, let_back, suspects

from tests.faults.test_executor_process import executors_of
from tests.interop.conftest import NodeProcess, make_home, node_command, start_node
from tests.node import founding
from tests.node.founding import GOVERN, raw
from tests.node.test_node import SteppedClock

LONG_LOOP = raw(0, 0, to=None, data=bytes.fromhex("5b5f56"), gas=25_000_000)
"""Runs for many seconds."""
NAME = decode_transaction(LONG_LOOP).hash
AGES = 120.0
"""Seconds that nothing here takes."""


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + AGES
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def ask(node: NodeProcess, method: str, *parameters: object) -> dict[str, object]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    found: dict[str, object] = requests.post(node.rpc, json=body, timeout=AGES).json()
    return found


def send(node: NodeProcess) -> None:
    """Hand the loop in; whoever does waits until it is sealed, which it never is."""

    def post() -> None:
        with contextlib.suppress(requests.RequestException):
            ask(node, "eth_sendRawTransaction", "0x" + LONG_LOOP.hex())

    threading.Thread(target=post, daemon=True).start()


def die_of_it(node: NodeProcess) -> str:
    """End the executor while it runs the loop; what the node said."""
    wait_for(lambda: InHand.left_in(node.home / HAND_FILE) == NAME)
    (executor,) = executors_of(node.process.pid)
    os.kill(executor, signal.SIGKILL)
    _, log = node.process.communicate(timeout=AGES)
    assert node.process.returncode not in (0, None)
    return str(log)


def listed(home: Path) -> dict[str, list[str]]:
    found = suspects(home)
    return {
        "aside": ["0x" + one.hash.hex() for one in found if one.is_aside],
        "suspected": ["0x" + one.hash.hex() for one in found if not one.is_aside],
    }


def test_what_the_node_died_of_twice_is_set_aside_and_can_be_let_back(tmp_path: Path) -> None:
    home, name = tmp_path / "home", "0x" + NAME.hex()
    make_home(home, "--dev")
    item = decode_transaction(LONG_LOOP)
    Aside(home).count_death(NAME, item.sender, item.raw)  # the first time, as the test below has it
    assert listed(home) == {"aside": [], "suspected": [name]}
    node = start_node(home)
    send(node)
    die_of_it(node)
    node = start_node(home)
    try:
        assert listed(home) == {"aside": [name], "suspected": []}
        assert ask(node, "testamur_nodeStatus")["result"]["setAside"] == [name]  # type: ignore[index]
        assert f"set aside, since the node died of it twice: {name}" in status.ask(home).troubles
        refused = ask(node, "eth_sendRawTransaction", "0x" + LONG_LOOP.hex())
        assert "was set aside" in str(refused["error"])
        sealed = ask(node, "eth_sendRawTransaction", "0x" + raw(1, 0).hex())
        assert ask(node, "eth_getTransactionReceipt", sealed["result"])["result"] is not None
        back = node_command("aside", "--home", home, "--let-back", name, "--json")
        assert json.loads(back.stdout) == {"letBack": name}
        wait_for(lambda: InHand.left_in(home / HAND_FILE) == NAME)  # beside the running node, which tries it
        assert listed(home) == {"aside": [], "suspected": []}
    finally:
        node.stop(signal.SIGKILL)


def test_aside_takes_no_other_folder_and_no_other_hash(tmp_path: Path) -> None:
    with pytest.raises(GenesisError, match=r"genesis\.json"):
        suspects(tmp_path)
    with pytest.raises(GenesisError, match=r"genesis\.json"):
        let_back(tmp_path, "0x" + NAME.hex())
    home = founding.make_home(tmp_path, DEVELOPMENT)
    with pytest.raises(NotAHashError):
        let_back(home, "0x12")
    with pytest.raises(NotAsideError):
        let_back(home, "00" * 32)


def test_a_block_clears_a_suspect(tmp_path: Path) -> None:
    home = founding.make_home(tmp_path, DEVELOPMENT)
    item = decode_transaction(raw(GOVERN, 0))
    Aside(home).count_death(item.hash, item.sender, item.raw)
    node = Node.open(home, SteppedClock())
    node.submit(item.raw)
    node.wait_until_sealed()
    assert Aside(home).all() == []
    node.close()


def test_a_note_that_nobody_laid_down_counts_once(tmp_path: Path) -> None:
    home = founding.make_home(tmp_path, DEVELOPMENT)
    (home / HAND_FILE).write_bytes(NAME)
    Node.open(home, SteppedClock()).close()
    assert [(one.hash, one.deaths, one.raw) for one in Aside(home).all()] == [(NAME, 1, b"")]
    Node.open(home, SteppedClock()).close()
    assert [one.deaths for one in Aside(home).all()] == [1]
    with pytest.raises(NotAsideError):
        Aside(home).let_back(bytes(32))
    assert Aside(home).let_back(NAME).hash == NAME
    assert list(Aside(home).returning()) == [], "the pool has lost it, so its sender sends it again"
    assert Aside(home).all() == []
