"""The LMDB environment under the store: opening it alone, its tables, and LMDB's refusals in our words.

Readers never block and see the last commit; there is one writer; a commit is synced before it returns, and there is no
log to repair after a crash. The map is far larger than any chain: it costs address space, not disk.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb

from testamur_node.files import sync
from testamur_node.store.pages import MAP_BYTES, DamagedPageError, PageFile
from testamur_node.store.refusal import (
    MOST_READERS,
    StoreError,
    StoreFullError,
    StoreLockedError,
    refusal_of,
    system_refusal_of,
)
from testamur_node.store.residence import Residence
from testamur_node.store.structure import demand_whole

__all__ = ["StoreError", "StoreLockedError", "StoreFullError", "Environment", "Usage", "TABLES", "DATA"]

TABLES = (
    "meta", "nodes", "headers", "numbers", "bodies", "transactions", "receipts", "locations", "logs", "engine",
    "carried",
)  # fmt: skip
"""
meta          name -> value
nodes         keccak -> trie node or contract code
headers       number -> header RLP
numbers       block hash -> number
bodies        number -> [ommers, withdrawals] RLP, only where there are any
transactions  number ‖ index -> sender ‖ raw
receipts      number ‖ index -> gas before ‖ logs before ‖ receipt
locations     transaction hash -> number ‖ index
logs          kind ‖ address or topic ‖ number ‖ index -> nothing (index/logs.py)
engine        engine height -> signed header
carried       block number -> first and newest engine height whose header carries that block's hash
"""

DATA = "data.mdb"
_LOCK_BYTES = 64 * (MOST_READERS + 2)
"""LMDB's table of readers, 64 bytes each behind a header."""
_LOST = "restore a backup; without one, move the data folder away and import an export"
_META_PAGES = 2


@dataclass(frozen=True, slots=True)
class Usage:
    """What the data file holds."""

    total_bytes: int
    """Up to the last page that was ever used."""
    free_pages: int
    """Pages below that which hold nothing now, LMDB's own list of them among them."""
    page_bytes: int


