"""The chain as it lies on disk: append a block in one transaction, read any part of it, go back to an earlier block.

Flow: application.commit -> `Store.append` -> disk -> readers. Blocks and receipts are stored transaction by
transaction,
so that reading one does not cost a block of thousands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testamur_node.chain.block import Block, Header, decode_body, decode_header, encode_body, encode_header
from testamur_node.chain.receipt import Receipt, decode_receipt, encode_receipt
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.index.logs import index_keys, place_of
from testamur_node.store.environment import Environment, StoreError
from testamur_node.store.log_view import LogView

__all__ = ["Store", "Commit", "SCHEMA"]

SCHEMA = 2
"""Raised when the tables change shape."""


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything one commit writes, at once or not at all."""

    block: Block | None = None
    """None for engine heights that make no EVM block."""
    receipts: tuple[Receipt, ...] = ()
    nodes: Mapping[bytes, bytes] = field(default_factory=dict)
    signed_headers: tuple[tuple[int, int, bytes], ...] = ()
    """(engine height, number of the block whose hash it carries, encoded signed header), solo engine only."""
    meta: Mapping[str, bytes] = field(default_factory=dict)


class Store:
    """Blocks, state nodes and engine headers of one chain."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        schema = self.meta("schema")
        if schema is not None and int.from_bytes(schema, "big") != SCHEMA:
            raise StoreError(
                f"{environment.folder} has schema {int.from_bytes(schema, 'big')}, this node reads {SCHEMA}",
                "use the node version that wrote it, or export there and import here",
            )

    @classmethod
    def open(cls, folder: Path, *, writes: bool = True) -> "Store":
        """Open or create the store in `folder`. Raises `StoreError`."""
        return cls(Environment(folder, writes=writes))

    def close(self) -> None:
        """Close the files."""
        self.environment.close()

    # reading

    def meta(self, name: str) -> bytes | None:
        """A single value kept beside the chain."""
        return self.environment.get("meta", name.encode())

    @property
    def head_number(self) -> int | None:
        """The newest block's number, None in a store without genesis."""
        value = self.meta("head")
        return None if value is None else int.from_bytes(value, "big")

    def read_node(self, digest: bytes) -> bytes | None:
        """A trie node or code by its keccak."""
        return self.environment.get("nodes", digest)

    @contextmanager
    def nodes(self) -> Iterator[Callable[[bytes], bytes | None]]:
        """`read_node` of the last commit as it stands now, for many reads by one thread."""
        with self.environment.lmdb.begin(db=self.environment.tables["nodes"]) as transaction:
            yield transaction.get

    def number_of(self, block_hash: bytes) -> int | None:
        """The number of a block of this chain."""
        value = self.environment.get("numbers", block_hash)
        return None if value is None else int.from_bytes(value, "big")

    def header(self, number: int) -> Header | None:
        """A block's header."""
        encoded = self.environment.get("headers", _number(number))
        return None if encoded is None else decode_header(encoded)

    def block(self, number: int) -> Block | None:
        """A whole block."""
        header = self.header(number)
        if header is None:
            return None
        body = self.environment.get("bodies", _number(number))
        ommers, withdrawals = decode_body(body) if body else ((), () if header.withdrawals_root else None)
        transactions = tuple(_transaction(value) for value in self._rows("transactions", number))
        return Block(header, header.hash, transactions, ommers, withdrawals)

    def transaction(self, number: int, index: int) -> Transaction | None:
        """One transaction of a block."""
        value = self.environment.get("transactions", place_of(number, index))
        return None if value is None else _transaction(value)

    def transaction_count(self, number: int) -> int:
        """How many transactions a block holds, without reading them."""
        with self.environment.read() as view:
            cursor = view.cursor(self.environment.tables["transactions"])
            is_there = cursor.prev() if cursor.set_range(_number(number + 1)) else cursor.last()
            last = cursor.key() if is_there else b""
        return int.from_bytes(last[8:], "big") + 1 if last[:8] == _number(number) else 0

    def receipts(self, number: int) -> tuple[Receipt, ...]:
        """All receipts of a block, in order."""
        return tuple(_receipt(value)[0] for value in self._rows("receipts", number))

    def receipt(self, number: int, index: int) -> tuple[Receipt, int] | None:
        """One receipt, and how many logs the block has before it."""
        value = self.environment.get("receipts", place_of(number, index))
        return None if value is None else _receipt(value)

    @contextmanager
    def log_view(self) -> Iterator[LogView]:
        """The logs of the last commit as it stands now, for one search."""
        with self.environment.read() as view:
            yield LogView(view, self.environment.tables)

    def locate(self, transaction_hash: bytes) -> tuple[int, int] | None:
        """(block number, index) of an included transaction."""
        value = self.environment.get("locations", transaction_hash)
        return None if value is None else (int.from_bytes(value[:8], "big"), int.from_bytes(value[8:], "big"))

    def ancestors(self, number: int, count: int = 256) -> Iterator[bytes]:
        """Hashes of block `number` and those before it, at most `count`, newest first, read as they are asked for."""
        header = self.header(number)
        if header is not None:
            yield header.hash
        for _ in range(count - 1):
            if header is None or header.number == 0:
                return
            yield header.parent_hash
            header = self.header(header.number - 1)

    def signed_header(self, engine_height: int) -> bytes | None:
        """An encoded signed engine header, where it was kept."""
        return self.environment.get("engine", _number(engine_height))

    def carried(self, number: int) -> tuple[int, int] | None:
        """(first, newest) engine height whose header carries the hash of block `number`."""
        value = self.environment.get("carried", _number(number))
        return None if value is None else (int.from_bytes(value[:8], "big"), int.from_bytes(value[8:], "big"))

    def _rows(self, table: str, number: int) -> list[bytes]:
        prefix = _number(number)
        rows: list[bytes] = []
        with self.environment.read() as view:
            cursor = view.cursor(self.environment.tables[table])
            if cursor.set_range(prefix):
                for key, value in cursor:
                    if key[:8] != prefix:
                        break
                    rows.append(value)
        return rows

    # writing

    def append(self, commit: Commit) -> None:
        """Write one commit, synced before this returns. Raises `StoreError`; then nothing was written."""
        self.append_all((commit,))

    def append_all(self, commits: Sequence[Commit]) -> None:
        """Write several at once, all or none."""
        with self.environment.write() as transaction:
            for commit in commits:
                self._put(transaction, commit)

    def _put(self, transaction: Any, commit: Commit) -> None:
        tables = self.environment.tables
        if commit.nodes:
            cursor = transaction.cursor(tables["nodes"])
            cursor.putmulti(sorted(commit.nodes.items()))
        if commit.block is not None:
            self._put_block(transaction, commit.block, commit.receipts)
        for height, number, encoded in commit.signed_headers:
            self._put_signed_header(transaction, height, number, encoded)
        for name, value in sorted(commit.meta.items()):
            transaction.put(name.encode(), value, db=tables["meta"])
        transaction.put(b"schema", SCHEMA.to_bytes(2, "big"), db=tables["meta"])

    def _put_block(self, transaction: Any, block: Block, receipts: Sequence[Receipt]) -> None:
        tables = self.environment.tables
        number = _number(block.number)
        transaction.put(number, encode_header(block.header), db=tables["headers"])
        transaction.put(block.hash, number, db=tables["numbers"])
        if block.ommers or block.withdrawals:
            transaction.put(number, encode_body(block), db=tables["bodies"])
        logs = gas = 0
        for index, (item, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
            place = place_of(block.number, index)
            transaction.put(place, item.sender + item.raw, db=tables["transactions"])
            before = gas.to_bytes(8, "big") + logs.to_bytes(4, "big")
            transaction.put(place, before + encode_receipt(receipt), db=tables["receipts"])
            transaction.put(item.hash, place, db=tables["locations"])
            gas = receipt.cumulative_gas_used
            logs += len(receipt.logs)
        for key in index_keys(block.number, receipts):
            transaction.put(key, b"", db=tables["logs"])
        transaction.put(b"head", number, db=tables["meta"])

    def _put_signed_header(self, transaction: Any, height: int, number: int, encoded: bytes) -> None:
        """Keep the first and the newest header that carries a block; heartbeats in between are dropped."""
        tables = self.environment.tables
        transaction.put(_number(height), encoded, db=tables["engine"])
        kept = transaction.get(_number(number), db=tables["carried"])
        first = kept[:8] if kept else _number(height)
        if kept and kept[8:] != kept[:8]:
            transaction.delete(kept[8:], db=tables["engine"])
        transaction.put(_number(number), first + _number(height), db=tables["carried"])

    def roll_back(self, number: int, note: Mapping[str, bytes] | None = None) -> None:
        """Forget every block above `number`, and every heartbeat after the first header that carries it: a clock that
        ran ahead may have signed those. Their state nodes stay, harmless, until the store is compacted. `note` goes
        into `meta` with it.
        """
        head = self.head_number
        if head is None or not 0 <= number <= head:
            raise StoreError(f"cannot go back to block {number}: the head is {head}")
        pruned = int.from_bytes(self.meta("pruned") or b"", "big")
        if number < pruned:
            raise StoreError(f"cannot go back to block {number}: its state was pruned, {pruned} is the oldest kept")
        tables = self.environment.tables
        last_kept = self.carried(number)
        with self.environment.write() as transaction:
            for above in range(head, number, -1):
                self._drop_block(transaction, above)
            if last_kept is not None:
                cursor = transaction.cursor(tables["engine"])
                while cursor.last() and cursor.key() > _number(last_kept[0]):
                    cursor.delete()
                transaction.put(_number(number), 2 * _number(last_kept[0]), db=tables["carried"])
                transaction.put(b"engine_height", _number(last_kept[0]), db=tables["meta"])
            for name, value in (note or {}).items():
                transaction.put(name.encode(), value, db=tables["meta"])
            transaction.put(b"head", _number(number), db=tables["meta"])

    def _drop_block(self, transaction: Any, number: int) -> None:
        tables = self.environment.tables
        block, receipts = self.block(number), self.receipts(number)
        if block is None:
            raise StoreError(f"block {number} is not in the store")
        for key in index_keys(number, receipts):
            transaction.delete(key, db=tables["logs"])
        for index, item in enumerate(block.transactions):
            for table, key in (("transactions", place_of(number, index)), ("receipts", place_of(number, index)),
                               ("locations", item.hash)):  # fmt: skip
                transaction.delete(key, db=tables[table])
        transaction.delete(block.hash, db=tables["numbers"])
        for table in ("headers", "bodies", "carried"):
            transaction.delete(_number(number), db=tables[table])

    def statistics(self) -> dict[str, int]:
        """Entries per table."""
        return self.environment.statistics()


def _number(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _transaction(value: bytes) -> Transaction:
    return decode_transaction(value[20:], value[:20])


def _receipt(value: bytes) -> tuple[Receipt, int]:
    return decode_receipt(value[12:], int.from_bytes(value[:8], "big")), int.from_bytes(value[8:12], "big")
