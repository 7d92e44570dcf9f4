"""Blocks are executed in a process of their own: the same results, its death halts the node, none is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hexbytes import HexBytes
from testamur_node.chain.rules import ALLIANCE
from testamur_node.chain.transaction import created_address
from testamur_node.execution.executor import BlockContext, ExecutionError
from testamur_node.execution.pyevm import PyEvm
from testamur_node.executor_process import ExecutorLostError, ExecutorProcess

from tests.conftest import ROOT
from tests.interop.conftest import NodeProcess, make_home, start_node
from tests.node.founding import ADDRESSES, DEPLOYER, STORING_CODE, creating, genesis_of, open_application, raw, word


def executors_of(process_id: int) -> list[int]:
    """The processes that a node has started."""
    tasks = Path(f"/proc/{process_id}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]


def is_running(process_id: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_the_end_of(processes: list[int]) -> None:
    """Wait until none of the processes runs."""
    deadline = time.monotonic() + 30
    while any(map(is_running, processes)):
        assert time.monotonic() < deadline, "a process outlives its node"
        time.sleep(0.02)


def execute_both_ways(folder: Path) -> None:
    """Run by a process of its own, which has no threads yet: one block here and elsewhere, then what is refused."""
    process = ExecutorProcess.start()
    application = open_application(folder, genesis_of(ALLIANCE))
    spec, head, read_node = application.spec, application.head, application.store.read_node
    process.open(application.store.environment.folder, spec)
    contract = created_address(ADDRESSES[DEPLOYER], 0)
    transactions = [
        raw(DEPLOYER, 0, to=None, data=creating(STORING_CODE)),
        raw(DEPLOYER, 1, to=contract, data=word(1, 2)),
        raw(DEPLOYER, 2, to=contract, data=word(1, 2), gas=22_000),
    ]
    context = BlockContext(
        number=1, timestamp=head.timestamp + 1, coinbase=bytes(20), prev_randao=bytes(32), gas_limit=head.gas_limit,
        base_fee=0, chain_id=20260, parent_hash=head.hash, ancestors=application.store.ancestors(0),
        parent_beacon_root=bytes(32), excess_blob_gas=0, withdrawals=(), deployers=frozenset({ADDRESSES[DEPLOYER]}),
    )  # fmt: skip
    elsewhere = process.execute(head.state_root, transactions, context)
    assert elsewhere == PyEvm(spec, read_node).execute(head.state_root, transactions, context)
    assert [receipt.is_successful for receipt in elsewhere.receipts] == [True, True, False]
    with pytest.raises(ExecutionError, match="invalid chain id"):
        process.execute(head.state_root, [raw(DEPLOYER, 0, chainId=7)], context)
    with pytest.raises(ExecutionError, match="the executor failed: MissingNodeError"):
        process.execute(bytes(31) + b"\x01", transactions, context)
    assert process.execute(head.state_root, transactions, context) == elsewhere, "it works on after a refusal"
    assert process.loss() is None
    os.kill(process.process_id, signal.SIGKILL)
    with pytest.raises(ExecutorLostError, match="ended by signal 9"):
        process.execute(head.state_root, transactions, context)
    assert isinstance(process.loss(), ExecutorLostError)
    process.close()
    application.store.close()


def test_a_block_executed_elsewhere_gives_what_it_gives_here(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from tests.faults.test_executor_process import execute_both_ways"
    path = os.pathsep.join((str(ROOT), str(ROOT / "client"), str(ROOT / "node")))
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; execute_both_ways(Path(sys.argv[1]))", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def sent(node: NodeProcess, nonce: int) -> HexBytes:
    """Hand a transaction in; its hash."""
    return node.web3().eth.send_raw_transaction(raw(0, nonce))


def test_a_node_whose_executor_is_killed_ends_by_name_and_goes_on_when_started_again(tmp_path: Path) -> None:
    make_home(tmp_path / "home", "--dev")
    node = start_node(tmp_path / "home")
    hash_ = sent(node, 0)
    node.web3().eth.wait_for_transaction_receipt(hash_, timeout=60)
    (executor,) = executors_of(node.process.pid)
    os.kill(executor, signal.SIGKILL)
    _, log = node.process.communicate(timeout=60)
    assert node.process.returncode not in (0, None)
    assert "the process that executes blocks was ended by signal 9" in log
    assert "nothing is lost, start the node again" in log
    assert "Traceback" not in log
    again = start_node(tmp_path / "home")
    assert again.web3().eth.get_transaction_receipt(hash_)["status"] == 1
    again.web3().eth.wait_for_transaction_receipt(sent(again, 1), timeout=60)
    assert again.stop() == 0


def test_nothing_of_a_node_outlives_it(tmp_path: Path) -> None:
    make_home(tmp_path / "home", "--dev")
    for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
        node = start_node(tmp_path / "home")
        executors = executors_of(node.process.pid)
        assert len(executors) == 1
        assert node.stop(number) == code
        wait_for_the_end_of(executors)


def test_signals_to_the_whole_group_are_the_nodes_to_handle(tmp_path: Path) -> None:
    make_home(tmp_path / "home", "--dev")
    node = start_node(tmp_path / "home")
    (executor,) = executors_of(node.process.pid)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(executor, number)
    node.web3().eth.wait_for_transaction_receipt(sent(node, 0), timeout=60)
    assert node.stop() == 0
