"""Memory of the node's processes: what they have loaded stays and need not be gone through again, and what a request
has given back goes back to the system.
"""

import ctypes
import gc
import time
from collections.abc import Callable

__all__ = ["GIVING_BACK_SECONDS", "GivingBack", "give_back", "settle"]

GIVING_BACK_SECONDS = 20.0
"""What a process has free it keeps about so long."""

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""Of mallopt(3)."""
_ARENAS = 2
_LARGE_BYTES = 256 * 1024
"""What is as large gets pages of its own, which the system has back the moment it is freed."""
_MOST_ON_TOP_BYTES = 1024 * 1024
_libc = ctypes.CDLL(None)


def settle() -> None:
    """Leave everything that there is out of later collections: going through some 100,000 objects that stay anyway
    stops every thread for 20 ms and more. Called once, when a process has what it needs and few threads.
    """
    _set_allocator()
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Hand the system the whole pages that are free between what is used, in all arenas (malloc_trim(3)): some
    milliseconds, for the calling thread and those that allocate meanwhile.
    """
    trim = getattr(_libc, "malloc_trim", None)
    if trim is not None:
        trim(0)


class GivingBack:
    """`give_back` for a process that works on one job after the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` shows seconds that only rise."""
        self._clock = clock
        self._last = clock()

    def after_job(self) -> bool:
        """Give back where it was long ago; whether it did."""
        now = self._clock()
        if now - self._last < GIVING_BACK_SECONDS:
            return False
        self._last = now
        give_back()
        return True


def _set_allocator() -> None:
    """Have all threads allocate from the same two arenas of glibc, and large buffers from none.

    By default there are eight arenas a core, and each of the 128 threads that answer requests keeps in its own what its
    largest answer once took. And the bound from which a buffer has pages of its own, 128 KiB at first, rises to 32 MiB
    with what is freed: from then on bodies and answers are cut out of the arenas, and what small things lie between
    them holds the rest. Other libcs lack these settings, and the need.
    """
    option = getattr(_libc, "mallopt", None)
    if option is not None:
        option(_ARENA_MAX, _ARENAS)
        option(_MMAP_THRESHOLD, _LARGE_BYTES)
        option(_TRIM_THRESHOLD, _MOST_ON_TOP_BYTES)
