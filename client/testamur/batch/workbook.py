"""A roster in a workbook (.xlsx): measured before anything of it is held, then read line by line.

Cells give the text that a registrar sees; what a spreadsheet holds otherwise than it was typed (numbers beyond 15
digits, dates, formulas) comes so that the reader of cells refuses it where it does not belong.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import chain
from typing import Any, Final

from testamur.batch.tables import MadeDate, Record, UnreadableTableError, strip
from testamur.batch.workbook_bounds import SheetContent, measure

__all__ = ["workbook_records"]

_MAX_COLUMNS: Final = 200
_MAX_LINES: Final = 1_048_576
"""A sheet has no more."""
_BEYOND_DIGITS: Final = 10**15
"""A spreadsheet keeps 15 digits of a number and writes zeros for the others."""


def workbook_records(data: bytes) -> Iterator[Record]:
    """The lines of the one sheet that holds something. Raises UnreadableTableError."""
    sheets = measure(data)
    from testamur.batch.workbook_reader import open_workbook  # openpyxl takes half a second

    try:
        book = open_workbook(data, sheets)
    except UnreadableTableError:
        raise
    except Exception as error:  # whatever openpyxl raises for XML that is none of a workbook's
        raise UnreadableTableError(0, f"the workbook cannot be read: {type(error).__name__}") from error
    try:
        yield from _filled_lines(book, sheets)
    finally:
        book.close()


def _filled_lines(book: Any, sheets: dict[str, SheetContent]) -> Iterator[Record]:
    filled: list[tuple[str, Iterator[Record]]] = []
    for sheet in book.worksheets:
        part = sheet._worksheet_path.lstrip("/")
        if part not in sheets:  # it was not measured as a sheet
            raise UnreadableTableError(0, f"{part} of the workbook holds what no spreadsheet writes")
        lines = _lines(sheet, sheets[part].filled_rows)
        first = next(lines, None)
        if first is not None:
            filled.append((sheet.title, chain([first], lines)))
    if len(filled) > 1:
        names = ", ".join(title for title, _ in filled)
        raise UnreadableTableError(
            0, f"the workbook has several sheets with content ({names}): keep the roster's alone"
        )
    if filled:
        yield from filled[0][1]


def _lines(sheet: Any, filled_rows: int) -> Iterator[Record]:
    width = 0
    rows = sheet.iter_rows(max_row=_MAX_LINES, max_col=_MAX_COLUMNS + 1, values_only=True)
    try:
        for line, row in enumerate(rows if filled_rows else (), 1):
            if row.count(None) == len(row):  # the million empty lines above a cell at the sheet's end
                continue
            filled_rows -= 1
            end = len(row)
            while row[end - 1] is None:
                end -= 1
            cells = [_text(value) for value in row[:end]]
            while cells and not strip(cells[-1]):
                cells.pop()
            if cells:
                if len(cells) > _MAX_COLUMNS:
                    raise UnreadableTableError(line, f"more than {_MAX_COLUMNS} columns")
                width = width or len(cells)
                yield Record(line, cells + [""] * (width - len(cells)))
            if filled_rows == 0:  # and not the million below it
                return
    except UnreadableTableError:
        raise
    except Exception as error:  # openpyxl and its parser raise what they like for a file that is none
        raise UnreadableTableError(0, f"the workbook cannot be read: {type(error).__name__}") from error


def _text(value: object) -> str:
    """A cell as it is shown; a number beyond the digits that were kept in the form that tells of it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return MadeDate(value.date().isoformat() if value.time() == time() else value.isoformat(" "))
    if isinstance(value, date | time):
        return MadeDate(value.isoformat())
    if isinstance(value, int | float):
        if abs(value) >= _BEYOND_DIGITS:
            return f"{value:.5E}"
        return str(int(value)) if float(value).is_integer() else repr(value)
    return str(value)
