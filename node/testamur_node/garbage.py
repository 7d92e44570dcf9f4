"""Memory of the node's processes: what they have loaded stays and need not be gone through again, and what a thread
has given back another may use.
"""

import ctypes
import gc

__all__ = ["settle"]

_ARENA_MAX = -8
"""M_ARENA_MAX of mallopt(3)."""
_ARENAS = 2


def settle() -> None:
    """Leave everything that there is out of later collections: going through some 100,000 objects that stay anyway
    stops every thread for 20 ms and more. Called once, when a process has what it needs and few threads.
    """
    _share_arenas()
    gc.collect()
    gc.freeze()


def _share_arenas() -> None:
    """Have all threads allocate from the same two arenas of glibc. By default there are eight a core, and each of the
    128 threads that answer requests keeps in its own what its largest answer once took: under hostile requests a node
    grew by 70 MiB in seven minutes, and by 30 with two, most of it at once. Other libcs lack the setting, and the need.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_ARENA_MAX, _ARENAS)
