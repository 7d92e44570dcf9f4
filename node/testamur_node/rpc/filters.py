"""Polling filters: what came since the caller last asked.

Blocks are final, so a log or block filter only remembers up to which height it has been told; what lies beyond is read
from the chain when asked. A filter on waiting transactions collects their hashes as the pool announces them.
"""

import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from testamur_node.chain.transaction import Transaction
from testamur_node.pool import Pool
from testamur_node.rpc.errors import ResourceLimitError, ServerRefusalError
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.parameters import LogQuery

__all__ = ["Filter", "Filters", "PendingLog"]

_MOST_KEPT = 100_000
_MOST_KEPT_BYTES = 16 << 20


class PendingLog:
    """What became pending, newest last, once for all filters: each remembers how far it has been told. The oldest fall
    out, so that it holds so many and so many bytes at most, however long nobody asks.
    """

    def __init__(self, pool: Pool) -> None:
        self._kept: deque[Transaction] = deque()
        self._bytes = 0
        self._count = 0
        self._lock = threading.Lock()
        self.end: Callable[[], None] = pool.subscribe(self._add)

    def _add(self, transactions: Sequence[Transaction]) -> None:
        with self._lock:
            self._kept.extend(transactions)
            self._count += len(transactions)
            self._bytes += sum(len(item.raw) for item in transactions)
            while len(self._kept) > _MOST_KEPT or self._bytes > _MOST_KEPT_BYTES:
                self._bytes -= len(self._kept.popleft().raw)

    @property
    def count(self) -> int:
        """How many there ever were."""
        return self._count

    def since(self, position: int) -> tuple[list[Transaction], int]:
        """Those after the first `position`, as far as they are kept, and where the next ones begin."""
        with self._lock:
            wanted = min(self._count - position, len(self._kept))
            return list(islice(self._kept, len(self._kept) - wanted, None)), self._count


@dataclass(slots=True)
class Filter:
    """One installed filter."""

    next_block: int
    """First height that its owner has not been told of."""
    last_asked: float
    """Seconds of the monotonic clock."""
    query: LogQuery | None = None
    """Set for a log filter."""
    pending: PendingLog | None = None
    """Set for a filter on waiting transactions."""
    told: int = 0
    """How many of those its owner has been told of."""
    full: bool = False
    """Whether that one tells whole transactions, not hashes."""
    polling: threading.Lock = field(default_factory=threading.Lock)
    """Held while it is asked, so that two polls at once never tell the same."""


class Filters:
    """The installed filters; those that nobody asks for are dropped after a while."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._filters: OrderedDict[str, Filter] = OrderedDict()
        """By id; the one asked last stands last, so that those to drop are found without a walk."""
        self._pending: PendingLog | None = None
        self._listening = 0
        """Filters on it."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._filters)

    def install(
        self, next_block: int, query: LogQuery | None = None, pool: Pool | None = None, full: bool = False
    ) -> str:
        """Install a filter and return its id: on logs by `query`, on what waits in `pool`, else on blocks."""
        with self._lock:
            self._expire()
            if len(self._filters) >= self._limits.filters:
                raise ResourceLimitError(f"too many filters: {len(self._filters)} are installed")
            identity = hex(int.from_bytes(secrets.token_bytes(16), "big") | 1 << 127)
            made = Filter(next_block, self._clock(), query, full=full)
            if pool is not None:
                self._pending = PendingLog(pool) if self._pending is None else self._pending
                self._listening += 1
                made.pending, made.told = self._pending, self._pending.count
            self._filters[identity] = made
            return identity

    def get(self, identity: str) -> Filter:
        """An installed filter, its age reset; `filter not found` as geth says otherwise."""
        with self._lock:
            self._expire()
            found = self._filters.get(identity)
            if found is None:
                raise ServerRefusalError("filter not found")
            found.last_asked = self._clock()
            self._filters.move_to_end(identity)
            return found

    def remove(self, identity: str) -> bool:
        """Uninstall; False where there is none."""
        with self._lock:
            return self._drop(identity)

    def _drop(self, identity: str) -> bool:
        """`remove` under the lock; with the last filter on waiting transactions the log of them ends."""
        dropped = self._filters.pop(identity, None)
        if dropped is not None and dropped.pending is not None:
            self._listening -= 1
            if not self._listening:
                dropped.pending.end()
                self._pending = None
        return dropped is not None

    def _expire(self) -> None:
        oldest = self._clock() - self._limits.filter_seconds
        while self._filters:
            identity, longest_unasked = next(iter(self._filters.items()))
            if longest_unasked.last_asked >= oldest:
                break
            self._drop(identity)
