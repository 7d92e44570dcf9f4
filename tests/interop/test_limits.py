"""What one caller may ask for: a call that does not end is ended, a wide answer is refused, the node goes on."""

import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from web3 import Web3

from tests.interop.conftest import NodeProcess, make_home, start_node
from tests.interop.test_web3 import NOTEBOOK, send

LIMITS = """
[limits]
call_seconds = 1.0
call_processes = 1
parallel_requests = 6
log_results = 3
log_blocks = 10
log_topics = 2
filters = 2
fee_history_blocks = 2
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A development chain whose node has tight limits."""
    home = tmp_path_factory.mktemp("n") / "home"
    make_home(home, "--dev")
    with (home / "node.toml").open("a", encoding="utf-8") as file:
        file.write(LIMITS)
    node = start_node(home)
    yield node
    assert node.stop() == 0


@pytest.fixture(scope="module")
def notebook(limited: NodeProcess) -> str:
    """The address of a contract that has emitted five events."""
    w3, sender = limited.web3(), Account.create()
    address = send(w3, sender, data=NOTEBOOK["bytecode"])["contractAddress"]
    contract = w3.eth.contract(address=address, abi=NOTEBOOK["abi"])
    for value in range(5):
        send(w3, sender, to=address, data=contract.encode_abi("set", [value, "note"]))
    return str(address)


def ask(w3: Web3, method: str, *parameters: object) -> Any:
    return w3.provider.make_request(method, list(parameters))  # type: ignore[arg-type]


def spin(address: str) -> dict[str, str]:
    contract = Web3().eth.contract(abi=NOTEBOOK["abi"])
    return {"to": address, "data": contract.encode_abi("spin", []), "gas": hex(50_000_000)}


def test_a_call_without_end_is_ended_and_the_next_one_runs(limited: NodeProcess, notebook: str) -> None:
    w3 = limited.web3()
    for _ in range(2):
        answer = ask(w3, "eth_call", spin(notebook), "latest")
        assert answer["error"]["code"] == -32000
        assert "execution aborted (timeout = 1s)" in answer["error"]["message"]
        contract = Web3().eth.contract(abi=NOTEBOOK["abi"])
        call = {"to": notebook, "data": contract.encode_abi("get", [])}
        assert int(ask(w3, "eth_call", call, "latest")["result"], 16) == 4


def test_blocks_are_made_while_calls_do_not_end(limited: NodeProcess, notebook: str) -> None:
    w3, answers = limited.web3(), []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(limited.web3(), "eth_call", spin(notebook), "latest")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    sender = Account.create()
    for _ in range(3):
        assert send(w3, sender, to=notebook, gas=100_000, data="0x6d4ce63c")["status"] == 1
    for thread in threads:
        thread.join()
    messages = [answer["error"]["message"] for answer in answers]
    assert all("timeout" in message or "busy" in message for message in messages)


def test_transactions_are_taken_while_calls_hold_all_their_places(limited: NodeProcess, notebook: str) -> None:
    """Three of six threads may be at calls: of more calls the rest is refused at once, and the head can be asked."""
    stop, answers = threading.Event(), []

    def loop() -> None:
        w3 = limited.web3()
        while not stop.is_set():
            answers.append(ask(w3, "eth_call", spin(notebook), "latest")["error"]["message"])

    threads = [threading.Thread(target=loop) for _ in range(8)]
    for thread in threads:
        thread.start()
    w3, sender = limited.web3(), Account.create()
    try:
        while not any("too many calls wait" in answer for answer in answers):
            assert w3.eth.block_number > 0
        for _ in range(3):
            assert send(w3, sender, to=notebook, gas=100_000, data="0x6d4ce63c")["status"] == 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert all("timeout" in answer or "busy" in answer for answer in answers)


def test_who_hangs_up_is_not_worked_for_and_others_are_served(limited: NodeProcess, notebook: str) -> None:
    """Four batches of 200 calls without end held every process for hours after their clients had gone."""
    batch = json.dumps([request(number, spin(notebook)) for number in range(200)]).encode()
    head = b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    place = urllib.parse.urlsplit(limited.rpc)
    connections = [socket.create_connection((place.hostname, place.port), 60) for _ in range(4)]
    for number, connection in enumerate(connections):
        connection.sendall((head % len(batch) + batch) * (1 + number % 2))  # some behind each other
    w3 = limited.web3()
    while "busy" not in ask(w3, "eth_call", spin(notebook), "latest")["error"]["message"]:
        assert w3.eth.block_number > 0  # until they are at work
    for connection in connections:
        connection.close()
    call = {"to": notebook, "data": Web3().eth.contract(abi=NOTEBOOK["abi"]).encode_abi("get", [])}
    served, until = 0, time.monotonic() + 120
    while served < 5 and time.monotonic() < until:  # 800 calls of a second each are not done by then
        served += "result" in ask(w3, "eth_call", call, "latest")
    assert served == 5


def request(number: int, call: dict[str, str]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": "eth_call", "params": [call, "latest"]}


def test_an_answer_of_too_many_logs_is_refused_with_what_fits(limited: NodeProcess, notebook: str) -> None:
    w3 = limited.web3()
    head = w3.eth.block_number
    answer = ask(w3, "eth_getLogs", {"address": notebook, "fromBlock": hex(max(head - 9, 0)), "toBlock": hex(head)})
    assert answer["error"]["code"] == -32005
    assert "more than 3 results" in answer["error"]["message"]
    assert "fit" in answer["error"]["message"]


def test_a_wide_range_and_many_alternatives_are_refused_with_the_limit(limited: NodeProcess, notebook: str) -> None:
    w3, sender = limited.web3(), Account.create()
    while w3.eth.block_number < 11:
        send(w3, sender, to=notebook, data="0x")
    answer = ask(w3, "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    assert (answer["error"]["code"], "at most 10" in answer["error"]["message"]) == (-32005, True)
    many = ask(w3, "eth_getLogs", {"address": [notebook] * 3})
    assert (many["error"]["code"], "at most 2" in many["error"]["message"]) == (-32000, True)
    deep = ask(w3, "eth_getLogs", {"topics": [None] * 5})
    assert deep["error"] == {"code": -32602, "message": "invalid argument 0: exceed max topics"}
    backwards = ask(w3, "eth_getLogs", {"fromBlock": "0x3", "toBlock": "0x2"})
    assert backwards["error"]["code"] == -32000


def test_too_many_filters_are_refused(limited: NodeProcess) -> None:
    w3 = limited.web3()
    installed = [ask(w3, "eth_newBlockFilter")["result"] for _ in range(2)]
    assert ask(w3, "eth_newBlockFilter")["error"]["code"] == -32005
    assert all(ask(w3, "eth_uninstallFilter", identity)["result"] for identity in installed)
    assert "result" in ask(w3, "eth_newBlockFilter")


def test_a_long_fee_history_is_cut_to_the_limit(limited: NodeProcess, notebook: str) -> None:
    history = ask(limited.web3(), "eth_feeHistory", "0x100", "latest", [])["result"]
    assert len(history["gasUsedRatio"]) == 2
