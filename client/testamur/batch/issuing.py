"""From a roster to bundles: the whole of `testamur issue`, in stages that a kill cannot tear (docs/protocol.md 2).

Data flow: roster + template -> plan -> journal (prepared) -> signatures, leaves, root (signed) -> transaction (sent) ->
record (final) -> files, read back (done). Each stage is on disk before the next begins, so `is_resumed` goes on where
a killed run stopped: no credential twice, no second anchor.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from testamur.batch.anchoring import anchor_signed
from testamur.batch.journal import BatchRecord, Journal, JournalError, RejectedRow, RunFacts, Stage
from testamur.batch.lists import open_list, read_lists
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
from testamur.batch.planning import OpenList, Plan, assign_lists, plan_batches, size_for
from testamur.batch.preflight import require_ready
from testamur.batch.roster import Roster, Row, parse
from testamur.batch.signing import Signer, sign_batch
from testamur.chain.connection import Connection
from testamur.chain.errors import ChainUnreachableError
from testamur.chain.signing_key import load_signing_key, raw_public_key
from testamur.credential.proof import verification_method
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

Progress = Callable[[str, int, int], None]
"""Stage, rows done, rows in all."""

_ATTEMPTS = 8
"""How often a run is signed anew because another one took its counters first."""


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

    @property
    def exit_code(self) -> int:
        """0 all issued; 2 stopped by bad rows; 8 the others were issued (docs/protocol.md 6)."""
        if self.state == "rejected":
            return 2
        return 8 if self.rejected else 0

    def to_json(self) -> dict[str, Any]:
        """The content of batch.json and the state."""
        report = report_tree(self.batches, self.rejected, self.rows, self.issued)
        return {"state": self.state, "out": str(self.folder), **report}


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
    largest_batch: int = LARGEST_BATCH,
    progress: Progress = lambda stage, done, total: None,
    now: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> IssueReport:
    """Issue a roster into `folder` as `institution`.

    1. roster and template are read; every bad row at once    -> state `rejected`, only the report is written
    2. issuer, key, scope, account, labels and disk are fit    -> NotReadyError, nothing is signed
    3. rows are sorted into batches and written down           prepared
    4. lists get room, rows are signed, leaves shuffled         signed
    5. one transaction anchors all batches                      sent, final
       another run was first: back to 4, nothing was anchored
    6. files are written, read back and judged by `check`      -> ReadBackError; done

    A run in a folder with a journal must be resumed, and with the same roster and template.
    """
    inputs = read_inputs(roster_path, template_path)
    template = inputs.template
    journal = Journal.open(folder) if folder.is_dir() else None
    try:
        if journal is not None and not is_resumed:
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
        if journal is None:
            if skip_bad or not roster.problems:
                require_ready(connection, institution, template, folder, len(roster.rows), per_file, now())
            plan = inputs.plan(connection, institution, facts.created, largest_batch)
            if (plan.rejected and not skip_bad) or not plan.rows:
                return _rejected(folder, plan)
            _make(folder)
            journal = Journal.create(folder, facts, plan.batches, plan.rows, plan.rejected)
        _anchor(connection, institution, journal, template, {row.id: row for row in roster.rows}, progress, pause)
        _write(folder, journal, check, per_file, progress, pause)
        remarks = tuple(RejectedRow(item.line, item.column, item.reason) for item in roster.remarks)
        return replace(_report(folder, journal, "issued"), remarks=remarks)
    finally:
        if journal is not None:
            journal.close()


def _rejected(folder: Path, plan: Plan) -> IssueReport:
    _make(folder)
    write_report(folder, report_tree((), plan.rejected, len(plan.rows), 0))
    return IssueReport(folder, "rejected", 0, len(plan.rows), (), plan.rejected)


def _anchor(
    connection: Connection,
    institution: Institution,
    journal: Journal,
    template: Template,
    rows: Mapping[str, Row],
    progress: Progress,
    pause: Callable[[float], None],
) -> None:
    """Stages signed to final, again from the start for batches whose counters another run took."""
    total = journal.row_count()
    for _ in range(_ATTEMPTS):
        unsigned = [batch for batch in journal.batches() if batch.stage is Stage.PREPARED]
        if unsigned:
            _sign(connection, institution, journal, template, rows, unsigned, progress)
        progress("anchoring", total, total)
        if anchor_signed(connection, institution, journal, pause=pause):
            return
    raise ChainUnreachableError(
        f"other runs took the counters of the status list {_ATTEMPTS} times",
        "let one run at a time issue, then --resume",
    )


def _sign(
    connection: Connection,
    institution: Institution,
    journal: Journal,
    template: Template,
    rows: Mapping[str, Row],
    batches: Sequence[BatchRecord],
    progress: Progress,
) -> None:
    assigned, lists = _assign(connection, institution, batches)
    contract = connection.contract("CredentialBatches").address
    registry = connection.contract("StatusRegistry").address
    profile, facts = connection.profile, journal.facts()
    assert institution.signing is not None  # require_ready
    key = load_signing_key(profile.resolve(institution.signing.credential), profile.password_path)
    signer = Signer(
        template,
        issuer=institution.number,
        did=institution.did,
        name=institution.name,
        verification_method=verification_method(institution.did, raw_public_key(key)),
        service_url=institution.service_url,
        created=datetime.fromtimestamp(facts.created, UTC),
        sign=key.sign,
    )
    keys = {item.number: item.key for item in lists}
    done, total = 0, sum(batch.size for batch in batches)
    with journal.signing() as signing:
        for batch in assigned:
            ready = replace(batch, contract=contract, status_registry=registry)

            def advance(count: int, before: int = done) -> None:
                progress("signing", before + count, total)

            sign_batch(
                signer, ready, journal.rows(batch.number), rows, keys[batch.list], facts.chain_id, signing, advance
            )
            done += batch.size


def _assign(
    connection: Connection, institution: Institution, batches: Sequence[BatchRecord]
) -> tuple[list[BatchRecord], list[OpenList]]:
    """The batches with list and counters; opens a list where none has room."""
    institution = connection.profile.institution(institution.number)
    lists = read_lists(connection, institution)
    assigned = assign_lists(batches, lists)
    while assigned is None:
        size = size_for(sum(batch.size for batch in batches))
        institution = open_list(connection, institution, size)
        lists = read_lists(connection, institution)
        assigned = assign_lists(batches, lists)
    return assigned, lists


def _write(
    folder: Path,
    journal: Journal,
    check: Check,
    per_file: bool,
    progress: Progress,
    pause: Callable[[float], None],
) -> None:
    total = journal.row_count()
    remove_partial(folder)
    write_bundles(folder, journal, journal.facts().chain_id, lambda done: progress("writing", done, total))
    write_holders(folder, journal)
    if per_file:
        write_files(folder, journal)
    await_visible(folder, check, pause)
    read_back(folder, journal, check, lambda done: progress("checking", done, total))
    if per_file:
        compare_files(folder, journal)
    write_report(folder, report_tree(journal.batches(), journal.rejected(), total, total))
    journal.store_done()
    progress("done", total, total)


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


def read_inputs(roster_path: Path, template_path: Path) -> Inputs:
    """Read and check both files; their faults are in `roster.problems` or a TemplateError."""
    roster, template = _read(roster_path), _read(template_path)
    parsed = Template.parse(template)
    return Inputs(parse(roster, parsed), parsed, hashlib.sha256(roster).digest(), hashlib.sha256(template).digest())


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RosterError(f"the folder {folder} cannot be made: {error.strerror}", "choose another --out") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}") from error
