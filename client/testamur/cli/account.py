"""`testamur account`: keystore files. A private key never stands in an argument, only in a file or on stdin."""

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

__all__ = ["Folder", "Password", "app", "file_of", "make_password", "password_of"]

app = noun("Accounts: keystore files (version 3, as geth and cast write them).", "testamur account list")

Folder = Annotated[
    Path | None, typer.Option("--keystore", envvar="ETH_KEYSTORE", metavar="DIR", help="Folder of keystore files.")
]
Password = Annotated[
    Path | None,
    typer.Option("--password-file", envvar="ETH_PASSWORD", metavar="FILE", help="Path of the password file."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the file, without .json.")]


@command(app, "new", asks_node=False, example="testamur account new issue-2 --password-file keys/password")
def new(session: Session, name: Name, keystore: Folder = None, password_file: Password = None) -> None:
    """Make an account. A password file that does not exist is made too, with a random password (mode 0600)."""
    from testamur.chain.password_file import read_password
    from testamur.chain.signer import create_keystore

    path, password = file_of(session, keystore, name), password_of(session, password_file)
    make_password(session, password)
    _report(session, path, create_keystore(path, read_password(password)))


@command(
    app,
    "import",
    asks_node=False,
    example="testamur account import legacy --from key.hex --password-file keys/password",
)
def import_(
    session: Session,
    name: Name,
    source: Annotated[
        Path, typer.Option("--from", metavar="FILE|-", help="File with the private key in hex; - is stdin.")
    ],
    keystore: Folder = None,
    password_file: Password = None,
) -> None:
    """Make a keystore from a private key that stands in a file."""
    from testamur.chain.password_file import read_password
    from testamur.chain.signer import import_keystore

    data = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    try:
        secret = bytes.fromhex(data.decode("ascii").strip().removeprefix("0x"))
    except ValueError:
        raise UsageError(f"{source} does not hold a private key in hex") from None
    path = file_of(session, keystore, name)
    _report(session, path, import_keystore(path, secret, read_password(password_of(session, password_file))))


@command(app, "list", asks_node=False, example="testamur account list --json")
def list_(session: Session, keystore: Folder = None) -> None:
    """List the keystore files, with the roles that the profile gives them."""
    from testamur.chain.signer import keystore_address, list_keystores

    roles = _roles(session)
    folder = _folder(session, keystore)
    found = list_keystores(folder) if keystore is not None or folder.is_dir() or not roles else []
    if keystore is None:
        listed = {path.resolve() for path, _ in found}
        found += [(path, keystore_address(path)) for path in roles if path not in listed and path.is_file()]
    rows = []
    for path, address in found:
        held = roles.get(path.resolve(), [])
        session.terminal.result({"address": address, "path": str(path), "roles": held})
        rows.append((address, path, ", ".join(held)))
    session.terminal.table(("address", "file", "roles"), rows)


def _folder(session: Session, wanted: Path | None) -> Path:
    if wanted is not None:
        return wanted if wanted.is_dir() or not wanted.exists() else wanted.parent
    return session.profile_file.parent / "keys"


def make_password(session: Session, path: Path) -> None:
    """Write a random password (mode 0600) where there is no password file yet."""
    from testamur.chain.signer import write_secret

    if not path.exists():
        write_secret(path, secrets.token_urlsafe(24).encode() + b"\n")
        session.terminal.note(
            "wrote a new random password to {password}; keep a copy of it in a safe place", password=path
        )


def file_of(session: Session, keystore: Path | None, name: str) -> Path:
    """The keystore file of a name: in --keystore, else in `keys` beside the profile."""
    if name in ("", ".", "..") or Path(name).name != name:
        raise UsageError(f"{name!r} is no file name", "name the folder with --keystore")
    return _folder(session, keystore) / f"{name}.json"


def password_of(session: Session, wanted: Path | None) -> Path:
    """The password file: --password-file or ETH_PASSWORD, else the profile's, else `keys/password` beside it."""
    if wanted is not None:
        return wanted
    if session.has_profile() and (path := session.profile().password_path) is not None:
        return path
    return session.profile_file.parent / "keys" / "password"


def _roles(session: Session) -> dict[Path, list[str]]:
    roles: dict[Path, list[str]] = {}
    if not session.has_profile():
        return roles
    profile = session.profile()
    for institution in profile.institutions:
        accounts = institution.accounts
        held = [("govern", path) for path in accounts.govern]
        held += [(role, getattr(accounts, role)) for role in ("admin", "issue", "status", "recovery")]
        for role, path in held:
            if path:
                roles.setdefault(profile.resolve(path).resolve(), []).append(f"{institution.slug} {role}")
    return roles


def _report(session: Session, path: Path, address: bytes) -> None:
    session.terminal.result({"address": address, "path": os.fspath(path)})
    session.terminal.show(f"0x{address.hex()}  {path}")
