"""`testamur void`: take whole batches out of force, or lift that again."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.status import ReasonCode, reason_code

if TYPE_CHECKING:
    from testamur.voids import BatchReport, BatchTarget

__all__ = ["register"]

_RESULTS = {"changed": "changed", "already": "was so before", "refused": "refused"}

Named = Annotated[
    list[str], typer.Argument(metavar="BATCH|DIR|FILE...", help="Batch ids, folders of runs, or bundle files.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Void without asking.")]
Lift = Annotated[bool, typer.Option("--lift", help="Put them into force again, with the GOVERN account.")]


def register(root: typer.Typer) -> None:
    """Put the verb under the root."""
    example = "testamur void batch --reason issued_in_error\ntestamur void --lift batch"
    command(root, "void", example=example)(void)


def void(session: Session, named: Named, reason: ReasonCode = "0", yes: Yes = False, lift: Lift = False) -> int:
    """Take whole batches out of force, once asked: suspended at first, then for good.

    A run that was issued in several batches is meant whole. Running it again changes nothing.
    """
    from testamur.issuer import Issuer
    from testamur.voids import BatchChange

    code = reason_code(reason)
    if lift and code:
        raise UsageError("a voiding is lifted without a reason", "leave --reason out")
    with session.connection() as connection:
        issuer = Issuer(connection, session.institution(connection.profile))
        targets = issuer.find_batches(named)
        if not lift and not (yes or _agree(session, targets)):
            session.terminal.note("nothing was changed")
            return 2
        report = issuer.change_batches(BatchChange.LIFT if lift else BatchChange.VOID, targets, reason=code)
    _tell(session, report)
    return report.exit_code


def _agree(session: Session, targets: "list[BatchTarget]") -> bool:
    """Whether the person at the terminal says yes to what is shown; UsageError where there is nobody to ask."""
    from testamur.language.verdict import moment

    words = session.terminal.language
    beside = session.terminal.as_json or not sys.stdout.isatty()
    rows = [
        ("0x" + target.id.hex(), target.list, target.size, moment(target.time, words), target.source)
        for target in targets
    ]
    session.terminal.table(("batch", "list", "credentials", "recorded", "named"), rows, beside=beside)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "voiding takes every credential of a batch out of force, and there is nobody here to ask",
            "look at the list, then say --yes",
        )
    session.terminal.note(
        "Take these {count} batches with {credentials} credentials out of force? Type yes to do it:",
        count=len(targets),
        credentials=sum(target.size for target in targets),
    )
    return sys.stdin.readline().strip().lower() in ("yes", "y", "是")


def _tell(session: Session, report: "BatchReport") -> None:
    session.terminal.result(report.to_json())
    words = session.terminal.language
    rows = [
        (
            "0x" + item.target.id.hex(),
            item.target.list,
            item.target.size,
            words.said(_RESULTS[item.result])
            + (f"{words.text('cli.colon')}{words.told(item.reason)}" if item.reason else ""),
        )
        for item in report.outcomes
    ]
    session.terminal.table(("batch", "list", "credentials", "result"), rows)
    ends = [item.revoked_from for item in report.outcomes if item.revoked_from is not None]
    if ends and min(ends) > time.time():
        from testamur.language.verdict import moment

        text = "a GOVERN account lifts it until {until}; from then on only a vote does: testamur void --lift"
        session.terminal.say(text, until=moment(min(ends), words))
    if report.block is not None:
        session.terminal.say("recorded in block {block}", block=report.block)
