"""Unchanged web3.py 8 against a running node: deploy, call, send, receipts, logs, filters, proofs, fees, errors."""

import json
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from testamur.proof.hashing import keccak256
from testamur.proof.mpt import account as proven_account
from testamur.proof.mpt import storage as proven_storage
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import (
    ContractCustomError,
    ContractLogicError,
    ContractPanicError,
    TransactionNotFound,
    Web3RPCError,
)

from tests.interop.conftest import NodeProcess

NOTEBOOK = json.loads((Path(__file__).parent / "data" / "Notebook.json").read_text(encoding="utf-8"))
STRANGER = "0x" + "77" * 20


@pytest.fixture
def sender(w3: Web3) -> LocalAccount:
    """A fresh key: on a free chain it needs no balance."""
    return Account.create()


def send(w3: Web3, sender: LocalAccount, **fields: Any) -> Any:
    """Sign with eth-account, send raw, wait for the receipt."""
    transaction = {
        "chainId": w3.eth.chain_id, "nonce": w3.eth.get_transaction_count(sender.address, "pending"), "gas": 1_000_000,
        "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0, **fields,
    }  # fmt: skip
    signed = sender.sign_transaction(transaction)
    return w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(signed.raw_transaction), timeout=60)


@pytest.fixture
def notebook(w3: Web3, sender: LocalAccount) -> Contract:
    """A contract deployed by a raw signed transaction."""
    receipt = send(w3, sender, data=NOTEBOOK["bytecode"])
    return w3.eth.contract(address=receipt["contractAddress"], abi=NOTEBOOK["abi"])


def write(w3: Web3, sender: LocalAccount, notebook: Contract, value: int, text: str = "note") -> Any:
    return send(w3, sender, to=notebook.address, data=notebook.encode_abi("set", [value, text]))


def test_the_node_says_who_it_is(w3: Web3) -> None:
    assert w3.is_connected()
    assert w3.client_version.startswith("testamur-node/")
    assert w3.eth.chain_id == 20260
    assert w3.net.version == "20260"
    assert w3.net.listening
    assert w3.eth.syncing is False
    assert w3.provider.make_request("web3_sha3", ["0x68656c6c6f"])["result"] == Web3.keccak(text="hello").to_0x_hex()  # type: ignore[arg-type]


def test_a_filled_transaction_lacks_its_signature_alone(w3: Web3, sender: LocalAccount) -> None:
    asked = {"from": sender.address, "to": STRANGER, "data": "0x01"}
    filled = w3.provider.make_request("eth_fillTransaction", [asked])["result"]  # type: ignore[arg-type]
    unsigned = filled["tx"]
    assert (unsigned["r"], unsigned["s"], unsigned["gasPrice"], unsigned["type"]) == ("0x0", "0x0", None, "0x2")
    assert Web3.keccak(hexstr=filled["raw"]).to_0x_hex() == unsigned["hash"]
    members = ("chainId", "nonce", "to", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value")
    fields = {name: unsigned[name] for name in members} | {"data": unsigned["input"], "type": 2}
    fields["to"] = Web3.to_checksum_address(unsigned["to"])
    raw = sender.sign_transaction(fields).raw_transaction
    assert w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(raw), timeout=60)["status"] == 1


