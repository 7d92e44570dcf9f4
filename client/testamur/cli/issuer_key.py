"""`testamur issuer key`: the Ed25519 keys that sign credentials and status lists."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.values import read_hash

if TYPE_CHECKING:
    from testamur.chain.connection import Connection

__all__ = ["app", "parse_time"]

app = noun("Signing keys of an institution.", "testamur issuer key add --as cdou")

Key = Annotated[str, typer.Argument(metavar="KEY", help="Hash of the key, as `issuer show` prints it.")]


@command(app, "add", example="testamur issuer key add --as cdou\ntestamur issuer key add --as cdou --usage credential")
def add(
    session: Session,
    usage: Annotated[
        str | None,
        typer.Option("--usage", metavar="credential|status", help="Rotate: make one more key of this usage."),
    ] = None,
) -> None:
    """Create and register signing keys: both where there are none, or one more of a usage from now on.

    The key files are encrypted with the profile's password; the profile then signs with the new ones. Old keys stay
    registered until they are retired.
    """
    from testamur.chain.keys import add_signing_keys
    from testamur.profile import SigningKeys

    with session.connection() as connection:
        institution = session.institution(connection.profile)
        folder = f"keys/{institution.slug}"
        if usage is None or institution.signing is None:
            institution = add_signing_keys(connection, institution, folder)
        elif usage not in ("credential", "status"):
            raise UsageError(f"there is no usage {usage}", "credential or status")
        else:
            path = _rotate(connection, institution.number, usage, folder, session)
            signing = institution.signing
            institution = replace(
                institution,
                signing=SigningKeys(
                    credential=path if usage == "credential" else signing.credential,
                    status=path if usage == "status" else signing.status,
                ),
            )
            connection.profile = connection.profile.with_institution(institution)
            connection.profile.save()
        assert institution.signing is not None
        session.terminal.result(
            {
                "institution": institution.number,
                "credential": institution.signing.credential,
                "status": institution.signing.status,
            }
        )
        session.terminal.facts(
            {"credential key": institution.signing.credential, "status key": institution.signing.status}
        )


@command(
    app,
    "retire",
    example="testamur issuer key retire 0x5f… --as cdou\n"
    "testamur issuer key retire 0x5f… --at 2027-08-31T16:00:00Z --as cdou",
)
def retire(
    session: Session,
    key: Key,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Plan the end for then (ISO 8601); else now.")
    ] = None,
) -> None:
    """End the use of a key, now or as planned. What is recorded before stays valid; the end only moves earlier."""
    from testamur.chain.keys import NOW, retire_key

    until = NOW if at is None else int(parse_time(at).timestamp())
    with session.connection() as connection:
        receipt = retire_key(connection, session.institution(connection.profile), _key_hash(key), until)
    session.terminal.result(
        {"keyHash": key, "until": until or None, "transaction": receipt.transaction, "block": receipt.block_number}
    )
    if at is None:
        session.terminal.say("retired in block {block_number}", block_number=receipt.block_number)
    else:
        session.terminal.say(
            "ends at {time}, written in block {block_number}", time=at, block_number=receipt.block_number
        )


@command(app, "compromise", example="testamur issuer key compromise 0x5f… --since 2026-11-20T08:00:00Z --as cdou")
def compromise(
    session: Session,
    key: Key,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="From when it was in wrong hands (ISO 8601).")],
) -> None:
    """Report a key stolen or lost: nothing that was anchored with it since then is valid.

    The time can only be moved to earlier, at most 90 days back; further back, or later again, the alliance votes.
    """
    from testamur.chain.keys import mark_key_compromised

    moment = int(parse_time(since).timestamp())
    with session.connection() as connection:
        receipt = mark_key_compromised(connection, session.institution(connection.profile), _key_hash(key), moment)
    session.terminal.result(
        {"keyHash": key, "since": moment, "transaction": receipt.transaction, "block": receipt.block_number}
    )
    session.terminal.say("reported in block {block_number}", block_number=receipt.block_number)


@command(app, "consent", example="testamur issuer key consent 0x5f… --as cdou")
def consent(session: Session, key: Key) -> None:
    """Agree that a vote takes the report of a key's theft back altogether; by a GOVERN account, good for 60 days.

    A vote that only states a later time needs no consent.
    """
    from testamur.chain.keys import consent_to_clear_key

    with session.connection() as connection:
        receipt = consent_to_clear_key(connection, session.institution(connection.profile), _key_hash(key))
    session.terminal.result({"keyHash": key, "transaction": receipt.transaction, "block": receipt.block_number})
    session.terminal.say(
        "agreed in block {block_number}; now the alliance votes: testamur issuer key restore {key}",
        block_number=receipt.block_number,
        key=key,
    )


@command(
    app,
    "restore",
    example="testamur issuer key restore 0x5f… --since 2026-11-28T08:00:00Z --document minutes.pdf --as cdou\n"
    "testamur issuer key restore 0x5f… --of 2 --document minutes.pdf",
)
def restore(
    session: Session,
    key: Key,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="The later time from which it counts as stolen; else never."),
    ] = None,
    of: Annotated[str | None, typer.Option("--of", metavar="ID|DID", help="Whose key it is; else who acts.")] = None,
    document: Annotated[
        Path | None, typer.Option("--document", metavar="FILE", help="The document that explains it.")
    ] = None,
) -> int:
    """Take back a wrong report of a key's theft, by vote: state a later time, or none at all.

    None at all needs the consent of the institution's GOVERN first (`issuer key consent`). Verdicts say that the key
    was restored, and for 90 days only a vote cuts it off again.
    """
    from testamur.chain.keys import restore_key_call
    from testamur.cli.proposing import put_to_vote, reason_document

    moment = None if since is None else int(parse_time(since).timestamp())
    with session.connection() as connection:
        profile = connection.profile
        number = session.institution(profile).number if of is None else session.registered(connection, of)
        hashed = reason_document(connection, document, f"Restore key {key} of institution {number}")
        call = restore_key_call(connection, number, _key_hash(key), moment, hashed)
        return put_to_vote(session, connection, [call], hashed, institution=number)


def parse_time(text: str) -> datetime:
    """ISO 8601, UTC where no offset is said; a date alone is its first second."""
    try:
        if not text.isascii():
            raise ValueError("digits of another script")
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time", "write ISO 8601, as in 2026-11-20T08:00:00Z") from None
    return moment


def _rotate(connection: "Connection", number: int, usage: str, folder: str, session: Session) -> str:
    """Make and register one more key; its path in the profile."""
    from testamur.chain.keys import KeyUsage, add_key
    from testamur.chain.password_file import read_password
    from testamur.chain.signing_key import create_signing_key, raw_public_key

    profile = connection.profile
    path = f"{folder}/{usage}-{datetime.fromtimestamp(time.time(), UTC):%Y%m%dT%H%M%S}.pem"
    key = create_signing_key(profile.resolve(path), read_password(profile.password_path))
    add_key(connection, profile.institution(number), raw_public_key(key), KeyUsage[usage.upper()])
    session.terminal.note("wrote {path}", path=profile.resolve(path))
    return path


def _key_hash(text: str) -> bytes:
    return read_hash(text, "key hash", "copy it from `testamur issuer show`")