class Environment:
    """LMDB with our tables. A writing environment holds an exclusive lock on its folder; reading ones need none."""

    def __init__(self, folder: Path, *, writes: bool = True) -> None:
        self.folder = folder
        self._lock_file: int | None = None
        self._open: Any = None
        """The transaction of `together`, while it lasts."""
        try:
            if writes:
                folder.mkdir(parents=True, exist_ok=True)
                self._lock_file = _lock(folder)
                _begin(folder)
            elif not (folder / DATA).exists():
                raise StoreError(f"no chain data in {folder}", "run testamur-node init, then start, first")
            _demand_whole(folder / DATA)
            _reserve_lock(folder / "lock.mdb", writes)
            self.lmdb = lmdb.open(
                str(folder), map_size=MAP_BYTES, max_dbs=len(TABLES), max_readers=MOST_READERS, readonly=not writes,
                create=writes, readahead=False,
            )  # fmt: skip
            self.tables = self._open_tables(writes)
            self._residence = Residence(folder / DATA)
        except OSError as error:
            self._unlock()
            raise system_refusal_of(folder, error, writes) from error
        except lmdb.Error as error:
            self._unlock()
            raise refusal_of(f"cannot open {folder}", error, folder) from error
        except BaseException:
            self._unlock()
            raise

    def _open_tables(self, writes: bool) -> dict[str, Any]:
        try:
            if writes:
                self._demand_own_lock_file()
            return {name: self.lmdb.open_db(name.encode(), create=writes) for name in TABLES}
        except BaseException:
            self.lmdb.close()
            raise

    def _demand_own_lock_file(self) -> None:
        """LMDB asks lock.mdb which commit is the newest, as long as any process has it open. Had data.mdb been replaced
        meanwhile, LMDB would take the wrong meta page, an empty one perhaps, and write on from there.
        """
        with contextlib.closing(PageFile(self.folder / DATA)) as file, self.lmdb.begin() as view:
            # the one before the newest, where a node was killed between writing a meta page and saying so
            if view.id() not in {meta.transaction for meta in file.metas()}:
                raise StoreLockedError(
                    f"{self.folder}: data.mdb is another than the one that some process still reads",
                    "end every process that reads this folder, then start again",
                )

    def replace(self, data: Path) -> None:
        """Put another file in the place of data.mdb, and close. Refused while another process reads the old one."""
        self.lmdb.close()
        descriptor = os.open(self.folder / "lock.mdb", os.O_RDWR | os.O_CLOEXEC)
        try:
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)  # as LMDB does where it is alone
            except OSError as error:
                raise StoreLockedError(
                    f"another process reads {self.folder}", "wait until backups, exports and verify-db have ended"
                ) from error
            data.replace(self.folder / DATA)
            sync(self.folder)
            lmdb.open(str(self.folder), max_readers=MOST_READERS).close()  # alone, it begins lock.mdb anew
        finally:
            os.close(descriptor)
            self.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside becomes one commit, synced at the end, and reads inside see it: for bringing in many
        blocks from one thread while nobody else uses the environment.
        """
        with self.write() as transaction:
            self._open = transaction
            try:
                yield
            finally:
                self._open = None

    @contextmanager
    def write(self) -> Iterator[Any]:
        """One write transaction, committed and synced when the context ends without an error."""
        if self._open is not None:
            yield self._open
            return
        try:
            # a killed process that was reading (a backup, say) must not keep old pages from being used again
            self.lmdb.reader_check()
            with self.lmdb.begin(write=True) as transaction:
                yield transaction
            self.trim()
        except lmdb.Error as error:
            raise refusal_of(f"cannot commit to {self.folder}", error, self.folder) from error

    @contextmanager
    def read(self) -> Iterator[Any]:
        """A read transaction: the last commit, and nothing later, for as long as the context lasts."""
        try:
            view = self.lmdb.begin()
        except lmdb.Error as error:
            raise refusal_of(f"cannot read {self.folder}", error, self.folder) from error
        with view:
            yield view

    def get(self, table: str, key: bytes) -> bytes | None:
        """One value as of the last commit."""
        if self._open is not None:
            within: bytes | None = self._open.get(key, db=self.tables[table])
            return within
        try:
            with self.lmdb.begin(db=self.tables[table]) as view:
                value: bytes | None = view.get(key)
        except lmdb.Error as error:
            raise refusal_of(f"cannot read {self.folder}", error, self.folder) from error
        return value

    def usage(self) -> Usage:
        """How much of the file is in use."""
        pages = self.lmdb.info()["last_pgno"] + 1
        with self.lmdb.begin() as view:
            tables = [view.stat(table) for table in self.tables.values()]
        held = sum(
            table[kind]
            for table in (*tables, self.lmdb.stat())
            for kind in ("branch_pages", "leaf_pages", "overflow_pages")
        )
        page = self.lmdb.stat()["psize"]
        return Usage(pages * page, max(0, pages - held - _META_PAGES), page)

    def statistics(self) -> dict[str, int]:
        """Entries per table."""
        with self.read() as view:
            return {name: view.stat(table)["entries"] for name, table in self.tables.items()}

    def trim(self) -> None:
        """Keep what was read from counting as this process's memory for ever."""
        self._residence.trim()

    @property
    def version(self) -> int:
        """Rises with every commit of any process. It is what who begins to read now sees: LMDB's `last_txnid` is ahead
        of that while a commit waits for the disk, and who took that for seen would miss the block until the next one.
        """
        with self.lmdb.begin() as reader:
            number: int = reader.id()
        return number

    def close(self) -> None:
        """Close the files and release the lock; harmless when done before."""
        self.lmdb.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


def _begin(folder: Path) -> None:
    """Make an empty data.mdb where there is none, whole: so that an empty file always means that one was lost."""
    if (folder / DATA).exists():
        return
    making = folder / "making"
    shutil.rmtree(making, ignore_errors=True)
    try:
        lmdb.open(str(making), lock=False).close()
        sync(making / DATA)
        (making / DATA).rename(folder / DATA)
        sync(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _demand_whole(data: Path) -> None:
    """Refuse a file that was cut off: reading behind its end would end the process without a word."""
    try:
        demand_whole(data)
    except DamagedPageError as error:
        raise StoreError(f"{data} is damaged: {error}", _LOST) from error


def _reserve_lock(path: Path, writes: bool) -> None:
    """Room for the readers' table: LMDB makes a file with a hole and would end by SIGBUS where the disk is full."""
    with suppress(*(() if writes else (OSError,))):  # who only reads may do so on a disk that cannot be written
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.posix_fallocate(descriptor, 0, _LOCK_BYTES)
        finally:
            os.close(descriptor)


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreLockedError(f"{folder} is in use by another process", "stop the other node first") from error
    return descriptor
