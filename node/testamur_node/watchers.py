"""Who is told of each new block: callbacks of subscriptions, and threads that wait for one."""

import logging
import threading
from collections.abc import Callable

from testamur_node.chain.block import Block

__all__ = ["Watchers"]

logger = logging.getLogger(__name__)


class Watchers:
    """Those that a node tells. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        """Notified with each block."""
        self._callbacks: list[Callable[[Block], None]] = []

    def subscribe(self, callback: Callable[[Block], None]) -> Callable[[], None]:
        """Call back on each new block (from the thread that tells; be brief). Returns what ends the subscription."""
        with self.changed:
            self._callbacks.append(callback)

        def end() -> None:
            with self.changed:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return end

    def tell(self, block: Block) -> None:
        """A block is the head."""
        with self.changed:
            self.changed.notify_all()
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            try:
                callback(block)
            except Exception:  # a listener's fault must not halt the engine, on whose thread this runs
                logger.exception("a subscriber failed on block %d", block.number)
