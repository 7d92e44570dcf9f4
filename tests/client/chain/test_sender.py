"""A transaction is delivered once by nodes that lose answers, spell refusals their own way and show half a receipt."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from testamur.chain.contracts import Call
from testamur.chain.errors import ChainUnreachableError, RpcError
from testamur.chain.nonces import NonceQueue
from testamur.chain.rpc import Rpc
from testamur.chain.signer import Account
from testamur.chain.transactions import Sender

from tests.client.chain.test_rpc import server

CALL = Call(bytes(20), b"\x01", "a call")
HASH = "0x" + "ab" * 32


class Chain:
    """A node with one account that takes each transaction once."""

    def __init__(
        self, refusal: str = "AlreadyKnown", *, loses: int = 0, shows: tuple[dict[str, Any], ...] = ()
    ) -> None:
        self.refusal = refusal
        self.loses = loses
        """Answers to eth_sendRawTransaction that are lost after the transaction was taken."""
        self.shows = list(shows)
        """How the receipt looks before it is whole."""
        self.taken: list[str] = []

    def answer(self, body: Any, number: int) -> tuple[int, bytes]:
        bodies = body if isinstance(body, list) else [body]
        replies = []
        for item in bodies:
            if item["method"] == "eth_sendRawTransaction":
                raw = item["params"][0]
                is_new = raw not in self.taken
                if is_new:
                    self.taken.append(raw)
                if self.loses:
                    self.loses -= 1
                    return 502, b""
                if not is_new:
                    replies.append({"id": item["id"], "error": {"code": -32000, "message": self.refusal}})
                    continue
            replies.append({"id": item["id"], "result": self.result(item["method"])})
        return 200, json.dumps(replies if isinstance(body, list) else replies[0]).encode()

    def result(self, method: str) -> object:
        count = hex(len(self.taken))
        if method == "eth_getTransactionReceipt":
            whole = {
                "transactionHash": HASH, "blockHash": HASH, "blockNumber": "0x7", "status": "0x1", "gasUsed": "0x1",
                "logs": [], "contractAddress": None,
            }  # fmt: skip
            return {**whole, **self.shows.pop(0)} if self.shows else whole if self.taken else None
        answers: dict[str, object] = {
            "eth_getTransactionCount": count,
            "eth_estimateGas": "0x5208",
            "eth_gasPrice": "0x0",
            "eth_getBlockByNumber": {"number": "0x7", "hash": HASH, "timestamp": "0x1", "baseFeePerGas": "0x0"},
            "eth_sendRawTransaction": HASH,
        }
        return answers[method]


def send(chain: Chain, folder: Path, spoil: Callable[[Any, int], tuple[int, bytes]] | None = None) -> int:
    with server(spoil or chain.answer) as url, Rpc(url, pause=lambda seconds: None) as rpc:
        queue = NonceQueue(folder / "queue.db", bytes(32))
        account = Account.from_secret(bytes(31) + b"\x01")
        sender = Sender(rpc, account, queue, chain_id=1, pause=lambda seconds: None)
        block = sender.send(CALL).block_number
        assert queue.open(account.address) == []
        return block


@pytest.mark.parametrize(
    "refusal", ["AlreadyKnown", "already known", "Known transaction", "OldNonce", "already imported"]
)
def test_a_lost_answer_and_a_refusal_of_the_repeat_deliver_it_once(tmp_path: Path, refusal: str) -> None:
    chain = Chain(refusal, loses=1)
    assert send(chain, tmp_path) == 7
    assert len(chain.taken) == 1


def test_another_refusal_of_the_repeat_is_told(tmp_path: Path) -> None:
    with pytest.raises(RpcError, match="unknown transaction type"):
        send(Chain("unknown transaction type", loses=1), tmp_path)


@pytest.mark.parametrize(
    "half", [{"status": None}, {"blockHash": None, "blockNumber": None}, {"blockHash": None, "status": None}]
)
def test_half_a_receipt_is_waited_for(tmp_path: Path, half: dict[str, Any]) -> None:
    chain = Chain(shows=(half, half))
    assert send(chain, tmp_path) == 7
    assert chain.shows == []


def test_a_receipt_of_nonsense_is_told_and_the_transaction_stays_in_the_queue(tmp_path: Path) -> None:
    with pytest.raises(ChainUnreachableError, match="eth_getTransactionReceipt"):
        send(Chain(shows=({"logs": 7},)), tmp_path)
