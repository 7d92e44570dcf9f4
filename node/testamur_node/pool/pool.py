"""Transactions that wait for a block: pending and queued per sender, in nonce order, within limits.

Flow: `Node.submit` judges a transaction -> `Pool.add` -> journal -> `Pool.ready` -> engine -> `Pool.settle`. A sender's
transactions whose nonces follow its account nonce without a gap are *pending*: a block may take them. Those behind a
gap are *queued*: they wait until the gap is filled, and are promoted then. The pool knows nothing of permissions or
blocks; what it is given was judged before, and after each block it is told where the nonces stand.

Whatever order transactions arrive in, the pool neither drops nor reorders them (shared complaint of first-in-first-out
pools).
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from testamur_node.chain.transaction import Transaction
from testamur_node.pool.errors import AlreadyKnownError, NonceTooFarError, NonceTooLowError, PoolFullError
from testamur_node.pool.eviction import evictable
from testamur_node.pool.journal import Journal
from testamur_node.pool.limits import PoolLimits
from testamur_node.pool.sender import Sender
from testamur_node.pool.turns import in_turns

__all__ = ["Admission", "Pool"]

Listener = Callable[[tuple[Transaction, ...]], None]


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a transaction that the pool took."""

    is_pending: bool
    """False: it waits behind a nonce gap."""
    replaced: bytes | None
    """Hash of the transaction it replaced."""
    promoted: tuple[Transaction, ...]
    """What became pending by it, itself first, in nonce order."""


