"""The waiting transactions of one account, and what one sender may have waiting.

Those from the account's nonce on without a gap are pending, the others queued; where the run ends is `next_nonce`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from testamur_node.chain.transaction import Transaction
from testamur_node.pool.errors import ReplacementUnderpricedError, SenderFullError
from testamur_node.pool.limits import PoolLimits

__all__ = ["Sender"]


@dataclass(slots=True)
class Sender:
    """The waiting transactions of one account."""

    account_nonce: int
    """Where the account stands in the newest state."""
    next_nonce: int
    """First nonce from account_nonce on that nothing here fills."""
    by_nonce: dict[int, Transaction] = field(default_factory=dict)
    total_bytes: int = 0
    """Raw size of all."""

    def queued(self) -> int:
        """How many wait behind a gap."""
        return len(self.by_nonce) - (self.next_nonce - self.account_nonce)

    def pending(self) -> Iterator[Transaction]:
        """Those that a block may take, in order."""
        return (self.by_nonce[nonce] for nonce in range(self.account_nonce, self.next_nonce))

    def put(self, transaction: Transaction) -> list[Transaction]:
        """Take a transaction, in place of the one that holds its nonce; what became pending by it."""
        self.total_bytes += len(transaction.raw)
        holder = self.by_nonce.get(transaction.nonce)
        if holder is not None:
            self.total_bytes -= len(holder.raw)
        self.by_nonce[transaction.nonce] = transaction
        return [transaction] if transaction.nonce < self.next_nonce else self._advance()

    def drop(self, transaction: Transaction) -> None:
        """Take a transaction out; what followed it waits behind a gap then."""
        del self.by_nonce[transaction.nonce]
        self.total_bytes -= len(transaction.raw)
        if transaction.nonce >= self.account_nonce:
            self.next_nonce = min(self.next_nonce, transaction.nonce)

    def stand_at(self, account_nonce: int) -> tuple[list[Transaction], list[Transaction]]:
        """Follow the account's nonce; (what it has used, what became pending)."""
        used = [self.by_nonce[nonce] for nonce in sorted(self.by_nonce) if nonce < account_nonce]
        before = self.next_nonce
        for transaction in used:
            del self.by_nonce[transaction.nonce]
            self.total_bytes -= len(transaction.raw)
        self.account_nonce = self.next_nonce = account_nonce
        return used, [transaction for transaction in self._advance() if transaction.nonce >= before]

    def _advance(self) -> list[Transaction]:
        """Walk next_nonce over what has become contiguous, and return it."""
        walked: list[Transaction] = []
        while (transaction := self.by_nonce.get(self.next_nonce)) is not None:
            walked.append(transaction)
            self.next_nonce += 1
        return walked

    def check_share(self, transaction: Transaction, limits: PoolLimits) -> None:
        """Refuse what is more than one sender may have waiting. Raises `SenderFullError`."""
        holder = self.by_nonce.get(transaction.nonce)
        if holder is None:
            if len(self.by_nonce) >= limits.sender_transactions:
                raise SenderFullError(
                    f"account limit exceeded: {len(self.by_nonce)} transactions wait", "wait for a block"
                )
            if transaction.nonce > self.next_nonce and self.queued() >= limits.sender_queued:
                raise SenderFullError(
                    f"account limit exceeded: {self.queued()} transactions wait behind nonce {self.next_nonce}",
                    f"send the transaction with nonce {self.next_nonce} first",
                )
        grown = self.total_bytes + len(transaction.raw) - (len(holder.raw) if holder is not None else 0)
        if grown > limits.sender_bytes:
            raise SenderFullError(
                f"account limit exceeded: {grown} bytes wait, at most {limits.sender_bytes}", "wait for a block"
            )

    def check_replacement(self, transaction: Transaction, limits: PoolLimits) -> None:
        """Refuse what does not outbid the holder of its nonce, if there is one. Raises
        `ReplacementUnderpricedError`."""
        holder = self.by_nonce.get(transaction.nonce)
        if holder is not None and not _outbids(transaction, holder, limits.replacement_percent):
            raise ReplacementUnderpricedError(
                f"replacement transaction underpriced: raise both fee fields by {limits.replacement_percent} %"
            )


def _outbids(transaction: Transaction, holder: Transaction, percent: int) -> bool:
    """Whether both fee fields rise by the required share, at least by one."""

    def bar(fee: int) -> int:
        return max(fee + 1, -(-fee * (100 + percent) // 100))

    return all(new >= bar(old) for new, old in zip(_fees(transaction), _fees(holder), strict=True))


def _fees(transaction: Transaction) -> tuple[int, int]:
    """The fee cap and the tip cap; one gas price is both (EIP-1559)."""
    price = transaction.gas_price or 0
    cap, tip = transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas
    return price if cap is None else cap, price if tip is None else tip
