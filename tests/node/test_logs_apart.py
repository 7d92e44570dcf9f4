"""eth_getLogs: a few logs are read on the spot; what takes longer is searched and rendered in a process apart."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
    return request(dispatcher, "eth_getLogs", query)


def request(dispatcher: Dispatcher[Any], method: str, *parameters: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    return orjson.loads(dispatcher.answer(orjson.dumps(body)) or b"")


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


@pytest.mark.parametrize(
    ("most", "told"),
    [
        (1_000, [3 * _LOGS, 0]),
        (120, [2 * _LOGS, _LOGS, 0]),
        (70, [_LOGS, _LOGS, _LOGS, 0]),
        (20, [_LOGS, _LOGS, _LOGS, 0]),  # no part of a block is held back
    ],
)
def test_a_filter_tells_whole_blocks_within_the_limit_and_the_rest_later(
    node: Node, most: int, told: list[int], apart: list[str]
) -> None:
    dispatcher = dispatcher_for(node, ["eth"], Limits(log_results=most))
    identity = request(dispatcher, "eth_newFilter", {})["result"]
    dispatcher.context.filters.get(identity).next_block = 1  # as if those blocks had come since
    polls = [request(dispatcher, "eth_getFilterChanges", identity)["result"] for _ in told]
    assert [len(poll) for poll in polls] == told
    assert [int(log["blockNumber"], 16) for poll in polls for log in poll] == [2] * _LOGS + [3] * _LOGS + [4] * _LOGS
    assert set(apart) == {"_rendered_logs"}


def test_polls_at_the_same_time_tell_each_log_once(node: Node) -> None:
    dispatcher = dispatcher_for(node, ["eth"], Limits())
    identity = request(dispatcher, "eth_newFilter", {})["result"]
    dispatcher.context.filters.get(identity).next_block = 1
    with ThreadPoolExecutor(8) as threads:
        polls = list(threads.map(lambda _: request(dispatcher, "eth_getFilterChanges", identity)["result"], range(8)))
    assert sorted(len(poll) for poll in polls) == [0] * 7 + [3 * _LOGS]
