"""What ended the node where it could not say so itself: a signal that a fault of memory, disk or library raises.

Flow: the signal -> faulthandler, which can write and no more -> a pipe -> the executor's process, which outlives the
node for a moment -> stderr. LMDB reads its file as memory, so a page that the disk cannot give comes as SIGBUS, not as
an error.
"""

import contextlib
import faulthandler
import os
import signal
from pathlib import Path

from testamur_node.store.environment import DATA

__all__ = ["LastWords", "meaning"]

_LONGEST = 65_536


def meaning(code: int, data: Path | None) -> tuple[str, str]:
    """(what it means, what to do) that a process ended by signal `code` while it had the folder `data` open."""
    if code == signal.SIGBUS and data is not None:
        return (
            f"the disk could not give a page of {data / DATA}: the file was cut off, or the disk is failing",
            "look at the disk, then run testamur-node verify-db; where it finds damage, restore a backup, or import",
        )
    return f"it was ended by {signal.Signals(code).name}", "nothing is lost, start the node again, and report it"


class LastWords:
    """A pipe between the node and its child; made before the fork."""

    def __init__(self) -> None:
        self._hearing, self._speaking = os.pipe()

    def speak(self) -> None:
        """In the node: a fatal signal is written there from now on, with the place in the code."""
        os.close(self._hearing)
        faulthandler.enable(self._speaking, all_threads=False)

    def hear(self) -> None:
        """In the child."""
        os.close(self._speaking)
        os.set_blocking(self._hearing, False)  # processes for calls may hold the other end a moment longer

    def pass_on(self, data: Path | None) -> None:
        """In the child, once the node is gone: tell on stderr what it left, if anything."""
        with contextlib.suppress(OSError):
            said = os.read(self._hearing, _LONGEST).decode("utf-8", "replace")
            names = {"Bus error": signal.SIGBUS, "Segmentation fault": signal.SIGSEGV}
            number = next((number for name, number in names.items() if name in said), signal.SIGABRT)
            if said:
                what, advice = meaning(number, data)
                os.write(2, f"the node ended at once: {what}\n  {advice}\n{said}".encode())
