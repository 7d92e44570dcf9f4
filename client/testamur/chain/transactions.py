"""Transactions from one account: nonces from a queue that survives a crash, then receipts.

1. every transaction still open in the queue is handed to the node again (a pool forgets when its node dies)
2. the call is tried with eth_estimateGas: what a contract would refuse is refused here, before anything is signed
3. under the queue's lock: the first free nonce is taken, the transaction signed and written down
4. it is sent, and sent again while no receipt comes; on a chain with fees, with a higher price after a while
5. a failed receipt is explained by running the call again        -> TransactionRevertedError

A nonce is asked of the queue, never of the newest block alone: two runs with one account do not collide, and a killed
one leaves no gap. All costs are zero on an alliance chain; elsewhere the fee follows EIP-1559.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from testamur.chain import answers
from testamur.chain.contracts import Call
from testamur.chain.errors import (
    KeyUnusableError,
    RpcError,
    TransactionPendingError,
    TransactionRevertedError,
)
from testamur.chain.nonces import NonceQueue, QueuedTransaction
from testamur.chain.refusals import refusal_error, revert_data
from testamur.chain.rpc import Rpc, to_hex, to_quantity
from testamur.chain.signer import Account

__all__ = ["Receipt", "Sender"]

_WINDOW = 32
"""Transactions that one account keeps open at once; pools refuse long queues."""
_REPEAT_SECONDS = 5.0
_REPLACE_SECONDS = 60.0
_LATE_SECONDS = 3.0
"""So long after its nonce a receipt may come to be seen: some nodes show the one first, and several behind one address
are not at the same block."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a transaction is in a block, and what it did."""

    transaction: bytes
    block_number: int
    gas_used: int
    logs: tuple[dict[str, Any], ...]
    """As JSON-RPC writes them; `Contract.decode_logs` reads them."""
    contract: bytes | None
    """The address that was created, if any."""


