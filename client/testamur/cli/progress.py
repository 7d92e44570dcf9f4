"""Progress of a long command on stderr: one line that moves on a terminal, a line per stage elsewhere."""

import sys
import time

from testamur.cli.terminal import width
from testamur.language import Language

__all__ = ["ProgressLine"]

STAGES = {
    name: name for name in ("signing", "anchoring", "writing", "checking", "delivering", "saving", "restoring", "done")
}
"""Of `testamur.batch.issuing`, `deliver`, `backup` and `restore`, as `commands.zh.toml` knows them."""
_OF_FILES = ("saving", "restoring")
"""Stages that count files; the others count rows."""
_EVERY_SECONDS = 0.2


class ProgressLine:
    """Stage, count, rate and remaining time. Silent where nothing moves for long enough to matter."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._is_terminal = sys.stderr.isatty()
        self._stage = ""
        self._started = self._shown = time.monotonic()
        self._length = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell that `done` of `total` rows, or files, have passed `stage`."""
        now = time.monotonic()
        if stage != self._stage:
            self.end()
            self._stage, self._started, self._shown = stage, now, 0.0
            if not self._is_terminal:
                text = "{stage}: {total} files" if stage in _OF_FILES else "{stage}: {total} rows"
                sys.stderr.write(self._language.said(text, stage=self._named(), total=total) + "\n")
                sys.stderr.flush()
        if not self._is_terminal or (now - self._shown < _EVERY_SECONDS and done < total):
            return
        self._shown = now
        elapsed = now - self._started
        rate = done / elapsed if elapsed > 0.05 else 0.0
        text = f"{self._named()} {done}/{total}"
        if rate:
            left = self._language.said("{time} left", time=_duration((total - done) / rate))
            text += f"  {rate:,.0f}/s  {left}"
        sys.stderr.write("\r" + text + " " * (self._length - width(text)))
        sys.stderr.flush()
        self._length = width(text)

    def _named(self) -> str:
        """The stage in the reader's language."""
        return self._language.said(STAGES.get(self._stage, self._stage))

    def end(self) -> None:
        """Leave the moving line."""
        if self._is_terminal and self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            self._length = 0


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