class Pool:
    """The waiting transactions; safe to use from several threads. With a journal, what it took outlives the process."""

    def __init__(self, limits: PoolLimits | None = None, journal: Journal | None = None) -> None:
        self.limits = limits or PoolLimits()
        self._journal = journal
        self._senders: dict[bytes, Sender] = {}
        self._by_hash: dict[bytes, Transaction] = {}
        self._total_bytes = 0
        self._version = 0
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []

    def __len__(self) -> int:
        return len(self._by_hash)

    @property
    def total_bytes(self) -> int:
        """Raw size of all that waits."""
        return self._total_bytes

    @property
    def version(self) -> int:
        """Another number after each change."""
        return self._version

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with what becomes pending; the returned function ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def add(self, transaction: Transaction, account_nonce: int, *, is_known: bool = False) -> Admission:
        """Take a transaction whose sender stands at `account_nonce` in the newest state.

        1. its nonce is not used                             -> NonceTooLowError
        2. it is new, and its nonce not absurdly far ahead   -> AlreadyKnownError, NonceTooFarError
        3. it fills a free nonce, or outbids its holder      -> ReplacementUnderpricedError
        4. the sender stays within its share                 -> SenderFullError
        5. the pool has room, or makes some                  -> PoolFullError
        6. the journal has it                                -> JournalError

        Nothing has changed where one of these is raised. One that `is_known` comes out of the journal: its sender's
        share was judged when it first came, and it is not written again.
        """
        promoted: list[Transaction] = []
        try:
            with self._lock:
                present = self._senders.get(transaction.sender)
                if present is not None and account_nonce > present.account_nonce:
                    promoted += self._settle({transaction.sender: account_nonce})
                admission = self._add(transaction, account_nonce, is_known)
                promoted += admission.promoted
            return admission
        finally:
            self._announce(promoted)

    def _add(self, transaction: Transaction, account_nonce: int, is_known: bool) -> Admission:
        """`add` under the lock."""
        words = f"address 0x{transaction.sender.hex()}, tx: {transaction.nonce} state: {account_nonce}"
        if transaction.nonce < account_nonce:
            raise NonceTooLowError(f"nonce too low: {words}")
        if transaction.hash in self._by_hash:
            raise AlreadyKnownError("already known")
        if transaction.nonce > account_nonce + self.limits.nonce_distance:
            raise NonceTooFarError(f"nonce too high: {words}", "send those before it first")
        sender = self._senders.get(transaction.sender) or Sender(account_nonce, account_nonce)
        sender.check_replacement(transaction, self.limits)
        if not is_known:
            sender.check_share(transaction, self.limits)
        holder = sender.by_nonce.get(transaction.nonce)
        victims = self._making_room(transaction, holder)
        if self._journal is not None and not is_known:
            leaving = victims if holder is None else [holder, *victims]
            self._journal.append(transaction, [item.hash for item in leaving])
        for victim in victims:
            self._drop(victim)
        self._senders[transaction.sender] = sender
        if holder is not None:
            self._forget(holder)
        promoted = sender.put(transaction)
        self._by_hash[transaction.hash] = transaction
        self._total_bytes += len(transaction.raw)
        self._version += 1
        is_pending = transaction.nonce < sender.next_nonce
        return Admission(is_pending, None if holder is None else holder.hash, tuple(promoted))

    def _making_room(self, transaction: Transaction, holder: Transaction | None) -> list[Transaction]:
        """The queued transactions that must go, so that this one stays within the limits of the pool."""
        count = len(self._by_hash) + (holder is None)
        size = self._total_bytes + len(transaction.raw) - (len(holder.raw) if holder is not None else 0)
        victims: list[Transaction] = []
        if count <= self.limits.transactions and size <= self.limits.total_bytes:
            return victims
        for victim in evictable(self._senders, transaction):
            victims.append(victim)
            count, size = count - 1, size - len(victim.raw)
            if count <= self.limits.transactions and size <= self.limits.total_bytes:
                return victims
        raise PoolFullError(
            f"txpool is full: {len(self._by_hash)} transactions, {self._total_bytes} bytes wait", "wait for a block"
        )

    def _drop(self, transaction: Transaction) -> None:
        """Take a transaction out of every table."""
        sender = self._senders[transaction.sender]
        sender.drop(transaction)
        self._forget(transaction)
        if not sender.by_nonce:
            del self._senders[transaction.sender]

    def _forget(self, transaction: Transaction) -> None:
        """Take a transaction out of the tables over all senders."""
        del self._by_hash[transaction.hash]
        self._total_bytes -= len(transaction.raw)

    def _settle(self, nonces: Mapping[bytes, int]) -> list[Transaction]:
        """Bring senders to where their accounts stand: drop what was used; what became pending."""
        gone: list[Transaction] = []
        promoted: list[Transaction] = []
        for address, account_nonce in nonces.items():
            sender = self._senders[address]
            used, risen = sender.stand_at(account_nonce)
            gone += used
            promoted += risen
            if not sender.by_nonce:
                del self._senders[address]
        for transaction in gone:
            self._forget(transaction)
        self._version += 1
        self._tell_journal(gone)
        return promoted

    def _tell_journal(self, gone: Sequence[Transaction]) -> None:
        if self._journal is not None and gone:
            self._journal.forget([transaction.hash for transaction in gone])

    def _announce(self, promoted: Sequence[Transaction]) -> None:
        """Tell the listeners, outside the lock."""
        with self._lock:
            listeners = tuple(self._listeners) if promoted else ()
        for listener in listeners:
            listener(tuple(promoted))

    def settle(self, nonce_of: Callable[[bytes], int], senders: Iterable[bytes] | None = None) -> None:
        """After a block: drop what the accounts have used and promote what fits now.

        `nonce_of` reads the newest state; `senders` names whose nonce may have moved, None means anybody's. A nonce
        that went back (a development chain was reverted) is followed as well.
        """
        with self._lock:
            wanted = list(self._senders) if senders is None else [item for item in senders if item in self._senders]
            promoted = self._settle({address: nonce_of(address) for address in wanted})
        self._announce(promoted)

    def remove(self, transaction_hash: bytes) -> bool:
        """Drop one transaction; what followed it waits behind a gap then. False when it is not here."""
        with self._lock:
            transaction = self._by_hash.get(transaction_hash)
            if transaction is None:
                return False
            self._drop(transaction)
            self._version += 1
            self._tell_journal([transaction])
            return True

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._tell_journal(list(self._by_hash.values()))
            self._senders.clear()
            self._by_hash.clear()
            self._total_bytes = 0
            self._version += 1

    def waiting(self) -> list[Transaction]:
        """All that waits, in the order in which it was taken."""
        with self._lock:
            return list(self._by_hash.values())

    def get(self, transaction_hash: bytes) -> Transaction | None:
        """A waiting transaction by its hash."""
        return self._by_hash.get(transaction_hash)

    def is_pending(self, transaction_hash: bytes) -> bool:
        """Whether it waits here and a block may take it."""
        with self._lock:
            transaction = self._by_hash.get(transaction_hash)
            return transaction is not None and transaction.nonce < self._senders[transaction.sender].next_nonce

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
        """Pending transactions in the order a block should take them (`turns.py`), out of a copy."""
        with self._lock:
            runs = [(address, deque(sender.pending())) for address, sender in self._senders.items()]
        return in_turns([(address, run) for address, run in runs if run], group_of)

    def close(self) -> None:
        """Nothing more comes; the journal keeps what waits."""
        if self._journal is not None:
            self._journal.close()
