"""`pending` is the block that the node would make now: what it shows is what the next block then holds."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from eth_account import Account
from eth_utils import to_checksum_address
from testamur.proof.hashing import keccak256
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.chain.transaction import created_address
from testamur_node.node import Node
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.server import dispatcher_for

from tests.node.founding import (
    ADDRESSES,
    CHAIN_ID,
    DEPLOYER,
    GENESIS_TIME,
    GOVERN,
    KEYS,
    STORING_CODE,
    creating,
    make_home,
    raw,
    word,
)
from tests.node.test_node import SteppedClock

READING_CODE = bytes.fromhex("5f355460005260206000f3")
"""Runtime: returns storage[word 0 of the input]."""
SWITCH = bytes.fromhex("366040146012575f355460005260206000f35b") + STORING_CODE
"""Runtime: with 64 bytes of input it stores and logs, else it reads."""
ENDLESS_CODE = bytes.fromhex("5b600056")
"""Runtime: a loop that ends with its gas."""
Ask = Callable[..., Any]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def development(tmp_path: Path, clock: SteppedClock) -> Iterator[Node]:
    node = Node.open(make_home(tmp_path, DEVELOPMENT), clock)
    node.submit(raw(DEPLOYER, 0, to=None, data=creating(SWITCH)))
    assert node.wait_for_block(1, 20)
    node.development.set_automine(False)
    yield node
    node.close()


CONTRACT = created_address(ADDRESSES[DEPLOYER], 0)
TARGET = "0x" + CONTRACT.hex()


def asking(node: Node, limits: Limits | None = None) -> Ask:
    """Ask a node over the dispatcher that its listeners use: the result, or the error object."""
    dispatcher = dispatcher_for(node, ["eth", "txpool", "debug"], limits or Limits())

    def ask(method: str, *parameters: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        answer = orjson.loads(dispatcher.answer(orjson.dumps(body)) or b"")
        return answer["result"] if "result" in answer else answer["error"]

    return ask


@pytest.fixture
def ask(development: Node) -> Ask:
    return asking(development)


def write(sender: int, nonce: int, key: int, value: int, **fields: Any) -> bytes:
    return raw(sender, nonce, to=CONTRACT, data=word(key, value), gas=80_000, **fields)


def reading(key: int) -> dict[str, str]:
    return {"to": TARGET, "data": "0x" + word(key).hex()}


def number_of(value: str) -> int:
    return int(value, 16)


def test_without_anything_waiting_it_is_an_empty_block_on_the_head(development: Node, ask: Ask) -> None:
    head, pending = ask("eth_getBlockByNumber", "latest", True), ask("eth_getBlockByNumber", "pending", True)
    assert pending["parentHash"] == head["hash"]
    assert number_of(pending["number"]) == number_of(head["number"]) + 1
    assert pending["timestamp"] == hex(development.head.header.timestamp + 1)
    assert (pending["hash"], pending["nonce"], pending["miner"]) == (None, None, None)
    assert (pending["transactions"], pending["uncles"], pending["gasUsed"]) == ([], [], "0x0")
    assert ask("eth_getBlockReceipts", "pending") == []
    assert ask("eth_getBlockTransactionCountByNumber", "pending") == "0x0"
    assert ask("eth_getTransactionByBlockNumberAndIndex", "pending", "0x0") is None
    assert set(head) == set(pending)


def test_what_it_shows_is_what_the_next_block_holds(development: Node, ask: Ask, clock: SteppedClock) -> None:
    chance = random.Random(26)
    for turn in range(6):
        nonces = {sender: development.pending_nonce(ADDRESSES[sender]) for sender in (DEPLOYER, GOVERN, 2)}
        for _ in range(chance.randint(0, 6)):
            sender = chance.choice(list(nonces))
            kind = chance.randrange(4)
            if kind == 0:
                item = raw(sender, nonces[sender], to=None, data=creating(STORING_CODE), gas=200_000)
            elif kind == 1:
                item = raw(sender, nonces[sender], to=ADDRESSES[9], value=chance.randrange(10**18))
            elif kind == 2:
                item = raw(sender, nonces[sender], to=None, data=b"\xfe", gas=90_000)
            else:
                item = write(sender, nonces[sender], chance.randrange(4), chance.randrange(5))
            development.submit(item)
            nonces[sender] += 1
        clock.nanoseconds += chance.randrange(3 * 10**9)
        shown = ask("eth_getBlockByNumber", "pending", False)
        receipts = ask("eth_getBlockReceipts", "pending")
        logs = ask("eth_getLogs", {"fromBlock": "pending", "toBlock": "pending"})
        raws = [ask("eth_getRawTransactionByBlockNumberAndIndex", "pending", hex(at)) for at in range(len(receipts))]
        development.development.mine()
        made = ask("eth_getBlockByNumber", "latest", False)
        assert shown | {name: made[name] for name in ("hash", "nonce", "miner")} == made
        assert [item | {"blockHash": made["hash"], "logs": _placed(item["logs"], made)} for item in receipts] == ask(
            "eth_getBlockReceipts", "latest"
        )
        assert _placed(logs, made) == ask("eth_getLogs", {"blockHash": made["hash"]})
        assert raws == ["0x" + item.raw.hex() for item in development.head.transactions]
        assert development.head.number == turn + 2


def _placed(logs: list[dict[str, Any]], block: dict[str, Any]) -> list[dict[str, Any]]:
    assert all(log["blockHash"] is None for log in logs)
    return [log | {"blockHash": block["hash"]} for log in logs]


def test_state_calls_and_proofs_see_what_waits_and_latest_does_not(development: Node, ask: Ask) -> None:
    development.submit(write(GOVERN, 0, 7, 9))
    development.submit(raw(GOVERN, 1, to=ADDRESSES[9], value=5))
    development.submit(raw(GOVERN, 2, to=None, data=creating(READING_CODE), gas=200_000))
    made = "0x" + created_address(ADDRESSES[GOVERN], 2).hex()
    account, friend = "0x" + ADDRESSES[GOVERN].hex(), "0x" + ADDRESSES[9].hex()

    def seen(block: str) -> list[Any]:
        return [
            ask("eth_call", reading(7), block),
            ask("eth_getStorageAt", TARGET, "0x7", block),
            ask("eth_getCode", made, block),
            number_of(ask("eth_getBalance", friend, block)) - 10_000 * 10**18,
            number_of(ask("eth_getTransactionCount", account, block)),
            number_of(ask("eth_getProof", TARGET, ["0x7"], block)["storageProof"][0]["value"]),
            number_of(ask("eth_getProof", account, [], block)["nonce"]),
        ]

    nothing, nine = "0x" + word(0).hex(), "0x" + word(9).hex()
    assert seen("latest") == [nothing, nothing, "0x", 0, 0, 0, 0]
    assert seen("pending") == [nine, nine, "0x" + READING_CODE.hex(), 5, 3, 9, 3]
    proof = ask("eth_getProof", account, [], "pending")["accountProof"]
    root = ask("eth_getBlockByNumber", "pending", False)["stateRoot"]
    assert "0x" + keccak256(bytes.fromhex(proof[0][2:])).hex() == root
    assert seen("pending") == seen("pending")
    development.development.mine()
    assert seen("latest") == seen("pending") == [nine, nine, "0x" + READING_CODE.hex(), 5, 3, 9, 3]


def test_the_block_to_come_knows_the_hashes_of_those_before_it(development: Node, ask: Ask) -> None:
    for nonce in range(3):
        development.submit(raw(GOVERN, nonce, to=ADDRESSES[9]))
        development.development.mine()
    code = {"0x" + "77" * 20: {"code": "0x5f356001014303405f5260205ff3"}}  # BLOCKHASH(NUMBER - 1 - word 0 of the input)
    head = development.head.number
    hashes = [ask("eth_getBlockByNumber", hex(number), False)["hash"] for number in range(head, -1, -1)]

    def seen() -> list[Any]:
        messages = [{"to": "0x" + "77" * 20, "data": "0x" + word(back).hex()} for back in range(head + 2)]
        return [ask("eth_call", message, "pending", code) for message in messages]

    assert seen() == [*hashes, "0x" + bytes(32).hex()]
    development.submit(raw(GOVERN, 3, to=ADDRESSES[9]))
    assert seen() == [*hashes, "0x" + bytes(32).hex()]
    demanding = {
        "0x" + "77" * 20: {"code": "0x60014303401515600d575f5ffd5b00"}
    }  # reverts where BLOCKHASH gives nothing
    assert ask("eth_estimateGas", {"to": "0x" + "77" * 20}, "pending", demanding).startswith("0x")


def test_a_message_on_pending_runs_after_what_waits_and_in_that_block(development: Node, ask: Ask) -> None:
    development.submit(raw(GOVERN, 0, to=None, data=creating(bytes.fromhex("43600052426020524160405260606000f3"))))
    clock_code = "0x" + created_address(ADDRESSES[GOVERN], 0).hex()
    pending = ask("eth_getBlockByNumber", "pending", False)
    shown = bytes.fromhex(ask("eth_call", {"to": clock_code}, "pending")[2:])
    assert shown[:64] == word(number_of(pending["number"]), number_of(pending["timestamp"]))
    assert ask("eth_call", {"to": clock_code}, "latest") == "0x"
    assert number_of(ask("eth_estimateGas", {"to": clock_code}, "pending")) > 21_000
    assert ask("eth_estimateGas", {"to": clock_code}) == hex(21_000), "an estimate that names no block costs no block"
    trace = ask("debug_traceCall", {"to": clock_code}, "pending")
    assert (trace["failed"], len(trace["structLogs"])) == (False, 12)


def test_blocks_are_made_up_on_pending_and_its_encodings_are_those_of_the_block_made(
    development: Node, ask: Ask
) -> None:
    development.submit(raw(GOVERN, 0, to=None, data=creating(READING_CODE), gas=200_000))
    made = "0x" + created_address(ADDRESSES[GOVERN], 0).hex()
    calls = {"blockStateCalls": [{"calls": [{"to": made, "data": "0x" + word(3).hex()}]}]}
    (simulated,) = ask("eth_simulateV1", calls, "pending")
    assert number_of(simulated["number"]) == development.head.number + 2
    assert simulated["calls"][0]["returnData"] == "0x" + word(0).hex()
    assert ask("eth_simulateV1", calls, "latest")[0]["calls"][0]["returnData"] == "0x"
    encodings = ("debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts")
    shown = [ask(method, "pending") for method in encodings]
    development.development.mine()
    assert shown == [ask(method, "latest") for method in encodings]


def test_an_access_list_on_pending_follows_the_state_there(development: Node, ask: Ask) -> None:
    development.submit(raw(GOVERN, 0, to=None, data=creating(READING_CODE), gas=200_000))
    message = {"to": "0x" + created_address(ADDRESSES[GOVERN], 0).hex(), "data": "0x" + word(3).hex()}
    assert ask("eth_createAccessList", message, "latest")["accessList"] == []
    (entry,) = ask("eth_createAccessList", message, "pending")["accessList"]
    assert entry == {"address": message["to"], "storageKeys": ["0x" + word(3).hex()]}


def test_what_is_queued_or_has_no_room_is_not_in_it(development: Node, ask: Ask) -> None:
    most = development.head.header.gas_limit
    for nonce in range(3):
        development.submit(raw(GOVERN, nonce, gas=most // 2 - 1_000))
    development.submit(raw(2, 1))
    pending = ask("eth_getBlockByNumber", "pending", True)
    assert [number_of(item["nonce"]) for item in pending["transactions"]] == [0, 1]
    assert all(item["blockHash"] is None and item["blockNumber"] is None for item in pending["transactions"])
    assert ask("eth_getBlockTransactionCountByNumber", "pending") == "0x2"
    assert ask("eth_getTransactionByBlockNumberAndIndex", "pending", "0x1") == pending["transactions"][1]
    assert ask("eth_getTransactionByBlockNumberAndIndex", "pending", "0x2") is None
    assert ask("eth_getTransactionCount", "0x" + ADDRESSES[GOVERN].hex(), "pending") == "0x3"
    assert ask("eth_getTransactionCount", "0x" + ADDRESSES[2].hex(), "pending") == "0x0"
    assert ask("txpool_status") == {"pending": "0x3", "queued": "0x1"}


def test_a_replaced_or_dropped_transaction_leaves_it(development: Node, ask: Ask) -> None:
    first = development.submit(write(GOVERN, 0, 1, 1))
    assert ask("eth_getStorageAt", TARGET, "0x1", "pending") == "0x" + word(1).hex()
    second = development.submit(write(GOVERN, 0, 1, 2, maxFeePerGas=3 * 10**9, maxPriorityFeePerGas=2 * 10**9))
    assert ask("eth_getStorageAt", TARGET, "0x1", "pending") == "0x" + word(2).hex()
    assert ask("eth_getBlockByNumber", "pending", False)["transactions"] == ["0x" + second.hex()]
    assert first != second
    assert development.pool.remove(second)
    assert ask("eth_getStorageAt", TARGET, "0x1", "pending") == "0x" + word(0).hex()


def test_the_pool_is_told_by_sender_and_nonce(development: Node, ask: Ask) -> None:
    development.submit(raw(GOVERN, 0, to=None, data=creating(STORING_CODE)))
    development.submit(raw(GOVERN, 2, to=CONTRACT, value=3, gas=50_000, gasPrice=7))
    account = Account.from_key(KEYS[GOVERN]).address
    content, inspected = ask("txpool_content"), ask("txpool_inspect")
    assert list(content["pending"]) == list(content["queued"]) == [account]
    assert list(content["pending"][account]) == ["0"]
    (queued,) = content["queued"][account].values()
    assert (queued["nonce"], queued["blockHash"], queued["gasPrice"]) == ("0x2", None, "0x7")
    assert queued == ask("eth_getTransactionByHash", queued["hash"])
    assert ask("txpool_contentFrom", account) == {side: items[account] for side, items in content.items()}
    assert ask("txpool_contentFrom", TARGET) == {"pending": {}, "queued": {}}
    assert inspected == {
        "pending": {account: {"0": "contract creation: 0 wei + 200000 gas × 2000000000 wei"}},
        "queued": {account: {"2": f"{to_checksum_address(CONTRACT)}: 3 wei + 50000 gas × 7 wei"}},
    }
    assert ask("txpool_status") == {"pending": "0x1", "queued": "0x1"}


def test_it_is_executed_once_for_one_head_pool_and_second(
    development: Node, ask: Ask, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    original = development.calls.try_block
    monkeypatch.setattr(
        development.calls, "try_block", lambda *items: (runs.append(len(items[2])), original(*items))[1]
    )
    development.submit(write(GOVERN, 0, 1, 1))
    for _ in range(3):
        ask("eth_getBlockByNumber", "pending", False)
        ask("eth_getBalance", TARGET, "pending")
        ask("eth_call", reading(1), "pending")
    assert runs == [1]
    ask("eth_getTransactionCount", TARGET, "pending")
    ask("eth_getBalance", TARGET, "latest")
    development.submit(write(GOVERN, 1, 1, 2))
    assert runs == [1], "nobody pays who does not ask"
    ask("eth_call", reading(1), "pending")
    clock.nanoseconds += 5 * 10**9
    ask("eth_call", reading(1), "pending")
    assert runs == [1, 2, 2]


@pytest.mark.parametrize(
    ("first", "last", "values"),
    [("0x0", "pending", [1, 2]), (None, "pending", [1, 2]), ("pending", "pending", [2]), ("0x3", "pending", [2]),
     ("0x0", "latest", [1]), ("latest", None, [1])],
)  # fmt: skip
def test_logs_up_to_pending_follow_those_of_the_chain(
    development: Node, ask: Ask, first: str | None, last: str | None, values: list[int]
) -> None:
    development.submit(write(GOVERN, 0, 1, 5))
    development.development.mine()
    development.submit(write(GOVERN, 1, 2, 5))
    query = {name: block for name, block in (("fromBlock", first), ("toBlock", last)) if block is not None}
    for narrowed in (query, query | {"address": TARGET}):
        assert [number_of(log["topics"][0]) for log in ask("eth_getLogs", narrowed)] == values
    assert ask("eth_getLogs", query | {"topics": ["0x" + word(77).hex()]}) == []


@pytest.mark.parametrize(("first", "last"), [("pending", "latest"), ("pending", None), ("0x9", "pending")])
def test_a_range_of_logs_that_ends_before_it_begins_is_refused(ask: Ask, first: str, last: str | None) -> None:
    query = {"fromBlock": first} | ({} if last is None else {"toBlock": last})
    error = ask("eth_getLogs", query)
    assert error["code"] == -32000
    assert "invalid block range" in error["message"]


def test_a_filter_up_to_pending_tells_what_is_committed_alone(development: Node, ask: Ask) -> None:
    identity = ask("eth_newFilter", {"toBlock": "pending"})
    development.submit(write(GOVERN, 0, 1, 5))
    assert ask("eth_getFilterChanges", identity) == []
    assert ask("eth_getFilterLogs", identity) == []
    development.development.mine()
    assert len(ask("eth_getFilterChanges", identity)) == 1


def test_the_header_and_the_ommers_of_pending_are_its_own(development: Node, ask: Ask) -> None:
    header, block = ask("eth_getHeaderByNumber", "pending"), ask("eth_getBlockByNumber", "pending", False)
    assert header == {name: block[name] for name in header}
    assert ask("eth_getUncleCountByBlockNumber", "pending") == "0x0"


def test_permission_holds_in_the_pending_block_of_an_alliance(tmp_path: Path) -> None:
    clock = SteppedClock(GENESIS_TIME)  # the clock stands at genesis: nothing is sealed
    node = Node.open(make_home(tmp_path), clock)
    try:
        ask = asking(node)
        node.submit(raw(DEPLOYER, 0, to=None, data=creating(STORING_CODE)))
        node.submit(raw(GOVERN, 0))
        pending = ask("eth_getBlockByNumber", "pending", True)
        assert len(pending["transactions"]) == 2
        assert ask("eth_getCode", TARGET, "pending") == "0x" + STORING_CODE.hex()
        creation = {"from": "0x" + ADDRESSES[GOVERN].hex(), "data": "0x" + creating(STORING_CODE).hex()}
        assert "code" in ask("eth_call", creation, "pending"), "who may not deploy may not in the block to come"
        assert ask("eth_call", creation | {"from": "0x" + ADDRESSES[DEPLOYER].hex()}, "pending").startswith("0x60")
        clock.nanoseconds += 2 * 10**9
        assert node._engine is not None
        node._engine.notify()
        assert node.wait_for_block(1, 20)
        assert ask("eth_getBlockByNumber", "latest", False)["transactionsRoot"] == pending["transactionsRoot"]
    finally:
        node.close()


def test_a_pending_block_that_takes_too_long_is_ended_told_and_not_tried_again(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path, DEVELOPMENT), time.time_ns, call_processes=1)
    try:
        ask = asking(node, Limits(call_seconds=1.0))
        node.submit(raw(DEPLOYER, 0, to=None, data=creating(ENDLESS_CODE)))
        assert node.wait_for_block(1, 20)
        assert ask("eth_getBalance", TARGET, "pending") == "0x0"
        node.development.set_automine(False)
        digest = node.submit(raw(GOVERN, 0, to=CONTRACT, gas=29_000_000))
        for _ in range(2):
            for method in ("eth_getBalance", "eth_getCode"):
                assert "timeout" in ask(method, TARGET, "pending")["message"]
        assert ask("eth_getBalance", TARGET, "latest") == "0x0"
        assert ask("eth_getTransactionCount", "0x" + ADDRESSES[GOVERN].hex(), "pending") == "0x1"
        node.pool.remove(digest)
        node.submit(raw(GOVERN, 0, to=None, data=creating(READING_CODE), gas=200_000))
        assert ask("eth_getBlockTransactionCountByNumber", "pending") == "0x1"
        reader = {"to": "0x" + created_address(ADDRESSES[GOVERN], 0).hex(), "data": "0x" + word(3).hex()}
        assert ask("eth_call", reader, "pending") == "0x" + word(0).hex()
        assert ask("eth_call", reader, "latest") == "0x"
        gas = {block: number_of(ask("eth_estimateGas", reader, block)) for block in ("latest", "pending")}
        assert gas["pending"] > gas["latest"]
    finally:
        node.close()


def test_a_block_made_while_the_pool_is_read_is_the_one_it_follows(
    development: Node, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = development.pool.ready

    def ready_after_a_block(*arguments: Any) -> Any:
        monkeypatch.setattr(development.pool, "ready", ready)
        development.development.mine()
        development.submit(raw(GOVERN, 1, to=ADDRESSES[9]))
        return ready(*arguments)

    development.submit(raw(GOVERN, 0, to=ADDRESSES[9]))
    monkeypatch.setattr(development.pool, "ready", ready_after_a_block)
    block, receipts = ask("eth_getBlockByNumber", "pending", True), ask("eth_getBlockReceipts", "pending")
    assert number_of(block["number"]) == development.head.number + 1
    assert [number_of(item["nonce"]) for item in block["transactions"]] == [1]
    assert [item["status"] for item in receipts] == ["0x1"]


def test_it_stays_whole_while_blocks_are_made(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path, DEVELOPMENT), time.time_ns, block_time=0)
    problems: list[str] = []
    over = threading.Event()

    def watch() -> None:
        ask = asking(node)
        account = "0x" + ADDRESSES[GOVERN].hex()
        seen = 0
        while not over.is_set():
            nonce = number_of(ask("eth_getTransactionCount", account, "pending"))
            if nonce < seen:
                problems.append(f"pending nonce fell from {seen} to {nonce}")
            seen = nonce
            block = ask("eth_getBlockByNumber", "pending", True)
            receipts = ask("eth_getBlockReceipts", "pending")
            if "code" in block or not isinstance(receipts, list):
                problems.append(f"{block} {receipts}")
            elif any(item["status"] != "0x1" for item in receipts):
                problems.append("a pending receipt has failed")

    threads = [threading.Thread(target=watch) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for nonce in range(60):
            node.submit(raw(GOVERN, nonce, to=ADDRESSES[9], value=1))
        deadline = time.monotonic() + 30
        while len(node.pool) and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        over.set()
        for thread in threads:
            thread.join()
        node.close()
    assert problems == []


def imported_node(home: Path, **forks: int) -> Node:
    """A node over another network's genesis, as geth writes it; every fork that is not named is not scheduled."""
    config = {"chainId": CHAIN_ID, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0,
              "byzantiumBlock": 0, "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0,
              "berlinBlock": 0, **forks}  # fmt: skip
    allocation = {address.hex(): {"balance": hex(10**18)} for address in ADDRESSES}
    genesis = {
        "config": config, "alloc": allocation, "gasLimit": "0x1c9c380", "timestamp": "0x3e8", "difficulty": "0x20000",
        "extraData": "0x", "nonce": "0x0", "mixHash": "0x" + "00" * 32, "coinbase": "0x" + "00" * 20,
    }  # fmt: skip
    home.mkdir()
    (home / "genesis.json").write_bytes(orjson.dumps(genesis))
    return Node.open(home, lambda: 2_000 * 10**9)


