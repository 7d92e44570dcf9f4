"""Blocks of many transactions: rendered in a process apart, as those of few are here; one transaction is read alone."""

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import Node
from testamur_node.rpc.dispatch import Dispatcher
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.methods import blocks
from testamur_node.rpc.server import dispatcher_for

from tests.node.founding import GOVERN, ISSUE, make_home, raw

COUNT = blocks.FEW + 1
READS = [
    ("eth_getBlockByNumber", True),
    ("eth_getBlockByNumber", False),
    ("eth_getBlockByHash", True),
    ("eth_getBlockReceipts", None),
]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Block 1 with one transaction more than are few, block 2 with one."""
    node = Node.open(make_home(tmp_path_factory.mktemp("home"), DEVELOPMENT), time.time_ns, call_processes=1)
    node.development.set_automine(False)
    for nonce in range(COUNT):
        node.submit(raw(GOVERN, nonce))
    node.development.mine()
    node.submit(raw(ISSUE, 0))
    node.development.mine()
    yield node
    node.close()


def ask(node: Node, method: str, *parameters: object) -> Any:
    dispatcher: Dispatcher[Any] = dispatcher_for(node, ["eth"], Limits())
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
    return orjson.loads(dispatcher.answer(body) or b"")["result"]


@pytest.mark.parametrize(("method", "full"), READS)
def test_a_large_block_reads_the_same_from_a_process(
    node: Node, apart: list[str], monkeypatch: pytest.MonkeyPatch, method: str, full: bool | None
) -> None:
    block = node.required(1)
    name = "0x" + block.hash.hex() if method.endswith("Hash") else "0x1"
    parameters = [name] if full is None else [name, full]
    made_apart = ask(node, method, *parameters)
    assert len(apart) == 1
    for module in ("blocks", "transactions"):
        monkeypatch.setattr(f"testamur_node.rpc.methods.{module}.FEW", COUNT)
    assert ask(node, method, *parameters) == made_apart
    assert len(apart) == 1
    items = made_apart["transactions"] if isinstance(made_apart, dict) else made_apart
    assert len(items) == COUNT


@pytest.mark.parametrize(("method", "full"), READS)
def test_a_small_block_is_read_on_the_spot(node: Node, apart: list[str], method: str, full: bool | None) -> None:
    name = "0x" + node.required(2).hash.hex() if method.endswith("Hash") else "latest"
    answer = ask(node, method, name) if full is None else ask(node, method, name, full)
    assert len(answer["transactions"] if isinstance(answer, dict) else answer) == 1
    assert apart == []


def test_one_of_many_is_read_by_its_place_alone(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    block = node.required(1)
    wanted = block.transactions[COUNT - 1]

    def refuse(_: int) -> None:
        raise AssertionError("the whole block was read")

    monkeypatch.setattr(node.store, "block", refuse)
    digest = "0x" + wanted.hash.hex()
    assert ask(node, "eth_getTransactionByHash", digest)["transactionIndex"] == hex(COUNT - 1)
    assert ask(node, "eth_getTransactionByBlockNumberAndIndex", "0x1", hex(COUNT - 1))["hash"] == digest
    assert ask(node, "eth_getTransactionByBlockNumberAndIndex", "0x1", hex(COUNT)) is None
    assert ask(node, "eth_getTransactionByBlockNumberAndIndex", "0x1", hex(2**40)) is None
    assert (
        ask(node, "eth_getRawTransactionByBlockNumberAndIndex", "0x1", hex(0)) == "0x" + block.transactions[0].raw.hex()
    )
    assert ask(node, "eth_getTransactionReceipt", digest)["transactionIndex"] == hex(COUNT - 1)
    assert ask(node, "eth_getBlockTransactionCountByNumber", "0x1") == hex(COUNT)
    assert ask(node, "eth_getBlockTransactionCountByNumber", "earliest") == "0x0"
    assert ask(node, "eth_getBlockTransactionCountByNumber", "latest") == "0x1"
    assert ask(node, "eth_getBlockTransactionCountByNumber", "0x9") is None
