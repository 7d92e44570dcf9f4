"""The logs of one commit: a search reads index, receipts and hashes in one LMDB transaction, thousands of records
at a time, and sees one chain even where a development chain is taken back meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from testamur.proof.hashing import keccak256

from testamur_node.chain.block import Header, decode_header
from testamur_node.chain.receipt import Log, decode_logs
from testamur_node.index.logs import Topics, place_of, transactions_with

__all__ = ["LogView"]


class LogView:
    """What `Store.log_view` opens; every place that `places` gives is there for the other methods."""

    __slots__ = ("_headers", "_index", "_receipts", "_transactions", "_view")

    def __init__(self, view: Any, tables: Mapping[str, Any]) -> None:
        self._view = view
        self._index, self._receipts = tables["logs"], tables["receipts"]
        self._headers, self._transactions = tables["headers"], tables["transactions"]

    def places(
        self, first: int, last: int, addresses: Sequence[bytes], topics: Topics, steps: int | None
    ) -> Iterator[tuple[int, int]]:
        """(block, transaction index) of what may match (index/logs.py)."""
        return transactions_with(self._view, self._index, first, last, addresses, topics, steps)

    def header(self, number: int) -> Header:
        """A block's header."""
        return decode_header(self._view.get(number.to_bytes(8, "big"), db=self._headers))

    def logs(self, number: int, index: int) -> tuple[tuple[Log, ...], int]:
        """The logs of one transaction, and how many the block has before them."""
        value = self._view.get(place_of(number, index), db=self._receipts)
        return decode_logs(value[12:]), int.from_bytes(value[8:12], "big")

    def transaction_hash(self, number: int, index: int) -> bytes:
        """The hash of one transaction, which is not decoded for it."""
        return keccak256(self._view.get(place_of(number, index), db=self._transactions)[20:])
