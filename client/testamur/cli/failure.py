"""From an exception to one line, its advice and an exit code: no command ever ends in a traceback.

Known errors carry their exit code (docs/protocol.md 6). What the operating system refuses is a usage error; what
nobody foresaw is 1, with the place it came from, so that a report is worth something. TESTAMUR_DEBUG=1 shows the
traceback to those who work on testamur itself.
"""

import os
import sys
import traceback
from pathlib import Path

from testamur.cli.terminal import json_text, shown
from testamur.errors import TestamurError
from testamur.language import Language

__all__ = ["INTERNAL", "INTERRUPTED", "USAGE", "UsageError", "report"]

INTERNAL, USAGE, INTERRUPTED = 1, 2, 130


class UsageError(TestamurError):
    """The command cannot be understood or lacks something that only its caller can give."""

    exit_code = USAGE


def report(error: BaseException, language: Language, as_json: bool) -> int:
    """Say on stderr what happened and what to do about it; returns the exit code."""
    if isinstance(error, KeyboardInterrupt):
        sys.stderr.write(language.text("cli.interrupted") + "\n")
        return INTERRUPTED
    message, advice, code = _explain(error, language)
    if os.environ.get("TESTAMUR_DEBUG"):
        traceback.print_exception(error)
    if as_json:
        facts = {"error": type(error).__name__, "message": message, "advice": advice, "exitCode": code}
        sys.stderr.write(json_text(facts) + "\n")
        return code
    colon = language.text("cli.colon")
    sys.stderr.write(f"{language.text('cli.error')}{colon}{shown(_one_line(message))}\n")
    if advice:
        sys.stderr.write(f"{language.text('cli.advice')}{colon}{shown(_one_line(advice))}\n")
    return code


def _explain(error: BaseException, language: Language) -> tuple[str, str | None, int]:
    name = type(error).__name__
    if isinstance(error, TestamurError):
        title, message = language.find(f"error.{name}"), language.told(error.message)
        is_named = not title or message != error.message  # a title in the reader's language for what has no other
        return (
            message if is_named else f"{title}{language.text('cli.colon')}{message}",
            language.told(error.advice) if error.advice else None,
            error.exit_code,
        )
    if isinstance(error, FileNotFoundError):
        return language.text("error.missing_file", path=error.filename), None, USAGE
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}{language.text('cli.colon')}{language.told(str(error.strerror))}", None, USAGE
    return f"{name}: {error} ({_origin(error)})", language.text("cli.report"), INTERNAL


def _origin(error: BaseException) -> str:
    """The innermost line of ours that the error passed through."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "testamur" in Path(frame.filename).parts]
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "unknown place"


def _one_line(text: str) -> str:
    return " ".join(text.split())
