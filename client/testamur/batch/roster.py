"""Reading a registrar's roster: CSV or a workbook -> rows that a template can fill, and every problem there is.

Data flow: file -> `tables.records` -> cells by column -> `Row`. A run reports all bad cells of all rows at once, each
with line, column and reason, so that a registrar mends the file in one go; nothing is guessed and nothing dropped.
"""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from testamur.batch.encoding import is_utf8, mixes_scripts
from testamur.batch.numbers import Numbers
from testamur.batch.tables import MadeDate, Record, UnreadableTableError, records, strip
from testamur.credential.columns import CellError, end_of_day, read_cell, start_of_day
from testamur.credential.normal import normal_form
from testamur.credential.template import Column, Level, Template

__all__ = ["MAX_ROWS", "Problem", "Roster", "Row", "parse", "read"]

MAX_ROWS: Final = 1_000_000
_TEXTS: Final = ("text", "name", "number")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be issued, or (`Roster.remarks`) what was changed in it."""

    line: int
    """In the file, from 1; the header is line 1. 0 where no single line is meant."""
    column: str
    """Header of the column; empty where the whole row or file is meant."""
    reason: str
    row_id: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One learner's line, every cell checked."""

    line: int
    id: str
    """Unique in the roster, also without regard to case; can name a file."""
    level: Level
    name: str
    valid_from: datetime
    valid_until: datetime | None
    credits_thousandths: int | None
    student_number: str | None = None
    certificate_number: str | None = None
    term: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    holder: bytes | None = None
    """Commitment of the learner's own; None where the issuer makes the one-time key."""
    outcome_tag: bytes | None = None
    """Of the credential that this one re-issues; None for a new outcome."""


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file holds: rows that can be issued, and what stands in the way of the others."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    """Each rejects its row, or the whole file where `line` is 0 or 1."""
    remarks: tuple[Problem, ...] = ()
    """Harmless changes, such as a name brought into Unicode's composed form (NFC), and the doubts."""
    doubts: tuple[Problem, ...] = ()
    """What may be meant otherwise: a person at a terminal is asked."""


def read(path: str | Path, template: Template, ignored: Collection[str] = ()) -> Roster:
    """The roster in a file. Its faults are `problems`; OSError for its path."""
    return parse(Path(path).read_bytes(), template, ignored)


def parse(data: bytes, template: Template, ignored: Collection[str] = ()) -> Roster:
    """The roster in `data`, in file order. `ignored` names columns that the template does not have."""
    reading = _Reading(template, frozenset(map(normal_form, ignored)), may_be_misread=not is_utf8(data))
    rows: list[Row] = []
    problems: list[Problem] = []
    for item in reading.walk(data):
        if isinstance(item, Row):
            rows.append(item)
        else:
            problems.append(item)
    if not rows and not problems:
        problems.append(Problem(1, "", "no rows below the header"))
    return Roster(tuple(rows), tuple(problems), tuple(reading.remarks + reading.doubts), tuple(reading.doubts))


