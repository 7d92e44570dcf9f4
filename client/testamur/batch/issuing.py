"""From a roster to bundles: the whole of `testamur issue`, in stages that a kill cannot tear (docs/protocol.md 2).

Data flow: roster + template -> plan -> journal (prepared) -> signatures, leaves, root (signed) -> transaction (sent) ->
record (final) -> files, read back (done). Each stage is on disk before the next begins, so `is_resumed` goes on where
a killed run stopped: no credential twice, no second anchor.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from testamur.batch.interruption import InterruptedRunError
from testamur.batch.issued import IssuedRegister, Replaced, keys_of
from testamur.batch.journal import BatchRecord, Journal, JournalError, RejectedRow, RunFacts
from testamur.batch.output import (
    await_visible,
    compare_files,
    read_back,
    remove_partial,
    report_tree,
    write_bundles,
    write_files,
    write_holders,
    write_report,
)
from testamur.batch.planning import LARGEST_LOG2, Plan, plan_batches
from testamur.batch.preflight import require_ready
from testamur.batch.roster import Roster, parse
from testamur.batch.run import Progress, Run
from testamur.chain.connection import Connection
from testamur.credential.template import Template
from testamur.doctor import read_scopes
from testamur.errors import TestamurError
from testamur.profile import Institution

__all__ = [
    "LARGEST_BATCH",
    "Check",
    "Inputs",
    "IssueReport",
    "Progress",
    "RosterError",
    "issue",
    "read_inputs",
]

LARGEST_BATCH = 1 << 16
"""Rows in one batch unless a run says otherwise; more rows are several batches, anchored together."""

Check = Callable[[Iterable[bytes]], Iterable[str | None]]
"""Judges written bundles, a line each: None for one that passes checks 1 to 7 and 9, else its code."""


class RosterError(TestamurError):
    """A file that a run starts from cannot be read, or is not the one it was started with."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run starts from, read and checked."""

    roster: Roster
    template: Template
    roster_hash: bytes
    """SHA-256 of the file."""
    template_hash: bytes

    def plan(self, connection: Connection, institution: Institution, now: int, largest_batch: int) -> Plan:
        """The rows in batches, and every row that cannot be issued with its reason, in the file's order."""
        plan = plan_batches(self.roster.rows, read_scopes(connection, institution.number), now, largest_batch)
        bad = [RejectedRow(item.line, item.column, item.reason) for item in self.roster.problems]
        return replace(plan, rejected=tuple(sorted([*bad, *plan.rejected], key=lambda row: (row.line, row.column))))


@dataclass(frozen=True, slots=True)
class IssueReport:
    """What a run came to."""

    folder: Path
    state: str
    """`issued`; `already` where the run was finished before; `rejected` where bad rows stopped it before signing."""
    issued: int
    """Bundles in bundles.jsonl."""
    rows: int
    """Rows that could be issued, whether they were or not."""
    batches: tuple[BatchRecord, ...]
    rejected: tuple[RejectedRow, ...]
    remarks: tuple[RejectedRow, ...] = ()
    """Harmless changes to rows that were issued."""
    out_of_force: tuple[tuple[str, str], ...] = ()
    """Row id and `revoked` or `suspended`: what became of credentials of a resumed run before it was finished."""

    @property
    def exit_code(self) -> int:
        """0 all issued, or nothing left to do; 2 stopped by bad rows; 8 the others were issued (docs/protocol.md 6)."""
        if self.state == "rejected":
            return 2
        return 8 if self.rejected and self.state == "issued" else 0

    def to_json(self) -> dict[str, Any]:
        """The content of batch.json and the state."""
        report = report_tree(self.batches, self.rejected, self.rows, self.issued)
        out_of_force = [{"row": row_id, "status": status} for row_id, status in self.out_of_force]
        return {"state": self.state, "out": str(self.folder), **report, "outOfForce": out_of_force}


