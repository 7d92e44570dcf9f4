"""What the commands of `testamur audit` share: which events, of which blocks."""

from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.failure import UsageError

if TYPE_CHECKING:
    from testamur.audit.event import EventFilter
    from testamur.chain.contracts import Suite

__all__ = [
    "AsSheet",
    "Concerned",
    "Contracts",
    "FromBlock",
    "Names",
    "Since",
    "StatusList",
    "ToBlock",
    "Until",
    "blocks_of",
    "columns",
    "wanted_of",
]

Contracts = Annotated[
    list[str] | None, typer.Option("--contract", metavar="NAME", help="Only of this contract; repeat for several.")
]
Names = Annotated[
    list[str] | None, typer.Option("--event", metavar="NAME", help="Only of this name; repeat for several.")
]
Concerned = Annotated[
    str | None,
    typer.Option(
        "--institution",
        metavar="WHO",
        help="Only what concerns this institution (number, DID, slug of the profile), in any role.",
    ),
]
StatusList = Annotated[int | None, typer.Option("--list", metavar="L", help="Only of this status list.")]
Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day or moment on, Beijing time.")]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Up to the end of this day or to this moment.")
]
FromBlock = Annotated[int, typer.Option("--from", min=0, metavar="BLOCK", help="First block.")]
ToBlock = Annotated[int | None, typer.Option("--to", min=0, metavar="BLOCK", help="Last block.")]
AsSheet = Annotated[bool, typer.Option("--csv", help="Write a table that Excel and WPS open.")]


def wanted_of(
    contracts: list[str] | None,
    names: list[str] | None,
    institution: int | None,
    status_list: int | None,
) -> "EventFilter":
    from testamur.audit.event import EventFilter
    from testamur.audit.pages import CONTRACTS
    from testamur.chain.contracts import interface

    known = (*CONTRACTS, "Directory")
    for name in contracts or ():
        if name not in known:
            raise UsageError(f"there is no contract {name}", f"one of {', '.join(known)}")
    events = {entry["name"] for home in known for entry in interface(home).events.values()}
    for name in names or ():
        if name not in events:
            raise UsageError(f"there is no event {name}", f"one of {', '.join(sorted(events))}")
    return EventFilter(tuple(contracts or ()), tuple(names or ()), institution, status_list)


def blocks_of(
    suite: "Suite", since: str | None, until: str | None, from_block: int, to_block: int | None
) -> tuple[int, int]:
    from testamur.audit.moments import blocks_between, first_second, last_second

    first, last = blocks_between(
        suite.rpc,
        None if since is None else first_second(since),
        None if until is None else last_second(until),
    )
    return max(first, from_block), last if to_block is None else min(last, to_block)


def columns() -> tuple[str, ...]:
    from testamur.audit.sheet import COLUMNS

    return COLUMNS
