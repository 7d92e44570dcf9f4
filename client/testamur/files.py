"""Files that take their name when they are complete and on disk, and never before; and those for their owner alone.

This is the one way in which the client writes a file that exists already, or that somebody may look for.
"""

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

__all__ = ["make_private", "replacing", "sync_folder", "write_private"]

_PRIVATE = 0o600


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """A file to write; it replaces `path` at the end of the block, or leaves it as it was where the block raises.

    `mode` is what the file may be used for; one that exists and is closed to others stays so. What a killed process
    left of the same file goes first: it may hold what was to be erased. Raises OSError.
    """
    with suppress(OSError):
        mode &= path.stat().st_mode | 0o700
    _remove_left(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # never through a link that somebody put there
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that takes its name when it is complete and on disk."""
    with replacing(path, _PRIVATE) as file:
        file.write(data)


def make_private(folder: Path) -> None:
    """Make a folder of mode 0700; one that is there and others can enter is closed to them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk, where the system can."""
    if os.name == "posix":  # other systems cannot open a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_left(path: Path) -> None:
    """Remove what processes that are gone, or this one, left unfinished of `path`."""
    for partial in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        number = partial.name.rsplit(".", 2)[1]
        if number.isdecimal() and (int(number) == os.getpid() or not _lives(int(number))):
            with suppress(OSError):
                partial.unlink()


def _lives(process: int) -> bool:
    if os.name != "posix":  # a file that another process has open cannot be removed there
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
