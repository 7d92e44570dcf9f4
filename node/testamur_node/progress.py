"""How far a long command has come: its work tells, stderr shows.

`click.progressbar` draws; where stderr is no terminal it prints one line a stage, which is what a log wants.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from testamur_node.language import Language

__all__ = ["Progress", "shown", "unseen"]

Progress = Callable[[str, int, int], None]
"""Told of (stage, how much of it is done, how much there is); called often, so it costs little."""
_EVERY_SECONDS = 0.2
_QUIET_SECONDS = 1.0
"""What has ended by then shows nothing."""


def unseen(_stage: str, _done: int, _total: int) -> None:
    """Show nothing."""


@contextmanager
def shown(words: Language, clock: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """Show on stderr what the stages of one command tell while it runs. `clock` counts seconds."""
    bar: Any = None
    stage = ""
    next_look = clock() + _QUIET_SECONDS

    def tell(now: str, done: int, total: int) -> None:
        nonlocal bar, stage, next_look
        if clock() < next_look and (bar is None or now == stage):
            return
        next_look = clock() + _EVERY_SECONDS
        if now != stage:
            end()
            bar, stage = click.progressbar(length=total, label=words.said(now), file=sys.stderr), now
            bar.render_progress()
        bar.update(done - bar.pos)

    def end() -> None:
        if bar is not None:
            bar.update(bar.length - bar.pos)
            bar.render_finish()

    try:
        yield tell
        end()
    except BaseException:
        if bar is not None:
            bar.render_finish()  # the bar stays where it was when the command failed
        raise
