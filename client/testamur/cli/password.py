"""`testamur account password`: the same keys under another password. `app` is `account` with all its commands.

A password is asked on a terminal or read from a file; it never stands in an argument.
"""

import getpass
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.account import Folder, Password, app, make_password, password_of
from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.staff import keystore_of

__all__ = ["app"]

NewPassword = Annotated[
    Path | None,
    typer.Option(
        "--new-password-file", metavar="FILE",
        help="File of the new password; made where it does not exist. Without it a terminal asks.",
    ),
]  # fmt: skip


@command(
    app,
    "password",
    asks_node=False,
    example="testamur account password --new-password-file keys/password-2\n"
    "testamur account password clerk-2 --password-file old --new-password-file new",
)
def password(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME|FILE]", help="One keystore; else all key files of the profile.")
    ] = None,
    new_password_file: NewPassword = None,
    keystore: Folder = None,
    password_file: Password = None,
) -> None:
    """Change the password of one keystore, or of every keystore and signing key of the profile.

    Each file is replaced whole or not at all. Interrupted, run the same again: files that open with the new password
    are left alone. The profile names the new password file once all are done.
    """
    from testamur.chain.password_file import read_password
    from testamur.chain.passwords import change_keystore_password, change_signing_key_password
    from testamur.profile import update_profile

    if name is None and new_password_file is None:
        raise UsageError("the profile needs a file for its password", "name it with --new-password-file")
    keystores, keys = ([keystore_of(session, name, keystore)], []) if name is not None else _key_files(session)
    old = _old_password(session, password_file)
    if new_password_file is not None:
        make_password(session, new_password_file)
        new = read_password(new_password_file)
    else:
        new = _asked(session, "new password:")
        if _asked(session, "again:") != new:
            raise UsageError("the two are not the same", "type the new password twice")
    done = [str(path) for path in keystores if change_keystore_password(path, old, new)]
    done += [str(path) for path in keys if change_signing_key_password(path, old, new)]
    if name is None and new_password_file is not None:
        named = str(new_password_file.absolute())
        folder = session.profile_file.absolute().parent
        if new_password_file.absolute().is_relative_to(folder):
            named = new_password_file.absolute().relative_to(folder).as_posix()
        update_profile(session.profile(), lambda profile: replace(profile, password_file=named))
    elif session.has_profile() and any(
        path.resolve() in {file.resolve() for file in _key_files(session)[0]} for path in keystores
    ):
        session.terminal.note(
            "the profile names one password file for all its keys; for this one set ETH_KEYSTORE and ETH_PASSWORD"
        )
    session.terminal.result({"changed": done})
    session.terminal.say("{count} key files have the new password now", count=len(done))
    for path in done:
        session.terminal.show(path)


def _key_files(session: Session) -> tuple[list[Path], list[Path]]:
    """Every keystore and every signing key that the profile names and that is here."""
    profile = session.profile()
    keystores: list[str] = []
    keys: list[str] = []
    for institution in profile.institutions:
        keystores += institution.accounts.files()
        if institution.signing is not None:
            keys += [institution.signing.credential, institution.signing.status]
    return (
        [path for path in map(profile.resolve, dict.fromkeys(keystores)) if path.is_file()],
        [path for path in map(profile.resolve, dict.fromkeys(keys)) if path.is_file()],
    )


def _old_password(session: Session, password_file: Path | None) -> Sequence[str]:
    """The readings of --password-file, else of the profile's; else a terminal asks."""
    from testamur.chain.password_file import read_passwords, readings_of

    path = password_of(session, password_file)
    if password_file is None and not path.is_file() and sys.stdin.isatty():
        return readings_of(_asked(session, "old password:"))
    return read_passwords(path)


def _asked(session: Session, text: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("no password is named", "name its file with --password-file and --new-password-file")
    return getpass.getpass(session.terminal.language.said(text) + " ", sys.stderr)
