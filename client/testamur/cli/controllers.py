"""`testamur account request|apply|cancel|controllers`: how GOVERN, ADMIN and recovery accounts change as a set."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testamur.cli.accepting import AcceptanceFiles, Number, acceptances, app, number_of
from testamur.cli.account import Folder, Password
from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.staff import address_of

if TYPE_CHECKING:
    from testamur.chain.acceptance import Controllers

__all__ = ["app"]

ASKERS = ("admin", "recovery", "together")

Asker = Annotated[str, typer.Option("--of", metavar="|".join(ASKERS), help="Whose request.")]
Govern = Annotated[list[str] | None, typer.Option("--govern", metavar="WHO", help="GOVERN accounts; repeat for each.")]
Admin = Annotated[list[str] | None, typer.Option("--admin", metavar="WHO", help="ADMIN accounts; repeat for each.")]
Recovery = Annotated[str | None, typer.Option("--recovery", metavar="WHO", help="Recovery account.")]


@command(
    app,
    "request",
    example="testamur account request --by admin --admin admin-2 --as cdou\n"
    "testamur account request --by vote --institution 1 --govern g-3 --govern g-4 --acceptance g-3.json --as uestc",
)
def request(
    session: Session,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="admin|recovery|together|vote", help="Who asks; together are a GOVERN and another."
        ),
    ],
    govern: Govern = None,
    admin: Admin = None,
    recovery: Recovery = None,
    institution: Number = None,
    acceptance: AcceptanceFiles = None,
    keystore: Folder = None,
    password_file: Password = None,
) -> int:
    """Replace an institution's controllers: what is not named stays. New accounts accept.

    ADMIN's takes effect after controllerDelay and the recovery account's after recoveryDelay, if no GOVERN cancels it;
    what a GOVERN asks together with one of them only two cancel: both run the command. A vote needs no delay of these.
    """
    from testamur.chain.acceptance import in_order, read_controllers
    from testamur.language.verdict import moment

    if by not in (*ASKERS, "vote"):
        raise UsageError(f"nobody is called {by}", "admin, recovery, together or vote")
    with session.connection() as connection:
        number = number_of(session, connection, institution)
        present = read_controllers(connection, number)
        wanted = _chosen(session, present, govern, admin, recovery, keystore)
        new = wanted.newcomers(present)
        names = [*(govern or ()), *(admin or ()), *([recovery] if recovery else [])]
        signed = acceptances(session, connection, number, new, names, acceptance, keystore, password_file)
        accepted = in_order(new, number, signed)
        contract = connection.contract("Operators")
        arguments = (number, wanted.as_struct(), accepted)
        if by == "vote":
            from testamur.cli.proposing import put_to_vote, reason_document

            call = contract.call("replaceControllers", *arguments)
            reason = reason_document(connection, None, f"Replace the controllers of institution {number}")
            return put_to_vote(session, connection, [call], reason, institution=number)
        function = "replaceTogether" if by == "together" else "replaceControllers"
        sender = connection.sender_for(session.institution(connection.profile), "govern" if by == "together" else by)
        receipt = sender.send(contract.call(function, *arguments))
        waits = contract.read("replacement", number, ASKERS.index(by))
        session.terminal.result(
            {"institution": number, "by": by, "effectiveFrom": waits["effectiveFrom"], "until": waits["until"],
             "transaction": receipt.transaction, "block": receipt.block_number}
        )  # fmt: skip
        if waits["effectiveFrom"]:
            session.terminal.say(
                "it takes effect from {time} on: testamur account apply --institution {number}, with the same accounts",
                time=moment(waits["effectiveFrom"], session.terminal.language), number=number,
            )  # fmt: skip
        else:
            session.terminal.say("asked; the second one runs the same command within 14 days")
    return 0


@command(app, "apply", example="testamur account apply --admin admin-2 --as cdou")
def apply(
    session: Session,
    govern: Govern = None,
    admin: Admin = None,
    recovery: Recovery = None,
    institution: Number = None,
    keystore: Folder = None,
) -> None:
    """Put a replacement that has waited its delay into effect, with the accounts as they were asked for."""
    from testamur.chain.acceptance import read_controllers

    with session.connection() as connection:
        number = number_of(session, connection, institution)
        wanted = _chosen(session, read_controllers(connection, number), govern, admin, recovery, keystore)
        sender = connection.sender_for(session.institution(connection.profile), "govern")
        receipt = sender.send(connection.contract("Operators").call("applyControllers", number, wanted.as_struct()))
        session.terminal.result(
            {"institution": number, "transaction": receipt.transaction, "block": receipt.block_number}
        )
        session.terminal.say(
            "the controllers of institution {number} are replaced since block {block_number}",
            number=number, block_number=receipt.block_number,
        )  # fmt: skip
        session.terminal.say(
            "write the new accounts into {profile}, under [institution.accounts]; `testamur doctor` compares",
            profile=connection.profile.path,
        )


@command(app, "cancel", example="testamur account cancel --of recovery --as cdou")
def cancel(session: Session, of: Asker, institution: Number = None) -> None:
    """Cancel a waiting replacement: a GOVERN what one asked alone, any two of the controllers what two asked."""
    if of not in ASKERS:
        raise UsageError(f"nobody is called {of}", "one of " + ", ".join(ASKERS))
    with session.connection() as connection:
        number = number_of(session, connection, institution)
        contract = connection.contract("Operators")
        sender = connection.sender_for(session.institution(connection.profile), "govern")
        receipt = sender.send(contract.call("cancelControllers", number, ASKERS.index(of)))
        is_left = contract.read("replacement", number, ASKERS.index(of))["effectiveFrom"] != 0
        session.terminal.result(
            {"institution": number, "of": of, "cancelled": not is_left, "transaction": receipt.transaction,
             "block": receipt.block_number}
        )  # fmt: skip
        if is_left:
            session.terminal.say("asked; the second one runs the same command within 14 days")
        else:
            session.terminal.say("cancelled")


@command(app, "controllers", example="testamur account controllers --institution 1 --json")
def controllers(session: Session, institution: Number = None) -> None:
    """Show who controls an institution, what waits to replace them, and which ADMIN is frozen."""
    from testamur.chain.control import CONFIRMED, read_control
    from testamur.language.verdict import moment

    with session.connection() as connection:
        found = read_control(connection, number_of(session, connection, institution))
        words = session.terminal.language
        session.terminal.result(found.as_json())
        rows = [("GOVERN", account) for account in found.controllers.govern]
        rows += [("ADMIN", account) for account in found.controllers.admin]
        rows.append(("recovery", found.controllers.recovery))
        session.terminal.table(("role", "address"), [(role, "0x" + account.hex()) for role, account in rows])
        for item in found.waiting:
            session.terminal.say(
                "a replacement asked for by {asker} takes effect from {time} until {until}",
                asker=item.asker, time=moment(item.effective_from, words), until=moment(item.until, words),
            )  # fmt: skip
        for account, until in found.frozen:
            if until >= CONFIRMED:
                text = "the ADMIN 0x{account} is frozen until two GOVERN accounts lift that"
                session.terminal.say(text, account=account.hex())
            else:
                text = "the ADMIN 0x{account} is frozen until {until}"
                session.terminal.say(text, account=account.hex(), until=moment(until, words))


def _chosen(
    session: Session,
    present: "Controllers",
    govern: list[str] | None,
    admin: list[str] | None,
    recovery: str | None,
    keystore: Path | None,
) -> "Controllers":
    changes: dict[str, Any] = {}
    if govern:
        changes["govern"] = tuple(address_of(session, who, keystore) for who in govern)
    if admin:
        changes["admin"] = tuple(address_of(session, who, keystore) for who in admin)
    if recovery:
        changes["recovery"] = address_of(session, recovery, keystore)
    if not changes:
        raise UsageError("nobody is named", "name the new accounts with --govern, --admin and --recovery")
    return replace(present, **changes)
