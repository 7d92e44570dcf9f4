"""eth-tester's own suite for chain backends on this node's solo engine, and web3.py on an eth-tester over it."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_tester import EthereumTester
from eth_tester.exceptions import TransactionFailed, ValidationError
from eth_tester.utils.backend_testing import BaseTestBackendDirect
from testamur.artifacts import GENESIS_ADDRESSES
from testamur_node.tester import SoloBackend
from web3 import EthereumTesterProvider, Web3

from tests.tooling import ROOT, output_of

NOTEBOOK = json.loads((Path(__file__).parent / "data" / "Notebook.json").read_text(encoding="utf-8"))


@pytest.fixture
def eth_tester() -> Iterator[EthereumTester]:
    """A chain of its own for each test."""
    with SoloBackend() as backend:
        yield EthereumTester(backend)


class TestDirectly(BaseTestBackendDirect):  # type: ignore[misc] # eth-tester has no types
    """Every test of eth-tester's."""


ACCOUNT = "0x" + "77" * 20


def test_web3_deploys_sends_and_reads_through_an_eth_tester(eth_tester: EthereumTester) -> None:
    w3 = Web3(EthereumTesterProvider(eth_tester))
    sender = w3.eth.accounts[0]
    deployment = w3.eth.wait_for_transaction_receipt(
        w3.eth.contract(abi=NOTEBOOK["abi"], bytecode=NOTEBOOK["bytecode"]).constructor().transact({"from": sender})
    )
    notebook = w3.eth.contract(address=deployment["contractAddress"], abi=NOTEBOOK["abi"])
    receipt = w3.eth.wait_for_transaction_receipt(notebook.functions.set(5, "five").transact({"from": sender}))
    (event,) = notebook.events.NoteChanged().process_receipt(receipt)
    assert (event["args"]["value"], event["args"]["text"]) == (5, "five")
    assert notebook.functions.get().call() == 5
    assert w3.eth.get_block("latest")["number"] == receipt["blockNumber"] == 2
    with pytest.raises(TransactionFailed, match="execution reverted: not today"):
        notebook.functions.complain().call()


def test_the_suite_stands_on_it_at_its_fixed_addresses(eth_tester: EthereumTester) -> None:
    for address in GENESIS_ADDRESSES.values():
        assert len(eth_tester.get_code("0x" + address.hex())) > 2


def test_two_chains_live_side_by_side_and_leave_no_folder_behind() -> None:
    with SoloBackend() as first, SoloBackend(chain_id=5, base_fee=7) as second:
        assert (first.node.chain_id, second.node.chain_id) == (131277322940537, 5)
        assert second.get_base_fee() == 7
        folders = [backend.node.store.environment.folder for backend in (first, second)]
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def test_what_the_chain_cannot_take_is_refused(eth_tester: EthereumTester) -> None:
    sender, other = eth_tester.get_accounts()[:2]
    plain = {"from": sender, "to": other, "gas": 21_000}
    with pytest.raises(ValidationError, match="nonce too high"):
        eth_tester.send_transaction(plain | {"nonce": 1})
    with pytest.raises(ValidationError, match="insufficient funds"):
        eth_tester.send_transaction(plain | {"value": 10**30})
    with pytest.raises(ValidationError, match="No valid"):
        eth_tester.send_transaction(plain | {"from": ACCOUNT})
    with pytest.raises(ValidationError, match="coinbase of this chain is always"):
        eth_tester.mine_block(coinbase=other)
    assert eth_tester.get_nonce(sender) == 0


def test_a_delegation_is_sent_and_taken_back_by_a_snapshot(eth_tester: EthereumTester) -> None:
    snapshot, (sender, *_) = eth_tester.take_snapshot(), eth_tester.get_accounts()
    authority, backend = Account.create(), eth_tester.backend
    signed = authority.sign_authorization({"chainId": backend.node.chain_id, "address": ACCOUNT, "nonce": 0})
    entry = {
        "chain_id": signed.chain_id, "address": ACCOUNT, "nonce": 0, "y_parity": signed.y_parity, "r": signed.r,
        "s": signed.s,
    }  # fmt: skip
    fees = {"max_fee_per_gas": 2 * 10**9, "max_priority_fee_per_gas": 10**9}
    sent = eth_tester.send_transaction(
        {"from": sender, "to": sender, "gas": 100_000, "access_list": (), "authorization_list": [entry], **fees}
    )
    assert eth_tester.get_transaction_receipt(sent)["type"] == "0x4"
    assert eth_tester.get_code(authority.address) == "0xef0100" + "77" * 20
    eth_tester.revert_to_snapshot(snapshot)
    assert eth_tester.get_code(authority.address) == "0x"


def test_the_example_of_the_documentation_runs(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    assert output_of(sys.executable, script) == "1000000000000000000\n"
