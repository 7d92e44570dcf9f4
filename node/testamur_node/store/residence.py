"""What of the store's file counts as this process's memory: given back before it grows with the chain.

LMDB reads through a map of its file, so every page that was ever read stays part of the process's resident memory until
the kernel wants it back, and a monitor that watches RSS sees a leak. Giving the pages back costs nothing but a minor
fault when one is read again: they stay in the kernel's cache, and nothing was written through the map.
"""

import ctypes
import mmap
from pathlib import Path

__all__ = ["Residence"]

_MOST_BYTES = 16 * 1024 * 1024
_DONT_NEED = 4
_libc = ctypes.CDLL(None, use_errno=True)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class Residence:
    """The map of one file in this process."""

    def __init__(self, file: Path) -> None:
        """The file is mapped already."""
        self._places = _places_of(file)
        self._floor = _file_backed_bytes()

    def trim(self) -> bool:
        """Give the pages back once they have become many; whether it did."""
        if _file_backed_bytes() - self._floor < _MOST_BYTES:
            return False
        for start, length in self._places:
            _libc.madvise(start, length, _DONT_NEED)
        self._floor = _file_backed_bytes()
        return True


def _places_of(file: Path) -> list[tuple[int, int]]:
    """(address, length) of the maps of a file in this process."""
    name, places = str(file.resolve()), []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        fields = line.split(maxsplit=5)
        if fields[-1] == name:
            first, last = (int(bound, 16) for bound in fields[0].split("-"))
            places.append((first, last - first))
    return places


def _file_backed_bytes() -> int:
    """Resident bytes of this process that are pages of files, libraries included."""
    return int(Path("/proc/self/statm").read_bytes().split()[2]) * mmap.PAGESIZE
