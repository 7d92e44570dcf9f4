"""Values that people type: addresses, hashes, numbers. ASCII digits alone, so that what is read is what was seen.

Python's `int` takes the digits of every script, underscores and spaces, and `bytes.fromhex` takes spaces: a number
that nobody could read to another over the phone is refused here instead.
"""

import copy
import inspect
import re
from collections.abc import Callable, Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from typer.models import ParameterInfo

from testamur.cli.failure import UsageError

__all__ = ["read_address", "read_hash", "read_number", "with_strict_numbers"]

_HEX = re.compile("(?:0x)?((?:[0-9a-fA-F]{2})+)")
_WHOLE = re.compile("-?[0-9]{1,20}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")


def read_address(text: str) -> bytes:
    """The 20 bytes of an address. Raises UsageError."""
    return _bytes(text, 20, "address", "40 hex digits after 0x")


def read_hash(text: str, what: str, advice: str) -> bytes:
    """The 32 bytes of a hash; `what` it is of and where to find it. Raises UsageError."""
    return _bytes(text, 32, what, advice)


def read_number(text: str) -> int:
    """A whole number without a sign. Raises ValueError."""
    if not _WHOLE.fullmatch(text) or text.startswith("-"):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def with_strict_numbers(parameters: Iterable[inspect.Parameter]) -> list[inspect.Parameter]:
    """The parameters of a command with their numbers read by this module; bounds stay as they are declared."""
    return [parameter.replace(annotation=_strict(parameter.annotation)) for parameter in parameters]


def _strict(annotation: Any) -> Any:
    if get_origin(annotation) is not Annotated:
        return annotation
    kind, *notes = get_args(annotation)
    number = next((found for found in (int, float) if found in _alternatives(kind)), None)
    if number is None:
        return annotation
    strict = []
    for note in notes:
        if isinstance(note, ParameterInfo) and note.parser is None and note.click_type is None:
            note = copy.copy(note)
            note.parser = _parser(number, note.min, note.max)
        strict.append(note)
    return Annotated[kind, *strict]


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """The types that an annotation allows: `list[int] | None` is int, and None."""
    if get_origin(kind) in (Union, UnionType, list, tuple):
        return tuple(found for part in get_args(kind) for found in _alternatives(part))
    return (kind,)


def _parser(kind: type, lowest: float | None, highest: float | None) -> Callable[[Any], Any]:
    pattern, due = (_WHOLE, "a whole number") if kind is int else (_DECIMAL, "a number")

    def parse(given: Any) -> Any:
        if not pattern.fullmatch(str(given)):
            raise typer.BadParameter(f"{given!r} is not {due} in the digits 0 to 9")
        value = kind(given)
        if (lowest is not None and value < lowest) or (highest is not None and value > highest):
            bounds = f"at least {lowest}" if highest is None else f"at most {highest}"
            bounds = bounds if lowest is None or highest is None else f"from {lowest} to {highest}"
            raise typer.BadParameter(f"{given} is not {bounds}")
        return value

    return parse


def _bytes(text: str, size: int, what: str, advice: str) -> bytes:
    found = _HEX.fullmatch(text)
    value = bytes.fromhex(found[1]) if found else b""
    if len(value) != size:
        raise UsageError(f"{text!r} is no {what}", advice)
    return value