def issue(
    connection: Connection,
    institution: Institution,
    roster_path: Path,
    template_path: Path,
    folder: Path,
    check: Check,
    *,
    is_resumed: bool = False,
    skip_bad: bool = False,
    per_file: bool = False,
    is_again: bool = False,
    replaced: Replaced | None = None,
    ignored: Collection[str] = (),
    largest_batch: int = LARGEST_BATCH,
    progress: Progress = lambda stage, done, total: None,
    now: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> IssueReport:
    """Issue a roster into `folder` as `institution`.

    1. roster and template are read; every bad row at once    -> state `rejected`, only the report is written
    2. issuer, key, scope, account, labels and disk are fit    -> NotReadyError, nothing is signed
    3. no row was issued by a former run, unless `is_again`    -> IssuedAlreadyError, nothing is signed
       (rows that are `replaced` may be)
    4. rows are sorted into batches and written down           prepared
    5. lists get room, rows are signed, leaves shuffled         signed
    6. one transaction anchors all batches                      sent, final
       another run was first, or the key was replaced meanwhile: back to 5, nothing was anchored
    7. files are written, read back and judged by `check`      -> ReadBackError; done
       a resumed run says which credentials were revoked or suspended meanwhile

    A run in a folder with a journal must be resumed, and with the same roster and template.
    """
    if not 1 <= largest_batch <= 1 << LARGEST_LOG2:
        raise ValueError(f"largest_batch {largest_batch}: no status list has that many entries")
    inputs = read_inputs(roster_path, template_path, ignored)
    journal = Journal.open(folder) if folder.is_dir() else None
    try:
        if journal is not None and not is_resumed:
            if not journal.is_done():
                raise InterruptedRunError(journal)
            raise JournalError(f"{folder} holds the journal of a run", "say --resume, or give another --out")
        facts = RunFacts(
            chain_id=connection.profile.chain_id,
            genesis=connection.rpc.block_hash(0),
            institution=institution.number,
            template=inputs.template_hash,
            roster=inputs.roster_hash,
            created=int(now()),
        )
        if journal is not None:
            _require_same(journal, facts)
            if journal.is_done() and _is_complete(folder, per_file):
                return _report(folder, journal, "already")
        roster = inputs.roster
        rows = {row.id: row for row in roster.rows}
        register = IssuedRegister.of(connection.profile)

        def ready() -> None:
            require_ready(connection, institution, inputs.template, folder, len(roster.rows), per_file, now())

        if journal is None:
            if skip_bad or not roster.problems:
                ready()
            plan = inputs.plan(connection, institution, facts.created, largest_batch)
            if (plan.rejected and not skip_bad) or not plan.rows:
                return _rejected(folder, plan)
            if not is_again:
                register.require_new(keys_of(plan.rows, rows, institution.number, inputs.template), replaced)
            _make(folder)
            journal = Journal.create(folder, facts, plan.batches, plan.rows, plan.rejected)
            ready = _nothing  # it was, a moment ago
        journal.store_inputs({"roster": roster_path, "template": template_path})
        begun = journal

        def claim() -> None:
            prepared = [row for batch in begun.batches() for row in begun.rows(batch.number)]
            keys = keys_of(prepared, rows, institution.number, inputs.template)
            register.claim(begun.name, folder, facts.created, keys, is_again=is_again, replaced=replaced)

        Run(connection, institution, journal, inputs.template, rows, ready, claim, progress, pause).anchor()
        out_of_force = _write(folder, journal, check, per_file, is_resumed, progress, pause)
        remarks = tuple(RejectedRow(item.line, item.column, item.reason) for item in roster.remarks)
        return replace(_report(folder, journal, "issued"), remarks=remarks, out_of_force=out_of_force)
    finally:
        if journal is not None:
            journal.close()


def _rejected(folder: Path, plan: Plan) -> IssueReport:
    _make(folder)
    write_report(folder, report_tree((), plan.rejected, len(plan.rows), 0))
    return IssueReport(folder, "rejected", 0, len(plan.rows), (), plan.rejected)


def _write(
    folder: Path,
    journal: Journal,
    check: Check,
    per_file: bool,
    is_resumed: bool,
    progress: Progress,
    pause: Callable[[float], None],
) -> tuple[tuple[str, str], ...]:
    total = journal.row_count()
    remove_partial(folder)
    write_bundles(folder, journal, journal.facts().chain_id, lambda done: progress("writing", done, total))
    write_holders(folder, journal)
    if per_file:
        write_files(folder, journal)
    await_visible(folder, check, pause)
    out_of_force = read_back(
        folder, journal, check, lambda done: progress("checking", done, total), is_resumed=is_resumed
    )
    if per_file:
        compare_files(folder, journal)
    write_report(folder, report_tree(journal.batches(), journal.rejected(), total, total))
    journal.store_done()
    progress("done", total, total)
    return out_of_force


def _report(folder: Path, journal: Journal, state: str) -> IssueReport:
    count = journal.row_count()
    return IssueReport(folder, state, count, count, tuple(journal.batches()), tuple(journal.rejected()))


def _is_complete(folder: Path, per_file: bool) -> bool:
    names = ["bundles.jsonl", "batch.json", *(["bundles"] if per_file else [])]
    return all((folder / name).exists() for name in names)


def _require_same(journal: Journal, facts: RunFacts) -> None:
    begun = journal.facts()
    for name, what in (
        ("genesis", "another chain"),
        ("institution", "another institution"),
        ("template", "another template"),
        ("roster", "another roster"),
    ):
        if getattr(begun, name) != getattr(facts, name):
            raise RosterError(
                f"the run in {journal.path.parent} was begun with {what}",
                "resume it with what it was begun with, or issue into another folder",
            )


def read_inputs(roster_path: Path, template_path: Path, ignored: Collection[str] = ()) -> Inputs:
    """Read and check both files; their faults are in `roster.problems` or a TemplateError.

    `ignored` names columns of the roster that the template does not have.
    """
    roster, template = _read(roster_path), _read(template_path)
    parsed = Template.parse(template)
    return Inputs(
        parse(roster, parsed, ignored), parsed, hashlib.sha256(roster).digest(), hashlib.sha256(template).digest()
    )


def _nothing() -> None:
    """Nothing to ask."""


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RosterError(f"the folder {folder} cannot be made: {error.strerror}", "choose another --out") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}") from error
