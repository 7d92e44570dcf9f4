"""Hashes that requests hand out on a chain that seals at once: their receipts are there before the answer leaves.

Other tools' development chains answer so, and tests of contracts rely on it. The transactions of a batch are waited for
together, so that they may share a block.
"""

import threading
from collections.abc import Callable
from time import monotonic

__all__ = ["Promises"]

_MOST = 10_000
"""Of one thread; who never waits needs none."""
_LONGEST_SECONDS = 30.0
"""A chain that seals at once does so within this; what waits longer waits for more than that."""
_LOOKING_SECONDS = 0.2


class Promises(threading.local):
    """What one thread has handed in since it last waited."""

    def __init__(self) -> None:
        self._hashes: list[bytes] = []

    def give(self, transaction_hash: bytes) -> None:
        """This one's receipt is promised."""
        if len(self._hashes) < _MOST:
            self._hashes.append(transaction_hash)

    def keep(self, changed: threading.Condition, is_open: Callable[[bytes], bool]) -> None:
        """Wait until no promise is open any more; `changed` is notified with each block."""
        promised, self._hashes = self._hashes, []
        ends = monotonic() + _LONGEST_SECONDS
        while promised and monotonic() < ends:
            with changed:
                if changed.wait_for(lambda: not any(map(is_open, promised)), _LOOKING_SECONDS):
                    return
