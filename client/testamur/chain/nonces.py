"""The nonce queue: which transactions of which account are open, on disk before they are sent.

One SQLite file per profile, shared by every process that uses it. A nonce is given under the file's write lock and the
signed transaction is stored in the same commit, so neither a second process nor a crash can give it twice or lose it.
The chain's own count settles the rest: what lies below it is done.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur.errors import TestamurError

__all__ = ["NonceQueue", "QueueError", "QueuedTransaction"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS transactions (
    chain BLOB NOT NULL,      -- hash of block 0
    sender BLOB NOT NULL,
    nonce INTEGER NOT NULL,
    hash BLOB NOT NULL,
    raw BLOB NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (chain, sender, nonce, hash)
) WITHOUT ROWID
"""


class QueueError(TestamurError):
    """The queue file cannot be used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class QueuedTransaction:
    """A signed transaction that has its nonce."""

    sender: bytes
    nonce: int
    hash: bytes
    raw: bytes
    label: str


class NonceQueue:
    """The open transactions on one chain, told from others by the hash of its block 0."""

    def __init__(self, path: Path, chain: bytes) -> None:
        self._path = path
        self._chain = chain
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as database:
                database.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise QueueError(
                f"the nonce queue {path} cannot be used: {error}", "is the disk full or read-only?"
            ) from error

    def add(
        self,
        sender: bytes,
        counts: Callable[[], tuple[int, int]],
        sign: Callable[[int], tuple[bytes, bytes]],
        label: str,
    ) -> QueuedTransaction:
        """Take the first free nonce, sign with it and store the result, all under the write lock.

        `counts` reads the chain's count of the account's transactions, in blocks and with pending ones.
        """
        with closing(self._connect()) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
                nonce = max(counts())
                taken = {
                    row[0]
                    for row in database.execute(
                        "SELECT nonce FROM transactions WHERE chain = ? AND sender = ?", (self._chain, sender)
                    )
                }
                while nonce in taken:
                    nonce += 1
                raw, name = sign(nonce)
                database.execute(
                    "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?)", (self._chain, sender, nonce, name, raw, label)
                )
                database.execute("COMMIT")
            except sqlite3.Error as error:
                raise QueueError(f"the nonce queue {self._path} cannot be written: {error}") from error
        return QueuedTransaction(sender, nonce, name, raw, label)

    def open(self, sender: bytes) -> list[QueuedTransaction]:
        """The newest transaction at each open nonce, in nonce order."""
        rows = self._rows("SELECT nonce, hash, raw, label FROM transactions WHERE chain = ? AND sender = ?", sender)
        newest = {nonce: QueuedTransaction(sender, nonce, name, raw, label) for nonce, name, raw, label in rows}
        return [newest[nonce] for nonce in sorted(newest)]

    def hashes(self, transaction: QueuedTransaction) -> list[bytes]:
        """Every hash sent with this nonce: the transaction and what it replaced."""
        statement = "SELECT hash FROM transactions WHERE chain = ? AND sender = ? AND nonce = ?"
        found = [row[0] for row in self._rows(statement, transaction.sender, transaction.nonce)]
        return found if transaction.hash in found else [*found, transaction.hash]

    def replace(self, transaction: QueuedTransaction, raw: bytes, name: bytes) -> QueuedTransaction:
        """Store another transaction at the same nonce."""
        replaced = QueuedTransaction(transaction.sender, transaction.nonce, name, raw, transaction.label)
        self._change(
            "INSERT OR IGNORE INTO transactions VALUES (?, ?, ?, ?, ?, ?)",
            (self._chain, replaced.sender, replaced.nonce, name, raw, replaced.label),
        )
        return replaced

    def remove(self, transaction: QueuedTransaction) -> None:
        """Forget a transaction that the chain will never take; its nonce is free again."""
        statement = "DELETE FROM transactions WHERE chain = ? AND sender = ? AND nonce = ? AND hash = ?"
        self._change(statement, (self._chain, transaction.sender, transaction.nonce, transaction.hash))

    def close_nonce(self, transaction: QueuedTransaction) -> None:
        """Forget all transactions at this nonce: a block holds one of them, or another one took the nonce."""
        statement = "DELETE FROM transactions WHERE chain = ? AND sender = ? AND nonce = ?"
        self._change(statement, (self._chain, transaction.sender, transaction.nonce))

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=60.0, isolation_level=None)

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with closing(self._connect()) as database:
                return database.execute(statement, (self._chain, *values)).fetchall()
        except sqlite3.Error as error:
            raise QueueError(f"the nonce queue {self._path} cannot be read: {error}") from error

    def _change(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with closing(self._connect()) as database:
                database.execute(statement, values)
        except sqlite3.Error as error:
            raise QueueError(f"the nonce queue {self._path} cannot be written: {error}") from error