PRAGUE = {"londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0}


@pytest.mark.parametrize("forks", [{}, {"londonBlock": 0}, PRAGUE, PRAGUE | {"pragueTime": 1_500}])
def test_an_imported_chain_shows_the_block_that_it_will_never_make(tmp_path: Path, forks: dict[str, int]) -> None:
    node = imported_node(tmp_path / "home", **forks)
    try:
        ask = asking(node)
        sent = raw(GOVERN, 0, to=ADDRESSES[9], value=10, gas=21_000, gasPrice=2 * 10**9)
        assert ask("eth_sendRawTransaction", "0x" + sent.hex()).startswith("0x")
        pending = ask("eth_getBlockByNumber", "pending", False)
        assert (pending["number"], pending["timestamp"], pending["gasUsed"]) == ("0x1", hex(2_000), hex(21_000))
        assert ("baseFeePerGas" in pending, "withdrawals" in pending, "requestsHash" in pending) == (
            "londonBlock" in forks, "shanghaiTime" in forks, "pragueTime" in forks,
        )  # fmt: skip
        spent = 10**18 - number_of(ask("eth_getBalance", "0x" + ADDRESSES[GOVERN].hex(), "pending"))
        assert spent == 21_000 * 2 * 10**9 + 10
        assert ask("eth_getBalance", "0x" + ADDRESSES[GOVERN].hex(), "latest") == hex(10**18)
        (receipt,) = ask("eth_getBlockReceipts", "pending")
        assert (receipt["status"], receipt["blockHash"]) == ("0x1", None)
    finally:
        node.close()


def test_what_cannot_stand_in_the_block_is_left_out_with_its_followers(tmp_path: Path) -> None:
    node = imported_node(tmp_path / "home", **PRAGUE)
    try:
        ask = asking(node)
        half = 6 * 10**17
        for item in (
            raw(GOVERN, 0, value=half, gas=21_000), raw(GOVERN, 1, value=half, gas=21_000),
            raw(GOVERN, 2, value=1, gas=21_000), raw(2, 0, value=1, gas=21_000), raw(3, 0, value=half, gas=21_000),
            raw(3, 1, value=half, gas=21_000),
        ):  # fmt: skip
            assert ask("eth_sendRawTransaction", "0x" + item.hex()).startswith("0x")
        pending = ask("eth_getBlockByNumber", "pending", True)
        stand = {(item["from"], number_of(item["nonce"])) for item in pending["transactions"]}
        assert stand == {("0x" + ADDRESSES[sender].hex(), 0) for sender in (GOVERN, 2, 3)}
        assert ask("eth_getTransactionCount", "0x" + ADDRESSES[GOVERN].hex(), "pending") == "0x3"
    finally:
        node.close()
