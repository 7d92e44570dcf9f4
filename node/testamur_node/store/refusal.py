"""Why the store refuses: LMDB's and the system's errors in our words, each with what the operator can do."""

import errno
import os
import shutil
from pathlib import Path

import lmdb

from testamur_node.errors import NodeError

__all__ = ["StoreError", "StoreLockedError", "StoreFullError", "MOST_READERS", "refusal_of", "system_refusal_of"]

MOST_READERS = 1024
"""Read transactions at once, of all processes."""
_LITTLE_ROOM = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_MAKE_ROOM = "free some disk space and start again: what was committed is safe"


class StoreError(NodeError):
    """The store cannot be opened, read or written."""

    outside = "the node cannot read or write its data, see its log"


class StoreLockedError(StoreError):
    """Another process has this home open."""


class StoreFullError(StoreError):
    """The disk is full; what was committed is safe."""


def refusal_of(what: str, error: lmdb.Error, folder: Path) -> StoreError:
    """LMDB's error in our words."""
    if isinstance(error, lmdb.MapFullError) or any(os.strerror(code) in str(error) for code in _NO_ROOM):
        return StoreFullError(f"{what}: {error}", _MAKE_ROOM)
    if os.strerror(errno.EIO) in str(error) and shutil.disk_usage(folder).free < _LITTLE_ROOM:
        # of a block's pages only some had room: LMDB calls such a short write an input/output error
        return StoreFullError(f"{what}: {os.strerror(errno.ENOSPC)}", _MAKE_ROOM)
    if isinstance(error, lmdb.ReadersFullError):
        return StoreError(f"{what}: {MOST_READERS} readers at once", "end what else reads this folder")
    if isinstance(
        error, lmdb.NotFoundError | lmdb.DiskError | lmdb.CorruptedError | lmdb.PanicError | lmdb.InvalidError
    ):
        return StoreError(f"{what}: {error}", "look at the disk, then run testamur-node verify-db")
    return StoreError(f"{what}: {error}", "see that its user may write there and that the disk can be written")


def system_refusal_of(folder: Path, error: OSError, writes: bool) -> StoreError:
    """The system's error in our words."""
    if error.errno in _NO_ROOM:
        return StoreFullError(f"cannot write to {folder}: {error.strerror}", _MAKE_ROOM)
    if error.errno == errno.EROFS:
        return StoreError(f"cannot write to {folder}: {error.strerror}", "mount the disk for writing")
    verb = "write to" if writes else "read"
    return StoreError(f"cannot {verb} {folder}: {error.strerror}", "see that this user owns the folder and its files")
