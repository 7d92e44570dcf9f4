"""The one strict parse of `docs/protocol.md 1`: bytes -> a tree of plain values, or MalformedError with the place.

Data flow: bytes of a credential or bundle -> `parse_strict` -> `document` / `batch.bundle`, which read only this tree.
Nothing that parsers read in different ways gets through: duplicate keys, NaN and infinities, numbers that a double
does not hold exactly, lone surrogates, control, bidi and invisible characters, deep nesting, bytes that are not UTF-8.
"""

import json
import re
from typing import Any, Final

import orjson

from testamur.credential.bounds import MAX_DEPTH, MAX_VALUES, check_bounds
from testamur.credential.errors import MalformedError
from testamur.credential.number import exact_decimal, exact_integer

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "FORBIDDEN_CHARACTER",
    "parse_compact",
    "parse_strict",
    "step",
]

MAX_DOCUMENT_BYTES: Final = 256 * 1024
"""Greatest credential; a bundle with evidence may be larger (`batch.bundle.MAX_BUNDLE_BYTES`)."""

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
_SHOWN: Final = 64
"""Characters of a key or a number that a reason or a path repeats: a document may hold one of megabytes."""


class _Fault:
    """Stands in the tree where the parser found something that must not be there, so that its path can be told."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def parse_strict(data: bytes, max_bytes: int = MAX_DOCUMENT_BYTES) -> Any:
    """The tree that `data` (UTF-8 JSON) stands for: dict, list, str, int, float, bool, None.

    1. at most `max_bytes`, before anything is read
    2. UTF-8 without byte-order mark, no forbidden character (also none written as an escape)
    3. at most `MAX_DEPTH` levels and `MAX_VALUES` values, before the parser recurses or builds anything
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
    check_bounds(data)
    faults: list[_Fault] = []

    def fault(reason: str) -> _Fault:
        faults.append(_Fault(reason))
        return faults[-1]

    def pairs(items: list[tuple[str, Any]]) -> Any:
        result = dict(items)
        if len(result) != len(items):
            return fault(f"key {_first_twice(items)[:_SHOWN]!r} twice")
        return result

    def integer(literal: str) -> Any:
        value = exact_integer(literal)
        return fault(f"integer {literal[:_SHOWN]} is not below 2^53 in size") if value is None else value

    def decimal(literal: str) -> Any:
        value = exact_decimal(literal)
        if value is None:
            return fault(f"number {literal[:_SHOWN]} is not a decimal of at most 4 places")
        return value

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
    if (faults or "\\" in text) and (found_at := _find_fault(tree)):
        raise found_at
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
    if data.count(b",") > MAX_VALUES:
        return None
    try:
        if not data.translate(None, _PLAIN_BYTES).decode().isprintable():
            return None
        tree = orjson.loads(data)
        return tree if orjson.dumps(tree) == data else None
    except (ValueError, TypeError):
        return None


def step(path: str, key: str | int) -> str:
    """The JSON path of `key` under `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if len(key) > _SHOWN:
        key = f"{key[:_SHOWN]}…"
    return f"{path}.{key}" if key.isidentifier() and key.isascii() else f"{path}[{json.dumps(key)}]"


def _first_twice(items: list[tuple[str, Any]]) -> str:
    """The first key that comes a second time."""
    seen: set[str] = set()
    return next(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value] # add


def _find_fault(value: Any) -> MalformedError | None:
    """The first fault or forbidden character in a tree, with its place; paths are made for nothing else."""
    steps: list[str | int] = []
    reason = _fault_below(value, steps)
    if reason is None:
        return None
    path = "$"
    for key in reversed(steps):
        path = step(path, key)
    return MalformedError(path, reason)


def _fault_below(value: Any, steps: list[str | int]) -> str | None:
    """Why `value` is refused, its place added to `steps` from the inside out; None where nothing is wrong with it."""
    if isinstance(value, str):
        found = FORBIDDEN_CHARACTER.search(value)
        return f"forbidden character U+{ord(found[0]):04X}" if found else None
    if isinstance(value, _Fault):
        return value.reason
    if isinstance(value, dict):
        for key, item in value.items():
            if found := FORBIDDEN_CHARACTER.search(key):
                return f"forbidden character U+{ord(found[0]):04X} in a key"
            if (reason := _fault_below(item, steps)) is not None:
                steps.append(key)
                return reason
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if (reason := _fault_below(item, steps)) is not None:
                steps.append(index)
                return reason
    return None
