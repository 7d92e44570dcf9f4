"""`testamur account freeze|confirm|unfreeze|resign|recovery-stolen|consent|restore|mandate`: what stops a thief.

GOVERN accounts freeze a stolen ADMIN and name the next recovery account; votes restore who was cut off wrongly.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testamur.cli.accepting import AcceptanceFiles, Number, acceptances, number_of
from testamur.cli.account import Folder, Password
from testamur.cli.command import command
from testamur.cli.controllers import app
from testamur.cli.failure import UsageError
from testamur.cli.issuer_key import parse_time
from testamur.cli.session import Session
from testamur.cli.staff import address_of

if TYPE_CHECKING:
    from testamur.chain.connection import Connection

__all__ = ["app"]

MANDATES = {"review": 16, "recognise": 32, "audit": 64, "bank": 128}

Who = Annotated[str, typer.Argument(metavar="WHO", help="Address, or keystore by name or file.")]
Document = Annotated[Path | None, typer.Option("--document", metavar="FILE", help="The document that explains it.")]


@command(app, "freeze", example="testamur account freeze 0x… --as cdou")
def freeze(session: Session, who: Who, keystore: Folder = None) -> None:
    """Stop an ADMIN of one's institution from granting, dating back and asking alone. A GOVERN account, once.

    It lapses after recoveryDelay and votingPeriod unless another GOVERN confirms. The ADMIN still retires and cuts off.
    """
    _send(session, who, keystore, "freezeAdmin")


@command(app, "confirm", example="testamur account confirm 0x… --as 0x…")
def confirm(session: Session, who: Who, keystore: Folder = None) -> None:
    """Let an ADMIN stay frozen until that is lifted. Another GOVERN than the one who froze it."""
    _send(session, who, keystore, "confirmFreeze")


@command(app, "unfreeze", example="testamur account unfreeze 0x… --as cdou")
def unfreeze(session: Session, who: Who, keystore: Folder = None) -> None:
    """End the freeze of an ADMIN: the GOVERN who froze it; once confirmed, two GOVERN, each with this command."""
    _send(session, who, keystore, "liftFreeze")


@command(app, "resign", example="testamur account resign --as 0x…")
def resign(session: Session) -> None:
    """Lay down the roles of the account that acts. At least two GOVERN and one ADMIN stay."""
    with session.connection() as connection:
        sender = connection.sender_for(session.institution(connection.profile), "govern")
        receipt = sender.send(connection.contract("Operators").call("resign"))
        session.terminal.result({"address": sender.account.address, **_facts(receipt)})
        session.terminal.say(
            "0x{address} has no roles any more since block {block_number}",
            address=sender.account.address.hex(), block_number=receipt.block_number,
        )  # fmt: skip


@command(
    app,
    "recovery-stolen",
    example="testamur account recovery-stolen --since 2026-11-20T08:00:00Z --next recovery-2 --as 0x…",
)
def recovery_stolen(
    session: Session,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="When it was stolen (ISO 8601), 90 days ago at most.")
    ],
    next_: Annotated[str, typer.Option("--next", metavar="WHO", help="The next recovery account.")],
    acceptance: AcceptanceFiles = None,
    keystore: Folder = None,
    password_file: Password = None,
) -> None:
    """Say that the recovery account is in wrong hands, and name the next. Two GOVERN, each with this command."""
    from testamur.chain.acceptance import in_order, read_controllers

    moment = int(parse_time(since).timestamp())
    with session.connection() as connection:
        number = session.institution(connection.profile).number
        address = address_of(session, next_, keystore)
        places = [(address, 0)]
        signed = acceptances(session, connection, number, places, [next_], acceptance, keystore, password_file)
        (accepted,) = in_order(places, number, signed)
        call = connection.contract("Operators").call("markRecoveryCompromised", moment, address, accepted)
        receipt = connection.sender_for(session.institution(connection.profile), "govern").send(call)
        is_done = read_controllers(connection, number).recovery == address
        session.terminal.result({"institution": number, "recovery": address, "done": is_done, **_facts(receipt)})
        if is_done:
            session.terminal.say("0x{address} is the recovery account now", address=address.hex())
        else:
            session.terminal.say("asked; the second one runs the same command within 14 days")


@command(app, "consent", example="testamur account consent 0x… --as cdou")
def consent(session: Session, who: Who, keystore: Folder = None) -> None:
    """Agree that a vote takes an account's cut-off away altogether, within 60 days. A GOVERN of its institution.

    A vote that only states a later time needs no consent.
    """
    _send(session, who, keystore, "consentToClear")


@command(
    app,
    "restore",
    example="testamur account restore 0x… --since 2026-11-28T08:00:00Z --document minutes.pdf\n"
    "testamur account restore 0x… --document minutes.pdf",
)
def restore(
    session: Session,
    who: Who,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="The later time that counts; without it, the cut-off goes."),
    ] = None,
    document: Document = None,
    keystore: Folder = None,
) -> int:
    """Move an account's cut-off later, or take it away, by vote. Verdicts say that a vote restored it.

    Taking it away needs the consent of a GOVERN of its institution first; its ADMIN cannot mark it again for 90 days.
    """
    address = address_of(session, who, keystore)
    with session.connection() as connection:
        contract = connection.contract("Operators")
        if since is None:
            call = contract.call("clearOperator", address)
        else:
            call = contract.call("restoreOperator", address, int(parse_time(since).timestamp()))
        return _vote(session, connection, call, document, f"Restore the account 0x{address.hex()}", address=address)


@command(app, "mandate", example="testamur account mandate --institution 2 --role review --document minutes.pdf")
def mandate(
    session: Session,
    institution: Number = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="|".join(MANDATES), help="Role; repeat for several; without any, none."),
    ] = None,
    document: Document = None,
) -> int:
    """Say which further roles an institution's ADMIN may give, by vote. Who has one taken away acts with it no more."""
    if unknown := [text for text in role or () if text not in MANDATES]:
        raise UsageError(f"there is no mandate for {unknown[0]}", "one of " + ", ".join(MANDATES))
    with session.connection() as connection:
        number = number_of(session, connection, institution)
        roles = sum(MANDATES[text] for text in set(role or ()))
        call = connection.contract("Operators").call("setMandate", number, roles)
        return _vote(session, connection, call, document, f"Mandate of institution {number}", institution=number)