def test_a_raw_signed_transaction_deploys_a_contract(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    assert len(w3.eth.get_code(notebook.address)) > 100
    assert w3.eth.get_code(Web3.to_checksum_address(STRANGER)) == b""
    assert w3.eth.get_transaction_count(sender.address) == 1


def test_a_call_reads_what_a_transaction_wrote(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    assert notebook.functions.get().call() == 0
    assert write(w3, sender, notebook, 42)["status"] == 1
    assert notebook.functions.get().call() == 42
    assert notebook.functions.count(sender.address).call() == 1
    assert w3.eth.get_storage_at(notebook.address, 0) == (42).to_bytes(32, "big")


def test_a_call_at_an_older_block_reads_the_older_state(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    first = write(w3, sender, notebook, 1)
    write(w3, sender, notebook, 2)
    assert notebook.functions.get().call(block_identifier=first["blockNumber"]) == 1
    assert notebook.functions.get().call(block_identifier=first["blockHash"]) == 1
    assert notebook.functions.get().call() == 2


def test_a_call_may_pretend_other_state(w3: Web3, notebook: Contract) -> None:
    override = {notebook.address: {"stateDiff": {"0x" + "00" * 32: "0x" + "00" * 31 + "07"}}}
    assert notebook.functions.get().call(state_override=override) == 7  # type: ignore[arg-type]
    assert notebook.functions.get().call() == 0


def test_a_call_sees_its_block_and_sender(w3: Web3, notebook: Contract) -> None:
    number, _, chain_id, caller, price = notebook.functions.surroundings().call({"from": STRANGER})
    assert number == w3.eth.block_number
    assert (chain_id, caller, price) == (20260, Web3.to_checksum_address(STRANGER), 0)


def test_a_transaction_from_an_unlocked_account_is_signed_by_the_node(w3: Web3, notebook: Contract) -> None:
    account = w3.eth.accounts[0]
    receipt = w3.eth.wait_for_transaction_receipt(notebook.functions.set(5, "five").transact({"from": account}))
    assert receipt["from"] == account
    assert receipt["status"] == 1
    assert notebook.functions.get().call() == 5


def test_a_transaction_from_an_unknown_account_is_refused(w3: Web3) -> None:
    with pytest.raises(Web3RPCError, match="unknown account"):
        w3.eth.send_transaction({"from": STRANGER, "to": STRANGER, "value": 0})


MAIL: dict[str, Any] = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}],
        "Mail": [{"name": "to", "type": "address[2]"}, {"name": "text", "type": "string"}],
    },
    "primaryType": "Mail",
    "domain": {"name": "post"},
    "message": {"to": [STRANGER, STRANGER], "text": "hello"},
}


@pytest.mark.parametrize("is_text", [False, True], ids=["object", "text"])
def test_typed_data_is_signed_by_an_unlocked_account(w3: Web3, is_text: bool) -> None:
    account = w3.eth.accounts[0]
    document = json.dumps(MAIL) if is_text else MAIL
    for method in ("eth_signTypedData", "eth_signTypedData_v4"):
        answer: Any = w3.provider.make_request(method, [account, document])  # type: ignore[arg-type]
        assert Account.recover_message(encode_typed_data(full_message=MAIL), signature=answer["result"]) == account


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (MAIL | {"message": {"to": [STRANGER], "text": "hello"}}, "Expected 2 items for array type address"),
        (MAIL | {"message": {"text": "hello"}}, "typed data: KeyError: 'to'"),
        (MAIL | {"primaryType": "Letter"}, "typed data: "),
        ("{", "typed data: "),
        ([], "expected an object"),
    ],
)
def test_typed_data_that_breaks_its_own_types_is_refused(w3: Web3, document: Any, reason: str) -> None:
    answer: Any = w3.provider.make_request("eth_signTypedData", [w3.eth.accounts[0], document])  # type: ignore[arg-type]
    assert answer["error"]["code"] == -32602
    assert reason in answer["error"]["message"]


def test_typed_data_is_not_signed_for_an_unknown_account(w3: Web3) -> None:
    answer: Any = w3.provider.make_request("eth_signTypedData", [STRANGER, MAIL])  # type: ignore[arg-type]
    assert answer["error"]["message"] == "unknown account"


def test_an_unlocked_account_sends_authorizations(w3: Web3, notebook: Contract) -> None:
    authority = Account.create()
    signed = authority.sign_authorization({"chainId": w3.eth.chain_id, "address": notebook.address, "nonce": 0})
    hash_ = w3.eth.send_transaction(
        {"from": w3.eth.accounts[0], "to": STRANGER, "authorizationList": [signed]}  # type: ignore[typeddict-item]
    )
    assert w3.eth.wait_for_transaction_receipt(hash_)["type"] == 4
    assert w3.eth.get_code(authority.address) == HexBytes("0xef0100" + notebook.address[2:])


