"""Reading a registrar's roster: CSV in UTF-8 or GB18030 -> rows that a template can fill, and every problem there is.

Data flow: file -> `decode` -> csv -> cells by column -> `Row`. A run reports all bad cells of all rows at once, each
with line, column and reason, so that a registrar mends the file in one go; nothing is guessed and nothing dropped.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from testamur.batch.encoding import UndecodableError, decode
from testamur.credential.columns import CellError, end_of_day, read_cell, start_of_day
from testamur.credential.template import Column, Level, Template

__all__ = ["MAX_ROWS", "Problem", "Roster", "Row", "group_by_level", "parse", "read"]

MAX_ROWS: Final = 1_000_000
_BLANK: Final = " \t\u3000\u00a0"


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
    """Harmless changes, such as a name brought into Unicode's composed form (NFC)."""


def read(path: str | Path, template: Template) -> Roster:
    """The roster in a file. Its faults are `problems`; OSError for its path."""
    return parse(Path(path).read_bytes(), template)


def parse(data: bytes, template: Template) -> Roster:
    """The roster in `data`, in file order."""
    try:
        text = decode(data)
    except UndecodableError as error:
        return Roster((), (Problem(error.line, "", error.reason),))
    rows: list[Row] = []
    problems: list[Problem] = []
    remarks: list[Problem] = []
    for item in _scan(text, template, remarks):
        if isinstance(item, Row):
            rows.append(item)
        else:
            problems.append(item)
    if not rows and not problems:
        problems.append(Problem(1, "", "no rows below the header"))
    return Roster(tuple(rows), tuple(problems), tuple(remarks))


def group_by_level(rows: Iterable[Row]) -> Mapping[Level, list[Row]]:
    """Rows of one level together, levels in order of appearance: rows with another scope are another batch."""
    groups: dict[Level, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.level, []).append(row)
    return groups


def _scan(text: str, template: Template, remarks: list[Problem]) -> Iterator[Row | Problem]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = _records(reader)
    header = next(records, None)
    if isinstance(header, Problem) or header is None:
        yield header or Problem(1, "", "the file is empty")
        return
    positions, faults = _positions([_strip(cell) for cell in header[1]], template)
    if faults:
        yield from faults
        return
    first_lines: dict[str, int] = {}
    for count, record in enumerate(records):
        if isinstance(record, Problem):
            yield record
            continue
        line, cells = record
        if count >= MAX_ROWS:
            yield Problem(line, "", f"more than {MAX_ROWS} rows: split the roster")
            return
        yield from _row(line, cells, len(header[1]), positions, template, first_lines, remarks)


def _records(reader: Any) -> Iterator[tuple[int, list[str]] | Problem]:
    """(line on which the record starts, cells) for each record that is not blank."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(line, "", f"not CSV: {error}")
            continue
        if any(_strip(cell) for cell in cells):
            yield line, cells


def _positions(header: list[str], template: Template) -> tuple[list[tuple[Column, int]], list[Problem]]:
    faults = []
    positions = []
    for column in template.columns:
        places = [index for index, cell in enumerate(header) if cell == column.header]
        if len(places) > 1:
            faults.append(Problem(1, column.header, "this header stands twice"))
        elif places:
            positions.append((column, places[0]))
        elif column.required:
            hint = "; is the file separated by commas?" if len(header) == 1 else ""
            faults.append(Problem(1, column.header, f"column missing{hint}"))
    known = {column.header for column in template.columns}
    faults += [Problem(1, cell, "the template has no such column") for cell in header if cell and cell not in known]
    return positions, faults


def _row(
    line: int,
    cells: list[str],
    width: int,
    positions: list[tuple[Column, int]],
    template: Template,
    first_lines: dict[str, int],
    remarks: list[Problem],
) -> Iterator[Row | Problem]:
    values: dict[str, Any] = {}
    faults: list[tuple[str, str]] = []
    if len(cells) < width or any(_strip(cell) for cell in cells[width:]):
        faults.append(("", f"{len(cells)} cells, the header has {width}"))
    for column, index in positions:
        cell = _strip(cells[index]) if index < len(cells) else ""
        if not cell:
            if column.required and index < len(cells):
                faults.append((column.header, "empty"))
            continue
        try:
            values[column.field] = read_cell(column.kind, cell, column.max_length)
        except CellError as error:
            faults.append((column.header, str(error)))
            continue
        if column.kind == "text" and values[column.field] != cell:
            remarks.append(
                Problem(line, column.header, "brought into Unicode's composed form (NFC)", values.get("row_id"))
            )
    row_id = values.get("row_id")
    if row_id is not None and (first := first_lines.setdefault(row_id.lower(), line)) != line:
        faults.append((_header(template, "row_id"), f"row id {row_id} stands in line {first} too"))
    level = template.level(values["level"]) if "level" in values else template.levels[0]
    if level is None:
        faults.append((_header(template, "level"), f"not a level of the template: {values['level']}"))
    valid_from = start_of_day(values["valid_from"], template.zone) if "valid_from" in values else template.valid_from
    valid_until = end_of_day(values["valid_until"], template.zone) if "valid_until" in values else template.valid_until
    if valid_from and valid_until and valid_until <= valid_from:
        faults.append((_header(template, "valid_until"), "before the first day in force"))
    if "start_date" in values and "end_date" in values and values["end_date"] < values["start_date"]:
        faults.append((_header(template, "end_date"), "before the first day of study"))
    if faults or level is None or valid_from is None:
        yield from (Problem(line, column, reason, row_id) for column, reason in faults)
        return
    yield Row(
        line=line,
        id=values["row_id"],
        level=level,
        name=values["name"],
        valid_from=valid_from,
        valid_until=valid_until,
        credits_thousandths=values.get("credits", template.credits_thousandths),
        **{key: values[key] for key in _COPIED if key in values},
    )


_COPIED: Final = ("student_number", "certificate_number", "term", "start_date", "end_date", "holder", "outcome_tag")


def _header(template: Template, field: str) -> str:
    column = template.column(field)
    return column.header if column else field


def _strip(cell: str) -> str:
    return cell.strip(_BLANK)
