"""The LMDB environment under the store: opening it alone, its tables, and LMDB's refusals in our words (node.md 4).

Readers never block and see the last commit; there is one writer; a commit is synced before it returns, and there is no
log to repair after a crash. The map is far larger than any chain: it costs address space, not disk.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb

from testamur_node.errors import NodeError

__all__ = ["StoreError", "StoreLockedError", "StoreFullError", "Environment", "TABLES"]

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

_MAP_BYTES = 1 << 40


class StoreError(NodeError):
    """The store cannot be opened, read or written."""


class StoreLockedError(StoreError):
    """Another process has this home open."""


class StoreFullError(StoreError):
    """The disk is full; what was committed is safe."""


class Environment:
    """LMDB with our tables. A writing environment holds an exclusive lock on its folder; reading ones need none."""

    def __init__(self, folder: Path, *, writes: bool = True) -> None:
        self.folder = folder
        self._lock_file: int | None = None
        if writes:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._lock_file = _lock(folder)
            except OSError as error:
                raise StoreError(f"cannot write to {folder}: {error.strerror}") from error
        elif not (folder / "data.mdb").exists():
            raise StoreError(f"no chain data in {folder}", "run testamur-node init first")
        try:
            self.lmdb = lmdb.open(
                str(folder), map_size=_MAP_BYTES, max_dbs=len(TABLES), max_readers=1024, readonly=not writes,
                create=writes, readahead=False, meminit=False,
            )  # fmt: skip
            self.tables = {name: self.lmdb.open_db(name.encode(), create=writes) for name in TABLES}
        except lmdb.Error as error:
            self._unlock()
            raise StoreError(f"cannot open {folder}: {error}") from error

    @contextmanager
    def write(self) -> Iterator[Any]:
        """One write transaction, committed and synced when the context ends without an error."""
        try:
            with self.lmdb.begin(write=True) as transaction:
                yield transaction
        except (lmdb.DiskError, lmdb.MapFullError) as error:
            raise StoreFullError(
                f"cannot commit to {self.folder}: {error}", "free some disk space and restart"
            ) from error
        except lmdb.Error as error:
            if error.args and str(os.strerror(errno.ENOSPC)) in str(error):
                raise StoreFullError(f"cannot commit to {self.folder}: {error}", "free some disk space") from error
            raise StoreError(f"cannot commit to {self.folder}: {error}") from error

    def get(self, table: str, key: bytes) -> bytes | None:
        """One value as of the last commit."""
        with self.lmdb.begin(db=self.tables[table]) as transaction:
            value: bytes | None = transaction.get(key)
        return value

    def close(self) -> None:
        """Close the files and release the lock; harmless when done before."""
        self.lmdb.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreLockedError(f"{folder} is in use by another process", "stop the other node first") from error
    return descriptor
