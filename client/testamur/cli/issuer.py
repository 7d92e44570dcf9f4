"""`testamur issuer`: the register of institutions: who is recognised for what, and under which keys."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli import issuer_key, issuer_scope
from testamur.cli.account import Folder
from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.values import read_address, read_number

if TYPE_CHECKING:
    from testamur.chain.institution import Scope

__all__ = ["app", "parse_scope"]

app = noun("The register of institutions: who is recognised for what, under which keys.", "testamur issuer list")
app.add_typer(issuer_key.app, name="key")
app.add_typer(issuer_scope.app, name="scope")

Who = Annotated[
    str, typer.Argument(metavar="ID|DID", help="Number or DID of the institution; the slug of one of the profile.")
]
Document = Annotated[Path | None, typer.Option("--document", metavar="FILE", help="The document that explains it.")]
Scopes = Annotated[
    list[str],
    typer.Option(
        "--scope",
        metavar="F[:TYPE[:LOW-HIGH[:REGION]]]",
        help="Framework, qualification type (0 any), ranks, region (0 any). Repeat for several.",
    ),
]


@command(app, "list", example="testamur issuer list --json")
def list_(session: Session) -> None:
    """List all registered institutions."""
    from testamur.registry import read_issuers, record_json

    with session.connection() as connection:
        records = read_issuers(connection.suite)
    for record in records:
        session.terminal.result(record_json(record))
    rows = [(record.number, record.state, record.name, ", ".join(record.dids)) for record in records]
    session.terminal.table(("number", "state", "name", "DID"), rows)


@command(app, "show", example="testamur issuer show 1\ntestamur issuer show did:web:cdou.example --did > did.json")
def show(
    session: Session,
    who: Annotated[
        str | None,
        typer.Argument(metavar="[ID|DID]", help="Number, DID or a slug of the profile; else the one that acts."),
    ] = None,
    did: Annotated[bool, typer.Option("--did", help="Print the DID document to publish.")] = False,
) -> None:
    """Show an institution: state, names, scopes and keys; or its DID document."""
    import json

    from testamur.registry import did_document, first_did, read_issuer, record_json

    with session.connection() as connection:
        if who is None:
            who = str(session.institution(connection.profile).number)
        record = read_issuer(connection.suite, session.registered(connection, who))
    if did:
        wanted = who if who.startswith("did:") else first_did(record)
        document = did_document(record, wanted)
        session.terminal.result(document)
        session.terminal.say(json.dumps(document, ensure_ascii=False, indent=2))
        return
    session.terminal.result(record_json(record))
    session.terminal.facts(
        {"institution": record.number, "name": record.name, "state": f"{record.state} since {_day(record.since)}"}
        | {f"DID {index}": text for index, text in enumerate(record.dids, 1)}
        | {f"past DID {index}": text for index, text in enumerate(record.past_dids, 1)}
    )
    if record.scopes:
        session.terminal.say()
        heads = ("scope", "framework", "type", "ranks", "region", "from", "to", "below", "standing")
        rows = [
            (
                index,
                scope.framework,
                scope.qualification_type or "any",
                f"{scope.lowest_rank}-{scope.highest_rank}",
                scope.region or "any",
                _day(scope.from_time),
                _day(scope.to_time),
                f"{scope.parent_institution}/{scope.parent_scope}" if scope.parent_institution else "-",
                _standing(scope, record.admission),
            )
            for index, scope in enumerate(record.scopes, 1)
        ]
        session.terminal.table(heads, rows)
    if record.keys:
        session.terminal.say()
        keys = [
            (
                "0x" + key.hash.hex(),
                key.usage,
                _day(key.since),
                _day(key.until),
                _day(key.compromised_since),
                key.clearings or "-",
            )
            for key in record.keys
        ]
        session.terminal.table(("key", "usage", "since", "retired", "compromised since", "restored"), keys)


@command(
    app,
    "register",
    example="testamur issuer register --name 成都开放大学 --did did:web:cdou.example --number 1\n"
    "testamur issuer register --name 'New College' --did did:web:new.example --govern 0x… --govern 0x… --admin 0x… "
    "--recovery 0x… --acceptance g1.json --acceptance g2.json --acceptance a.json --acceptance r.json",
)
def register(
    session: Session,
    name: Annotated[str, typer.Option("--name", help="The institution's name.")],
    did: Annotated[str, typer.Option("--did", help="Its DID.")],
    number: Annotated[
        int | None, typer.Option("--number", help="An institution the chain has; else a new one.")
    ] = None,
    govern: Annotated[list[str] | None, typer.Option("--govern", metavar="ADDRESS", help="GOVERN accounts.")] = None,
    admin: Annotated[list[str] | None, typer.Option("--admin", metavar="ADDRESS", help="ADMIN accounts.")] = None,
    recovery: Annotated[str | None, typer.Option("--recovery", metavar="ADDRESS", help="Recovery account.")] = None,
    acceptance: Annotated[
        list[Path] | None,
        typer.Option("--acceptance", metavar="FILE", help="What one of these accounts signed; one of each."),
    ] = None,
    document: Document = None,
) -> int:
    """Enter an institution into the register, by vote. Each account of a new one has accepted (`account accept`).

    It is not recognised before it is admitted.
    """
    from testamur.chain.acceptance import Controllers, creation_call, read_acceptance
    from testamur.chain.institution import register_calls
    from testamur.cli.proposing import put_to_vote, reason_document

    with session.connection() as connection:
        calls = []
        if number is None:
            operators = connection.contract("Operators")
            number = operators.read("institutionCount") + 1
            if recovery is None:
                raise UsageError("a new institution needs a recovery account", "name it with --recovery")
            accounts = [tuple(read_address(text) for text in group or ()) for group in (govern, admin)]
            chosen = Controllers(accounts[0], accounts[1], read_address(recovery))
            accepted = [read_acceptance(path) for path in acceptance or ()]
            calls.append(creation_call(connection, number, chosen, accepted))
        calls += register_calls(connection, number, name, did)
        hashed = reason_document(connection, document, f"Register {name} ({did})")
        return put_to_vote(session, connection, calls, hashed, institution=number)


@command(app, "admit", example="testamur issuer admit 1 --scope 1:0:1-10:5101 --document decision.pdf")
def admit(session: Session, who: Who, scope: Scopes, document: Document = None) -> int:
    """Recognise an institution for one or more scopes, by vote; further scopes of a recognised one are added."""
    from testamur.chain.institution import IssuerState, add_scope_call, admit_call
    from testamur.cli.proposing import put_to_vote, reason_document

    with session.connection() as connection:
        number = session.registered(connection, who)
        block = connection.rpc.block() or {}
        since = int(block.get("timestamp", hex(int(time.time()))), 16)
        scopes = [parse_scope(text, since) for text in scope]
        registry = connection.contract("IssuerRegistry")
        hashed = reason_document(connection, document, f"Admit institution {number}: {', '.join(scope)}")
        if registry.read("issuer", number)["state"] == IssuerState.RECOGNISED:
            calls = [add_scope_call(connection, number, item, hashed) for item in scopes]
        else:
            calls = [admit_call(connection, number, scopes, hashed)]
        return put_to_vote(session, connection, calls, hashed, institution=number)


@command(app, "suspend", example="testamur issuer suspend 2 --document decision.pdf")
def suspend(session: Session, who: Who, document: Document = None) -> int:
    """Suspend an institution's recognition, by vote. What it issued before stays valid."""
    return _change(session, who, "suspend", document)


