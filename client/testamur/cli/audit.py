"""`testamur audit`: what happened on the chain, event by event."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.streams import is_told

if TYPE_CHECKING:
    from testamur.audit.events import Event

__all__ = ["app"]

app = noun("What happened on the chain.", "testamur audit events --institution cdou")


@command(
    app,
    "events",
    example="testamur audit events --event CredentialRevoked --event WordsRevoked --json\n"
    "testamur audit events --institution 1 --from 100\n"
    "testamur audit events --follow",
)
def events(
    session: Session,
    contract: Annotated[
        list[str] | None, typer.Option("--contract", metavar="NAME", help="Only of this contract; repeat for several.")
    ] = None,
    event: Annotated[
        list[str] | None, typer.Option("--event", metavar="NAME", help="Only of this name; repeat for several.")
    ] = None,
    institution: Annotated[
        int | None, typer.Option("--institution", metavar="NUMBER", help="Only what concerns this institution.")
    ] = None,
    status_list: Annotated[int | None, typer.Option("--list", metavar="L", help="Only of this status list.")] = None,
    from_block: Annotated[int, typer.Option("--from", min=0, metavar="BLOCK", help="First block.")] = 0,
    to_block: Annotated[int | None, typer.Option("--to", min=0, metavar="BLOCK", help="Last block.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with every new event, until Ctrl-C.")] = False,
) -> None:
    """List the suite's events in chain order, decoded; one line of JSON each with --json.

    Contracts that have been replaced are read too.
    """
    from testamur.audit.events import CONTRACTS, EventFilter, follow_events, read_events
    from testamur.chain.contracts import interface

    known = (*CONTRACTS, "Directory")
    for name in contract or ():
        if name not in known:
            raise UsageError(f"there is no contract {name}", f"one of {', '.join(known)}")
    names = {entry["name"] for home in known for entry in interface(home).events.values()}
    for name in event or ():
        if name not in names:
            raise UsageError(f"there is no event {name}", f"one of {', '.join(sorted(names))}")
    wanted = EventFilter(tuple(contract or ()), tuple(event or ()), institution, status_list)
    with session.connection() as connection:
        if not follow:
            for item in read_events(connection.suite, wanted, from_block, to_block):
                _show(session, item)
            return
        with suppress(KeyboardInterrupt):
            for item in follow_events(connection.suite, wanted, from_block):
                _show(session, item)
                if not is_told():
                    break


def _show(session: Session, event: "Event") -> None:
    record = event.to_json()
    session.terminal.result(record)
    time = datetime.fromtimestamp(event.time, UTC).strftime("%Y-%m-%d %H:%M:%S")
    values = " ".join(f"{name}={value}" for name, value in record["arguments"].items())
    session.terminal.say(f"{event.block:>8}  {time}  {event.contract}.{event.name}  {values}")
