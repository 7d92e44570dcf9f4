"""debug_trace: struct logs, calls, prestate and selectors of transactions and calls of a running node."""

import itertools
import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract

from tests.interop.test_web3 import NOTEBOOK, STRANGER, send

# calls the address in its calldata without any data, then stores the outcome
CALLER = "0x" + "600c8060095f395ff3" + "5f5f5f5f5f5f355af15f5500"


def request(w3: Web3, method: str, *parameters: object) -> Any:
    answer: Any = w3.provider.make_request(method, list(parameters))  # type: ignore[arg-type]
    assert "error" not in answer, answer
    return answer["result"]


@pytest.fixture
def sender() -> LocalAccount:
    return Account.create()


@pytest.fixture
def notebook(w3: Web3, sender: LocalAccount) -> Contract:
    return w3.eth.contract(address=send(w3, sender, data=NOTEBOOK["bytecode"])["contractAddress"], abi=NOTEBOOK["abi"])


def traced(w3: Web3, sender: LocalAccount, notebook: Contract, call: str, **options: object) -> Any:
    """The trace of a transaction that calls the notebook."""
    receipt = send(w3, sender, to=notebook.address, data=call)
    return receipt, request(w3, "debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), options)


def test_struct_logs_account_for_the_gas(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt, trace = traced(w3, sender, notebook, notebook.encode_abi("set", [7, "seven"]), enableMemory=True)
    logs = trace["structLogs"]
    assert trace["gas"] == receipt["gasUsed"]
    assert trace["failed"] is False
    for before, after in itertools.pairwise(logs):
        assert before["gas"] - before["gasCost"] == after["gas"]
    stores = [entry for entry in logs if entry["op"] == "SSTORE"]
    assert stores[0]["storage"]["00" * 32] == (7).to_bytes(32, "big").hex()
    assert logs[0] == {
        "pc": 0,
        "op": "PUSH1",
        "gas": logs[0]["gas"],
        "gasCost": 3,
        "depth": 1,
        "stack": [],
    }
    assert logs[-1]["op"] == "STOP"


def test_struct_logs_show_what_was_asked_for(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    payload = notebook.encode_abi("set", [7, "seven"])
    _, trace = traced(w3, sender, notebook, payload, disableStack=True, disableStorage=True, limit=300)
    sizes = [len(json.dumps(entry, separators=(",", ":"))) for entry in trace["structLogs"]]
    assert sum(sizes[:-1]) <= 300 < sum(sizes)  # geth's limit counts bytes, and the record that passes it is shown
    assert set(trace["structLogs"][0]) == {"pc", "op", "gas", "gasCost", "depth"}


def test_a_failing_transaction_is_traced_to_its_revert(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt, trace = traced(w3, sender, notebook, notebook.encode_abi("complain", []))
    assert receipt["status"] == 0
    assert trace["failed"] is True
    assert trace["returnValue"].startswith("0x08c379a0")
    assert trace["structLogs"][-1]["op"] == "REVERT"


def test_the_call_tracer_shows_the_tree(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    caller = send(w3, sender, data=CALLER)["contractAddress"]
    receipt = send(w3, sender, to=caller, data="0x" + "00" * 12 + notebook.address[2:])
    options = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    trace = request(w3, "debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), options)
    assert (trace["type"], trace["from"], trace["to"]) == ("CALL", sender.address.lower(), caller.lower())
    assert int(trace["gasUsed"], 16) == receipt["gasUsed"]
    assert int(trace["gas"], 16) == 1_000_000
    (inner,) = trace["calls"]
    assert (inner["from"], inner["to"], inner["error"]) == (
        caller.lower(),
        notebook.address.lower(),
        "execution reverted",
    )
    only_top = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
    assert "calls" not in request(w3, "debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), only_top)


def test_the_call_tracer_shows_events_and_reasons(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    options: dict[str, object] = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    receipt, trace = traced(w3, sender, notebook, notebook.encode_abi("set", [7, "seven"]), **options)
    assert [log["topics"] for log in trace["logs"]] == [[topic.to_0x_hex() for topic in receipt["logs"][0]["topics"]]]
    _, failed = traced(w3, sender, notebook, notebook.encode_abi("complain", []), **options)
    assert (failed["error"], failed["revertReason"]) == ("execution reverted", "not today")
    assert "logs" not in failed


def test_a_creation_is_traced_as_one(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt = send(w3, sender, data=NOTEBOOK["bytecode"])
    trace = request(w3, "debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), {"tracer": "callTracer"})
    assert (trace["type"], trace["to"]) == ("CREATE", receipt["contractAddress"].lower())
    assert trace["output"] == w3.eth.get_code(receipt["contractAddress"]).to_0x_hex()
    assert trace["input"] == NOTEBOOK["bytecode"]


def test_the_prestate_tracer_shows_what_was_and_what_changed(
    w3: Web3, sender: LocalAccount, notebook: Contract
) -> None:
    send(w3, sender, to=notebook.address, data=notebook.encode_abi("set", [6, "six"]))
    payload = notebook.encode_abi("set", [7, "seven"])
    _, before = traced(w3, sender, notebook, payload, tracer="prestateTracer")
    account = before[notebook.address.lower()]
    assert account["storage"]["0x" + "00" * 32] == "0x" + (6).to_bytes(32, "big").hex()
    assert account["code"] == w3.eth.get_code(notebook.address).to_0x_hex()
    nonce = before[sender.address.lower()]["nonce"]
    _, change = traced(
        w3,
        sender,
        notebook,
        notebook.encode_abi("set", [8, "eight"]),
        tracer="prestateTracer",
        tracerConfig={"diffMode": True},
    )
    assert change["pre"][notebook.address.lower()]["storage"]["0x" + "00" * 32] == "0x" + (7).to_bytes(32, "big").hex()
    assert change["post"][notebook.address.lower()]["storage"]["0x" + "00" * 32] == "0x" + (8).to_bytes(32, "big").hex()
    assert change["post"][sender.address.lower()] == {"nonce": nonce + 2}


def test_the_selector_tracer_counts_calls(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    payload = notebook.encode_abi("set", [7, "seven"])
    _, counts = traced(w3, sender, notebook, payload, tracer="4byteTracer")
    assert counts == {f"{payload[:10]}-{len(payload) // 2 - 5}": 1}


def test_a_trace_may_be_as_deep_as_calls_go(w3: Web3) -> None:
    itself = {STRANGER: {"code": "0x5f5f5f5f5f305af100"}}
    options = {"tracer": "callTracer", "stateOverrides": itself}
    frame, depth = request(w3, "debug_traceCall", {"to": STRANGER, "gas": hex(30_000_000)}, "latest", options), 0
    while "calls" in frame:
        frame, depth = frame["calls"][0], depth + 1
    assert depth > 300


def test_the_preimages_of_hashes_are_collected(w3: Web3) -> None:
    hashing = {"data": "0x" + "602a5f5260205f20" + "602060402000"}
    found = request(w3, "debug_traceCall", hashing, "latest", {"tracer": "keccak256PreimageTracer"})
    asked = ((42).to_bytes(32, "big"), bytes(32))
    assert found == {Web3.keccak(preimage).to_0x_hex(): "0x" + preimage.hex() for preimage in asked}


def test_a_call_is_traced_before_a_transaction_of_its_block(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    receipt = send(w3, sender, to=notebook.address, data=notebook.encode_abi("set", [7, "seven"]))
    reading = {"to": notebook.address, "data": notebook.encode_abi("get")}

    def read(**options: object) -> int:
        place = hex(receipt["blockNumber"])
        return int(request(w3, "debug_traceCall", reading, place, {"tracer": "callTracer", **options})["output"], 16)

    assert (read(txIndex="0x0"), read()) == (0, 7)
    refused = w3.provider.make_request(  # type: ignore[arg-type]
        "debug_traceCall", [reading, hex(receipt["blockNumber"]), {"txIndex": "0x1"}]
    )
    assert refused["error"]["code"] == -32000


def test_a_block_is_traced_transaction_by_transaction(w3: Web3, sender: LocalAccount, notebook: Contract) -> None:
    request(w3, "evm_setAutomine", False)
    try:
        fields = {
            "chainId": 20260,
            "gas": 21_000,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "value": 0,
            "to": sender.address,
        }
        nonce = w3.eth.get_transaction_count(sender.address)
        hashes = [
            w3.eth.send_raw_transaction(sender.sign_transaction({**fields, "nonce": nonce + index}).raw_transaction)
            for index in range(3)
        ]
        request(w3, "evm_mine")
    finally:
        request(w3, "evm_setAutomine", True)
    number = w3.eth.get_transaction_receipt(hashes[0])["blockNumber"]
    options = {"tracer": "callTracer"}
    traces = request(w3, "debug_traceBlockByNumber", hex(number), options)
    assert [trace["txHash"] for trace in traces] == [hash_.to_0x_hex() for hash_ in hashes]
    assert traces == request(w3, "debug_traceBlockByHash", w3.eth.get_block(number)["hash"].to_0x_hex(), options)
    assert traces == request(w3, "debug_traceBlock", request(w3, "debug_getRawBlock", hex(number)), options)


def test_a_call_is_traced_without_being_sent(w3: Web3, notebook: Contract) -> None:
    call = {"to": notebook.address, "data": notebook.encode_abi("set", [9, "nine"])}
    trace = request(w3, "debug_traceCall", call, "latest", {"tracer": "callTracer", "tracerConfig": {"withLog": True}})
    assert len(trace["logs"]) == 1
    assert notebook.functions.get().call() == 0
    override = {notebook.address: {"code": "0x60005ff3"}}
    replaced = request(w3, "debug_traceCall", call, "latest", {"stateOverrides": override})
    assert [entry["op"] for entry in replaced["structLogs"]] == ["PUSH1", "PUSH0", "RETURN"]


@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ("debug_traceTransaction", ["0x" + "00" * 32], "transaction not found"),
        ("debug_traceBlockByNumber", ["0x0"], "genesis is not traceable"),
        ("debug_traceBlockByNumber", ["0xffffff"], "header not found"),
        ("debug_traceCall", [{}, "latest", {"tracer": "{}"}], "not found"),
        ("debug_traceBlock", ["0x00"], "a block is a list"),
    ],
)
def test_what_cannot_be_traced_is_told(w3: Web3, method: str, parameters: list[object], message: str) -> None:
    answer: Any = w3.provider.make_request(method, parameters)  # type: ignore[arg-type]
    assert answer["error"]["code"] == -32000
    assert message in answer["error"]["message"]
