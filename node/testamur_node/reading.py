"""What is committed, as every reader sees it: blocks, transactions, receipts, logs and states of one chain.

Flow: store -> here -> rpc. Nothing here writes or waits; every method may be called from any thread. A block is seen
from the moment it is the head, never before: who has read a receipt finds its state under `latest`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from testamur_node.application import Application
from testamur_node.chain.block import Block, Header
from testamur_node.chain.receipt import Log, Receipt
from testamur_node.chain.transaction import Transaction
from testamur_node.errors import NodeError
from testamur_node.index.logs import LongWalkError, matches
from testamur_node.state.reader import StateReader
from testamur_node.store.store import Store

__all__ = ["ChainReader", "LocatedLog", "UnknownBlockError"]


class UnknownBlockError(NodeError):
    """No such block, or its state was pruned."""


@dataclass(frozen=True, slots=True)
class LocatedLog:
    """A log with its place in the chain."""

    log: Log
    block_number: int
    block_hash: bytes
    block_timestamp: int
    transaction_hash: bytes
    transaction_index: int
    log_index: int
    """Position in the block."""


class ChainReader:
    """The committed chain; a `Node` is one that moves."""

    def __init__(self, application: Application, store: Store) -> None:
        self.store = store
        self._application = application
        self._head_block: Block | None = None

    @property
    def head(self) -> Block:
        """The newest block: latest, safe and final at once."""
        head, block = self._application.head, self._head_block
        if block is None or block.header != head:
            block = self.store.block(head.number)
            if block is None:
                raise UnknownBlockError(f"block {head.number} is not known")
            self._head_block = block
        return block

    def block(self, which: int | bytes) -> Block | None:
        """The block with a number or a hash; the head, which is asked for most, is not read again."""
        number = self.number_of(which)
        if number is None:
            return None
        if number == self._application.head.number and (head := self.head).number == number:
            return head
        return self.store.block(number)

    def number_of(self, which: int | bytes) -> int | None:
        """The number of a block that there is, named by number or hash."""
        number = self.store.number_of(which) if isinstance(which, bytes) else which
        return number if number is not None and self._is_visible(number) else None

    def transaction_count(self, number: int) -> int:
        """How many transactions a block holds, without reading them."""
        return self.store.transaction_count(number)

    def receipts(self, number: int) -> tuple[Receipt, ...]:
        """The receipts of a block's transactions in order."""
        return self.store.receipts(number) if self._is_visible(number) else ()

    def locate(self, transaction_hash: bytes) -> tuple[int, int] | None:
        """(block number, index) of an included transaction; read one transaction then, not its whole block."""
        place = self.store.locate(transaction_hash)
        return place if place is not None and self._is_visible(place[0]) else None

    def transaction(self, number: int, index: int) -> Transaction | None:
        """One transaction of a block."""
        return self.store.transaction(number, index)

    def receipt(self, number: int, index: int) -> Receipt | None:
        """One transaction's receipt."""
        found = self.store.receipt(number, index)
        return None if found is None else found[0]

    def logs_before(self, number: int, index: int) -> int:
        """How many logs the block has before transaction `index`: the first log index of that transaction."""
        found = self.store.receipt(number, index)
        return 0 if found is None else found[1]

    def header(self, number: int) -> Header | None:
        """A block's header alone."""
        head = self._application.head
        if number == head.number:
            return head
        return self.store.header(number) if self._is_visible(number) else None

    def state_at(self, number: int) -> StateReader:
        """The state after block `number`; `UnknownBlockError` where there is none, or it was pruned."""
        pruned = self.store.meta("pruned")
        if pruned is not None and number < int.from_bytes(pruned, "big"):
            raise UnknownBlockError(f"the state of block {number} was pruned", "ask a node that keeps all states")
        return self._application.state(self.header_of(number))

    def logs(
        self,
        first: int,
        last: int,
        addresses: Sequence[bytes] = (),
        topics: Sequence[Sequence[bytes] | None] = (),
        limit: int | None = None,
        steps: int | None = None,
    ) -> list[LocatedLog]:
        """Logs of blocks first..last in order; each topic position None for any, else one of several.

        At most `limit` + 1 come back, so that a caller can tell that there were more. With `steps`, `LongWalkError`
        before any log is read where finding them takes more rounds through the index, or more than `limit`
        transactions have any.
        """
        found: list[LocatedLog] = []
        block: tuple[int, bytes, int] = (-1, b"", 0)
        last = min(last, self._application.head.number)
        with self.store.log_view() as view:
            places: Iterable[tuple[int, int]] = view.places(first, last, addresses, topics, steps)
            if steps is not None:
                places = list(islice(places, None if limit is None else limit + 1))
                if limit is not None and len(places) > limit:
                    raise LongWalkError(f"more than {limit} transactions may have such logs")
            for number, index in places:
                logs, position = view.logs(number, index)
                matching = [(log, at) for at, log in enumerate(logs, position) if matches(log, addresses, topics)]
                if not matching:
                    continue
                if block[0] != number:
                    header = view.header(number)
                    block = number, header.hash, header.timestamp
                transaction_hash = view.transaction_hash(number, index)
                found += [LocatedLog(log, *block, transaction_hash, index, at) for log, at in matching]
                if limit is not None and len(found) > limit:
                    return found[: limit + 1]
        return found

    def header_of(self, number: int | None) -> Header:
        """A block's header, the newest's for None; `UnknownBlockError` where there is none."""
        header = self._application.head if number is None else self.header(number)
        if header is None:
            raise UnknownBlockError(f"block {number} is not known")
        return header

    def required(self, number: int) -> Block:
        """A block that must be there; `UnknownBlockError` where it is not."""
        block = self.block(number)
        if block is None:
            raise UnknownBlockError(f"block {number} is not known")
        return block

    def _is_visible(self, number: int) -> bool:
        """A commit reaches the disk a moment before the head moves."""
        return 0 <= number <= self._application.head.number
