"""What the client's log complains of, as notes on stderr in the reader's language, for as long as a command runs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from testamur.chain.exposure import LOGGER
from testamur.cli.terminal import Terminal

__all__ = ["complaints_to"]


@contextmanager
def complaints_to(terminal: Terminal) -> Iterator[None]:
    """Warnings of the log of the name `testamur` become notes of this command."""
    handler = _Notes(terminal)
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)


class _Notes(logging.Handler):
    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        words = self._terminal.language
        self._terminal.note(words.told(record.getMessage()))
