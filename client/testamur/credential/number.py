"""Numbers that every reader holds exactly (`docs/protocol.md 1.3`): integers below 2^53 and decimals of four places."""

import re
from decimal import Decimal
from typing import Final

__all__ = ["exact_decimal", "exact_integer", "is_exact"]

_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]{1,4}")
_MAX_INTEGER: Final = 2**53
_MAX_LENGTH: Final = len("-9007199254740991.0000")
_MAX_SIGNIFICANT_DIGITS: Final = 15
"""A double gives every decimal of 15 digits back unchanged (IEEE 754; DBL_DIG of C)."""


def exact_integer(literal: str) -> int | None:
    """The integer that a JSON literal without point and exponent states, or None where it may be read otherwise."""
    if len(literal) > _MAX_LENGTH or literal == "-0":
        return None
    value = int(literal)
    return value if -_MAX_INTEGER < value < _MAX_INTEGER else None


def exact_decimal(literal: str) -> int | float | None:
    """The number that a JSON literal with a point states, a whole one as an integer; None as above."""
    if len(literal) > _MAX_LENGTH or not _DECIMAL.fullmatch(literal):
        return None
    digits = literal.lstrip("-").replace(".", "").strip("0")
    if len(digits) > _MAX_SIGNIFICANT_DIGITS or abs(Decimal(literal)) >= _MAX_INTEGER:
        return None
    value = float(literal)
    if value == 0 and literal.startswith("-"):
        return None
    return int(value) if value.is_integer() else value


def is_exact(value: int | float) -> bool:
    """Whether a number read by another parser is one that these functions give."""
    if isinstance(value, int):
        return -_MAX_INTEGER < value < _MAX_INTEGER
    return not value.is_integer() and exact_decimal(repr(value)) == value
