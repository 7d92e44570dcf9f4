"""openpyxl's reader of a workbook, where it would hold what a small file can hold millions of.

It takes 10 µs for each shared text and makes objects of each tag of styles and relations, however many there are: 84 KB
took half a minute. Here a text is read by expat alone and no more of them than the sheets have cells, and
the parts that are read whole are bounded in tags before a tree is made of them.
"""

import io
import zipfile
from collections.abc import Collection
from typing import IO, Any, Final
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from testamur.batch.tables import UnreadableTableError
from testamur.batch.workbook_bounds import SheetContent

__all__ = ["open_workbook"]

_MAX_TAGS: Final = 200_000
"""Of a part that is read whole; Excel keeps 65,490 cell formats at most."""
_SPARE_TEXTS: Final = 10_000
"""That may be left over from cells which were deleted."""
_PIECE: Final = 1024 * 1024
_SEPARATOR: Final = " "
_ITEM, _TEXT, _SOUND = (f"{SHEET_MAIN_NS}{_SEPARATOR}{name}" for name in ("si", "t", "rPh"))


def open_workbook(data: bytes, sheets: dict[str, SheetContent]) -> Any:
    """The openpyxl workbook (read only, formulas as such) of bytes that `measure` found to be within bounds.

    Raises UnreadableTableError, and whatever openpyxl raises for XML that is none of a workbook's.
    """
    reader = _Reader(data, sheets)
    reader.read()
    return reader.wb


class _Sheet(ReadOnlyWorksheet):  # type: ignore[misc]  # openpyxl has no types
    def _get_size(self) -> None:
        """Who reads the rows says how many; where a sheet does not say its size, this is a walk through all of it."""


class _Archive(zipfile.ZipFile):
    """The zip as openpyxl reads it: sheets as streams, any other part whole and within bounds."""

    def __init__(self, data: bytes, sheets: Collection[str]) -> None:
        super().__init__(io.BytesIO(data))
        self._sheets = sheets

    def open(self, name: Any, *options: Any, **named: Any) -> IO[bytes]:
        if name in self._sheets:
            return super().open(name, *options, **named)
        with self.stream(name) as content:
            data = content.read()
        if data.count(b"<") > _MAX_TAGS:
            raise UnreadableTableError(
                0,
                f"{name} of the workbook has more than {_MAX_TAGS} tags: copy the roster's cells into a new workbook",
            )
        return io.BytesIO(data)

    def stream(self, name: str) -> IO[bytes]:
        """A part that its reader bounds."""
        return super().open(name)


class _Reader(ExcelReader):  # type: ignore[misc]  # as above
    def __init__(self, data: bytes, sheets: dict[str, SheetContent]) -> None:
        super().__init__(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        self.archive: _Archive = _Archive(data, sheets)
        self.most_texts = sum(sheet.cells for sheet in sheets.values()) + _SPARE_TEXTS

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            name = part.PartName[1:]
            with self.archive.stream(name) as content:
                self.shared_strings = _shared_texts(name, content, self.most_texts)

    def read(self) -> None:
        """What the values of cells need: no properties, themes, charts or names of ranges."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        self.read_worksheets()

    def read_worksheets(self) -> None:
        found = [(sheet.name, relation.target) for sheet, relation in self.parser.find_sheets()
                 if "chartsheet" not in relation.Type and relation.target in self.valid_files]  # fmt: skip
        if len({part for _, part in found}) != len(found):
            raise UnreadableTableError(0, "the workbook names one part as several sheets")
        self.wb._sheets = [_Sheet(self.wb, name, part, self.shared_strings) for name, part in found]


def _shared_texts(name: str, content: IO[bytes], most: int) -> list[str]:
    """The texts that cells name by number. Raises UnreadableTableError, ExpatError."""
    texts: list[str] = []
    pieces: list[str] = []
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True

    def start(tag: str, _: object) -> None:
        if tag == _TEXT:
            parser.CharacterDataHandler = pieces.append
        elif tag == _SOUND:  # how Japanese reads the text, which is none of it
            parser.StartElementHandler = None

    def end(tag: str) -> None:
        if tag == _TEXT:
            parser.CharacterDataHandler = None
        elif tag == _SOUND:
            parser.StartElementHandler = start
        elif tag == _ITEM:
            if len(texts) == most:
                raise UnreadableTableError(
                    0,
                    f"{name} of the workbook has more texts than its sheets have cells:"
                    " copy the roster's cells into a new workbook",
                )
            texts.append("".join(pieces).replace("x005F_", ""))
            pieces.clear()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    while piece := content.read(_PIECE):
        parser.Parse(piece, False)
    parser.Parse(b"", True)
    return texts
