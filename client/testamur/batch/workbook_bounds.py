"""What a workbook may be before anything of it is held: parts, their sizes, rows and empty rows, counted on the way.

A workbook is a zip of XML: a small file may unpack to gigabytes, and one cell at the sheet's far corner makes a million
empty lines.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from typing import IO, Final

from testamur.batch.tables import UnreadableTableError

__all__ = ["SHEET", "SheetContent", "measure"]

SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_MAX_PARTS: Final = 500
_MAX_SHEET_BYTES: Final = 768 * 1024 * 1024
"""Of a sheet unpacked; a million rows of ten columns take 500 MB."""
_MAX_PART_BYTES: Final = 128 * 1024 * 1024
"""Of any other part: shared texts are held in memory."""
_MAX_ROW_BYTES: Final = 4 * 1024 * 1024
"""Between two ends of rows: the reader holds a row at a time, 90 bytes of memory for each of its empty cells."""
_MAX_EMPTY_ROWS: Final = 100_000
"""Written into the file without a value, above the last row that has one; the reader takes 10 µs for each."""
_PIECE: Final = 1024 * 1024
_ROW: Final = re.compile(rb"<(?:[\w.-]+:)?row(?:\s[^<>]*)?>|</(?:[\w.-]+:)?row\s*>")
_END: Final = re.compile(rb"</(?:[\w.-]+:)?worksheet\s*>\s*")
_CELL: Final = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
_NO_VALUE: Final = re.compile(rb"(?:\s|<(?:[\w.-]+:)?[cv](?:\s[^<>]*|/)?>|</(?:[\w.-]+:)?[cv]\s*>)*+")


@dataclass(frozen=True, slots=True)
class SheetContent:
    """What was counted in one sheet."""

    filled_rows: int
    """Rows that may hold a value; the last of them ends what is to be read."""
    cells: int


def measure(data: bytes) -> dict[str, SheetContent]:
    """The sheets of a workbook that keeps all bounds, by their parts' names. Raises UnreadableTableError."""
    sheets = {}
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
                most = _MAX_SHEET_BYTES if SHEET.fullmatch(part.filename) else _MAX_PART_BYTES
                if part.file_size > most:
                    raise UnreadableTableError(0, f"{part.filename} of the workbook is larger than {most} bytes")
                if SHEET.fullmatch(part.filename):
                    with archive.open(part) as content:
                        sheets[part.filename] = _measure_rows(part.filename, content)
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as content:
                        if b"<!DOCTYPE" in content.read(4_096):
                            raise UnreadableTableError(0, f"{part.filename} of the workbook declares a document type")
    # all that zipfile raises of a bad file: a packing it lacks, an encrypted part, bytes that do not unpack
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, UnreadableTableError):
            raise
        raise UnreadableTableError(0, f"the workbook cannot be read: {type(error).__name__}") from error
    return sheets


def _measure_rows(name: str, content: IO[bytes]) -> SheetContent:
    """Refuse a sheet whose rows do not end soon, stand in each other or are empty in great number, or that is cut off.

    No program writes comments or CDATA into a sheet, in which a row's end could stand that is none. Raises
    UnreadableTableError.
    """
    kept, since, is_open, is_filled = b"", 0, False, False
    filled = empty = cells = 0
    while piece := content.read(_PIECE):
        text = kept + piece
        if b"<!" in text:
            raise UnreadableTableError(0, f"{name} of the workbook holds what no spreadsheet writes")
        place = 0
        for tag in _ROW.finditer(text):
            is_end = tag[0].startswith(b"</")
            if tag[0].endswith(b"/>"):
                empty += not is_open
            elif is_end is not is_open:
                raise UnreadableTableError(0, f"{name} of the workbook holds what no spreadsheet writes")
            elif not is_end:
                is_open, is_filled = True, False
            else:
                is_open = False
                if is_filled or not _has_no_value(text, place, tag.start()):
                    if empty > _MAX_EMPTY_ROWS:
                        raise UnreadableTableError(
                            0,
                            f"{name} of the workbook has more than {_MAX_EMPTY_ROWS} empty rows above its last line:"
                            " delete them, or copy the roster's cells into a new workbook",
                        )
                    filled += 1
                else:
                    empty += 1
            place, since = tag.end(), 0
        cut = max(place, text.rfind(b"<"))  # a tag may go on in the next piece
        if is_open and not is_filled:
            is_filled = not _has_no_value(text, place, cut)
        cells += len(_CELL.findall(text, 0, cut))
        kept, since = text[cut:], since + cut - place
        if since + len(kept) > _MAX_ROW_BYTES:
            raise UnreadableTableError(0, f"{name} of the workbook has a row of more than {_MAX_ROW_BYTES} bytes")
    if not _END.fullmatch(kept):
        raise UnreadableTableError(0, f"{name} of the workbook holds what no spreadsheet writes")
    return SheetContent(filled, cells)


def _has_no_value(text: bytes, start: int, end: int) -> bool:
    """Whether nothing but cells without content stands there: whatever is doubtful counts as a value."""
    return start == end or _NO_VALUE.fullmatch(text, start, end) is not None
