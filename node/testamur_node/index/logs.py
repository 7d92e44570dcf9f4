"""The log index: which transactions emitted a log from an address, or with a topic at a position.

A key is `kind ‖ address or topic ‖ block ‖ transaction index`, kind 0 for an address, 1 to 4 for a topic's position and
5, with nothing in between, for any log at all; so a wide query walks only keys that match its rarest condition and
costs by its results. Keys sort by block within a value. The index points at transactions; the caller filters their
logs, since two logs may each match half a query.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from testamur_node.chain.receipt import Log, Receipt
from testamur_node.errors import NodeError

__all__ = ["index_keys", "transactions_with", "matches", "place_of", "Topics", "LongWalkError"]

_ANY = b"\x05"


class LongWalkError(NodeError):
    """The walk took as many steps as it was given, and has not ended."""


Topics = Sequence[Sequence[bytes] | None]
"""Per position: None for any, else the alternatives."""


def index_keys(number: int, receipts: Iterable[Receipt]) -> list[bytes]:
    """The index entries of a block, sorted and without repetition."""
    keys: set[bytes] = set()
    for index, receipt in enumerate(receipts):
        place = place_of(number, index)
        if receipt.logs:
            keys.add(_ANY + place)
        for log in receipt.logs:
            keys.add(b"\x00" + log.address + place)
            keys.update(bytes([position]) + topic + place for position, topic in enumerate(log.topics, 1))
    return sorted(keys)


def transactions_with(
    transaction: Any,
    table: Any,
    first: int,
    last: int,
    addresses: Sequence[bytes],
    topics: Topics,
    steps: int | None = None,
) -> Iterator[tuple[int, int]]:
    """(block, transaction index) candidates in chain order; a query that names nothing gets all that have logs.

    `transaction` and `table` are LMDB's. Each condition gives an ordered stream; the streams are intersected by
    seeking, in at most `steps` rounds: `LongWalkError` beyond them.
    """
    conditions: list[list[bytes]] = []
    if addresses:
        conditions.append([b"\x00" + address for address in addresses])
    for position, alternatives in enumerate(topics, 1):
        if alternatives:
            conditions.append([bytes([position]) + topic for topic in alternatives])
    streams = [_Union(transaction, table, prefixes, place_of(last, 2**32 - 1)) for prefixes in conditions or [[_ANY]]]
    return _intersect(streams, place_of(first, 0), steps)


def matches(log: Log, addresses: Sequence[bytes], topics: Topics) -> bool:
    """Whether a log meets the query; more positions than the log has topics never match."""
    if addresses and log.address not in addresses:
        return False
    if len(topics) > len(log.topics):
        return False
    return all(not wanted or topic in wanted for wanted, topic in zip(topics, log.topics, strict=False))


def place_of(number: int, index: int) -> bytes:
    """What keys say of a transaction's place: block ‖ index, so that they sort as the chain does."""
    return number.to_bytes(8, "big") + index.to_bytes(4, "big")


class _Union:
    """The ordered places under several prefixes, up to `last`."""

    def __init__(self, transaction: Any, table: Any, prefixes: Sequence[bytes], last: bytes) -> None:
        self._cursors = [(prefix, transaction.cursor(table)) for prefix in prefixes]
        self._last = last

    def seek(self, place: bytes) -> bytes | None:
        """The first place at or after `place`."""
        found: bytes | None = None
        for prefix, cursor in self._cursors:
            if not cursor.set_range(prefix + place):
                continue
            key: bytes = cursor.key()
            here = key[len(prefix) :]
            if key.startswith(prefix) and len(here) == 12 and here <= self._last and (found is None or here < found):
                found = here
        return found


def _intersect(streams: Sequence[_Union], place: bytes, steps: int | None) -> Iterator[tuple[int, int]]:
    for step in itertools.count():
        if step == steps:
            raise LongWalkError(f"more than {steps} steps through the log index")
        agreed = place
        for stream in streams:
            found = stream.seek(agreed)
            if found is None:
                return
            agreed = found
        if agreed == place or all(stream.seek(agreed) == agreed for stream in streams[:-1]):
            yield int.from_bytes(agreed[:8], "big"), int.from_bytes(agreed[8:], "big")
            place = (int.from_bytes(agreed, "big") + 1).to_bytes(12, "big")
        else:
            place = agreed
