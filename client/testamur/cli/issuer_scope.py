"""`testamur issuer scope`: what the Alliance does to scopes that were given: end, suspend, lift, hold, release."""

from pathlib import Path
from typing import Annotated, Any

import typer

from testamur.cli.command import command, noun
from testamur.cli.session import Session

__all__ = ["app"]

app = noun("Scopes of an institution, by vote: end, suspend, lift, hold, release.", "testamur issuer scope suspend 2 1")

Who = Annotated[
    str, typer.Argument(metavar="ID|DID", help="Number or DID of the institution; the slug of one of the profile.")
]
Index = Annotated[
    int, typer.Argument(metavar="SCOPE", min=1, max=65_535, help="Number of the scope, as `issuer show` prints it.")
]
Document = Annotated[Path | None, typer.Option("--document", metavar="FILE", help="The document that explains it.")]
When = Annotated[str | None, typer.Option("--at", metavar="TIME", help="When (ISO 8601); else at once.")]


@command(app, "end", example="testamur issuer scope end 2 1 --at 2027-07-01 --document decision.pdf")
def end(session: Session, who: Who, index: Index, at: When = None, document: Document = None) -> int:
    """End a scope for good, by vote. What was issued under it before stays valid."""
    return _decide(session, who, "endScope", (index, _time(at)), document)


@command(app, "suspend", example="testamur issuer scope suspend 2 1 --document decision.pdf")
def suspend(session: Session, who: Who, index: Index, document: Document = None) -> int:
    """Suspend a scope and those below it, by vote. What was issued under it before stays valid."""
    return _decide(session, who, "suspendScope", (index,), document)


@command(app, "lift", example="testamur issuer scope lift 2 1 --document decision.pdf")
def lift(session: Session, who: Who, index: Index, document: Document = None) -> int:
    """Lift a scope's suspension, by vote."""
    return _decide(session, who, "liftScope", (index,), document)


@command(app, "hold", example="testamur issuer scope hold 2 --framework 1 --type 3 --document findings.pdf")
def hold(
    session: Session,
    who: Who,
    framework: Annotated[int, typer.Option("--framework", min=1, max=2**32 - 1, help="Number of the framework.")],
    kind: Annotated[
        int, typer.Option("--type", min=0, max=2**32 - 1, help="Number of the qualification type; 0 any.")
    ] = 0,
    document: Document = None,
) -> int:
    """Stop an institution for sixty days from issuing in a framework and type, by vote. No credential changes by it."""
    return _decide(session, who, "hold", (framework, kind), document)


@command(app, "release", example="testamur issuer scope release 2 1\ntestamur issuer scope release 2 1 --at 2027-07-01")
def release(
    session: Session,
    who: Who,
    index: Annotated[int, typer.Argument(metavar="HOLD", min=1, max=16, help="Number of the hold.")],
    at: When = None,
    document: Document = None,
) -> int:
    """End a hold at once, or let it last until a time, by vote."""
    return _decide(session, who, "setHoldEnd", (index, _time(at)), document)


def _time(text: str | None) -> int:
    """0 for the second in which the vote is executed."""
    from testamur.cli.issuer_key import parse_time

    return int(parse_time(text).timestamp()) if text is not None else 0


def _decide(session: Session, who: str, function: str, arguments: tuple[Any, ...], document: Path | None) -> int:
    from testamur.cli.proposing import put_to_vote, reason_document

    with session.connection() as connection:
        number = session.registered(connection, who)
        hashed = reason_document(connection, document, f"{function} {arguments} of institution {number}")
        call = connection.contract("IssuerRegistry").call(function, number, *arguments, hashed)
        return put_to_vote(session, connection, [call], hashed, institution=number)
