"""The pool's journal: a small append-only file, so that what was acknowledged still waits after the process has ended.

The promise (docs/adr/0017): a transaction is written to the file before its hash is returned, so that a process that is
killed loses none; it is synced in the background within about a second, so that a power cut loses at most what came in
that second. A sync for each would cost more than executing the transaction does.

The file is written anew, beside the old one and then in its place, when most of it is stale. Whatever the disk refuses
is told to who wants a transaction kept; forgetting never fails, since what is read back is judged again.
"""

import contextlib
import errno
import logging
import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from testamur_node.chain.transaction import Transaction
from testamur_node.errors import NodeError
from testamur_node.files import replace_file
from testamur_node.pool.records import HEADING_BYTES, KEEPING_BYTES, Kept, forgetting, heading, keeping, read

__all__ = ["Journal", "JournalError", "JOURNAL_FILE"]

logger = logging.getLogger(__name__)

JOURNAL_FILE = "pool.journal"
SYNC_SECONDS = 1.0
"""At most this long after a transaction was acknowledged the disk has it."""
_LEAST_STALE_BYTES = 4 << 20
"""Less than this is not worth writing the file anew."""


class JournalError(NodeError):
    """The disk does not take the journal: the transaction is refused, since a restart would lose it."""


class Journal:
    """One file and the transactions that wait by it: `read`, then `begin`, then the rest from any thread."""

    def __init__(self, path: Path, chain: bytes) -> None:
        """The journal at `path` of the chain with the genesis hash `chain`."""
        self._path = path
        self._chain = chain
        self._live: dict[bytes, Transaction] = {}
        """What waits, in the order in which it was acknowledged."""
        self._live_bytes = 0
        self._file: int | None = None
        """None while there is none: it is made when first needed."""
        self._end = 0
        """Bytes of the file that count."""
        self._is_unsynced = False
        self._unwritten: list[bytes] = []
        """Hashes to forget that the disk had no room for."""
        self._beside: list[bytes] | None = None
        """While the file is written anew: what came meanwhile."""
        self._is_closed = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def read(self) -> tuple[Kept, ...]:
        """What waited when the last process ended; what cannot be read is logged. Raises `JournalError`."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise JournalError(f"cannot read {self._path}: {error.strerror}") from error
        if len(data) < HEADING_BYTES:
            return ()
        reading = read(data, self._chain)
        if reading is None:
            aside = self._path.with_suffix(".foreign")
            logger.warning("%s belongs to another chain: it is kept as %s and not read", self._path, aside.name)
            with contextlib.suppress(OSError):
                self._path.replace(aside)
            return ()
        for problem in reading.problems:
            logger.warning("%s: %s", self._path, problem)
        return reading.waiting

    def begin(self, waiting: Iterable[Transaction]) -> None:
        """Go on with what of that is still good. The file is written anew, or kept where the disk has no room."""
        for transaction in waiting:
            self._remember(transaction)
        if self._path.exists():
            try:
                self._write_anew()
            except OSError as error:
                logger.warning("cannot write %s anew: %s", self._path, error.strerror)
        self._thread = threading.Thread(target=self._keep, name="pool-journal", daemon=True)
        self._thread.start()

    def append(self, transaction: Transaction, replaced: Sequence[bytes] = ()) -> None:
        """Keep a transaction, and forget those whose place it takes. Raises `JournalError`, having changed nothing."""
        with self._wake:
            if self._is_closed:
                raise JournalError("the node is stopping", "send it again once the node runs")
            try:
                self._write(keeping(transaction.sender, transaction.raw) + forgetting([*replaced, *self._unwritten]))
            except OSError as error:
                raise JournalError(
                    f"the node cannot keep the transaction on its disk: {error.strerror}",
                    "free some disk space of the node, then send it again",
                ) from error
            self._unwritten.clear()
            self._forget(replaced)
            self._remember(transaction)

    def forget(self, hashes: Sequence[bytes]) -> None:
        """These do not wait any more: a block has them, or they were dropped."""
        with self._wake:
            self._forget(hashes)
            if self._file is None or self._is_closed:
                return
            try:
                self._write(forgetting(hashes))
            except OSError as error:
                self._unwritten += hashes
                logger.warning("cannot note in %s what no longer waits: %s", self._path, error.strerror)

    def close(self) -> None:
        """Sync and close the file, written anew so that the next process reads what waits alone."""
        with self._wake:
            if self._is_closed:
                return
            self._is_closed = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()
        try:
            if self._stale_bytes() > 0:
                self._write_anew()
            elif self._file is not None:
                os.fdatasync(self._file)
        except OSError as error:
            logger.warning("cannot write %s anew: %s", self._path, error.strerror)
        self._leave()

    # the file

    def _write(self, record: bytes) -> None:
        """Append a record, whole or not at all; where the disk is full, after giving up what is stale."""
        if self._file is None:
            self._write_anew()
        try:
            self._put(record)
        except OSError:
            if self._beside is not None or self._stale_bytes() <= 0:
                raise
            self._write_anew()
            self._put(record)
        if self._beside is not None:
            self._beside.append(record)
        if not self._is_unsynced:
            self._is_unsynced = True
            self._wake.notify_all()

    def _put(self, record: bytes) -> None:
        assert self._file is not None  # _write_anew has opened it
        try:
            if os.pwrite(self._file, record, self._end) != len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(record)

    def _remember(self, transaction: Transaction) -> None:
        self._live[transaction.hash] = transaction
        self._live_bytes += len(transaction.raw)

    def _forget(self, hashes: Iterable[bytes]) -> None:
        for digest in hashes:
            gone = self._live.pop(digest, None)
            if gone is not None:
                self._live_bytes -= len(gone.raw)

    def _stale_bytes(self) -> int:
        """How much of the file tells nothing that is still so."""
        return self._end - HEADING_BYTES - KEEPING_BYTES * len(self._live) - self._live_bytes

    def _write_anew(self) -> None:
        """Put a file of what waits in the old one's place; those who append meanwhile do not wait."""
        with self._wake:
            waiting = list(self._live.values())
            beside = self._beside = []
        try:
            with contextlib.ExitStack() as held:
                with replace_file(self._path) as file:
                    os.fchmod(file.fileno(), 0o600)  # it tells who is about to do what
                    file.write(heading(self._chain))
                    file.writelines(keeping(item.sender, item.raw) for item in waiting)
                    file.flush()
                    os.fdatasync(file.fileno())
                    held.enter_context(self._wake)
                    file.writelines([*beside, forgetting(self._unwritten)])
                    end = file.tell()
                self._leave()
                self._file, self._end = os.open(self._path, os.O_RDWR | os.O_CLOEXEC), end
                self._unwritten.clear()
        except OSError:
            with self._wake:
                if self._file is not None and not _is_at(self._file, self._path):
                    self._leave()  # the new file is in place, and something failed after that
            raise
        finally:
            self._beside = None

    def _leave(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    # in the background

    def _keep(self) -> None:
        """Sync what is new, a while after it came, and write the file anew when most of it is stale."""
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._is_unsynced or self._is_closed)
                self._wake.wait_for(lambda: self._is_closed, SYNC_SECONDS)
                if self._is_closed:
                    return
            try:
                self.sync()
            except OSError as error:
                logger.error("cannot sync %s: %s; a power cut may lose what waits", self._path, error.strerror)

    def sync(self) -> None:
        """Have the disk keep what is new, and write the file anew when most of it is stale. Raises `OSError`."""
        with self._wake:
            is_stale = self._stale_bytes() > max(self._live_bytes, _LEAST_STALE_BYTES)
            self._is_unsynced = False
            file = None if self._file is None else os.dup(self._file)
        if file is None:
            return
        try:
            os.fdatasync(file)
        finally:
            os.close(file)
        if is_stale:
            self._write_anew()


def _is_at(file: int, path: Path) -> bool:
    """Whether a path still names an open file."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
