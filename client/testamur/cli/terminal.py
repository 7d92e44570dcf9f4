"""Where a command's words go: results to stdout, notes to stderr, one JSON object or line where `--json` asks for it.

Tables are plain text with columns that count a Chinese character as two cells. Colour is never needed to read a
line; it is only added on a terminal, and never where NO_COLOR is set.
"""

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from testamur.language import Language

__all__ = ["Terminal", "json_text", "plain", "shown", "width"]

_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Controls of both sets, bidi controls, separators of lines, invisible characters and surrogates."""
_PAINTED = re.compile("(\x1b\\[(?:0|1|2|31|32|34)m)")
"""What `paint` writes."""
COLOURS = {"green": "32", "red": "31", "blue": "34", "bold": "1", "dim": "2"}


@dataclass(frozen=True, slots=True)
class Terminal:
    """One command's way to speak."""

    as_json: bool
    """`--json`: stdout carries JSON alone."""
    language: Language
    """Of `--lang`, else of the environment; JSON keys and codes stay as they are."""

    def result(self, value: Mapping[str, object]) -> None:
        """One JSON object (or one line of NDJSON) on stdout; nothing for people."""
        if self.as_json:
            sys.stdout.write(json_text(value) + "\n")
            sys.stdout.flush()

    def say(self, text: str = "", **facts: object) -> None:
        """A line for people on stdout, in their language; `{name}` marks the place of a fact."""
        if not self.as_json:
            sys.stdout.write(_lines(self.language.said(text, **_shown(facts))) + "\n")

    def show(self, line: object, lead: str = "") -> None:
        """A finished line on stdout, in no language: a path, an event, a row behind the file's `lead`; nothing beside
        JSON. It stays one line, whatever foreign text stands in it."""
        if not self.as_json:
            sys.stdout.write(lead + shown(line) + "\n")

    def note(self, text: str, **facts: object) -> None:
        """A line beside the result: what is happening, on stderr."""
        sys.stderr.write(_lines(self.language.said(text, **_shown(facts))) + "\n")
        sys.stderr.flush()

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, beside: bool = False) -> None:
        """Rows in aligned columns under their heads, on stdout; only for people. `beside` the result it is on stderr,
        also where that is JSON."""
        if self.as_json and not beside:
            return
        out = sys.stderr if beside else sys.stdout
        cells = [[self.language.said(head) for head in heads], *([_cell(value) for value in row] for row in rows)]
        widths = [max(width(row[column]) for row in cells) for column in range(len(heads))]
        for number, row in enumerate(cells):
            padded = (text + " " * (widths[column] - width(text)) for column, text in enumerate(row))
            line = "  ".join(padded).rstrip()
            out.write((self.paint(line, "bold") if number == 0 and not beside else line) + "\n")

    def facts(self, pairs: Mapping[str, object]) -> None:
        """One fact a line, names aligned; only for people."""
        if self.as_json or not pairs:
            return
        named = {self.language.said(name): value for name, value in pairs.items()}
        longest = max(width(name) for name in named)
        for name, value in named.items():
            sys.stdout.write(f"{name}{' ' * (longest - width(name))}  {_cell(value)}\n")

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour where stdout is a terminal that wants it."""
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
            return text
        return f"\033[{COLOURS[colour]}m{text}\033[0m"


def shown(text: object) -> str:
    """Foreign text as one line that shows itself and does nothing: a file's name, a learner's, a node's answer.

    Control characters, escape sequences, line breaks and characters that turn the direction or show nothing are
    written as `\\x1b`, so that no name can paint a verdict of its own.
    """
    return _UNSHOWN.sub(_escape, str(text).replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t"))


def width(text: str) -> int:
    """Terminal cells that `text` takes (Unicode Standard Annex 11: wide and full-width take two)."""
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text
    )


def json_text(value: Mapping[str, object]) -> str:
    """The object as one line of JSON, with every character that a terminal would act on written as an escape."""
    return _UNSHOWN.sub(_json_escape, json.dumps(value, ensure_ascii=False, default=plain))


def plain(value: object) -> object:
    """What JSON cannot say by itself: bytes as 0x hex, anything else as its text."""
    return "0x" + value.hex() if isinstance(value, (bytes, bytearray)) else str(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return shown(str(plain(value)) if isinstance(value, (bytes, bytearray)) else str(value))


def _shown(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: shown(value) if isinstance(value, (str, os.PathLike)) else value for name, value in facts.items()}


def _lines(text: str) -> str:
    """A finished text of ours: its own line breaks and colours stay, all else that is no character is escaped."""
    kept = _PAINTED.split(text)
    return "".join(part if place % 2 else _UNSHOWN.sub(_escape, part) for place, part in enumerate(kept))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[place : place + 2], 'big'):04x}" for place in range(0, len(units), 2))
