"""Garbage collection in the node's processes: what they have loaded stays, and need not be gone through again."""

import gc

__all__ = ["settle"]


def settle() -> None:
    """Leave everything that there is out of later collections: going through some 100,000 objects that stay anyway
    stops every thread for 20 ms and more. Called once, when a process has imported what it needs.
    """
    gc.collect()
    gc.freeze()
