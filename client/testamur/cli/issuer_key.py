"""`testamur issuer key`: the Ed25519 keys that sign credentials and status lists."""

import time
from dataclasses import replace
from datetime import UTC, datetime
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


@command(app, "retire", example="testamur issuer key retire 0x5f… --as cdou")
def retire(session: Session, key: Key) -> None:
    """End the use of a key, now. What it signed before stays valid."""
    from testamur.chain.keys import NOW

    with session.connection() as connection:
        institution = session.institution(connection.profile)
        call = connection.contract("Keys").call("retireKey", institution.number, _key_hash(key), NOW)
        receipt = connection.sender_for(institution, "admin").send(call)
        session.terminal.result({"keyHash": key, "transaction": receipt.transaction, "block": receipt.block_number})
        session.terminal.say("retired in block {block_number}", block_number=receipt.block_number)


@command(app, "compromise", example="testamur issuer key compromise 0x5f… --since 2026-11-20T08:00:00Z --as cdou")
def compromise(
    session: Session,
    key: Key,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="From when it was in wrong hands (ISO 8601).")],
) -> None:
    """Report a key stolen or lost: nothing that was anchored with it since then is valid.

    The time can only be moved to earlier, at most 90 days back; further back the alliance votes.
    """
    with session.connection() as connection:
        institution = session.institution(connection.profile)
        moment = int(parse_time(since).timestamp())
        call = connection.contract("Keys").call("markKeyCompromised", institution.number, _key_hash(key), moment)
        receipt = connection.sender_for(institution, "admin").send(call)
        session.terminal.result(
            {"keyHash": key, "since": moment, "transaction": receipt.transaction, "block": receipt.block_number}
        )
        session.terminal.say("reported in block {block_number}", block_number=receipt.block_number)


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
