"""The block to come: what the pool would propose now, executed on the head, for who asks about `pending`.

Flow: pool and head -> `Plan` -> (a process apart) `execute` -> `PendingBlock` -> rpc. Nothing is built before somebody
asks, nor twice for the same head, pool and second; blocks do not wait for it, and it can be ended (apart.py).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from testamur_node.apart import ApartError, BusyError, TooSlowError
from testamur_node.application import Application, assemble
from testamur_node.calls import Calls
from testamur_node.chain.block import Block, Header
from testamur_node.chain.development import Wishes
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.transaction import Transaction
from testamur_node.execution.executor import BlockContext, BlockResult
from testamur_node.permission import Parent
from testamur_node.pool import Pool
from testamur_node.simulation import Outlook
from testamur_node.state.reader import StateReader

__all__ = ["Pending", "PendingBlock", "Plan", "execute"]

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A block to try out."""

    state_root: bytes
    """Of the head."""
    context: BlockContext
    """Without its ancestors, which the process that executes it reads itself."""
    transactions: tuple[bytes, ...]
    senders: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PendingBlock:
    """The block to come and what is after it."""

    block: Block
    """Its hash is that of this very block, which will never be made: who tells of it leaves the hash out."""
    receipts: tuple[Receipt, ...]
    outlook: Outlook
    """The state after it."""


def execute(calls: Calls, plan: Plan) -> tuple[tuple[int, ...], BlockResult]:
    """Which of a plan's transactions can stand in it, by their index, and what they give."""
    return calls.try_block(plan.state_root, plan.context, plan.transactions, plan.senders)


class Pending:
    """Builds the block to come when asked. `next_time` shows nanoseconds since 1970 that a block made now would bear;
    `apart` runs `execute` within some seconds.
    """

    def __init__(
        self,
        application: Application,
        pool: Pool,
        next_time: Callable[[], int],
        apart: Callable[[Plan, float], tuple[tuple[int, ...], BlockResult]],
    ) -> None:
        self._application = application
        self._pool = pool
        self._next_time = next_time
        self._apart = apart
        self._lock = threading.Lock()
        self._built: tuple[tuple[bytes, int, int, Wishes], PendingBlock] | None = None
        self._failed: tuple[tuple[bytes, int], TooSlowError | ApartError] | None = None

    def block(self, seconds: float) -> PendingBlock:
        """The block to come. Raises `TooSlowError` where executing it takes longer than `seconds`, `BusyError` where
        another's attempt does."""
        if not self._lock.acquire(timeout=seconds):
            raise BusyError("the pending block is being executed", "try again later, or ask for latest")
        try:
            while True:
                head, parent = self._newest()
                version = self._pool.version
                timestamp = max(self._next_time() // _SECOND, head.timestamp + 1)
                wishes = self._application.wishes
                key = (head.hash, version, timestamp, wishes)
                if self._built is not None and self._built[0] == key:
                    return self._built[1]
                if self._failed is not None and self._failed[0] == key[:2]:
                    raise self._failed[1]
                chosen = self._application.propose(self._pool.ready(parent.institution)).transactions
                if self._application.head is head:
                    break  # else a block has taken what the pool has no longer, and does not fit this head
            try:
                built = self._build(head, parent, timestamp, chosen, seconds)
            except (TooSlowError, ApartError) as error:
                self._failed = (key[:2], error)
                raise
            self._built = (key, built)
            return built
        finally:
            self._lock.release()

    def outlook(self, seconds: float) -> Outlook | None:
        """What calls and reads on `pending` see; None where nothing waits: the head then, in the block to come."""
        is_plain = not self._pool.counts()[0] and self._application.wishes == Wishes()
        return None if is_plain else self.block(seconds).outlook

    def state(self, seconds: float) -> StateReader:
        """The state after the block to come; the head's where nothing waits."""
        outlook = self.outlook(seconds)
        if outlook is None:
            return self._application.state()
        return StateReader(outlook.header.state_root, outlook.reader(self._application.store.read_node))

    def _newest(self) -> tuple[Header, Parent]:
        """The head, and inclusion as it sees it."""
        while True:
            head, parent = self._application.head, self._application.parent()
            if self._application.head is head:
                return head, parent

    def _build(
        self, head: Header, parent: Parent, timestamp: int, chosen: Sequence[Transaction], seconds: float
    ) -> PendingBlock:
        senders = tuple(transaction.sender for transaction in chosen)
        context = replace(self._application.next_context(head, parent, timestamp, set(senders)), ancestors=())
        plan = Plan(head.state_root, context, tuple(transaction.raw for transaction in chosen), senders)
        kept, result = self._apart(plan, seconds)
        transactions = tuple(chosen[index] for index in kept)
        block = assemble(context, result, transactions)
        return PendingBlock(block, result.receipts, Outlook(block.header, result.writes))
