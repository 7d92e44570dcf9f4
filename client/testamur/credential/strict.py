"""The one strict parse of `docs/protocol.md 1`: bytes -> a tree of plain values, or MalformedError with the place.

Data flow: bytes of a credential or bundle -> `parse_strict` -> `document` / `batch.bundle`, which read only this tree.
Nothing that parsers read in different ways gets through: duplicate keys, NaN and infinities, numbers that a double
does not hold exactly, lone surrogates, control, bidi and invisible characters, deep nesting, bytes that are not UTF-8.
"""

import json
import re
from decimal import Decimal
from typing import Any, Final

import orjson

from testamur.credential.errors import MalformedError

__all__ = [
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "FORBIDDEN_CHARACTER",
    "is_exact",
    "parse_compact",
    "parse_strict",
    "step",
]

MAX_DOCUMENT_BYTES: Final = 256 * 1024
"""Greatest credential; a bundle with evidence may be larger (`batch.bundle.MAX_BUNDLE_BYTES`)."""
MAX_DEPTH: Final = 32

FORBIDDEN_CHARACTER: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls: text that shows in another order than it stands
    "\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # unseen, or a line's end
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # surrogates and noncharacters
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
"""Characters that no text of a credential, roster or template may hold."""

_FORBIDDEN_IN_JSON: Final = re.compile(
    FORBIDDEN_CHARACTER.pattern.replace("\x00-\x1f", "\x00-\x08\x0b\x0c\x0e-\x1f", 1)
)
_USUAL_BYTES: Final = bytes([*b"\t\n\r", *range(0x20, 0x7F)])
_PLAIN_BYTES: Final = bytes(range(0x20, 0x7F))
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]}]')
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]{1,4}")
_MAX_INTEGER: Final = 2**53
_MAX_SIGNIFICANT_DIGITS: Final = 15
"""A double gives every decimal of 15 digits back unchanged (IEEE 754; DBL_DIG of C)."""


class _Fault:
    """Stands in the tree where the parser found something that must not be there, so that its path can be told."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def parse_strict(data: bytes, max_bytes: int = MAX_DOCUMENT_BYTES) -> Any:
    """The tree that `data` (UTF-8 JSON) stands for: dict, list, str, int, float, bool, None.

    1. at most `max_bytes`, before anything is read
    2. UTF-8 without byte-order mark, no forbidden character (also none written as an escape)
    3. at most `MAX_DEPTH` levels, before the parser recurses
    4. JSON with no key twice in an object; integers below 2^53, decimals of at most 4 places

    Null passes here (evidence holds the engine's own JSON); a credential's terms refuse it. Raises MalformedError,
    and nothing else.
    """
    if len(data) > max_bytes:
        raise MalformedError("$", f"{len(data)} bytes, at most {max_bytes}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("$", f"not UTF-8 at byte {error.start}") from error
    # first what a byte filter and isprintable can say at once: the expression is slow
    unusual = data.translate(None, _USUAL_BYTES).decode()
    if not unusual.isprintable() and (found := _FORBIDDEN_IN_JSON.search(text)):
        raise MalformedError("$", f"forbidden character U+{ord(found[0]):04X} at character {found.start()}")
    _check_depth(text)
    faults: list[_Fault] = []

    def fault(reason: str) -> _Fault:
        faults.append(_Fault(reason))
        return faults[-1]

    def pairs(items: list[tuple[str, Any]]) -> Any:
        result = dict(items)
        if len(result) != len(items):
            keys = [key for key, _ in items]
            return fault(f"key {next(key for key in keys if keys.count(key) > 1)!r} twice")
        return result

    def integer(literal: str) -> Any:
        if len(literal) > 17 or abs(value := int(literal)) >= _MAX_INTEGER or literal == "-0":
            return fault(f"integer {literal[:24]} is not below 2^53 in size")
        return value

    def decimal(literal: str) -> Any:
        value = _exact(literal)
        return fault(f"number {literal[:24]} is not a decimal of at most 4 places") if value is None else value

    try:
        tree = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_int=integer,
            parse_float=decimal,
            parse_constant=lambda literal: fault(f"{literal} is not JSON"),
        )
    except (ValueError, RecursionError) as error:
        raise MalformedError("$", f"not JSON: {error}") from error
    if faults or "\\" in text:
        _check_values(tree, "$")
    if faults:  # a fault under a key that stands twice is gone with the earlier value
        raise MalformedError("$", faults[0].reason)
    return tree


def parse_compact(data: bytes, max_bytes: int = MAX_DOCUMENT_BYTES) -> Any | None:
    """What `parse_strict` gives, but for the size of numbers, of a text that needs no second look; None for others.

    Where a plain JSON reader and writer give `data` back byte for byte, no key can have come twice and nothing was
    written in two ways. Numbers are for the reader to judge: `shape.flatten` and `batch.bundle` do. Bundles as this
    software writes them pass here, in a third of the time.
    """
    data = data.rstrip(b"\r\n")
    if len(data) > max_bytes or b"\\" in data or data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        return None
    try:
        if not data.translate(None, _PLAIN_BYTES).decode().isprintable():
            return None
        tree = orjson.loads(data)
        return tree if orjson.dumps(tree) == data else None
    except (ValueError, TypeError):
        return None


def is_exact(value: int | float) -> bool:
    """Whether a number read by another parser is one that `parse_strict` gives."""
    if isinstance(value, int):
        return -_MAX_INTEGER < value < _MAX_INTEGER
    return not value.is_integer() and _exact(repr(value)) == value


def step(path: str, key: str | int) -> str:
    """The JSON path of `key` under `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if key.isidentifier() and key.isascii() else f"{path}[{json.dumps(key)}]"


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        symbol = match[0]
        if symbol in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedError("$", f"nested deeper than {MAX_DEPTH} levels")
        elif symbol in ("]", "}"):
            depth -= 1


def _exact(literal: str) -> int | float | None:
    if not _DECIMAL.fullmatch(literal):
        return None
    digits = literal.lstrip("-").replace(".", "").strip("0")
    if len(digits) > _MAX_SIGNIFICANT_DIGITS or abs(Decimal(literal)) >= _MAX_INTEGER:
        return None
    value = float(literal)
    if value == 0 and literal.startswith("-"):
        return None
    return int(value) if value.is_integer() else value


def _check_values(value: Any, path: str) -> None:
    if isinstance(value, _Fault):
        raise MalformedError(path, value.reason)
    if isinstance(value, str):
        if found := FORBIDDEN_CHARACTER.search(value):
            raise MalformedError(path, f"forbidden character U+{ord(found[0]):04X}")
    elif isinstance(value, dict):
        for key, item in value.items():
            if found := FORBIDDEN_CHARACTER.search(key):
                raise MalformedError(path, f"forbidden character U+{ord(found[0]):04X} in a key")
            _check_values(item, step(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_values(item, step(path, index))
