"""The journal of one issuing run: what was prepared, signed, sent and is final, so that a killed run resumes.

One SQLite file in the output folder. Each stage is one transaction on disk before the next begins:

    prepared   the rows, and which batch each belongs to; nothing is signed
    signed     credentials, salts, leaves and root; nothing is sent
    sent       the transaction, about to leave
    final      the batch's record stands on the chain
    done       every file is written and was read back

A stage that a kill interrupts never happened. The file is locked while a run works on it, and released by its end,
however it ends. It holds salts and one-time keys: mode 0600.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from testamur.batch.journal_records import (
    BatchRecord,
    DeliveryRecord,
    PreparedRow,
    RejectedRow,
    RunFacts,
    SignedRow,
    Stage,
)
from testamur.errors import TestamurError

__all__ = [
    "JOURNAL_NAME",
    "BatchRecord",
    "DeliveryRecord",
    "Journal",
    "JournalError",
    "PreparedRow",
    "RejectedRow",
    "RunFacts",
    "SignedRow",
    "Signing",
    "Stage",
]

JOURNAL_NAME = "journal.db"
"""In the folder of a run."""
_SCHEMA = """
CREATE TABLE run (version INTEGER NOT NULL, chain_id INTEGER NOT NULL, genesis BLOB NOT NULL,
    institution INTEGER NOT NULL, template BLOB NOT NULL, roster BLOB NOT NULL, created INTEGER NOT NULL,
    done INTEGER NOT NULL, name BLOB NOT NULL);
CREATE TABLE batches (number INTEGER PRIMARY KEY, stage TEXT NOT NULL, scope_index INTEGER NOT NULL,
    size INTEGER NOT NULL, contract BLOB NOT NULL, status_registry BLOB NOT NULL, list INTEGER NOT NULL,
    log2size INTEGER NOT NULL, first INTEGER NOT NULL, batch_id BLOB NOT NULL, root BLOB NOT NULL,
    block INTEGER NOT NULL, tx BLOB NOT NULL);
CREATE TABLE rows (position INTEGER PRIMARY KEY, row_id TEXT NOT NULL UNIQUE, line INTEGER NOT NULL,
    batch INTEGER NOT NULL);
CREATE TABLE signed (position INTEGER PRIMARY KEY, batch INTEGER NOT NULL, status_index INTEGER NOT NULL,
    leaf_index INTEGER NOT NULL, leaf_hash BLOB NOT NULL, salt BLOB NOT NULL, outcome_tag BLOB NOT NULL,
    holder BLOB NOT NULL, one_time_key BLOB NOT NULL, blind BLOB NOT NULL, credential BLOB NOT NULL);
