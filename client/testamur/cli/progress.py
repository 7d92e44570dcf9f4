"""Progress of a long command on stderr: one line that moves on a terminal, a line per stage elsewhere."""

import sys
import time

__all__ = ["ProgressLine"]

_EVERY_SECONDS = 0.2


class ProgressLine:
    """Stage, count, rate and remaining time. Silent where nothing moves for long enough to matter."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._stage = ""
        self._started = self._shown = time.monotonic()
        self._length = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell that `done` of `total` rows have passed `stage`."""
        now = time.monotonic()
        if stage != self._stage:
            self.end()
            self._stage, self._started, self._shown = stage, now, 0.0
            if not self._is_terminal:
                sys.stderr.write(f"{stage} {total} rows\n")
                sys.stderr.flush()
        if not self._is_terminal or (now - self._shown < _EVERY_SECONDS and done < total):
            return
        self._shown = now
        elapsed = now - self._started
        rate = done / elapsed if elapsed > 0.05 else 0.0
        text = f"{stage} {done}/{total}"
        if rate:
            text += f"  {rate:,.0f}/s  {_duration((total - done) / rate)} left"
        sys.stderr.write("\r" + text.ljust(self._length))
        sys.stderr.flush()
        self._length = len(text)

    def end(self) -> None:
        """Leave the moving line."""
        if self._is_terminal and self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            self._length = 0


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