class _Reading:
    """One walk over a roster."""

    def __init__(self, template: Template, ignored: Collection[str], *, may_be_misread: bool) -> None:
        self.template = template
        self.ignored = ignored
        self.may_be_misread = may_be_misread
        """Whether the file is in an encoding that others pass for."""
        self.remarks: list[Problem] = []
        self.doubts: list[Problem] = []
        self.numbers = Numbers()
        self.levels = {normal_form(level.key): level for level in template.levels}
        self.headers = {column.field: column.header for column in template.columns}

    def walk(self, data: bytes) -> Iterator[Row | Problem]:
        try:
            yield from self._walk(records(data))
        except UnreadableTableError as error:
            yield Problem(error.line, "", error.reason)

    def _walk(self, lines: Iterator[Record]) -> Iterator[Row | Problem]:
        header = next(lines, None)
        if header is None or header.problem is not None:
            yield Problem(header.line if header else 1, "", (header and header.problem) or "the file is empty")
            return
        positions, faults = self._positions([strip(cell) for cell in header.cells])
        if faults:
            yield from faults
            return
        for count, record in enumerate(lines):
            if record.problem is not None:
                yield Problem(record.line, "", record.problem)
            elif count >= MAX_ROWS:
                yield Problem(record.line, "", f"more than {MAX_ROWS} rows: split the roster")
                return
            else:
                yield from self._row(record, len(header.cells), positions)

    def _positions(self, header: list[str]) -> tuple[list[tuple[Column, int]], list[Problem]]:
        faults = []
        positions = []
        normal = [normal_form(cell) for cell in header]
        for column in self.template.columns:
            places = [index for index, cell in enumerate(normal) if cell == normal_form(column.header)]
            if len(places) > 1:
                faults.append(Problem(1, column.header, "this header stands twice"))
            elif places:
                positions.append((column, places[0]))
            elif column.required:
                hint = "; is the file separated by commas?" if len(header) == 1 else ""
                faults.append(Problem(1, column.header, f"column missing{hint}"))
        known = {normal_form(column.header) for column in self.template.columns}
        faults += [Problem(1, name, "the template reads this column, it cannot be ignored") for name in
                   sorted(known & set(self.ignored))]  # fmt: skip
        faults += [Problem(1, name, "there is no such column to ignore") for name in
                   sorted(set(self.ignored) - set(normal))]  # fmt: skip
        faults += [
            Problem(1, cell, "the template has no such column: add it there, or leave it out with --ignore-column")
            for cell, name in zip(header, normal, strict=True)
            if name and name not in known and name not in self.ignored
        ]
        return positions, faults

    def _row(self, record: Record, width: int, positions: list[tuple[Column, int]]) -> Iterator[Row | Problem]:
        template, cells = self.template, record.cells
        faults: list[tuple[str, str]] = []
        if len(cells) < width or any(strip(cell) for cell in cells[width:]):
            faults.append(("", f"{len(cells)} cells, the header has {width}"))
        values: dict[str, Any] = {}
        for column, index in positions:
            try:
                self._cell(record, column, cells[index] if index < len(cells) else None, values)
            except CellError as error:
                faults.append((column.header, str(error)))
        faults += [(self._header(field), reason) for field, reason in self.numbers.add(record.line, values)]
        level = self.levels.get(values["level"]) if "level" in values else template.levels[0]
        if level is None:
            faults.append((self._header("level"), f"not a level of the template: {values['level']}"))
        starts, ends = values.get("valid_from"), values.get("valid_until")
        valid_from = start_of_day(starts, template.zone) if starts else template.valid_from
        valid_until = end_of_day(ends, template.zone) if ends else template.valid_until
        if valid_from and valid_until and valid_until <= valid_from:
            faults.append((self._header("valid_until"), "before the first day in force"))
        if "start_date" in values and "end_date" in values and values["end_date"] < values["start_date"]:
            faults.append((self._header("end_date"), "before the first day of study"))
        if faults or level is None or valid_from is None:
            yield from (Problem(record.line, column, reason, values.get("row_id")) for column, reason in faults)
            return
        yield Row(
            line=record.line,
            id=values["row_id"],
            level=level,
            name=values["name"],
            valid_from=valid_from,
            valid_until=valid_until,
            credits_thousandths=values.get("credits", template.credits_thousandths),
            **{key: values[key] for key in _COPIED if key in values},
        )

    def _cell(self, record: Record, column: Column, cell: str | None, values: dict[str, Any]) -> None:
        """Read one cell into `values`. Raises CellError; a cell that is not there is told of with its row."""
        text = strip(cell or "")
        if not text:
            if column.required and cell is not None:
                raise CellError("empty")
            return
        if isinstance(cell, MadeDate) and column.kind != "date":
            raise CellError(f"{text} is a date that a spreadsheet made of it: format the column as text")
        value = values[column.field] = read_cell(column.kind, text, column.max_length)
        if column.kind not in _TEXTS:
            return
        if value != text:
            self.remarks.append(Problem(record.line, column.header, _changed(text, value), values.get("row_id")))
        if self.may_be_misread and mixes_scripts(value):
            reason = f"{value} mixes ideographs and Latin letters: was the roster written in another encoding?"
            self.doubts.append(Problem(record.line, column.header, reason, values.get("row_id")))

    def _header(self, field: str) -> str:
        return self.headers.get(field, field)


_COPIED: Final = ("student_number", "certificate_number", "term", "start_date", "end_date", "holder", "outcome_tag")


def _changed(text: str, value: str) -> str:
    if unicodedata.normalize("NFC", text) == value:
        return "brought into Unicode's composed form (NFC)"
    return f"read as {value}: full-width characters or radicals stand in it"
