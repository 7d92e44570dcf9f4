"""Lines and cells of a roster, whichever file they come in: CSV (UTF-8, GB18030) or a workbook (.xlsx)."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from testamur.batch.encoding import UndecodableError, text_lines

__all__ = ["MadeDate", "Record", "UnreadableTableError", "records", "strip"]

_BLANK: Final = " \t\u3000\u00a0"
_ZIP, _OLE, _PDF, _RTF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF", b"{\\rtf"


class UnreadableTableError(ValueError):
    """The file is no table that can be read."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        """The first line that is wrong, from 1; 0 where the whole file is."""
        self.reason = reason


class MadeDate(str):
    """The text of a cell that a workbook holds as a date."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One line that is not blank."""

    line: int
    """In the file, from 1: where the record starts."""
    cells: list[str]
    problem: str | None = None
    """Why it has no cells."""


def records(data: bytes) -> Iterator[Record]:
    """The records of a file. Raises UnreadableTableError."""
    if data.startswith(_ZIP):
        from testamur.batch.workbook import workbook_records

        return workbook_records(data)
    if data.startswith(_OLE):
        reason = "an old or a locked Excel file: save the roster as .xlsx without a password, or as CSV in UTF-8"
        raise UnreadableTableError(0, reason)
    if data.startswith((_PDF, _RTF)) or data[:512].lstrip().lower().startswith((b"<html", b"<!doctype", b"<?xml")):
        reason = "no table but a document: save the roster as .xlsx, or as CSV in UTF-8 or GB18030"
        raise UnreadableTableError(0, reason)
    try:
        lines = text_lines(data)
    except UndecodableError as error:
        raise UnreadableTableError(error.line, error.reason) from error
    return _csv_records(lines)


def strip(cell: str) -> str:
    """A cell without the blanks at its ends, the ideographic one among them."""
    return cell.strip(_BLANK)


def _csv_records(lines: Iterator[str]) -> Iterator[Record]:
    reader = csv.reader(lines, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(line, [], f"not CSV: {error}")
            continue
        if any(strip(cell) for cell in cells):
            yield Record(line, cells)
