"""Whether the disk would take a transaction now: asked of the disk itself, by reserving room and giving it back."""

import os
import tempfile
from pathlib import Path
from time import monotonic

__all__ = ["WANTED_BYTES", "Room", "room_problem"]

WANTED_BYTES = 4 << 20
"""More than a transaction, its record in the journal and the block that holds it: a disk that gives less refuses one of
them soon."""
_SECONDS = 1.0
"""So long an answer holds."""


class Room:
    """The room of some folders, asked for at most once a second."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._answer: tuple[float, str | None] = (-_SECONDS, None)

    def problem(self) -> str | None:
        """As `room_problem` says it."""
        now = monotonic()
        asked, problem = self._answer
        if now - asked >= _SECONDS:
            problem = room_problem(*self._folders)
            self._answer = now, problem
        return problem


def room_problem(*folders: Path) -> str | None:
    """Why one of the folders has no room for `WANTED_BYTES`, without naming it; None where all have."""
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder) as file:  # nameless: nothing is left behind, whatever happens
                os.posix_fallocate(file.fileno(), 0, WANTED_BYTES)
        except OSError as error:
            return f"the disk takes no more: {error.strerror}"
    return None
