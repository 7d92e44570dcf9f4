"""Transactions that wait for a block: pending and queued per sender, in nonce order, within limits.

A sender's transactions whose nonces follow its account nonce without a gap are *pending*: a block may take them. Those
behind a gap are *queued*: they wait until the gap is filled, and are promoted then. The pool knows nothing of
permissions or blocks; what it is given was judged before, and after each block it is told where the nonces stand.

Whatever order transactions arrive in, the pool neither drops nor reorders them (shared complaint of first-in-first-out
pools): `ready` yields each sender's in nonce order, and takes turns between groups of senders so that none starves.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from testamur_node.chain.transaction import Transaction
from testamur_node.errors import NodeError

__all__ = [
    "PoolLimits",
    "Admission",
    "Pool",
    "PoolError",
    "AlreadyKnownError",
    "NonceTooLowError",
    "NonceTooFarError",
    "ReplacementUnderpricedError",
    "SenderFullError",
    "PoolFullError",
]


class PoolError(NodeError):
    """The pool does not take a transaction; the sentence begins with geth's words, which wallets look for."""


class AlreadyKnownError(PoolError):
    """The very same transaction waits already."""


class NonceTooLowError(PoolError):
    """The account has used this nonce."""


class NonceTooFarError(PoolError):
    """The nonce lies further ahead than the pool keeps gaps for."""


class ReplacementUnderpricedError(PoolError):
    """Another transaction holds this nonce, and the new one does not raise both fee fields enough."""


class SenderFullError(PoolError):
    """The sender has as much waiting as one sender may."""


class PoolFullError(PoolError):
    """The pool is full, and nothing queued can make way."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much may wait."""

    transactions: int = 100_000
    """Over all senders."""
    total_bytes: int = 128 * 1024 * 1024
    """Over all senders, raw transactions alone."""
    sender_transactions: int = 16_384
    """Of one sender, pending and queued together."""
    sender_bytes: int = 32 * 1024 * 1024
    """Of one sender, pending and queued together."""
    sender_queued: int = 1_024
    """Of one sender behind a nonce gap."""
    nonce_distance: int = 65_536
    """How far ahead of the account's a nonce may be."""
    replacement_percent: int = 10
    """How much a replacement must raise both fee fields; at least 1 wei each, so zero is replaced by one."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a transaction that the pool took."""

    is_pending: bool
    """False: it waits behind a nonce gap."""
    replaced: bytes | None
    """Hash of the transaction it replaced."""
    promoted: tuple[Transaction, ...]
    """What became pending by it, itself first, in nonce order."""


def _fees(transaction: Transaction) -> tuple[int, int]:
    """The fee cap and the tip cap; one gas price is both (EIP-1559)."""
    return (
        transaction.max_fee_per_gas if transaction.max_fee_per_gas is not None else transaction.gas_price or 0,
        transaction.max_priority_fee_per_gas
        if transaction.max_priority_fee_per_gas is not None
        else transaction.gas_price or 0,
    )


@dataclass(slots=True)
class _Sender:
    """The waiting transactions of one account."""

    account_nonce: int
    by_nonce: dict[int, Transaction] = field(default_factory=dict)
    next_nonce: int = 0
    """First nonce from account_nonce on that nothing here fills."""
    total_bytes: int = 0

    def queued(self) -> int:
        """How many wait behind a gap."""
        return len(self.by_nonce) - (self.next_nonce - self.account_nonce)

    def advance(self) -> list[Transaction]:
        """Walk next_nonce over what has become contiguous, and return it."""
        walked: list[Transaction] = []
        while (transaction := self.by_nonce.get(self.next_nonce)) is not None:
            walked.append(transaction)
            self.next_nonce += 1
        return walked


