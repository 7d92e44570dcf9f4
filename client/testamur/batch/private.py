"""Files and folders for their owner alone: bundles, learners' secrets, packages. Each file whole or not at all."""

import os
from pathlib import Path

__all__ = ["make_private", "sync_folder", "write_private"]


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that takes its name when it is complete and on disk."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


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
