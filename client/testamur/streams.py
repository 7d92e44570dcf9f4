"""The standard streams of a command, made so that nothing about them changes what the command does or comes to.

A reader that hangs up (EPIPE), a full disk (ENOSPC) and a stream that was closed before the program began (`>&-`) all
mean one thing: something was not told. The work goes on, nothing raises, and at the end a command that would have
ended with 0 ends with `UNTOLD`, so that no script takes silence for consent; every other exit code stays. Both
programs run under `run_told`.
"""

import errno
import io
import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO, cast

__all__ = ["UNTOLD", "is_told", "run_told"]

UNTOLD: Final = 1
"""Exit code where everything went well but stdout did not take what was to be told (docs/protocol.md 6)."""
_STANDARD: Final = 3
"""Descriptors 0, 1 and 2."""


class _Raw(io.RawIOBase):
    """The lowest layer of a text stream: what it cannot write is dropped and remembered."""

    def __init__(self, under: io.RawIOBase | None) -> None:
        super().__init__()
        self._under = under
        self.lost: OSError | None = None if under is not None else OSError(errno.EBADF, os.strerror(errno.EBADF))
        """Why something was not told."""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._under is not None and self._under.isatty()

    def fileno(self) -> int:
        if self._under is None:
            raise io.UnsupportedOperation("fileno")
        return self._under.fileno()

    def write(self, data: "memoryview | bytes") -> int:  # type: ignore[override] # typeshed asks for every buffer; text streams give these two
        size = len(data) if isinstance(data, bytes) else data.nbytes
        while self.lost is None and self._under is not None:
            try:
                written = self._under.write(data)
            except OSError as error:
                self.lost = error
                break
            if written is not None:
                return written
            self._wait()  # a pipe that its owner made non-blocking is full
        return size

    def _wait(self) -> None:
        with suppress(OSError, ValueError):  # Windows waits for sockets alone; there the loop goes round
            select.select([], [self.fileno()], [], 1.0)


def is_told() -> bool:
    """Whether stdout took everything so far: what tells without end, such as `--follow`, ends where it does not."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return not isinstance(raw, _Raw) or raw.lost is None


def run_told(program: Callable[[], int], untold: Callable[[str], str]) -> int:
    """Run a command on guarded streams; its exit code, or `UNTOLD` in the place of 0 where stdout was lost.

    `program` may also end by SystemExit, as argument parsers do. `untold` makes the sentence that tells of it from
    the system's reason.
    """
    _occupy()
    out, err = _guarded(sys.stdout), _guarded(sys.stderr)
    sys.stdout, sys.stderr = out[0], err[0]
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - lives as long as the process
    try:
        code = program()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else UNTOLD
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
    sys.stdout.flush()
    if out[1].lost is not None and code == 0:
        reason = out[1].lost.strerror or str(out[1].lost)
        sys.stderr.write(untold(reason) + "\n")
        code = UNTOLD
    sys.stderr.flush()
    return code


def _occupy() -> None:
    """Open nothing in the place of each standard descriptor that is closed: a database must not become stdout."""
    while (found := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        os.set_inheritable(found, True)
    os.close(found)


def _guarded(stream: TextIO | None) -> tuple[TextIO, _Raw]:
    """A text stream in UTF-8 over the descriptor of `stream`, and the layer that remembers what was lost."""
    buffer = getattr(stream, "buffer", None)
    under = getattr(buffer, "raw", buffer)  # where Python runs unbuffered, there is one layer less
    if stream is not None and not isinstance(under, io.RawIOBase):  # replaced by the caller, as tests do
        return stream, _Raw(io.RawIOBase())
    if stream is not None:
        with suppress(OSError):
            stream.flush()
    raw = _Raw(under)
    is_shown_at_once = buffer is under or bool(getattr(stream, "line_buffering", False))
    text = io.TextIOWrapper(
        io.BufferedWriter(cast(io.RawIOBase, raw)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=is_shown_at_once,
    )
    return text, raw
