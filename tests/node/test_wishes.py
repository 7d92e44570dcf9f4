"""What a tool asks of a development chain's next blocks: they have it, `pending` shows it, snapshots remember it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from testamur_node.application import COINBASE, prev_randao
from testamur_node.chain.rules import DEVELOPMENT, DEVELOPMENT_WITH_FEES
from testamur_node.node import Node
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.server import dispatcher_for

from tests.node.founding import ADDRESSES, make_home, raw
from tests.node.test_node import SteppedClock

GWEI = 10**9
MINER = "0x" + "ab" * 20
SHOWING_CODE = "0x4160005244602052486040524560605260806000f3"
"""Runtime: returns COINBASE, PREVRANDAO, BASEFEE and GASLIMIT."""
SHOWING = "0x" + "5e" * 20
Ask = Callable[..., Any]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node.open(make_home(tmp_path, DEVELOPMENT_WITH_FEES, base_fee=GWEI), SteppedClock())
    yield node
    node.close()


@pytest.fixture
def ask(node: Node) -> Ask:
    return asking(node)


def asking(node: Node) -> Ask:
    """Ask a node over the dispatcher that its listeners use: the result, or the error's message."""
    dispatcher = dispatcher_for(node, ["eth", "evm", "hardhat", "anvil"], Limits())

    def ask(method: str, *parameters: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        answer = orjson.loads(dispatcher.answer(orjson.dumps(body)) or b"")
        return answer["error"]["message"] if "error" in answer else answer["result"]

    return ask


def mined(ask: Ask) -> dict[str, Any]:
    """The next block."""
    ask("evm_mine")
    block: dict[str, Any] = ask("eth_getBlockByNumber", "latest", False)
    return block


def test_the_coinbase_and_the_gas_limit_hold_from_the_next_block_on(node: Node, ask: Ask) -> None:
    limit = node.head.header.gas_limit
    assert mined(ask)["miner"] == "0x" + COINBASE.hex()
    assert ask("hardhat_setCoinbase", MINER) is True
    assert ask("evm_setBlockGasLimit", "0x1000000") is True
    assert ask("eth_coinbase") == MINER
    blocks = [mined(ask), mined(ask)]
    assert [(block["miner"], block["gasLimit"]) for block in blocks] == [(MINER, "0x1000000")] * 2
    assert limit != 0x1000000


def test_the_coinbase_gets_the_tips(node: Node, ask: Ask) -> None:
    ask("anvil_setCoinbase", MINER)
    node.submit(raw(0, 0, gas=21_000, gasPrice=3 * GWEI))
    assert node.wait_for_block(1, 20)
    tip = 3 * GWEI - (node.head.header.base_fee or 0)
    assert int(ask("eth_getBalance", MINER, "latest"), 16) == 21_000 * tip


def test_a_transaction_above_the_asked_gas_limit_is_refused(node: Node, ask: Ask) -> None:
    ask("evm_setBlockGasLimit", 100_000)
    message = {"from": "0x" + ADDRESSES[0].hex(), "to": MINER, "gas": hex(100_001)}
    assert ask("eth_sendTransaction", message) == "exceeds block gas limit"
    assert ask("eth_sendTransaction", {**message, "gas": hex(100_000)}).startswith("0x")
    assert ask("evm_setBlockGasLimit", 4_999) == "a block's gas limit lies between 5000 and 2^63, not 4999"


def test_prevrandao_and_the_base_fee_hold_for_one_block(node: Node, ask: Ask) -> None:
    value = "0x" + "07" * 32
    assert ask("hardhat_setPrevRandao", value) is True
    assert ask("hardhat_setNextBlockBaseFeePerGas", hex(8 * GWEI)) is True
    first = mined(ask)
    assert (first["mixHash"], first["baseFeePerGas"]) == (value, hex(8 * GWEI))
    second = mined(ask)
    assert second["mixHash"] == "0x" + prev_randao(bytes.fromhex(first["hash"][2:]), 2).hex()
    assert second["baseFeePerGas"] == hex(7 * GWEI)


def test_who_asks_for_fees_is_told_of_the_asked_base_fee(node: Node, ask: Ask) -> None:
    ask("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    assert ask("eth_feeHistory", "0x1", "latest", [])["baseFeePerGas"][-1] == hex(50 * GWEI)
    assert ask("eth_feeHistory", "0x1", "pending", [])["baseFeePerGas"][0] == hex(50 * GWEI)
    assert int(ask("eth_gasPrice"), 16) > 50 * GWEI
    sent = ask("eth_sendTransaction", {"from": "0x" + ADDRESSES[0].hex(), "to": MINER})
    assert node.wait_for_block(1, 20)
    receipt = ask("eth_getTransactionReceipt", sent)
    assert int(receipt["effectiveGasPrice"], 16) > 50 * GWEI


def test_a_free_chain_takes_a_base_fee_of_nothing_alone(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path, DEVELOPMENT), SteppedClock())
    try:
        ask = asking(node)
        assert ask("hardhat_setNextBlockBaseFeePerGas", "0x0") is True
        assert ask("hardhat_setNextBlockBaseFeePerGas", "0x1").startswith("this chain takes no fees")
        assert mined(ask)["baseFeePerGas"] == "0x0"
    finally:
        node.close()


def test_contracts_see_the_asked_block_and_so_does_a_pending_call(node: Node, ask: Ask) -> None:
    ask("hardhat_setCode", SHOWING, SHOWING_CODE)
    ask("hardhat_setCoinbase", MINER)
    ask("hardhat_setPrevRandao", "0x" + "07" * 32)
    ask("hardhat_setNextBlockBaseFeePerGas", hex(8 * GWEI))
    ask("evm_setBlockGasLimit", "0x1000000")
    message = {"from": "0x" + ADDRESSES[0].hex(), "to": SHOWING, "gas": "0x10000", "gasPrice": hex(9 * GWEI)}
    expected = "0x" + "00" * 12 + "ab" * 20 + "07" * 32 + f"{8 * GWEI:064x}" + f"{0x1000000:064x}"
    assert ask("eth_call", message, "pending") == expected
    assert ask("eth_call", message, "latest") != expected
    mined(ask)
    assert ask("eth_call", message, "latest") == expected


def test_a_write_into_the_state_leaves_the_next_block_its_own(node: Node, ask: Ask) -> None:
    """hardhat_setBalance makes a block here, and none in hardhat: what was asked of the next is not for it."""
    wanted = node.head.header.timestamp + 5_000
    ask("hardhat_setPrevRandao", "0x" + "07" * 32)
    ask("hardhat_setNextBlockBaseFeePerGas", hex(8 * GWEI))
    ask("evm_setNextBlockTimestamp", wanted)
    assert ask("hardhat_setBalance", MINER, "0x1") is True
    assert node.head.header.timestamp < wanted
    block = mined(ask)
    assert (block["mixHash"], block["baseFeePerGas"]) == ("0x" + "07" * 32, hex(8 * GWEI))
    assert int(block["timestamp"], 16) == wanted


def test_a_snapshot_brings_back_what_was_asked_and_a_reset_forgets_it(ask: Ask) -> None:
    ask("hardhat_setCoinbase", MINER)
    ask("hardhat_setNextBlockBaseFeePerGas", hex(8 * GWEI))
    snapshot = ask("evm_snapshot")
    ask("hardhat_setCoinbase", SHOWING)
    mined(ask)
    assert ask("evm_revert", snapshot) is True
    block = mined(ask)
    assert (block["miner"], block["baseFeePerGas"]) == (MINER, hex(8 * GWEI))
    ask("hardhat_reset")
    assert mined(ask)["miner"] == "0x" + COINBASE.hex()


def test_timestamps_lie_as_far_apart_as_asked(node: Node, ask: Ask) -> None:
    assert ask("anvil_setBlockTimestampInterval", 7) is None
    times = [int(mined(ask)["timestamp"], 16) for _ in range(3)]
    assert (times[1] - times[0], times[2] - times[1]) == (7, 7)
    assert times[0] == node.required(0).header.timestamp + 7
    assert ask("anvil_removeBlockTimestampInterval") is True
    assert ask("anvil_removeBlockTimestampInterval") is False
    assert int(mined(ask)["timestamp"], 16) != times[2] + 7
    assert ask("anvil_setBlockTimestampInterval", 0).startswith("timestamps lie 1 to")


def test_the_clock_is_set_and_refused_where_it_would_go_back(node: Node, ask: Ask) -> None:
    now = node.head.header.timestamp + 1_000
    assert ask("evm_setTime", now + 500) == hex(500)
    assert int(mined(ask)["timestamp"], 16) == now + 500
    assert "is not above the newest block's" in ask("evm_setTime", now)
    assert "beyond the year 9999" in ask("evm_setTime", 1000 * now)


def test_the_clock_makes_blocks_beside_or_instead_of_transactions(tmp_path: Path) -> None:
    clock = SteppedClock()
    node = Node.open(make_home(tmp_path, DEVELOPMENT), clock)
    try:
        ask = asking(node)
        assert ask("evm_setIntervalMining", 3_000) is True
        assert ask("hardhat_getAutomine") is True
        node.submit(raw(0, 0))
        assert node.wait_for_block(1, 20)
        assert not node.wait_for_block(2, 0.2)
        clock.nanoseconds += 3 * 10**9
        ask("evm_setAutomine", False)
        assert node.wait_for_block(2, 20)
        assert node.head.transactions == ()
        node.submit(raw(0, 1))
        assert not node.wait_for_block(3, 0.2)
        ask("evm_setIntervalMining", 0)
        clock.nanoseconds += 9 * 10**9
        ask("evm_setAutomine", False)
        assert not node.wait_for_block(3, 0.2)
        assert ask("anvil_setIntervalMining", 2) is None
        clock.nanoseconds += 2 * 10**9
        ask("evm_setAutomine", False)
        assert node.wait_for_block(3, 20)
        assert len(node.head.transactions) == 1
    finally:
        node.close()


def test_every_account_is_acted_for_while_that_is_on(node: Node, ask: Ask) -> None:
    message = {"from": MINER, "to": SHOWING}
    ask("anvil_setBalance", MINER, hex(10**18))
    assert ask("eth_sendTransaction", message) == "unknown account"
    assert ask("anvil_autoImpersonateAccount", True) is True
    assert ask("eth_getTransactionByHash", ask("eth_sendTransaction", message))["from"] == MINER
    assert node.wait_for_block(2, 20)
    assert ask("hardhat_autoImpersonateAccount", False) is True
    assert ask("eth_sendTransaction", message) == "unknown account"
