"""eth_getLogs: a few logs are read on the spot; what takes longer is searched and rendered in a process apart."""

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.chain.transaction import created_address
from testamur_node.index.logs import LongWalkError
from testamur_node.node import Node
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.server import dispatcher_for

from tests.node.founding import ADDRESSES, DEPLOYER, GOVERN, creating, make_home, raw

_LOGS = 50
EMITTING = bytes.fromhex("5f5fa0") * _LOGS
"""PUSH0 PUSH0 LOG0, so often."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Three blocks of fifty logs each, after the one that deploys what emits them."""
    node = Node.open(make_home(tmp_path_factory.mktemp("home"), DEVELOPMENT), time.time_ns, call_processes=1)
    node.submit(raw(DEPLOYER, 0, to=None, data=creating(EMITTING)))
    assert node.wait_for_block(1, 20)
    for nonce in range(3):
        node.submit(raw(GOVERN, nonce, to=created_address(ADDRESSES[DEPLOYER], 0)))
        assert node.wait_for_block(2 + nonce, 20)
    yield node
    node.close()


def ask(dispatcher: Dispatcher[Any], **query: Any) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [query]}
    return orjson.loads(dispatcher.answer(orjson.dumps(request)) or b"")


def test_the_logs_of_one_block_are_read_on_the_spot(node: Node, apart: list[str]) -> None:
    answer = ask(dispatcher_for(node, ["eth"], Limits()), fromBlock="0x2", toBlock="0x2")
    assert [int(log["logIndex"], 16) for log in answer["result"]] == list(range(_LOGS))
    assert apart == []


def test_many_logs_come_from_a_process_and_are_the_same(node: Node, apart: list[str]) -> None:
    dispatcher = dispatcher_for(node, ["eth"], Limits())
    blocks = [ask(dispatcher, fromBlock=hex(number), toBlock=hex(number))["result"] for number in (2, 3, 4)]
    assert apart == []
    assert ask(dispatcher, fromBlock="0x0", toBlock="latest")["result"] == [log for logs in blocks for log in logs]
    assert apart == ["_rendered_logs"]


def test_too_many_logs_are_refused_with_the_range_that_fits(node: Node, apart: list[str]) -> None:
    answer = ask(dispatcher_for(node, ["eth"], Limits(log_results=120)), fromBlock="0x0", toBlock="latest")
    assert answer["error"]["code"] == -32005
    assert "blocks 0 to 3 fit" in answer["error"]["message"]
    assert apart == ["_rendered_logs"]


def test_a_search_without_results_ends_after_its_steps(node: Node) -> None:
    address = created_address(ADDRESSES[DEPLOYER], 0)
    assert node.logs(0, 4, [address], [[b"\x11" * 32]], steps=2) == []
    with pytest.raises(LongWalkError, match="more than 2 steps"):
        node.logs(0, 4, [address], steps=2)
    assert len(node.logs(0, 4, [address], steps=4)) == 3 * _LOGS