def _vote(
    session: Session, connection: "Connection", call: Any, document: Path | None, reason: str, **facts: Any
) -> int:
    from testamur.cli.proposing import put_to_vote, reason_document

    return put_to_vote(session, connection, [call], reason_document(connection, document, reason), **facts)


def _send(session: Session, who: str, keystore: Path | None, function: str) -> None:
    """One call of a GOVERN account about another account."""
    address = address_of(session, who, keystore)
    with session.connection() as connection:
        contract = connection.contract("Operators")
        receipt = connection.sender_for(session.institution(connection.profile), "govern").send(
            contract.call(function, address)
        )
        until = contract.read("freezeOf", address)["until"]
        session.terminal.result({"address": address, "frozenUntil": until, **_facts(receipt)})
        session.terminal.say("done in block {block_number}", block_number=receipt.block_number)
        _say_freeze(session, function, until)


def _say_freeze(session: Session, function: str, until: int) -> None:
    """What an ADMIN's freeze came to, and who does what next."""
    from testamur.language.verdict import moment

    if function == "freezeAdmin":
        told = moment(until, session.terminal.language)
        session.terminal.say(
            "it is frozen until {until}; another GOVERN may confirm that: testamur account confirm", until=told
        )
    elif function == "confirmFreeze":
        session.terminal.say("it stays frozen until two GOVERN accounts lift that: testamur account unfreeze, each")
    elif function == "liftFreeze" and until:
        session.terminal.say("asked; it stays frozen until another GOVERN runs the same command")
    elif function == "liftFreeze":
        session.terminal.say("it is frozen no more")


def _facts(receipt: Any) -> dict[str, Any]:
    return {"transaction": receipt.transaction, "block": receipt.block_number}
