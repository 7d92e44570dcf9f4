"""Which of the two encodings a roster is in, decided strictly: UTF-8 (with or without mark) or GB18030, or neither.

A damaged UTF-8 file mostly decodes as GB18030 too, into names that nobody has; so a file that is UTF-8 for the greater
part is refused with the place of the damage rather than read as the other.
"""

import io
import re
from collections.abc import Iterator
from typing import Final

__all__ = ["UndecodableError", "is_utf8", "mixes_scripts", "text_lines"]

_STANDARD_IDEOGRAPHS: Final = str.maketrans(
    {
        0xE816: 0x20087,
        0xE817: 0x20089,
        0xE818: 0x200CC,
        0xE81E: 0x9FB4,
        0xE826: 0x9FB5,
        0xE82B: 0x9FB6,
        0xE82C: 0x9FB7,
        0xE831: 0x215D7,
        0xE832: 0x9FB8,
        0xE83B: 0x2298F,
        0xE843: 0x9FB9,
        0xE854: 0x9FBA,
        0xE855: 0x241FE,
        0xE864: 0x9FBB,
    }
)
"""Ideographs that GB18030 of 2000 put into Unicode's private area for want of a place, as GB18030-2022 maps them."""


_HAN: Final = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_LATIN: Final = "[A-Za-z\u00c0-\u024f]"
_MIXED: Final = re.compile(f"{_HAN}{_LATIN}|{_LATIN}{_HAN}")


class UndecodableError(ValueError):
    """The bytes are in neither encoding."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        """The first line that is wrong, from 1; 0 where the whole file is."""
        self.reason = reason


def text_lines(data: bytes) -> Iterator[str]:
    """The lines of a roster with their ends as they stand; the text of a million rows is never held.

    Raises UndecodableError with the line of the first byte that fits neither encoding.
    """
    encoding = _encoding(data)
    lines: Iterator[str] = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    return (line.translate(_STANDARD_IDEOGRAPHS) for line in lines) if encoding == "gb18030" else lines


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UndecodableError(0, "UTF-16: save the roster as CSV in UTF-8 or GB18030")
    marked = data.startswith(b"\xef\xbb\xbf")
    body = data[3:] if marked else data
    try:
        body.decode("utf-8")
        return "utf-8-sig"
    except UnicodeDecodeError as error:
        line = _line(body, error.start)
        if marked or _is_mostly_utf8(body):
            raise UndecodableError(line, f"byte 0x{body[error.start]:02x} is damaged UTF-8") from error
    try:
        body.decode("gb18030")
        return "gb18030"
    except UnicodeDecodeError as error:
        line = _line(body, error.start)
        raise UndecodableError(line, f"byte 0x{body[error.start]:02x} is neither UTF-8 nor GB18030") from error


def is_utf8(data: bytes) -> bool:
    """Whether a roster is read as UTF-8, which no other encoding passes for by chance."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def mixes_scripts(text: str) -> bool:
    """Whether an ideograph stands beside a Latin letter, as where `José` in Latin-1 is read as GB18030."""
    return not text.isascii() and _MIXED.search(text) is not None


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _is_mostly_utf8(data: bytes) -> bool:
    """GB18030 bytes read as UTF-8 give about one good character in eight; damaged UTF-8 gives nearly all of them."""
    text = data.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", errors="ignore")) - bad
    return good > bad
