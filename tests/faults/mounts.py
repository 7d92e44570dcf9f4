"""Small disks for tests: a tmpfs that can be filled, enlarged and mounted for reading alone. Needs root."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Disk", "mounted"]


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted tmpfs."""

    path: Path

    def remount(self, options: str) -> None:
        """`mount -o remount,…`."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)

    def fill(self) -> Path:
        """Leave no byte free; returns the file that takes the room."""
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        assert os.statvfs(self.path).f_bavail == 0
        return filler


@contextlib.contextmanager
def mounted(path: Path, megabytes: float) -> Iterator[Disk]:
    """A disk of that size at `path`."""
    path.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={int(megabytes * 1024)}k", "testamur-test", str(path)], check=True
    )
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
