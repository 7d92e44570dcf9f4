"""Nodes spell the same thing in many ways: what each known client answers is read as what it means."""

import json
from typing import Any

import pytest
from testamur.chain import answers
from testamur.chain.answers import is_known
from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.chain.rpc import Rpc

from tests.client.chain.test_transport import node

HASH = "0x" + "ab" * 32


@pytest.mark.parametrize(
    "words",
    [
        "already known",  # geth, reth, erigon
        f"known transaction: {HASH[2:]}",  # older geth
        "nonce too low: next nonce 5, tx nonce 4",
        "Known transaction",  # Besu
        "Nonce too low",
        "existing tx with same hash",  # Erigon
        "AlreadyKnown",  # Nethermind
        "OldNonce, Current nonce: 5, nonce of rejected tx: 4.",
        "transaction already imported",  # anvil
        f"[{HASH}] already imported",
        "Transaction with the same hash was already imported.",  # OpenEthereum
        f"Known transaction: {HASH}",  # Hardhat
        "Nonce too low. Expected nonce to be 5 but got 4.",
    ],
)
def test_a_transaction_that_a_node_has_is_known_in_every_spelling(words: str) -> None:
    assert is_known(RpcError("eth_sendRawTransaction", -32000, words))


@pytest.mark.parametrize(
    "words",
    ["unknown transaction type", "Unknown transaction", "nonce too high", "transaction underpriced", "", "NonceGap"],
)
def test_another_refusal_is_not_taken_for_it(words: str) -> None:
    assert not is_known(RpcError("eth_sendRawTransaction", -32000, words))


def receipt(**changes: Any) -> dict[str, Any]:
    return {
        "transactionHash": HASH, "blockHash": HASH, "blockNumber": "0x5", "status": "0x1", "gasUsed": "0x5208",
        "contractAddress": None, "logs": [], **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    "waiting", [None, receipt(status=None), receipt(blockHash=None, blockNumber=None), receipt(blockNumber=None)]
)
def test_a_receipt_without_block_or_status_is_of_a_transaction_that_waits(waiting: object) -> None:
    assert answers.receipt(waiting) is None
    assert answers.receipt(receipt()) == receipt()


@pytest.mark.parametrize(
    "changes",
    [{"status": "0x2"}, {"status": 1}, {"blockNumber": "latest"}, {"logs": None}, {"logs": [7]}, {"gasUsed": "0x"},
     {"transactionHash": "0x00"}, {"contractAddress": "0x01"}, {"blockNumber": "0x" + "f" * 17}],
)  # fmt: skip
def test_a_receipt_of_the_wrong_kind_is_none(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the caller's
        answers.receipt(receipt(**changes))


@pytest.mark.parametrize("value", ["0x_1", "0x-1", " 0x1", "0X1", "0x", "1", 1, True, None, "0x" + "1" * 65, "0x１"])
def test_a_quantity_is_read_strictly(value: object) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        answers.quantity(value)
    assert answers.quantity("0x" + "f" * 64) == 2**256 - 1


@pytest.mark.parametrize("timestamp", ["0x3afff44180", "0x" + "f" * 64, None])
def test_a_block_after_the_year_9999_is_none(timestamp: object) -> None:
    body = b'{"id":0,"result":%b}'
    block = {"number": "0x1", "hash": HASH, "timestamp": "0x3afff4417e"}

    def answer(changes: dict[str, object]) -> bytes:
        return body % json.dumps({**block, **changes}).encode()

    with node(lambda number: (200, {}, answer({}))) as url, Rpc(url) as rpc:
        assert rpc.block(1) == block
    with (
        node(lambda number: (200, {}, answer({"timestamp": timestamp}))) as url,
        Rpc(url) as rpc,
        pytest.raises(ChainUnreachableError, match="eth_getBlockByNumber"),
    ):
        rpc.block(1)


def test_the_block_to_come_has_no_hash_and_is_read_nonetheless() -> None:
    coming = {"number": "0x1", "hash": None, "timestamp": "0x5"}
    body = b'{"id":0,"result":%b}' % json.dumps(coming).encode()
    with node(lambda number: (200, {}, body)) as url, Rpc(url) as rpc:
        assert rpc.block("pending") == coming
        with pytest.raises(ChainUnreachableError, match="eth_getBlockByNumber"):
            rpc.block("latest")