class Sender:
    """Signs and delivers the calls of one account."""

    def __init__(
        self,
        rpc: Rpc,
        account: Account,
        queue: NonceQueue,
        *,
        chain_id: int,
        confirmations: int = 0,
        timeout_seconds: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rpc = rpc
        self.account = account
        self._queue = queue
        self._chain_id = chain_id
        self._confirmations = confirmations
        """Blocks above a receipt's before it counts; 0 where blocks are final at once."""
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._pause = pause

    def send(self, call: Call) -> Receipt:
        """Deliver one call and wait for its receipt."""
        return self.send_all([call])[0]

    def send_all(
        self, calls: Sequence[Call], on_receipt: Callable[[int, Receipt], None] | None = None
    ) -> list[Receipt]:
        """Deliver calls that do not depend on each other; the first refused one raises, after those before it."""
        receipts: list[Receipt] = []
        for start in range(0, len(calls), _WINDOW):
            window = calls[start : start + _WINDOW]
            self.settle()
            queued = [self.prepare(call) for call in window]
            for transaction in queued:
                self.broadcast(transaction)
            for call, transaction in zip(window, queued, strict=True):
                receipts.append(self.wait(transaction, call))
                if on_receipt is not None:
                    on_receipt(len(receipts) - 1, receipts[-1])
        return receipts

    def prepare(self, call: Call) -> QueuedTransaction:
        """Try the call, then sign it with the next nonce and write it into the queue; nothing is sent yet."""
        fields = {**self._request(call), "gas": self.estimate(call), "chainId": self._chain_id, **self._fees()}
        fields.pop("from")

        def sign(nonce: int) -> tuple[bytes, bytes]:
            signed = self.account.sign_transaction({**fields, "nonce": nonce})
            return signed.raw, signed.hash

        def counts() -> tuple[int, int]:
            return self.rpc.nonce(self.account.address), self.rpc.nonce(self.account.address, "pending")

        return self._queue.add(self.account.address, counts, sign, call.label)

    def estimate(self, call: Call) -> int:
        """The gas limit for a call, a quarter above what it takes now; a call that would fail raises its refusal.

        A node too busy to try the call leaves it to the block: then the limit is a quarter of the block's.
        """
        try:
            used = self.rpc.estimate_gas(_as_json(self._request(call)))
        except RpcError as error:
            reverted = revert_data(error)
            if reverted is not None:
                raise refusal_error(call.label, reverted) from error
            if "not permitted" in error.reason.lower():
                raise _not_permitted(call.label, error) from error
            block = self.rpc.block() if "timeout" in error.reason.lower() else None
            if block is None:
                raise
            return self._amount(block, "gasLimit") // 4
        return used + used // 4

    def broadcast(self, transaction: QueuedTransaction) -> None:
        """Hand a queued transaction to the node; one that it refuses for good leaves the queue and raises."""
        try:
            self.rpc.send_raw(transaction.raw)
        except RpcError as error:
            if answers.is_known(error):
                return
            self._queue.remove(transaction)
            if "not permitted" in error.reason.lower():
                raise _not_permitted(transaction.label, error) from error
            raise

    def _broadcast_again(self, transaction: QueuedTransaction) -> None:
        """The same for one that may have been sent before: only what the node neither has nor would take leaves."""
        try:
            self.rpc.send_raw(transaction.raw)
        except RpcError as error:
            reason = error.reason.lower()
            is_cheap = "fee" in reason or "underpriced" in reason  # a dearer one will take its place
            if is_cheap or answers.is_known(error):
                return
            if not self.rpc.has_transaction(transaction.hash):
                self._queue.remove(transaction)
                raise

    def settle(self) -> None:
        """Send what a former run left open again, and wait until each is in a block or its nonce is taken."""
        mined = self.rpc.nonce(self.account.address)
        for transaction in self._queue.open(self.account.address):
            if transaction.nonce >= mined:
                with suppress(RpcError):  # refused for good: it has left the queue
                    self._broadcast_again(transaction)
        for transaction in self._queue.open(self.account.address):
            self._await(transaction)

    def wait(self, transaction: QueuedTransaction, call: Call) -> Receipt:
        """The receipt of a transaction that was sent; a call whose nonce another transaction took is sent again."""
        for _ in range(3):
            found = self._await(transaction)
            if found is not None:
                if int(found["status"], 16) == 1:
                    return _receipt(found)
                raise self._explain(call, found)
            transaction = self.prepare(call)
            self.broadcast(transaction)
        raise TransactionPendingError(
            f"{call.label}: other transactions of {to_hex(self.account.address)} keep taking its nonce",
            "let one program at a time use this account",
        )

    def _await(self, transaction: QueuedTransaction) -> dict[str, Any] | None:
        """The final receipt, failed or not; None when another transaction took the nonce."""
        started = sent = priced = self._clock()
        taken: float | None = None
        interval = 0.02
        while True:
            is_taken = self.rpc.nonce(self.account.address) > transaction.nonce
            hashes = self._queue.hashes(transaction)
            receipts = self.rpc.receipts(hashes)
            found = next((receipt for receipt in receipts if receipt is not None), None)
            if found is not None and self._is_final(found):
                self._queue.close_nonce(transaction)
                return found
            now = self._clock()
            taken = (now if taken is None else taken) if is_taken else None
            if found is None and taken is not None and now - taken > _LATE_SECONDS:
                self._queue.close_nonce(transaction)
                return None
            if now - started > self._timeout_seconds:
                raise TransactionPendingError(
                    f"{transaction.label}: no receipt after {self._timeout_seconds:.0f} s, {to_hex(transaction.hash)}",
                    "it stays in the queue; run the same command again when the chain makes blocks",
                )
            if found is None and taken is None and now - priced > _REPLACE_SECONDS:
                transaction, priced = self._replace(transaction), now
            if found is None and now - sent > _REPEAT_SECONDS:
                self._broadcast_again(transaction)
                sent = now
            self._pause(interval)
            interval = min(interval * 1.5, 0.5)

    def _is_final(self, receipt: dict[str, Any]) -> bool:
        if not self._confirmations:
            return True
        return self.rpc.block_number() >= int(receipt["blockNumber"], 16) + self._confirmations

    def _replace(self, transaction: QueuedTransaction) -> QueuedTransaction:
        """The same call at the same nonce with a higher price, where prices count."""
        from eth_account.typed_transactions.typed_transaction import TypedTransaction
        from hexbytes import HexBytes

        fees = self._fees()
        if transaction.raw[0] != 2 or not any(fees.values()):
            return transaction
        fields = dict(TypedTransaction.from_bytes(HexBytes(transaction.raw)).as_dict())
        for name in ("v", "r", "s"):
            fields.pop(name, None)
        for name, fee in fees.items():
            fields[name] = max(fee, fields[name] + fields[name] // 8 + 1)
        signed = self.account.sign_transaction(fields)
        replaced = self._queue.replace(transaction, signed.raw, signed.hash)
        self.broadcast(replaced)
        return replaced

    def _fees(self) -> dict[str, int]:
        block, price = self.rpc.block() or {}, self.rpc.gas_price()
        if block.get("baseFeePerGas") is None:
            return {"gasPrice": price}
        if price == 0:
            return {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
        tip = self.rpc.priority_fee()
        return {"maxFeePerGas": 2 * self._amount(block, "baseFeePerGas") + tip, "maxPriorityFeePerGas": tip}

    def _amount(self, block: dict[str, Any], name: str) -> int:
        try:
            return answers.quantity(block.get(name))
        except ValueError as error:
            raise self.rpc.nonsense("eth_getBlockByNumber", block) from error

    def _request(self, call: Call) -> dict[str, Any]:
        request: dict[str, Any] = {"from": self.account.address, "data": call.data, "value": 0}
        return request if call.target is None else {**request, "to": call.target}

    def _explain(self, call: Call, receipt: dict[str, Any]) -> TransactionRevertedError:
        """Why it failed, by running it where it ran."""
        height = int(receipt["blockNumber"], 16)
        for block in (height - 1, height):
            try:
                self.rpc.call("eth_call", _as_json(self._request(call)), to_quantity(block))
            except RpcError as error:
                reverted = revert_data(error)
                if reverted is not None:
                    return refusal_error(call.label, reverted)
        return TransactionRevertedError(
            f"{call.label}: transaction {receipt['transactionHash']} failed in block {height} without a reason",
            "the state changed while it waited; run the command again",
        )


def _not_permitted(label: str, error: RpcError) -> KeyUnusableError:
    return KeyUnusableError(
        f"{label}: {error.reason}",
        "accounts that the institution's ADMIN added may transact; who may deploy, the Alliance decides",
    )


def _as_json(request: dict[str, Any]) -> dict[str, str]:
    return {name: to_hex(value) if isinstance(value, bytes) else to_quantity(value) for name, value in request.items()}


def _receipt(found: dict[str, Any]) -> Receipt:
    created = found.get("contractAddress")
    return Receipt(
        answers.data(found["transactionHash"]),
        int(found["blockNumber"], 16),
        int(found["gasUsed"], 16),
        tuple(found["logs"]),
        answers.data(created) if created else None,
    )
