"""Where the words of `testamur-node` go: answers to stdout, refusals to stderr, in the language that was asked for.

With `--json` both are one JSON object; its keys and codes are the same in every language, and a refusal has the same
shape as the client's.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from testamur_node.errors import NodeError
from testamur_node.language import Language
from testamur_node.progress import Progress, shown, unseen

__all__ = ["INTERNAL", "INTERRUPTED", "USAGE", "Terminal"]

_log = logging.getLogger(__name__)
INTERNAL, USAGE, INTERRUPTED = 1, 2, 130


class Terminal:
    """How one command speaks."""

    def __init__(self, words: Language, *, as_json: bool) -> None:
        self.words = words
        self.as_json = as_json
        """`--json`: stdout and stderr carry JSON alone."""

    def tell(self, facts: Mapping[str, object], *lines: str) -> None:
        """An answer: one JSON object, or lines for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        else:
            sys.stdout.writelines(self.words.said(line) + "\n" for line in lines)
        sys.stdout.flush()

    def progress(self) -> AbstractContextManager[Progress]:
        """What a long command tells its progress while it runs; with `--json` nobody sees it."""
        return nullcontext(unseen) if self.as_json else shown(self.words)

    def report(self, error: BaseException) -> int:
        """Say on stderr what happened and what to do about it; returns the exit code."""
        if isinstance(error, KeyboardInterrupt):
            sys.stderr.write(self.words.said("interrupted") + "\n")
            return INTERRUPTED
        if os.environ.get("TESTAMUR_DEBUG"):
            traceback.print_exception(error)
        message, advice, code = _explained(error)
        if self.as_json:
            facts = {"error": type(error).__name__, "message": message, "advice": advice, "exitCode": code}
            sys.stderr.write(json.dumps(facts, ensure_ascii=False) + "\n")
            return code
        said = self.words.said
        sys.stderr.write(f"{said('error: ')}{_one_line(said(message))}\n")
        if advice:
            sys.stderr.write(f"{said('advice: ')}{_one_line(said(advice))}\n")
        return code


def _explained(error: BaseException) -> tuple[str, str | None, int]:
    """Message, advice and exit code (docs/protocol.md 6)."""
    if isinstance(error, NodeError):
        return error.message, error.advice, error.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}", None, USAGE
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "testamur_node" in frame.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"
    if logging.getLogger().hasHandlers():  # of a running node
        _log.critical("the node ends on a fault", exc_info=error)
    advice = "this is a fault in testamur-node; TESTAMUR_DEBUG=1 shows where, please report it"
    return f"{type(error).__name__}: {error} ({place})", advice, INTERNAL


def _one_line(text: str) -> str:
    return " ".join(text.split())