CREATE TABLE rejected (line INTEGER NOT NULL, column_name TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE deliveries (position INTEGER NOT NULL, folder TEXT NOT NULL, is_zip INTEGER NOT NULL,
    sha256 TEXT NOT NULL, has_secret INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (position, folder, is_zip));
CREATE TABLE inputs (kind TEXT PRIMARY KEY, path TEXT NOT NULL);
"""
_VERSION = 2
_FROM_1 = (
    "ALTER TABLE run ADD COLUMN name BLOB NOT NULL DEFAULT x''",
    "UPDATE run SET name = randomblob(16), version = 2",
    *_SCHEMA.split(";")[-3:-1],
)
"""What makes a journal of version 1 one of version 2: runs without a name, and no memory of what was handed out."""


class JournalError(TestamurError):
    """The journal is missing, in use, damaged or cannot be written."""

    exit_code = 2


class Journal:
    """An open journal; nobody else can open it until it is closed."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def create(
        cls,
        folder: Path,
        facts: RunFacts,
        batches: Iterable[BatchRecord],
        rows: Iterable[PreparedRow],
        rejected: Iterable[RejectedRow],
    ) -> "Journal":
        """Write a new run, prepared, in one transaction."""
        journal = cls(folder / JOURNAL_NAME, _connect(folder / JOURNAL_NAME))
        with journal._changing() as database:
            if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise JournalError(f"{folder} holds the journal of a run", "say --resume, or give another --out")
            for statement in _SCHEMA.split(";")[:-1]:
                database.execute(statement)
            database.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, 0, randomblob(16))", (_VERSION, *astuple(facts))
            )
            database.executemany("INSERT INTO batches VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", map(_values, batches))
            database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", map(_values, rows))
            database.executemany("INSERT INTO rejected VALUES (?, ?, ?)", map(_values, rejected))
        return journal

    @classmethod
    def open(cls, folder: Path) -> "Journal | None":
        """The journal in a folder; None where no run was ever prepared there."""
        path = folder / JOURNAL_NAME
        if not path.exists():
            return None
        journal = cls(path, _connect(path))
        try:
            with journal._changing() as database:  # takes the lock
                if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                    version = None
                else:
                    version = database.execute("SELECT version FROM run").fetchone()[0]
                if version == 1:
                    for statement in _FROM_1:
                        database.execute(statement)
                    version = _VERSION
        except BaseException:
            journal.close()
            raise
        if version is None:
            journal.close()
            return None
        if version != _VERSION:
            journal.close()
            raise JournalError(f"{path} has version {version}", "finish this run with the version that began it")
        return journal

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    def facts(self) -> RunFacts:
        """What the run was started with."""
        names = ", ".join(item.name for item in fields(RunFacts))
        return RunFacts(*self._rows(f"SELECT {names} FROM run")[0])

    @property
    def name(self) -> bytes:
        """16 random bytes that tell this run from every other."""
        return bytes(self._rows("SELECT name FROM run")[0][0])

    def is_done(self) -> bool:
        """Whether every file was written and read back."""
        return bool(self._rows("SELECT done FROM run")[0][0])

    def batches(self) -> list[BatchRecord]:
        """The batches in order."""
        found = self._rows("SELECT * FROM batches ORDER BY number")
        return [BatchRecord(row[0], Stage(row[1]), *row[2:]) for row in found]

    def rows(self, batch: int) -> list[PreparedRow]:
        """The rows of a batch, in roster order."""
        return [PreparedRow(*row) for row in self._rows("SELECT * FROM rows WHERE batch = ? ORDER BY position", batch)]

    def row_count(self) -> int:
        """How many rows the run issues."""
        return int(self._rows("SELECT count(*) FROM rows")[0][0])

    def rejected(self) -> list[RejectedRow]:
        """The rows that the run leaves out."""
        return [RejectedRow(*row) for row in self._rows("SELECT * FROM rejected")]

    def leaf_hashes(self, batch: int) -> list[bytes]:
        """The leaf hashes of a signed batch, in leaf order."""
        return [row[0] for row in self._rows("SELECT leaf_hash FROM signed WHERE batch = ? ORDER BY leaf_index", batch)]

    def signed(self) -> Iterator[tuple[str, SignedRow]]:
        """Every signed row with its row id, in roster order, read as it goes."""
        statement = "SELECT row_id, signed.* FROM signed JOIN rows USING (position) ORDER BY position"
        for row_id, *values in self._database.execute(statement):
            yield row_id, SignedRow(*values)

    def first_credential(self, batch: int) -> bytes:
        """One of the signed credentials of a batch."""
        statement = "SELECT credential FROM signed WHERE batch = ? ORDER BY position LIMIT 1"
        return bytes(self._rows(statement, batch)[0][0])

    def credentials(self, row_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The signed credentials of rows, by row id; rows that were erased have none."""
        statement = "SELECT credential FROM signed JOIN rows USING (position) WHERE row_id = ? AND credential <> x''"
        for row_id in row_ids:
            for (credential,) in self._rows(statement, row_id):
                yield row_id, bytes(credential)

    def places(self) -> dict[str, tuple[int, int]]:
        """Status list and index of every row of a final batch, by row id."""
        statement = (
            "SELECT row_id, list, status_index FROM rows JOIN signed USING (position)"
            " JOIN batches ON batches.number = signed.batch WHERE stage = ?"
        )
        return {row[0]: (row[1], row[2]) for row in self._rows(statement, Stage.FINAL)}

    def positions(self, row_ids: Iterable[str]) -> frozenset[int]:
        """The positions of rows."""
        known = dict(self._rows("SELECT row_id, position FROM rows"))
        return frozenset(known[row_id] for row_id in row_ids if row_id in known)

    @contextmanager
    def signing(self) -> Iterator["Signing"]:
        """Rows and batches stored inside become signed together at its end, or not at all."""
        with self._changing() as database:
            yield Signing(database)

    def store_batches(self, batches: Iterable[BatchRecord]) -> None:
        """Write batches as they are now, in one transaction; one that is prepared anew loses its signed rows."""
        with self._changing() as database:
            for batch in batches:
                _store_batch(database, batch)
                if batch.stage is Stage.PREPARED:
                    database.execute("DELETE FROM signed WHERE batch = ?", (batch.number,))

    def inputs(self) -> dict[str, Path]:
        """Where `roster` and `template` of the run lay when it last went on."""
        return {kind: Path(path) for kind, path in self._rows("SELECT kind, path FROM inputs")}

    def store_inputs(self, inputs: Mapping[str, Path]) -> None:
        """Remember where the run's roster and template lie."""
        with self._changing() as database:
            database.executemany(
                "REPLACE INTO inputs VALUES (?, ?)", [(kind, str(path.absolute())) for kind, path in inputs.items()]
            )

    def row_ids(self) -> dict[int, str]:
        """Every row's id by its position."""
        return dict(self._rows("SELECT position, row_id FROM rows"))

    def store_done(self) -> None:
        """The run is finished."""
        with self._changing() as database:
            database.execute("UPDATE run SET done = 1")

    def deliveries(self) -> list[DeliveryRecord]:
        """What was handed out, by row."""
        found = self._rows("SELECT * FROM deliveries ORDER BY position, time")
        return [DeliveryRecord(row[0], row[1], bool(row[2]), row[3], bool(row[4]), row[5]) for row in found]

    def store_deliveries(self, delivered: Iterable[DeliveryRecord]) -> None:
        """Remember what was handed out, and blank the one-time keys and blinds that learners have now, in one."""
        listed = list(delivered)
        with self._erasing() as database:
            database.executemany("REPLACE INTO deliveries VALUES (?,?,?,?,?,?)", map(_values, listed))
            database.executemany(
                "UPDATE signed SET one_time_key = x'', blind = x'' WHERE position = ?",
                [(item.position,) for item in listed if item.has_secret],
            )

    def erase(self, row_ids: Iterable[str]) -> None:
        """Blank everything about rows that leads to a person: credential, salt, keys and the row id itself.

        Leaf hashes, tags and status indexes stay: without the salt they are random numbers (docs/protocol.md 2).
        """
        with self._erasing() as database:
            for row_id in row_ids:
                found = database.execute("SELECT position FROM rows WHERE row_id = ?", (row_id,)).fetchone()
                if found is not None:
                    database.execute(
                        "UPDATE signed SET credential = x'', salt = x'', one_time_key = x'', blind = x''"
                        " WHERE position = ?",
                        found,
                    )
                    database.execute("DELETE FROM deliveries WHERE position = ?", found)
                    database.execute("UPDATE rows SET row_id = ? WHERE position = ?", (f"erased-{found[0]}", *found))

    @contextmanager
    def _erasing(self) -> Iterator[sqlite3.Connection]:
        """Changes after which what was there before is not left in the file's free pages either."""
        self._database.execute("PRAGMA secure_delete = ON")
        with self._changing() as database:
            yield database

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        try:
            self._database.execute("BEGIN EXCLUSIVE")
            try:
                yield self._database
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise _explain(self.path, error) from error

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _explain(self.path, error) from error


class Signing:
    """The open transaction in which batches are signed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, rows: Iterable[SignedRow]) -> None:
        """Store signed rows."""
        self._database.executemany("INSERT INTO signed VALUES (?,?,?,?,?,?,?,?,?,?,?)", map(_values, rows))

    def finish(self, batch: BatchRecord) -> None:
        """Store a batch whose rows were all added."""
        _store_batch(self._database, batch)


def _store_batch(database: sqlite3.Connection, batch: BatchRecord) -> None:
    database.execute("REPLACE INTO batches VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", _values(batch))


def _connect(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        database = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA synchronous = FULL")
    except OSError as error:
        raise JournalError(f"{path} cannot be written: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise _explain(path, error) from error
    return database


def _explain(path: Path, error: sqlite3.Error) -> JournalError:
    reason = str(error)
    advice = {
        "database is locked": "another run works in this folder; wait for its end",
        "database or disk is full": "free some space, then say --resume",
        "attempt to write a readonly database": "make the folder writable, then say --resume",
        "file is not a database": "the file is damaged; issue into another folder",
    }.get(reason)
    return JournalError(f"the journal {path} cannot be used: {reason}", advice)


_READERS: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    kind: attrgetter(*(item.name for item in fields(kind)))
    for kind in (BatchRecord, DeliveryRecord, PreparedRow, SignedRow, RejectedRow)
}


def _values(record: Any) -> tuple[Any, ...]:
    return _READERS[type(record)](record)
