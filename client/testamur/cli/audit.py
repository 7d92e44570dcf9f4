"""`testamur audit events`: what happened on the chain, event by event; with `cli/audit_record.py` under one noun."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testamur.cli.audit_options import (
    AsSheet,
    Concerned,
    Contracts,
    FromBlock,
    Names,
    Since,
    StatusList,
    ToBlock,
    Until,
    blocks_of,
    columns,
    wanted_of,
)
from testamur.cli.audit_record import register
from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.streams import is_told

if TYPE_CHECKING:
    from testamur.audit.event import Event

__all__ = ["app"]

app = noun("What happened on the chain.", "testamur audit events --institution cdou")


@command(
    app,
    "events",
    example="testamur audit events --institution 1 --since 2026-09-01 --until 2026-12-31\n"
    "testamur audit events --event CredentialRevoked --event WordsRevoked --csv > revoked.csv\n"
    "testamur audit events --follow",
)
def events(
    session: Session,
    contract: Contracts = None,
    event: Names = None,
    institution: Concerned = None,
    status_list: StatusList = None,
    since: Since = None,
    until: Until = None,
    from_block: FromBlock = 0,
    to_block: ToBlock = None,
    as_sheet: AsSheet = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with every new event, until Ctrl-C.")] = False,
) -> None:
    """List the suite's events in chain order, with whom they concern; one line of JSON each with --json.

    Days are Beijing time (+08:00). Contracts that have been replaced are read too; the calls of a proposal stand in
    words. Exit code 7 where --follow sees that the chain left out a block it had shown.
    """
    from testamur.audit.events import follow_events, read_events

    if as_sheet and session.terminal.as_json:
        raise UsageError("--csv and --json exclude each other")
    if follow and (until is not None or to_block is not None):
        raise UsageError("--follow goes on for ever", "leave --until and --to out")
    with session.connection() as connection:
        concerned = None if institution is None else session.registered(connection, institution)
        wanted = wanted_of(contract, event, concerned, status_list)
        first, last = blocks_of(connection.suite, since, until, from_block, to_block)
        if as_sheet:
            _head(session)
        show = _row if as_sheet else _show
        if not follow:
            for item in read_events(connection.suite, wanted, first, last):
                show(session, item)
            return
        with suppress(KeyboardInterrupt):
            for item in follow_events(connection.suite, wanted, first):
                show(session, item)
                if not is_told():
                    break


register(app)


def _head(session: Session) -> None:
    from testamur.audit.sheet import MARK, line

    session.terminal.show(line([session.terminal.language.said(head) for head in columns()]), MARK)


def _row(session: Session, event: "Event") -> None:
    from testamur.audit.sheet import row

    session.terminal.show(row(event))


def _show(session: Session, event: "Event") -> None:
    from testamur.audit.moments import beijing

    session.terminal.result(event.to_json())
    whom = " ".join(f"[{number} {name}]" if name else f"[{number}]" for number, name in event.institutions)
    values = " ".join(f"{name}={value}" for name, value in _words(event))
    moment = f"{beijing(event.time):%Y-%m-%d %H:%M:%S} +08:00"
    session.terminal.show(f"{event.block:>8}  {moment}  {event.contract}.{event.name}  {whom}  {values}")


def _words(event: "Event") -> Iterator[tuple[str, Any]]:
    """The arguments as people read them: names of 32 bytes as names, calls as calls, hashes whole."""
    from testamur.chain.calls import name_in

    for name, value in event.to_json()["arguments"].items():
        told = event.arguments[name]
        if name == "calls":
            yield name, "; ".join(call["call"] for call in told)
        else:
            yield name, (name_in(told) if isinstance(told, bytes) else None) or value
