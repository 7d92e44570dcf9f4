"""`testamur account accept`: an account agrees to act for an institution; other commands take what it signed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.account import Folder, Password, password_of
from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.password import app
from testamur.cli.session import Session
from testamur.cli.staff import address_of, keystore_of

if TYPE_CHECKING:
    from testamur.chain.acceptance import Acceptance
    from testamur.chain.connection import Connection

__all__ = ["AcceptanceFiles", "Number", "acceptances", "app", "number_of"]

ROLES = {"recovery": 0, "govern": 1, "issue": 2, "status": 4, "admin": 8, "review": 16, "recognise": 32, "audit": 64,
         "bank": 128}  # fmt: skip

Number = Annotated[
    int | None, typer.Option("--institution", metavar="N", help="Number of the institution; else the one that acts.")
]
AcceptanceFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--acceptance",
        metavar="FILE",
        help="What a new account signed elsewhere; those whose keystores are here sign now.",
    ),
]


@command(app, "accept", example="testamur account accept officer-2 --role govern --institution 5 --out officer-2.json")
def accept(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Keystore: its name without .json, or its file.")],
    role: Annotated[
        list[str], typer.Option("--role", metavar="|".join(ROLES), help="Role to accept; repeat for several.")
    ],
    institution: Number = None,
    days: Annotated[int, typer.Option("--days", min=1, help="How long it holds.")] = 60,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it; else it is printed.")
    ] = None,
    keystore: Folder = None,
    password_file: Password = None,
) -> None:
    """Sign that an account will act for an institution. Whoever proposes or asks for that needs it.

    It counts on this chain alone, once, for this institution and these roles; a new institution's number is the next.
    """
    from testamur.chain.acceptance import DAY
    from testamur.chain.acceptance import accept as sign
    from testamur.chain.signer import Account

    if unknown := [text for text in role if text not in ROLES]:
        raise UsageError(f"there is no role {unknown[0]}", "one of " + ", ".join(ROLES))
    with session.connection() as connection:
        number = number_of(session, connection, institution)
        account = Account.load(keystore_of(session, name, keystore), password_of(session, password_file))
        given = sign(connection, account, number, sum(ROLES[text] for text in set(role)), seconds=days * DAY)
    record = given.as_json()
    if out is not None:
        out.write_text(json.dumps(record) + "\n", encoding="utf-8")
        session.terminal.say(
            "0x{address} accepts; hand {path} to whoever asks", address=account.address.hex(), path=out
        )
    else:
        session.terminal.show(json.dumps(record))
    session.terminal.result({**record, "path": None if out is None else str(out)})


def acceptances(
    session: Session,
    connection: "Connection",
    number: int,
    places: list[tuple[bytes, int]],
    names: list[str],
    files: list[Path] | None,
    keystore: Path | None,
    password_file: Path | None,
) -> list["Acceptance"]:
    """What the files hold, and what those of `names` sign now whose keystores are here."""
    from testamur.chain.acceptance import accept as sign
    from testamur.chain.acceptance import read_acceptance
    from testamur.chain.institution import ACCEPTED_FOR
    from testamur.chain.signer import Account

    found = [read_acceptance(path) for path in files or ()]
    held = {(item.account, item.roles) for item in found}
    here = {address_of(session, name, keystore): name for name in names if not name.startswith("0x")}
    for account, roles in places:
        if (account, roles) not in held and account in here:
            path = keystore_of(session, here[account], keystore)
            opened = Account.load(path, password_of(session, password_file))
            found.append(sign(connection, opened, number, roles, seconds=ACCEPTED_FOR))
    return found


def number_of(session: Session, connection: "Connection", wanted: int | None) -> int:
    """The institution that is named, else the one that acts."""
    return session.institution(connection.profile).number if wanted is None else wanted
