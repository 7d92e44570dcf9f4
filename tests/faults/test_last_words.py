"""A page that the disk cannot give ends a process with SIGBUS: the operator reads which file and what to do."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_typing import HexStr
from web3 import Web3
from web3.exceptions import Web3RPCError
from web3.types import TxParams

from tests.interop.conftest import NodeProcess, make_home, node_command, start_node
from tests.node.founding import raw


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    make_home(tmp_path / "home", "--dev")
    running = start_node(tmp_path / "home")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate(timeout=60)


def cut_off(node: NodeProcess) -> Path:
    """Take all pages but the first two, which LMDB reads by system calls."""
    data = node.home / "data" / "data.mdb"
    os.truncate(data, 2 * 4096)
    return data


def test_a_node_whose_file_was_cut_off_says_which_and_what_to_do(node: NodeProcess) -> None:
    data = cut_off(node)
    with pytest.raises(Exception, match=r"(?i)connection|remote|closed"):
        node.web3().eth.get_block(0)
    _, log = node.process.communicate(timeout=60)
    assert node.process.returncode == -signal.SIGBUS
    assert f"the disk could not give a page of {data}" in log
    assert "verify-db" in log
    assert "restore a backup" in log
    assert "Fatal Python error: Bus error" in log
    checked = node_command("verify-db", "--home", node.home)
    assert checked.returncode != 0
    assert "data.mdb" in checked.stderr + checked.stdout


def test_a_call_that_meets_it_is_refused_and_the_log_says_why(node: NodeProcess) -> None:
    w3 = node.web3()
    message: TxParams = {"to": Web3.to_checksum_address("0x" + "00" * 18 + "7e57"), "data": HexStr("0x01")}
    assert w3.eth.call(message) == b""
    for worker in workers_of(node):
        os.kill(worker, signal.SIGBUS)
    with pytest.raises(Web3RPCError, match="the node cannot read its data, see its log"):
        w3.eth.call(message)
    assert w3.eth.call(message) == b""
    node.process.send_signal(signal.SIGTERM)
    _, log = node.process.communicate(timeout=60)
    assert f"the disk could not give a page of {node.home / 'data' / 'data.mdb'}" in log


def test_an_executor_that_meets_it_halts_the_node_by_name(node: NodeProcess) -> None:
    (executor,) = (child for child in children_of(node) if child not in workers_of(node))
    os.kill(executor, signal.SIGBUS)
    _, log = node.process.communicate(timeout=60)
    assert node.process.returncode not in (0, None)
    assert f"the disk could not give a page of {node.home / 'data' / 'data.mdb'}" in log
    assert "verify-db" in log
    again = start_node(node.home)
    again.web3().eth.wait_for_transaction_receipt(again.web3().eth.send_raw_transaction(raw(0, 0)), timeout=60)
    assert again.stop() == 0


def test_a_node_that_ends_as_told_leaves_no_last_words(node: NodeProcess) -> None:
    node.process.send_signal(signal.SIGTERM)
    _, log = node.process.communicate(timeout=60)
    assert log == ""


def children_of(node: NodeProcess) -> list[int]:
    tasks = Path(f"/proc/{node.process.pid}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]


def workers_of(node: NodeProcess) -> list[int]:
    """The processes for calls, which were begun anew; the executor was forked and has the node's own command."""
    own = Path(f"/proc/{node.process.pid}/cmdline").read_bytes()
    found = [child for child in children_of(node) if Path(f"/proc/{child}/cmdline").read_bytes() != own]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