@command(app, "reinstate", example="testamur issuer reinstate 2 --document decision.pdf")
def reinstate(session: Session, who: Who, document: Document = None) -> int:
    """Recognise a suspended institution again, by vote."""
    return _change(session, who, "reinstate", document)


@command(app, "withdraw", example="testamur issuer withdraw 2 --document decision.pdf")
def withdraw(session: Session, who: Who, document: Document = None) -> int:
    """End an institution's recognition for good, by vote. What it issued before stays valid."""
    return _change(session, who, "withdraw", document)


@command(
    app,
    "hand-over",
    example="testamur issuer hand-over 3 --to issue-2 --as cdou\ntestamur issuer hand-over 3 --to 0x5b38… --as cdou",
)
def hand_over(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="LIST", min=1, max=2**32 - 1, help="Number of the status list.")],
    to: Annotated[
        str, typer.Option("--to", metavar="NAME|ADDRESS", help="ISSUE account of the institution: keystore or address.")
    ],
    keystore: Folder = None,
) -> None:
    """Let another ISSUE account of the institution fill a status list; its ADMIN sends it.

    The account that held the list anchors nothing into it from then on. Who takes over also needs the list's key file,
    which `testamur backup` holds.
    """
    from testamur.chain.institution import hand_over
    from testamur.cli.staff import address_of

    with session.connection() as connection:
        institution = session.institution(connection.profile)
        receipt = hand_over(connection, institution, number, address_of(session, to, keystore))
        session.terminal.result({"list": number, "transaction": receipt.transaction, "block": receipt.block_number})
        session.terminal.say(
            "list {list} is {to}'s from block {block_number} on", list=number, to=to, block_number=receipt.block_number
        )


@command(app, "carry-over", example="testamur issuer carry-over 2 --as cdou")
def carry_over(session: Session, who: Who) -> None:
    """Copy an institution's record into the register that succeeded the one it stands in; nothing changes by it."""
    with session.connection() as connection:
        number = session.registered(connection, who)
        sender = connection.sender_for(session.institution(connection.profile), "admin")
        receipt = sender.send(connection.contract("IssuerRegistry").call("carryOver", number))
        session.terminal.result(
            {"institution": number, "transaction": receipt.transaction, "block": receipt.block_number}
        )
        session.terminal.say(
            "institution {number} stands in the register in force from block {block_number} on",
            number=number,
            block_number=receipt.block_number,
        )


def parse_scope(text: str, since: int) -> "Scope":
    """The scope that `F[:TYPE[:LOW-HIGH[:REGION]]]` means, in force from `since`."""
    from testamur.chain.institution import Scope

    parts = text.split(":")
    try:
        framework, kind = read_number(parts[0]), read_number(parts[1]) if len(parts) > 1 else 0
        low, _, high = (parts[2] if len(parts) > 2 else "1-255").partition("-")
        region = read_number(parts[3]) if len(parts) > 3 else 0
        lowest, highest = read_number(low), read_number(high or low)
    except ValueError:
        raise UsageError(f"{text!r} is no scope", "write F[:TYPE[:LOW-HIGH[:REGION]]], as in 1:0:1-10:5101") from None
    return Scope(framework, kind, lowest, highest, region, since)


def _change(session: Session, who: str, function: str, document: Path | None) -> int:
    from testamur.cli.proposing import put_to_vote, reason_document

    with session.connection() as connection:
        number = session.registered(connection, who)
        hashed = reason_document(connection, document, f"{function} institution {number}")
        call = connection.contract("IssuerRegistry").call(function, number, hashed)
        return put_to_vote(session, connection, [call], hashed, institution=number)


def _standing(scope: "Scope", admission: int) -> str:
    """`dead` with its admission, `suspended`, or `given`; who suspended it and which admission it was, --json says."""
    if scope.admission != admission:
        return "dead"
    return "suspended" if scope.suspended_by else "given"


def _day(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M") if time else "-"