class Pool:
    """The waiting transactions; safe to use from several threads."""

    def __init__(self, limits: PoolLimits | None = None) -> None:
        self.limits = limits or PoolLimits()
        self._senders: dict[bytes, _Sender] = {}
        self._by_hash: dict[bytes, Transaction] = {}
        self._total_bytes = 0
        self._lock = threading.RLock()
        self._listeners: list[Callable[[tuple[Transaction, ...]], None]] = []

    def __len__(self) -> int:
        return len(self._by_hash)

    @property
    def total_bytes(self) -> int:
        """Raw size of all that waits."""
        return self._total_bytes

    def subscribe(self, listener: Callable[[tuple[Transaction, ...]], None]) -> Callable[[], None]:
        """Call `listener` with what becomes pending; the returned function ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def add(self, transaction: Transaction, account_nonce: int) -> Admission:
        """Take a transaction whose sender stands at `account_nonce` in the newest state.

        1. it is new                                         -> AlreadyKnownError
        2. its nonce is neither used nor absurdly far ahead  -> NonceTooLowError, NonceTooFarError
        3. it fills a free nonce, or outbids its holder      -> ReplacementUnderpricedError
        4. the sender stays within its share                 -> SenderFullError
        5. the pool has room, or makes some                  -> PoolFullError
        """
        with self._lock:
            admission = self._add(transaction, account_nonce)
            listeners = tuple(self._listeners) if admission.promoted else ()
        for listener in listeners:
            listener(admission.promoted)
        return admission

    def _add(self, transaction: Transaction, account_nonce: int) -> Admission:
        """`add` under the lock."""
        if transaction.hash in self._by_hash:
            raise AlreadyKnownError("already known")
        if transaction.nonce < account_nonce:
            raise NonceTooLowError(
                f"nonce too low: address 0x{transaction.sender.hex()}, tx: {transaction.nonce} state: {account_nonce}"
            )
        if transaction.nonce > account_nonce + self.limits.nonce_distance:
            raise NonceTooFarError(
                f"nonce too high: address 0x{transaction.sender.hex()}, tx: {transaction.nonce} state: {account_nonce}"
            )
        sender = self._senders.get(transaction.sender) or _Sender(account_nonce, next_nonce=account_nonce)
        if account_nonce > sender.account_nonce:
            self._settle(transaction.sender, sender, account_nonce)
        holder = sender.by_nonce.get(transaction.nonce)
        if holder is not None and not self._outbids(transaction, holder):
            raise ReplacementUnderpricedError("replacement transaction underpriced: raise both fee fields by 10 %")
        self._check_share(sender, transaction, holder)
        self._make_room(transaction, holder, contiguous=transaction.nonce <= sender.next_nonce)
        self._senders[transaction.sender] = sender
        if holder is not None:
            self._forget(sender, holder)
        sender.by_nonce[transaction.nonce] = transaction
        sender.total_bytes += len(transaction.raw)
        self._by_hash[transaction.hash] = transaction
        self._total_bytes += len(transaction.raw)
        promoted = sender.advance()
        is_pending = transaction.nonce < sender.next_nonce
        if is_pending and not promoted:
            promoted = [transaction]
        return Admission(is_pending, None if holder is None else holder.hash, tuple(promoted))

    def _outbids(self, transaction: Transaction, holder: Transaction) -> bool:
        """Whether both fee fields rise by the required share, at least by one."""

        def bar(fee: int) -> int:
            return max(fee + 1, -(-fee * (100 + self.limits.replacement_percent) // 100))

        return all(new >= bar(old) for new, old in zip(_fees(transaction), _fees(holder), strict=True))

    def _check_share(self, sender: _Sender, transaction: Transaction, holder: Transaction | None) -> None:
        """Refuse what exceeds the sender's share."""
        if holder is not None:
            grown = sender.total_bytes - len(holder.raw) + len(transaction.raw)
        else:
            grown = sender.total_bytes + len(transaction.raw)
            if len(sender.by_nonce) >= self.limits.sender_transactions:
                raise SenderFullError(f"account limit exceeded: {len(sender.by_nonce)} transactions wait")
            if transaction.nonce > sender.next_nonce and sender.queued() >= self.limits.sender_queued:
                raise SenderFullError(
                    f"account limit exceeded: {sender.queued()} transactions wait behind nonce {sender.next_nonce}",
                    f"send the transaction with nonce {sender.next_nonce} first",
                )
        if grown > self.limits.sender_bytes:
            raise SenderFullError(f"account limit exceeded: {grown} bytes wait, at most {self.limits.sender_bytes}")

    def _make_room(self, transaction: Transaction, holder: Transaction | None, contiguous: bool) -> None:
        """Evict queued transactions, farthest nonce first, in favour of one that a block can take."""
        freed = len(holder.raw) if holder is not None else 0
        while (
            self._total_bytes - freed + len(transaction.raw) > self.limits.total_bytes
            or len(self._by_hash) - (holder is not None) >= self.limits.transactions
        ):
            victim = self._farthest_queued(transaction.sender) if contiguous else None
            if victim is None:
                raise PoolFullError(
                    f"txpool is full: {len(self._by_hash)} transactions, {self._total_bytes} bytes wait"
                )
            self._forget(self._senders[victim.sender], victim)

    def _farthest_queued(self, newcomer: bytes) -> Transaction | None:
        """The queued transaction of the most gapped other sender with the highest nonce."""
        gapped = [
            (state.queued(), sender) for sender, state in self._senders.items() if sender != newcomer and state.queued()
        ]
        if not gapped:
            return None
        state = self._senders[max(gapped)[1]]
        return state.by_nonce[max(state.by_nonce)]

    def _forget(self, sender: _Sender, transaction: Transaction) -> None:
        """Take a transaction out of every table; next_nonce is the caller's business."""
        del sender.by_nonce[transaction.nonce]
        del self._by_hash[transaction.hash]
        sender.total_bytes -= len(transaction.raw)
        self._total_bytes -= len(transaction.raw)
        if not sender.by_nonce:
            self._senders.pop(transaction.sender, None)

    def _settle(self, address: bytes, sender: _Sender, account_nonce: int) -> list[Transaction]:
        """Bring a sender to where its account stands: drop what was used, promote what became contiguous."""
        for nonce in [nonce for nonce in sender.by_nonce if nonce < account_nonce]:
            self._forget(sender, sender.by_nonce[nonce])
        sender.account_nonce = account_nonce
        before = sender.next_nonce
        sender.next_nonce = account_nonce
        return [promoted for promoted in sender.advance() if promoted.nonce >= before]

    def settle(self, nonce_of: Callable[[bytes], int], senders: Iterable[bytes] | None = None) -> None:
        """After a block: drop what the accounts have used and promote what fits now.

        `nonce_of` reads the newest state; `senders` names whose nonce may have moved, None means anybody's. A nonce
        that went back (a development chain was reverted) is followed as well.
        """
        promoted: list[Transaction] = []
        with self._lock:
            for address in list(self._senders) if senders is None else list(senders):
                sender = self._senders.get(address)
                if sender is not None:
                    promoted += self._settle(address, sender, nonce_of(address))
            listeners = tuple(self._listeners) if promoted else ()
        for listener in listeners:
            listener(tuple(promoted))

    def remove(self, transaction_hash: bytes) -> bool:
        """Drop one transaction; what followed it waits behind a gap then. False when it is not here."""
        with self._lock:
            transaction = self._by_hash.get(transaction_hash)
            if transaction is None:
                return False
            sender = self._senders[transaction.sender]
            self._forget(sender, transaction)
            sender.next_nonce = min(sender.next_nonce, transaction.nonce)
            return True

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._senders.clear()
            self._by_hash.clear()
            self._total_bytes = 0

    def get(self, transaction_hash: bytes) -> Transaction | None:
        """A waiting transaction by its hash."""
        return self._by_hash.get(transaction_hash)

    def pending_nonce(self, sender: bytes, account_nonce: int) -> int:
        """The nonce that the sender's next transaction needs: the first that neither state nor pending ones fill."""
        with self._lock:
            waiting = self._senders.get(sender)
            if waiting is None:
                return account_nonce
            if waiting.account_nonce == account_nonce:
                return waiting.next_nonce
            nonce = account_nonce
            while nonce in waiting.by_nonce:
                nonce += 1
            return nonce

    def counts(self) -> tuple[int, int]:
        """How many are pending, how many queued."""
        with self._lock:
            queued = sum(sender.queued() for sender in self._senders.values())
            return len(self._by_hash) - queued, queued

    def content(
        self, sender: bytes | None = None
    ) -> tuple[dict[bytes, list[Transaction]], dict[bytes, list[Transaction]]]:
        """Pending and queued transactions per sender, each in nonce order; of one sender, or of all."""
        pending: dict[bytes, list[Transaction]] = {}
        queued: dict[bytes, list[Transaction]] = {}
        with self._lock:
            wanted = self._senders.items() if sender is None else [(sender, self._senders.get(sender))]
            for address, waiting in wanted:
                if waiting is None:
                    continue
                for nonce in sorted(waiting.by_nonce):
                    side = pending if nonce < waiting.next_nonce else queued
                    side.setdefault(address, []).append(waiting.by_nonce[nonce])
        return pending, queued

    def ready(self, group_of: Callable[[bytes], Hashable] | None = None) -> Iterator[Transaction]:
        """Pending transactions in the order a block should take them.

        Groups (institutions, on our chain) take turns, and so do the senders inside a group; each sender's come in
        nonce order. What arrived, and in which order, decides; nothing else does. The iterator works on a copy.
        """
        groups: dict[Hashable, deque[deque[Transaction]]] = {}
        with self._lock:
            for address, waiting in self._senders.items():
                run = deque(waiting.by_nonce[nonce] for nonce in range(waiting.account_nonce, waiting.next_nonce))
                if run:
                    groups.setdefault(address if group_of is None else group_of(address), deque()).append(run)
        turns = deque(groups.values())
        while turns:
            senders = turns.popleft()
            run = senders.popleft()
            yield run.popleft()
            if run:
                senders.append(run)
            if senders:
                turns.append(senders)
