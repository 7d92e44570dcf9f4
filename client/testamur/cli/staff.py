"""`testamur account grant|retire|replace`: who acts for an institution. The ADMIN of the profile says so."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testamur.cli.account import Folder, Password, app, file_of, password_of
from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.chain.connection import Connection
    from testamur.chain.institution import Role
    from testamur.chain.transactions import Receipt
    from testamur.profile import Institution
    from testamur.staff import ListAccess

__all__ = ["keystore_of"]

Keystore = Annotated[str, typer.Argument(metavar="NAME|FILE", help="Keystore: its name without .json, or its file.")]
Who = Annotated[str, typer.Argument(metavar="WHO", help="Address, or keystore by name or file.")]
Roles = Annotated[
    list[str],
    typer.Option(
        "--role", metavar="issue|status|review|recognise|audit|bank",
        help="Role to give; repeat for several. The last four need the institution's mandate.",
    ),
]  # fmt: skip
Since = Annotated[
    str | None,
    typer.Option(
        "--stolen-since", metavar="TIME",
        help="The key was stolen or lost at this time (ISO 8601): what it anchored since is not valid.",
    ),
]  # fmt: skip


@command(app, "grant", example="testamur account grant clerk-2 --role issue --role status --as cdou")
def grant(
    session: Session, name: Keystore, role: Roles, keystore: Folder = None, password_file: Password = None
) -> None:
    """Let an account issue or handle statuses for the institution. It accepts with its own key; the ADMIN sends it.

    The profile signs with it where it named nobody for the role.
    """
    from testamur.staff import GIVEN

    unknown = [text for text in role if text not in GIVEN]
    if unknown:
        raise UsageError(
            f"an ADMIN gives no role {unknown[0]}",
            "give issue or status, or by a mandate review, recognise, audit or bank; the others take a vote",
        )
    with session.connection() as connection:
        institution = session.institution(connection.profile)
        roles = GIVEN["issue"] & 0
        for text in role:
            roles |= GIVEN[text]
        session.terminal.result(_give(session, connection, institution, name, roles, None, keystore, password_file))


@command(
    app,
    "retire",
    example="testamur account retire clerk-1 --as cdou\n"
    "testamur account retire 0x… --stolen-since 2026-11-20T08:00:00Z --as cdou",
)
def retire(session: Session, who: Who, stolen_since: Since = None, keystore: Folder = None) -> None:
    """Take an account's roles, now, and say what remains open. What it did before stays valid.

    With --stolen-since what it anchored from that time on is not valid; the time only moves to earlier.
    """
    from testamur.cli.issuer_key import parse_time

    since = None if stolen_since is None else int(parse_time(stolen_since).timestamp())
    with session.connection() as connection:
        institution = session.institution(connection.profile)
        address = address_of(session, who, keystore)
        session.terminal.result(_take(session, connection, institution, address, since))


@command(app, "replace", example="testamur account replace clerk-1 clerk-2 --as cdou")
def replace(
    session: Session,
    who: Who,
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Keystore of the one who takes over.")],
    keystore: Folder = None,
    password_file: Password = None,
) -> None:
    """Give an account's roles to another account and take them from the first; the profile signs with the new one.

    The status lists that the first account filled are handed over too.
    """
    from testamur.staff import roles_of

    with session.connection() as connection:
        institution = session.institution(connection.profile)
        address = address_of(session, who, keystore)
        number, roles = roles_of(connection, address)
        if number != institution.number or not roles:
            raise UsageError(
                f"0x{address.hex()} does not act for institution {institution.number}",
                "give the roles by name: testamur account grant NAME --role issue",
            )
        granted = _give(session, connection, institution, name, roles, address, keystore, password_file)
        retired = _take(session, connection, institution, address, None)
        session.terminal.result({"granted": granted, "retired": retired})


def _give(
    session: Session,
    connection: "Connection",
    institution: "Institution",
    name: str,
    roles: "Role",
    instead_of: bytes | None,
    keystore: Path | None,
    password_file: Path | None,
) -> dict[str, Any]:
    from testamur.chain.signer import Account
    from testamur.staff import GIVEN, SERVING, grant, hand_lists_over, list_access

    path = keystore_of(session, name, keystore)
    account = Account.load(path, password_of(session, password_file))
    receipt = grant(connection, institution, account, path, roles, instead_of)
    institution = connection.profile.institution(institution.number)
    access = list_access(connection, institution)
    handed: list[int] = []
    if instead_of is not None and SERVING["issue"] in roles:
        handed = hand_lists_over(connection, institution, instead_of, account.address)
    given = [text for text, role in GIVEN.items() if role in roles]
    session.terminal.say(
        "0x{address} acts for institution {number} since block {block_number}: {roles}",
        address=account.address.hex(), number=institution.number, block_number=receipt.block_number,
        roles=", ".join(given),
    )  # fmt: skip
    for text in SERVING.keys() & given:
        named = connection.profile.resolve(str(getattr(institution.accounts, text)))
        if named.resolve() != path.resolve():
            session.terminal.say(
                "the profile goes on with {named} for {role}; for the new one set ETH_KEYSTORE to {path}",
                named=named, role=text, path=path,
            )  # fmt: skip
    if "issue" in given:
        _say_lists(session, institution, access, handed, account.address)
    lists = {"usable": access.usable, "closed": access.closed, "handedOver": handed}
    return {**_sent(institution, account.address, receipt), "roles": given, "lists": lists}


def _say_lists(
    session: Session, institution: "Institution", access: "ListAccess", handed: list[int], address: bytes
) -> None:
    keys = {item.number: item.key for item in institution.lists}
    for number in handed:
        session.terminal.say("status list {number} was taken over", number=number)
    for number in access.usable:
        if number not in handed:
            session.terminal.say(
                "status list {number} can be taken over: testamur issuer hand-over {number} --to 0x{address}",
                number=number, address=address.hex(),
            )  # fmt: skip
        session.terminal.say("whoever issues elsewhere needs a copy of {key}", key=keys[number])
    for number in access.closed:
        session.terminal.say(
            "status list {number} cannot: its key is not here. Its credentials can still be revoked; issuing opens "
            "another list",
            number=number,
        )


def _take(
    session: Session, connection: "Connection", institution: "Institution", address: bytes, since: int | None
) -> dict[str, Any]:
    from testamur.staff import SERVING, operators_of, retire

    before = institution.accounts
    receipt = retire(connection, institution, address, since)
    institution = connection.profile.institution(institution.number)
    acting = operators_of(connection, institution.number)
    open_roles = [text for text, role in SERVING.items() if not any(role in item.roles for item in acting)]
    unnamed = [text for text in SERVING if getattr(institution.accounts, text) is None]
    session.terminal.say(
        "0x{address} acts no more for institution {number} since block {block_number}",
        address=address.hex(), number=institution.number, block_number=receipt.block_number,
    )  # fmt: skip
    for text in open_roles:
        session.terminal.say("nobody has the role {role} now: testamur account grant NAME --role {role}", role=text)
    for text in unnamed:
        if text not in open_roles and getattr(before, text) is not None:
            session.terminal.say(
                "the profile names no account for {role} now; add one to {profile}",
                role=text,
                profile=connection.profile.path,
            )
    if institution.signing is not None:
        session.terminal.say(
            "whoever knew the password of this profile can still sign with its keys: change it with `testamur account "
            "password`, and make a new key with `testamur issuer key add --usage credential`"
        )
    facts = {"stolenSince": since, "nobodyHas": open_roles, "profileLacks": unnamed}
    return {**_sent(institution, address, receipt), **facts}


def _sent(institution: "Institution", address: bytes, receipt: "Receipt") -> dict[str, Any]:
    return {
        "institution": institution.number,
        "address": address,
        "transaction": receipt.transaction,
        "block": receipt.block_number,
    }


def keystore_of(session: Session, name: str, folder: Path | None) -> Path:
    """The file that a name or a path means."""
    path = Path(name)
    return path if path.name != name or path.is_file() else file_of(session, folder, name)


def address_of(session: Session, who: str, folder: Path | None) -> bytes:
    """The account that an address, a name or a file means."""
    from testamur.chain.signer import keystore_address

    if who.startswith("0x") and len(who) == 42:
        try:
            return bytes.fromhex(who[2:])
        except ValueError:
            raise UsageError(f"{who!r} is no address", "40 hex digits after 0x") from None
    path = keystore_of(session, who, folder)
    if not path.exists():
        raise UsageError(
            f"there is no keystore {path}", "`testamur account list` shows those of the profile; or give the address"
        )
    address = keystore_address(path)
    if address is None:
        raise UsageError(f"{path} names no address", "give the address itself: 0x and 40 hex digits")
    return address
