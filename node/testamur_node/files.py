"""Files and folders beside the store, there whole or not at all: built beside their place, synced, moved into it.

Flow: init, backup, restore, export, import-chain, compact and start -> here -> disk. A power cut or kill -9 midway
leaves a neighbour named `.NAME.partial`, which nothing reads and the next attempt at NAME takes over.
"""

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["new_file", "replace_file", "new_folder", "sync"]


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that becomes `path`, where nothing may be yet. Raises `OSError`, FileExistsError among them."""
    _demand_free(path)
    with replace_file(path) as file:
        yield file
        _demand_free(path)


@contextlib.contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path`. Raises `OSError`; then what was there still is."""
    partial = _partial(path)
    with partial.open("ab") as file:
        _lock(file.fileno(), partial)
        try:
            file.truncate(0)
            yield file
            file.flush()
            os.fsync(file.fileno())
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync(path.parent)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to build in that becomes `path`, where nothing or an empty folder may be. Raises `OSError`."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(errno.EEXIST, "it exists and is not empty", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    partial.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor, partial)
        try:
            for left in partial.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield partial
            _sync_below(partial)
            partial.rename(path)  # also onto an empty folder
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    finally:
        os.close(descriptor)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have a file's or folder's contents on the disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_below(folder: Path) -> None:
    for inside, _, names in os.walk(folder):
        for name in names:
            sync(Path(inside, name))
        sync(Path(inside))


def _partial(path: Path) -> Path:
    path = path.absolute()
    return path.with_name(f".{path.name}.partial")


def _demand_free(path: Path) -> None:
    if path.exists():
        raise FileExistsError(errno.EEXIST, "it exists already", str(path))


def _lock(descriptor: int, partial: Path) -> None:
    """Two processes never build the same thing; the lock ends with its process."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = os.path.samestat(os.fstat(descriptor), partial.stat())
    except OSError:
        is_ours = False
    if not is_ours:  # held by another process, or moved into place by it while we opened it
        raise BlockingIOError(errno.EBUSY, "another process is writing it", str(partial))
