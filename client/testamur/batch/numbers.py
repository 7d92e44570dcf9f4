"""Numbers that one roster may hold once: row ids, certificate numbers, and student numbers within a term.

Compared are identities (`credential.normal`): full-width digits and letter case make no other number.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from testamur.credential.normal import identity

__all__ = ["Numbers"]

_APART: Final = ("term", "start_date", "end_date", "valid_from", "valid_until")
"""One learner may have several credentials in a roster where one of these tells them apart."""


class Numbers:
    """The numbers seen so far, with the line that each first stood in."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Any, ...], int] = {}

    def add(self, line: int, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Field and reason of each number of a row that stood in an earlier one."""
        if (row_id := values.get("row_id")) is not None and (first := self._first(line, "row_id", row_id)) != line:
            yield "row_id", f"row id {row_id} stands in line {first} too"
        if (number := values.get("certificate_number")) is not None:
            first = self._first(line, "certificate_number", number)
            if first != line:
                yield "certificate_number", f"certificate number {number} stands in line {first} too"
        if (number := values.get("student_number")) is not None:
            apart = tuple(_compared(values.get(field)) for field in _APART)
            first = self._first(line, "student_number", number, *apart)
            if first != line:
                yield (
                    "student_number",
                    f"student number {number} stands in line {first} too, and neither term nor dates tell them apart",
                )

    def _first(self, line: int, field: str, number: str, *apart: object) -> int:
        return self._lines.setdefault((field, identity(number), *apart), line)


def _compared(value: object) -> object:
    return identity(value) if isinstance(value, str) else value
