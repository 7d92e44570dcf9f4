"""Mending a mistake: corrected rows are issued anew, then the credentials with the mistake are revoked as superseded.

A credential is never edited (domain: revoked is terminal). The new one carries the outcome tag of the old one, so that
the two never count twice, and a fresh status index. The order is issue, verify, revoke: a run that stops half-way
leaves the learner with a valid credential, and the same command goes on.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from testamur.batch.issued import IssuedRegister, Replaced
from testamur.batch.issuing import IssueReport, Progress
from testamur.batch.journal import Journal
from testamur.batch.rows import RowError, open_finished
from testamur.batch.tables import MadeDate, Record, UnreadableTableError, records, strip
from testamur.chain.status_lists import read_statuses
from testamur.credential.columns import FIELDS
from testamur.credential.normal import normal_form
from testamur.credential.template import Template
from testamur.errors import TestamurError
from testamur.files import write_private
from testamur.issuer import Issuer
from testamur.status import Reason, StatusChange, StatusReport, Target

__all__ = ["CorrectedAlreadyError", "Supersession", "supersede"]


class CorrectedAlreadyError(TestamurError):
    """Rows that were corrected before, or are out of force for another reason: a correction would be a second one."""

    exit_code = 2

    def __init__(self, row_ids: Sequence[str], folder: Path) -> None:
        shown = ", ".join(row_ids[:5]) + (" …" if len(row_ids) > 5 else "")
        super().__init__(
            f"{len(row_ids)} rows of {folder} are revoked: {shown}",
            "correct the run that replaced them, or say --again where no valid credential of theirs is left",
        )
        self.row_ids = tuple(row_ids)


@dataclass(frozen=True, slots=True)
class Supersession:
    """What was issued anew, and what was revoked for it."""

    issued: IssueReport
    revoked: StatusReport | None
    """None where bad rows stopped the run."""

    @property
    def exit_code(self) -> int:
        """Of the issuing where it did not end well, else of the revoking."""
        return self.issued.exit_code or (self.revoked.exit_code if self.revoked is not None else 0)

    def to_json(self) -> dict[str, Any]:
        """The object of `supersede --json`."""
        return {
            "issued": self.issued.to_json(),
            "revoked": self.revoked.to_json() if self.revoked is not None else None,
        }


def supersede(
    issuer: Issuer,
    old: Path,
    roster: Path,
    template: Path,
    out: Path,
    *,
    is_resumed: bool = False,
    per_file: bool = False,
    is_again: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Supersession:
    """Issue the corrected rows of `roster` into `out`, then revoke the rows of the same ids in the run `old`.

    A row whose old credential is revoked already is refused unless `is_again`: two corrections of it would both be
    valid. So is one that another run has begun to correct, which the profile's register remembers.

    `out` also keeps roster.csv and template.json as they were issued: with the outcome tags of the old credentials.
    """
    journal = open_finished(old)
    try:
        row_ids, data = _with_tags(roster, Template.load(template), _tags(journal), old)
        places = journal.places()
        replaced = Replaced(journal.name, journal.positions(row_ids))
    finally:
        journal.close()
    targets = [Target(*places[row_id], row_id) for row_id in row_ids]
    if not is_again and not (is_resumed and _is_begun(out)):
        _require_in_force(issuer, targets, old)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    _keep(out / "roster.csv", data, is_resumed)
    _keep(out / "template.json", _with_column(template.read_bytes()), is_resumed)
    report = issuer.issue(
        out / "roster.csv",
        out / "template.json",
        out,
        is_resumed=is_resumed,
        per_file=per_file,
        is_again=is_again,
        replaced=replaced,
        progress=progress,
    )
    if report.state == "rejected":
        return Supersession(report, None)
    revoked = issuer.change(StatusChange.REVOKE, targets, reason=Reason.SUPERSEDED)
    IssuedRegister.of(issuer.connection.profile).release(replaced.run, replaced.positions)
    return Supersession(report, revoked)


def _is_begun(out: Path) -> bool:
    journal = Journal.open(out) if out.is_dir() else None
    if journal is None:
        return False
    journal.close()
    return True


def _require_in_force(issuer: Issuer, targets: Sequence[Target], old: Path) -> None:
    """Raise CorrectedAlreadyError for rows whose credentials are revoked."""
    statuses = read_statuses(issuer.connection.suite, [(target.list, target.index) for target in targets])
    revoked = [target.source for target, status in zip(targets, statuses, strict=True) if status["revoked"]]
    if revoked:
        raise CorrectedAlreadyError(revoked, old)


def _tags(journal: Journal) -> dict[str, bytes]:
    return {row_id: row.outcome_tag for row_id, row in journal.signed()}


def _with_tags(path: Path, template: Template, tags: Mapping[str, bytes], old: Path) -> tuple[list[str], bytes]:
    """The row ids of a roster, and the roster, now CSV, with a column of the outcome tags that these rows had."""
    try:
        found = list(records(path.read_bytes()))
    except UnreadableTableError as error:
        raise RowError(f"{path}, line {error.line}: {error.reason}") from error
    except OSError as error:
        raise RowError(f"{path} cannot be read: {error}") from error
    if bad := next((record for record in found if record.problem), None):
        raise RowError(f"{path}, line {bad.line}: {bad.problem}")
    _refuse_made_dates(path, found, template)
    rows = [record.cells for record in found]
    column = template.column("row_id")
    heads = [normal_form(cell) for cell in rows[0]] if rows else []
    if column is None or normal_form(column.header) not in heads:
        raise RowError(f"{path} has no column of row ids", "keep the header of the roster that was issued")
    tag_column = template.column("outcome_tag")
    tag_head = tag_column.header if tag_column else FIELDS["outcome_tag"].header
    if normal_form(tag_head) in heads:
        raise RowError(f"{path} brings outcome tags of its own", f"leave the column {tag_head} out")
    place, filled = heads.index(normal_form(column.header)), rows[1:]
    row_ids = [normal_form(strip(row[place])) if place < len(row) else "" for row in filled]
    unknown = [row_id for row_id in row_ids if row_id not in tags]
    if unknown:
        raise RowError(
            f"row {unknown[0]!r} was not issued into {old}", "leave rows out that are not corrected, and keep row ids"
        )
    file = io.StringIO(newline="")
    csv.writer(file).writerows(
        [
            [*rows[0], tag_head],
            *([*row, "0x" + tags[row_id].hex()] for row, row_id in zip(filled, row_ids, strict=True)),
        ]
    )
    return row_ids, file.getvalue().encode()


def _refuse_made_dates(path: Path, found: Sequence[Record], template: Template) -> None:
    """Refuse a workbook's date where text is due, as issuing does; in CSV it passes for the text. Raises RowError."""
    others = {normal_form(column.header) for column in template.columns if column.kind != "date"}
    heads = [normal_form(strip(cell)) for cell in found[0].cells] if found else []
    for record in found[1:]:
        for head, cell in zip(heads, record.cells, strict=False):
            if isinstance(cell, MadeDate) and head in others:
                reason = f"{cell} is a date that a spreadsheet made of it: format the column as text"
                raise RowError(f"{path}, line {record.line}: {reason}")


def _with_column(template: bytes) -> bytes:
    """The template with a column for outcome tags."""
    tree = orjson.loads(template)
    if not any(column["field"] == "outcome_tag" for column in tree["columns"]):
        tree["columns"].append({"field": "outcome_tag", "header": FIELDS["outcome_tag"].header, "required": True})
    return orjson.dumps(tree, option=orjson.OPT_INDENT_2)


def _keep(path: Path, data: bytes, is_resumed: bool) -> None:
    """Write what a run starts from, once; a resumed run must start from the same."""
    if path.exists() and path.read_bytes() != data:
        advice = "resume it with the roster and template it was begun with" if is_resumed else "choose another --out"
        raise RowError(f"{path} is there already and differs", advice)
    write_private(path, data)
