"""`testamur issue`: from a roster to verified bundles."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.verify import PolicyPath

if TYPE_CHECKING:
    from testamur.batch.estimate import Estimate
    from testamur.batch.issuing import IssueReport
    from testamur.batch.journal import RejectedRow

__all__ = ["register", "show_rejected"]

AGAIN = "Issue though this profile issued the same numbers before."
TRIAL_SIGNATURES = 400
SHARE_OF_SIGNING = 0.3
"""What signing and checking the signature are of a row's cost, rounded down (`./run bench issue`)."""


def register(app: typer.Typer) -> None:
    """Put the command under the root."""
    command(
        app,
        "issue",
        example="testamur issue roster.csv --template template.json --out batch\n"
        "testamur issue roster.csv --template template.json --out batch --dry-run\n"
        "testamur issue roster.csv --template template.json --out batch --resume",
    )(issue)


def issue(
    session: Session,
    roster: Annotated[Path, typer.Argument(metavar="ROSTER.csv", help="CSV in UTF-8 or GB18030, or .xlsx.")],
    template: Annotated[Path, typer.Option("--template", metavar="T.json", help="Shape of the credentials.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of this run.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and estimate; sign nothing.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR, or start it.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Issue the rows that are good; exit code 8.")] = False,
    per_file: Annotated[bool, typer.Option("--per-file", help="Also write DIR/bundles/<row id>.json.")] = False,
    again: Annotated[bool, typer.Option("--again", help=AGAIN)] = False,
    ignore_column: Annotated[
        list[str] | None,
        typer.Option("--ignore-column", metavar="NAME", help="Leave out a column of the roster; repeat for several."),
    ] = None,
    policy_path: PolicyPath = None,
) -> int:
    """Issue a roster: sign, anchor, write and verify one bundle a row.

    A bad row stops the run before anything is signed; every bad row is reported at once. A killed run goes on with
    --resume: no credential twice, no second anchor. A number that this profile issued already stops the run too,
    unless --again says that a second credential is meant. Everything written was verified before this ends with 0.
    """
    from testamur.cli.progress import ProgressLine
    from testamur.issuer import Issuer
    from testamur.verification.policy import Policy

    policy = Policy.load(session.policy_file(policy_path))
    ignored = tuple(ignore_column or ())
    if not dry_run:
        _ask_about_doubts(session, roster, template, ignored)
    with session.connection() as connection:
        issuer = Issuer(connection, session.institution(connection.profile), policy)
        if dry_run:
            estimate = issuer.estimate(roster, template, out, per_file=per_file, is_again=again, ignored=ignored)
            return _show_estimate(session, estimate)
        progress = ProgressLine(session.terminal.language)
        try:
            report = issuer.issue(
                roster,
                template,
                out,
                is_resumed=resume,
                skip_bad=skip_bad,
                per_file=per_file,
                is_again=again,
                ignored=ignored,
                progress=progress,
            )
        finally:
            progress.end()
    _show(session, report)
    return report.exit_code


def _ask_about_doubts(session: Session, roster: Path, template: Path, ignored: Sequence[str]) -> None:
    """At a terminal a person says whether names are meant as they were read; elsewhere they are remarked upon."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from testamur.batch.encoding import is_utf8
    from testamur.batch.issuing import read_inputs

    if is_utf8(roster.read_bytes()):
        return
    doubts = read_inputs(roster, template, ignored).roster.doubts
    for doubt in doubts[:20]:
        told = session.terminal.language.told(doubt.reason)
        session.terminal.note("line {line}, {column}: {reason}", line=doubt.line, column=doubt.column, reason=told)
    if doubts:
        session.terminal.note("Are these {count} cells meant as they stand here? Type yes to go on:", count=len(doubts))
        if sys.stdin.readline().strip().lower() not in ("yes", "y", "是"):
            raise UsageError("the roster is not read as it was meant", "save it in UTF-8 where it comes from")


def _show_estimate(session: Session, estimate: "Estimate") -> int:
    terminal = session.terminal
    terminal.result({"state": "dry-run", **estimate.to_json()})
    show_rejected(session, estimate.rejected)
    terminal.facts(
        {
            "rows": estimate.rows,
            "batches": len(estimate.batches),
            "status lists to open": estimate.lists_to_open,
            "transactions": estimate.transactions,
            "gas, at most": f"{estimate.gas:,}",
            "fee, at most, in the chain's coin": f"{estimate.fee_wei / 1e18:.6f}",
            "disk, at most": f"{estimate.disk_bytes / 1e6:.1f} MB",
            "computing, about": f"{_seconds_for(estimate.rows):.0f} s",
        }
    )
    terminal.say("nothing was signed or sent")
    return estimate.exit_code


def _seconds_for(rows: int) -> float:
    """Computing time of a run on this computer, from a short trial of what most of it is: Ed25519."""
    import time

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public, message = key.public_key(), bytes(64)
    start = time.perf_counter()
    for _ in range(TRIAL_SIGNATURES):
        public.verify(key.sign(message), message)
    return rows * (time.perf_counter() - start) / TRIAL_SIGNATURES / SHARE_OF_SIGNING


def show_rejected(session: Session, rejected: "Sequence[RejectedRow]") -> None:
    """A table of the rows that cannot be issued, in the language asked for."""
    told = session.terminal.language.told
    if rejected:
        rows = [(row.line, row.column, told(row.reason)) for row in rejected]
        session.terminal.table(("line", "column", "reason"), rows)


def _show(session: Session, report: "IssueReport") -> None:
    terminal = session.terminal
    terminal.result(report.to_json())
    show_rejected(session, report.rejected)
    for remark in report.remarks:
        told = terminal.language.told(remark.reason)
        terminal.note("line {line}, {column}: {reason}", line=remark.line, column=remark.column, reason=told)
    if report.state == "rejected":
        terminal.say("{count} rows cannot be issued; nothing was signed", count=len(report.rejected))
        terminal.say("mend the roster and run it again, or issue the other rows with --skip-bad")
        return
    for batch in report.batches:
        terminal.say(
            "batch 0x{batch_id}: {size} rows, list {list}, block {block}",
            batch_id=batch.batch_id.hex(),
            size=batch.size,
            list=batch.list,
            block=batch.block,
        )
    for row_id, status in report.out_of_force:
        terminal.note("{row_id} was {status} meanwhile", row_id=row_id, status=terminal.language.said(status))
    path = report.folder / "bundles.jsonl"
    if report.state == "already":
        terminal.say("{count} credentials were issued before: {path}", count=report.issued, path=path)
    else:
        terminal.say("{count} credentials issued and verified: {path}", count=report.issued, path=path)
