"""A roster in a workbook (.xlsx): measured before anything of it is unpacked, then read line by line.

A workbook is a zip of XML: a small file may unpack to gigabytes, and one cell at the sheet's far corner makes a million
empty lines. So parts, their sizes, rows and columns are bounded first. Cells give the text that a registrar sees;
what a spreadsheet holds otherwise than it was typed (numbers beyond 15 digits, dates, formulas) comes so that the
reader of cells refuses it where it does not belong.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any, Final

from testamur.batch.tables import MadeDate, Record, UnreadableTableError, strip

__all__ = ["workbook_records"]

_MAX_PARTS: Final = 500
_MAX_SHEET_BYTES: Final = 768 * 1024 * 1024
"""Of a sheet unpacked; a million rows of ten columns take 500 MB."""
_MAX_PART_BYTES: Final = 128 * 1024 * 1024
"""Of any other part: shared texts are held in memory."""
_MAX_COLUMNS: Final = 200
_MAX_LINES: Final = 1_048_576
"""A sheet has no more."""
_MAX_ROW_BYTES: Final = 4 * 1024 * 1024
"""Between two ends of rows: the reader holds a row at a time, 90 bytes of memory for each of its empty cells."""
_ROW: Final = re.compile(rb"<(?:[\w.-]+:)?row(?:\s[^<>]*)?>|</(?:[\w.-]+:)?row\s*>")
_PIECE: Final = 1024 * 1024
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_BEYOND_DIGITS: Final = 10**15
"""A spreadsheet keeps 15 digits of a number and writes zeros for the others."""


def workbook_records(data: bytes) -> Iterator[Record]:
    """The lines of the one sheet that holds something. Raises UnreadableTableError."""
    _measure(data)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # whatever openpyxl raises for XML that is none of a workbook's
        raise UnreadableTableError(0, f"the workbook cannot be read: {type(error).__name__}") from error
    try:
        yield from _lines(_sheet(book))
    finally:
        book.close()


def _measure(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                reason = "no Excel workbook: save the roster as .xlsx, or as CSV in UTF-8 or GB18030"
                raise UnreadableTableError(0, reason)
            if len(parts) > _MAX_PARTS or len(names) != len(parts):
                raise UnreadableTableError(0, f"the workbook has more than {_MAX_PARTS} parts, or one twice")
            for part in parts:
                most = _MAX_SHEET_BYTES if _SHEET.fullmatch(part.filename) else _MAX_PART_BYTES
                if part.file_size > most:
                    raise UnreadableTableError(0, f"{part.filename} of the workbook is larger than {most} bytes")
                if _SHEET.fullmatch(part.filename):
                    with archive.open(part) as content:
                        _measure_rows(part.filename, content)
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as content:
                        if b"<!DOCTYPE" in content.read(4_096):
                            raise UnreadableTableError(0, f"{part.filename} of the workbook declares a document type")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, UnreadableTableError):
            raise
        raise UnreadableTableError(0, f"the workbook cannot be read: {type(error).__name__}") from error


def _measure_rows(name: str, content: IO[bytes]) -> None:
    """Refuse a sheet whose rows do not end in time, or stand in each other. Raises UnreadableTableError.

    No program writes comments or CDATA into a sheet, in which a row's end could stand that is none.
    """
    kept, since, is_open = b"", 0, False
    while piece := content.read(_PIECE):
        text = kept + piece
        if b"<!" in text:
            raise UnreadableTableError(0, f"{name} of the workbook holds what no spreadsheet writes")
        place = 0
        for tag in _ROW.finditer(text):
            if not tag[0].endswith(b"/>"):
                is_end = tag[0].startswith(b"</")
                if is_end is not is_open:
                    raise UnreadableTableError(0, f"{name} of the workbook holds what no spreadsheet writes")
                is_open = not is_end
            place, since = tag.end(), 0
        cut = max(place, text.rfind(b"<"))  # a tag may go on in the next piece
        kept, since = text[cut:], since + cut - place
        if since + len(kept) > _MAX_ROW_BYTES:
            raise UnreadableTableError(0, f"{name} of the workbook has a row of more than {_MAX_ROW_BYTES} bytes")


def _sheet(book: Any) -> Any:
    for sheet in book.worksheets:
        name = sheet._worksheet_path.lstrip("/")
        if not _SHEET.fullmatch(name):  # it was not measured as a sheet
            raise UnreadableTableError(0, f"{name} of the workbook holds what no spreadsheet writes")
    filled = [sheet for sheet in book.worksheets if next(_lines(sheet), None) is not None]
    if len(filled) > 1:
        names = ", ".join(sheet.title for sheet in filled)
        raise UnreadableTableError(
            0, f"the workbook has several sheets with content ({names}): keep the roster's alone"
        )
    return filled[0] if filled else book.worksheets[0]


def _lines(sheet: Any) -> Iterator[Record]:
    width = 0
    rows = sheet.iter_rows(max_row=_MAX_LINES, max_col=_MAX_COLUMNS + 1, values_only=True)
    try:
        for line, row in enumerate(rows, 1):
            if row.count(None) == len(row):  # the million empty lines above a cell at the sheet's end
                continue
            cells = [_text(value) for value in row]
            while cells and not strip(cells[-1]):
                cells.pop()
            if not cells:
                continue
            if len(cells) > _MAX_COLUMNS:
                raise UnreadableTableError(line, f"more than {_MAX_COLUMNS} columns")
            width = width or len(cells)
            yield Record(line, cells + [""] * (width - len(cells)))
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
