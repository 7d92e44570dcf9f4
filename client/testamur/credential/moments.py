"""Dates and moments as credentials write them (RFC 3339, XML Schema 1.1 part 2, 3.3.7 and 3.3.9).

A date is one of the calendar, a moment has an hour, a minute and a second that clocks show, and an offset from UTC of
at most 14 hours. Digits are ASCII: a reader of another make would refuse others, or read them otherwise.
"""

import functools
import re
from datetime import UTC, date, datetime
from typing import Final

__all__ = ["read_date", "read_moment"]

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
)
_LONGEST: Final = len("2026-06-30T16:00:00.000000+08:00")


def read_date(text: str) -> date | None:
    """The day of the calendar that `YYYY-MM-DD` names; None for any other text."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """The moment, in UTC, that RFC 3339 text with its offset states; None for any other text."""
    return _read_moment(text) if len(text) <= _LONGEST else None


@functools.lru_cache(maxsize=1024)
def _read_moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