def test_blobs_are_not_left_out_of_what_an_unlocked_account_sends(w3: Web3) -> None:
    fields = {"from": w3.eth.accounts[0], "to": STRANGER, "blobVersionedHashes": ["0x01" + "00" * 31]}
    answer: Any = w3.provider.make_request("eth_sendTransaction", [fields])  # type: ignore[arg-type]
    assert answer["error"]["code"] == -32602
    assert "eth_sendRawTransaction" in answer["error"]["message"]


def test_a_simulation_with_another_base_fee_takes_nothing_on_a_free_chain(w3: Web3) -> None:
    call = {"from": STRANGER, "to": STRANGER, "maxFeePerGas": "0xa", "maxPriorityFeePerGas": "0xa"}
    block = {"blockOverrides": {"baseFeePerGas": "0xa"}, "calls": [call]}
    payload = {"blockStateCalls": [block], "validation": True}
    answer: Any = w3.provider.make_request("eth_simulateV1", [payload, "latest"])  # type: ignore[arg-type]
    (simulated,) = answer["result"]
    assert simulated["baseFeePerGas"] == "0xa"
    assert simulated["calls"][0]["status"] == "0x1"


def test_value_moves_between_accounts_of_a_development_chain(w3: Web3) -> None:
    giver = w3.eth.accounts[0]
    taker = Account.create().address
    hash_ = w3.eth.send_transaction({"from": giver, "to": taker, "value": 10**18})
    w3.eth.wait_for_transaction_receipt(hash_)
    assert w3.eth.get_balance(taker) == 10**18
    assert w3.eth.get_balance(Web3.to_checksum_address(STRANGER)) == 0


