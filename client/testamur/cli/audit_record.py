"""`testamur audit check`, `stats`, `export`: is the record whole, what it comes to, and a copy of it."""

from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.audit_options import (
    AsSheet,
    Concerned,
    Contracts,
    Names,
    Since,
    Until,
    blocks_of,
    columns,
    wanted_of,
)
from testamur.cli.command import command
from testamur.cli.session import Session
from testamur.cli.terminal import shown

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Put the commands under the noun."""
    command(app, "check", example="testamur audit check\ntestamur audit check --json")(check)
    command(app, "stats", example="testamur audit stats\ntestamur audit stats --json")(stats)
    command(
        app,
        "export",
        example="testamur audit export --out events.ndjson\n"
        "testamur audit export --csv --since 2026-01-01 --out 2026.csv",
    )(export)


def check(session: Session) -> int:
    """Check that the events are all there: counters, records, bitmaps and votes beside what the events add up to.

    Exit code 3 where something is missing or differs, 7 where the node cannot be asked. What is read is the node's
    word: ask a node of your own.
    """
    from testamur.audit.completeness import check as audit_of

    with session.connection() as connection:
        audit = audit_of(connection.suite)
    terminal = session.terminal
    terminal.result(
        {
            "complete": not audit.problems,
            "block": audit.block,
            "events": audit.events,
            "lists": len(audit.lists),
            "problems": [terminal.language.told(problem) for problem in audit.problems],
        }
    )
    for problem in audit.problems:
        terminal.say(terminal.paint(f"✗ {shown(terminal.language.told(problem))}", "red"))
    if audit.problems:
        terminal.say("not complete: {count} problems up to block {block}", count=len(audit.problems), block=audit.block)
        return 3
    facts = {"events": audit.events, "lists": len(audit.lists), "block": audit.block}
    terminal.say("complete: {events} events and {lists} status lists agree up to block {block}", **facts)
    return 0


def stats(session: Session) -> None:
    """Show what each institution has issued, and how much of it is revoked or suspended now."""
    from testamur.audit.completeness import check as audit_of
    from testamur.audit.events import open_register
    from testamur.audit.stats import stats_of

    with session.connection() as connection:
        audit = audit_of(connection.suite)
        found = stats_of(audit, open_register(connection.suite, audit.block + 1).names)
    for item in found:
        session.terminal.result(item.to_json())
    session.terminal.table(
        ("number", "name", "lists", "batches", "credentials", "revoked", "suspended", "void batches"),
        [tuple(item.to_json().values()) for item in found],
    )


def export(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")],
    contract: Contracts = None,
    event: Names = None,
    institution: Concerned = None,
    since: Since = None,
    until: Until = None,
    as_sheet: AsSheet = False,
) -> None:
    """Write events to a file, and beside it FILE.manifest.json: its SHA-256, its blocks and their hashes.

    Whoever has the two files and a node can tell that nothing was added, dropped or changed.
    """
    from testamur.audit.export import export_events

    with session.connection() as connection:
        concerned = None if institution is None else session.registered(connection, institution)
        wanted = wanted_of(contract, event, concerned, None)
        first, last = blocks_of(connection.suite, since, until, 0, None)
        heads = [session.terminal.language.said(head) for head in columns()]
        manifest = export_events(connection.suite, wanted, out, first, last, heads if as_sheet else None)
    session.terminal.result(manifest)
    session.terminal.say(
        "wrote {count} events of blocks {first} to {last} to {out}",
        count=manifest["events"],
        first=first,
        last=last,
        out=out,
    )
