"""Polling filters: what came since the caller last asked.

Blocks are final, so a log or block filter only remembers up to which height it has been told; what lies beyond is read
from the chain when asked. A filter on waiting transactions collects their hashes as the pool announces them.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from testamur_node.chain.transaction import Transaction
from testamur_node.pool import Pool
from testamur_node.rpc.errors import ResourceLimitError, ServerRefusalError
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.parameters import LogQuery

__all__ = ["Filter", "Filters", "TransactionQueue"]

_QUEUE_LENGTH = 100_000


class TransactionQueue:
    """Transactions that became pending since they were last taken; the oldest fall out of a full queue."""

    def __init__(self, pool: Pool) -> None:
        self._waiting: deque[Transaction] = deque(maxlen=_QUEUE_LENGTH)
        self.end: Callable[[], None] = pool.subscribe(self._waiting.extend)

    def take(self) -> list[Transaction]:
        """All that waits, oldest first."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken


@dataclass(slots=True)
class Filter:
    """One installed filter."""

    next_block: int
    """First height that its owner has not been told of."""
    last_asked: float
    """Seconds of the monotonic clock."""
    query: LogQuery | None = None
    """Set for a log filter."""
    transactions: TransactionQueue | None = field(default=None)
    """Set for a filter on waiting transactions."""
    full: bool = False
    """Whether that one tells whole transactions, not hashes."""
    polling: threading.Lock = field(default_factory=threading.Lock)
    """Held while it is asked, so that two polls at once never tell the same."""


class Filters:
    """The installed filters; those that nobody asks for are dropped after a while."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._filters: dict[str, Filter] = {}
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
            queue = None if pool is None else TransactionQueue(pool)
            self._filters[identity] = Filter(next_block, self._clock(), query, queue, full)
            return identity

    def get(self, identity: str) -> Filter:
        """An installed filter, its age reset; `filter not found` as geth says otherwise."""
        with self._lock:
            self._expire()
            found = self._filters.get(identity)
            if found is None:
                raise ServerRefusalError("filter not found")
            found.last_asked = self._clock()
            return found

    def remove(self, identity: str) -> bool:
        """Uninstall; False where there is none."""
        with self._lock:
            found = self._filters.pop(identity, None)
        if found is not None and found.transactions is not None:
            found.transactions.end()
        return found is not None

    def _expire(self) -> None:
        oldest = self._clock() - self._limits.filter_seconds
        for identity in [identity for identity, item in self._filters.items() if item.last_asked < oldest]:
            expired = self._filters.pop(identity)
            if expired.transactions is not None:
                expired.transactions.end()