def test_a_receipt_tells_status_gas_and_logs(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt = write(w3, sender, notebook, 9, "学分")
    event = notebook.events.NoteChanged().process_receipt(receipt)[0]
    assert event["args"] == {"by": sender.address, "value": 9, "text": "学分"}
    assert receipt["effectiveGasPrice"] == 0
    assert receipt["gasUsed"] == receipt["cumulativeGasUsed"] > 21_000
    assert receipt["to"] == notebook.address
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt(HexBytes(bytes(32)))


def test_a_failing_transaction_has_a_receipt_that_says_so(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt = send(w3, sender, to=notebook.address, data=notebook.encode_abi("complain", []))
    assert receipt["status"] == 0
    assert receipt["logs"] == []


def test_a_transaction_is_found_by_hash_and_by_place(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt = write(w3, sender, notebook, 3)
    by_hash = w3.eth.get_transaction(receipt["transactionHash"])
    assert by_hash["from"] == sender.address
    assert by_hash["type"] == 2
    assert by_hash["gasPrice"] == 0
    place = receipt["blockNumber"], receipt["transactionIndex"]
    assert w3.eth.get_transaction_by_block(*place) == by_hash
    assert w3.eth.get_raw_transaction(receipt["transactionHash"])[0] == 2
    assert w3.eth.get_raw_transaction_by_block(*place) == w3.eth.get_raw_transaction(receipt["transactionHash"])
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction(HexBytes(bytes(32)))


def test_blocks_are_found_by_number_hash_and_tag(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt = write(w3, sender, notebook, 1)
    block = w3.eth.get_block(receipt["blockNumber"], full_transactions=True)
    assert block["hash"] == receipt["blockHash"]
    assert block["transactions"][0]["hash"] == receipt["transactionHash"]  # type: ignore[index]
    assert w3.eth.get_block(block["hash"])["transactions"] == [receipt["transactionHash"]]
    assert w3.eth.get_block("latest") == w3.eth.get_block("safe") == w3.eth.get_block("finalized")
    assert w3.eth.get_block("earliest")["number"] == 0
    assert w3.eth.get_block_transaction_count(receipt["blockNumber"]) == 1
    uncles = w3.provider.make_request("eth_getUncleCountByBlockNumber", [hex(receipt["blockNumber"])])  # type: ignore[arg-type]
    assert uncles["result"] == "0x0"
    assert [item["transactionHash"] for item in w3.eth.get_block_receipts(receipt["blockNumber"])] == [
        receipt["transactionHash"]
    ]
    with pytest.raises(Exception, match="not found"):
        w3.eth.get_block(10**9)


def test_a_blocks_hash_is_the_keccak_of_its_raw_header(w3: Web3, notebook: Contract) -> None:
    head = w3.eth.get_block("latest")
    raw = w3.provider.make_request("debug_getRawHeader", [hex(head["number"])])["result"]  # type: ignore[arg-type]
    assert keccak256(bytes.fromhex(raw[2:])) == head["hash"]
    assert rlp.decode(bytes.fromhex(raw[2:]))[0] == head["parentHash"]


def test_gas_is_estimated_so_that_the_transaction_succeeds(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    gas = notebook.functions.set(77, "x" * 100).estimate_gas({"from": sender.address})
    payload = notebook.encode_abi("set", [77, "x" * 100])
    assert send(w3, sender, to=notebook.address, data=payload, gas=gas - 2_000)["status"] == 0
    assert send(w3, sender, to=notebook.address, data=payload, gas=gas)["status"] == 1
    with pytest.raises(ContractLogicError):
        notebook.functions.complain().estimate_gas({"from": sender.address})


def test_an_access_list_names_what_a_call_touches(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    transaction = {"from": sender.address, "to": notebook.address, "data": notebook.encode_abi("get", [])}
    answer = w3.eth.create_access_list(transaction)  # type: ignore[arg-type]
    assert [entry["address"] for entry in answer["accessList"]] == [notebook.address]
    assert answer["accessList"][0]["storageKeys"] == ["0x" + "00" * 32]
    assert answer["gasUsed"] > 21_000


def test_all_prices_are_zero(w3: Web3, notebook: Contract) -> None:
    assert w3.eth.gas_price == 0
    assert w3.eth.max_priority_fee == 0
    history = w3.eth.fee_history(3, "latest", [10.0, 90.0])
    assert set(history["baseFeePerGas"]) == {0}
    assert {tip for block in history["reward"] for tip in block} == {0}
    assert w3.eth.get_block("latest")["baseFeePerGas"] == 0


def test_wallets_that_offer_a_price_pay_nothing(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    payload = notebook.encode_abi("set", [1, "old wallet"])
    legacy = {
        "chainId": 20260, "nonce": w3.eth.get_transaction_count(sender.address), "gas": 200_000, "gasPrice": 10**9,
        "to": notebook.address, "data": payload, "value": 0,
    }  # fmt: skip
    raw = sender.sign_transaction(legacy).raw_transaction
    receipt = w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(raw))
    assert (receipt["status"], receipt["type"], receipt["effectiveGasPrice"]) == (1, 0, 0)


def test_reverts_carry_reason_custom_error_and_panic(w3: Web3, notebook: Contract) -> None:
    with pytest.raises(ContractLogicError, match="not today"):
        notebook.functions.complain().call()
    with pytest.raises(ContractCustomError) as custom:
        notebook.functions.refuse(7).call()
    assert str(custom.value.data).endswith("07")
    with pytest.raises(ContractPanicError):
        notebook.functions.panic().call()


def test_a_revert_has_code_3_and_its_data(w3: Web3, notebook: Contract) -> None:
    call = {"to": notebook.address, "data": notebook.encode_abi("complain", [])}
    answer = w3.provider.make_request("eth_call", [call, "latest"])  # type: ignore[arg-type]
    assert answer["error"]["code"] == 3
    assert answer["error"]["message"] == "execution reverted: not today"  # type: ignore[typeddict-item]
    assert answer["error"]["data"].startswith("0x08c379a0")  # type: ignore[typeddict-item]


def test_logs_are_found_by_address_topic_and_range(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    first = write(w3, sender, notebook, 1)["blockNumber"]
    last = write(w3, sender, notebook, 2)["blockNumber"]
    topic = notebook.events.NoteChanged().topic
    found = w3.eth.get_logs({"address": notebook.address, "fromBlock": first, "toBlock": last, "topics": [topic]})
    assert [log["blockNumber"] for log in found] == [first, last]
    by_value = [topic, None, "0x" + (2).to_bytes(32, "big").hex()]
    assert [
        log["blockNumber"] for log in w3.eth.get_logs({"fromBlock": 0, "topics": by_value, "address": notebook.address})
    ] == [last]
    assert w3.eth.get_logs({"blockHash": w3.eth.get_block(first)["hash"]})[0]["address"] == notebook.address
    assert w3.eth.get_logs({"address": Web3.to_checksum_address(STRANGER), "fromBlock": 0}) == []
    events = notebook.events.NoteChanged().get_logs(from_block=first, argument_filters={"by": sender.address})
    assert [event["args"]["value"] for event in events] == [1, 2]


def test_a_log_filter_tells_each_log_once(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    write(w3, sender, notebook, 1)
    changes = w3.eth.filter({"address": notebook.address})
    assert changes.get_new_entries() == []
    write(w3, sender, notebook, 2)
    write(w3, sender, notebook, 3)
    assert len(changes.get_new_entries()) == 2
    assert changes.get_new_entries() == []
    assert w3.eth.uninstall_filter(changes.filter_id)  # type: ignore[arg-type]
    assert not w3.eth.uninstall_filter(changes.filter_id)  # type: ignore[arg-type]
    with pytest.raises(Web3RPCError, match="filter not found"):
        changes.get_new_entries()


def test_a_log_filter_reads_again_what_lies_in_its_range(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    first = write(w3, sender, notebook, 1)["blockNumber"]
    changes = w3.eth.filter({"address": notebook.address, "fromBlock": first})
    assert len(changes.get_all_entries()) == 1


def test_a_block_filter_tells_each_block_once(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    blocks = w3.eth.filter("latest")
    receipt = write(w3, sender, notebook, 1)
    assert blocks.get_new_entries() == [receipt["blockHash"]]
    assert blocks.get_new_entries() == []


def test_a_pending_filter_tells_each_waiting_transaction(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    waiting = w3.eth.filter("pending")
    receipt = write(w3, sender, notebook, 1)
    assert waiting.get_new_entries() == [receipt["transactionHash"]]
    assert waiting.get_new_entries() == []


def test_a_proof_verifies_against_the_state_root(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    write(w3, sender, notebook, 1234)
    head = w3.eth.get_block("latest")
    proof = w3.eth.get_proof(notebook.address, [0, 5], head["number"])
    nodes = {keccak256(bytes(node)): bytes(node) for node in proof["accountProof"]}
    for item in proof["storageProof"]:
        nodes |= {keccak256(bytes(node)): bytes(node) for node in item["proof"]}
    account = proven_account(bytes(head["stateRoot"]), bytes.fromhex(notebook.address[2:]), nodes)
    assert account is not None
    assert account.code_hash == keccak256(bytes(w3.eth.get_code(notebook.address)))
    assert proven_storage(account.storage_root, 0, nodes) == 1234
    assert proven_storage(account.storage_root, 5, nodes) == 0


def test_the_pending_nonce_stops_at_a_gap_and_a_late_transaction_fills_it(w3: Web3, sender: LocalAccount) -> None:
    fields = {"chainId": 20260, "gas": 21_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0, "to": STRANGER}
    late, early = (sender.sign_transaction({**fields, "nonce": nonce}).raw_transaction for nonce in (1, 0))
    hash_ = w3.eth.send_raw_transaction(late)
    assert w3.eth.get_transaction_count(sender.address, "pending") == 0
    assert w3.eth.get_transaction(hash_)["blockHash"] is None
    content = w3.geth.txpool.content()
    assert "1" in content["queued"][sender.address]  # type: ignore[index]
    w3.eth.send_raw_transaction(early)
    assert w3.eth.wait_for_transaction_receipt(hash_)["status"] == 1
    assert w3.eth.get_transaction_count(sender.address, "pending") == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chainId": 1}, "invalid chain id"),
        ({"gas": 20_000}, "intrinsic gas too low"),
        ({"gas": 10**9}, "exceeds block gas limit"),
    ],
)
def test_a_transaction_that_cannot_stand_in_a_block_is_refused(
    w3: Web3, sender: LocalAccount, change: dict[str, int], message: str
) -> None:
    fields = {
        "chainId": 20260, "nonce": 0, "gas": 21_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0,
        "to": STRANGER,
    }  # fmt: skip
    with pytest.raises(Web3RPCError, match=message):
        w3.eth.send_raw_transaction(sender.sign_transaction({**fields, **change}).raw_transaction)
    w3.eth.send_raw_transaction(sender.sign_transaction(fields).raw_transaction)


def test_a_used_nonce_and_bytes_that_are_no_transaction_are_refused(w3: Web3, sender: LocalAccount) -> None:
    send(w3, sender, to=STRANGER)
    with pytest.raises(Web3RPCError, match="nonce too low"):
        send(w3, sender, to=STRANGER, nonce=0)
    for raw in (b"", b"\x02", b"\xc0", bytes(100)):
        answer = w3.provider.make_request("eth_sendRawTransaction", ["0x" + raw.hex()])  # type: ignore[arg-type]
        assert answer["error"]["code"] == -32000


def test_batches_of_requests_are_answered_in_order(w3: Web3, notebook: Contract) -> None:
    with w3.batch_requests() as batch:
        batch.add(w3.eth.get_block(0))
        batch.add(notebook.functions.get())
        batch.add(w3.eth.get_block("latest"))
        answers = batch.execute()
    assert answers[0]["number"] == 0  # type: ignore[index]
    assert answers[1] == 0


def test_a_finality_proof_names_the_block(w3: Web3, notebook: Contract) -> None:
    head = w3.eth.get_block("latest")
    proof: Any = w3.provider.make_request("testamur_finalityProof", [hex(head["number"])])["result"]  # type: ignore[arg-type]
    assert keccak256(bytes.fromhex(proof["evmHeader"][2:])) == head["hash"]
    assert proof["signedHeader"]["header"]["app_hash"].lower() == head["hash"].hex().removeprefix("0x")
    assert len(proof["validators"]) == 1
    validators: Any = w3.provider.make_request("testamur_validators", [])["result"]  # type: ignore[arg-type]
    assert validators[0]["pub_key"] == proof["validators"][0]["pub_key"]


def test_a_strangers_transaction_is_refused_on_a_permissioned_chain(alliance: NodeProcess) -> None:
    w3 = alliance.web3()
    stranger = Account.create()
    with pytest.raises(Web3RPCError, match="not permitted"):
        send(w3, stranger, to=STRANGER)
    rights: Any = w3.provider.make_request("testamur_permissions", [stranger.address])["result"]  # type: ignore[arg-type]
    assert rights == {"transact": 0, "deploy": False}
    assert w3.eth.accounts == []


def test_a_founder_transacts_on_a_permissioned_chain_but_may_not_deploy(alliance: NodeProcess) -> None:
    w3 = alliance.web3()
    password = (alliance.home / "keys" / "password").read_text(encoding="utf-8").strip()
    keystore = json.loads((alliance.home / "keys" / "cdou-admin.json").read_text(encoding="utf-8"))
    founder = Account.from_key(Account.decrypt(keystore, password))
    receipt = send(w3, founder, to=founder.address)
    assert receipt["status"] == 1
    with pytest.raises(Web3RPCError, match="may not deploy"):
        send(w3, founder, data=NOTEBOOK["bytecode"])
    with pytest.raises(Web3RPCError, match="value must be 0"):
        send(w3, founder, to=STRANGER, value=1)


def test_development_methods_are_absent_on_a_permissioned_chain(alliance: NodeProcess) -> None:
    for method in (
        "evm_mine",
        "anvil_mine",
        "hardhat_mine",
        "evm_increaseTime",
        "debug_getRawBlock",
        "txpool_content",
        "admin_nodeInfo",
    ):
        answer: Any = alliance.web3().provider.make_request(method, [])  # type: ignore[arg-type]
        assert answer["error"]["code"] == -32601
