"""The bundles of one request body, each as the bytes it was sent as.

Parsing and writing a bundle again would hide what the strict parser must see (duplicate keys, odd numbers), so the
body is only cut: at the commas and line ends that stand outside strings and brackets. One look at each bracket, comma
and line end, and none at anything behind, so that no body costs more than its length.
"""

import re
from typing import Final

from testamur.credential.bounds import MAX_VALUES, blank_escapes

__all__ = ["ElementsError", "TooManyElementsError", "elements"]

_TOKEN: Final = re.compile(rb'"[^"]*+"?+|[\[\]{},\n]')
_OPENING: Final = (b"[", b"{")
_CLOSING: Final = (b"]", b"}")
_SEPARATORS: Final = (b",", b"\n")
_MAX_TOKENS: Final = 4 * MAX_VALUES


class ElementsError(ValueError):
    """The body is neither a JSON array nor one JSON value a line."""


class TooManyElementsError(ElementsError):
    """The body holds more than one request may."""


def elements(body: bytes, most: int, *, is_array: bool = False) -> list[bytes]:
    """The values of a JSON array, or of NDJSON unless `is_array` demands an array, as they were sent.

    Whether each is JSON is for the strict parser to say. Raises ElementsError where brackets do not match, and
    TooManyElementsError for more than `most` values.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise ElementsError("the body is not UTF-8") from error
    body = body.strip(b" \t\r\n")
    if body.startswith(b"["):
        if not body.endswith(b"]"):
            raise ElementsError("the array does not end")
        body = body[1:-1]
    elif is_array:
        raise ElementsError("the body is not a JSON array")
    plain = blank_escapes(body)
    if sum(map(plain.count, (b'"', b"[", b"{", b",", b"\n"))) > _MAX_TOKENS:
        raise TooManyElementsError("the body holds too many values")
    found: list[bytes] = []
    start = depth = 0
    for match in _TOKEN.finditer(plain):
        token = match[0]
        if token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
            if depth < 0:
                raise ElementsError(f"a bracket at byte {match.start()} closes nothing")
        elif not depth and token in _SEPARATORS:
            _add(body[start : match.start()], found, most)
            start = match.end()
    if depth:
        raise ElementsError(f"value {len(found) + 1} does not end")
    _add(body[start:], found, most)
    return found


def _add(part: bytes, found: list[bytes], most: int) -> None:
    if part := part.strip(b" \t\r\n"):
        if len(found) == most:
            raise TooManyElementsError(f"more than {most} bundles in one request; send fewer at a time")
        found.append(part)
