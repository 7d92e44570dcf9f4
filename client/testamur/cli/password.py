"""`testamur account password`: the same keys under another password. `app` is `account` with all its commands.

A password is asked on a terminal or read from a file; it never stands in an argument.
"""

import getpass
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.account import Folder, Password, app, make_password, password_of
from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.staff import keystore_of

if TYPE_CHECKING:
    from testamur.profile import Profile

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
    are left alone. The profile names the new password file once all are done, and so do profiles beside it or in the
    folders next to it whose key files are all among these; others that use one of the files are named.
    """
    from testamur.chain.password_file import read_password
    from testamur.chain.passwords import change_keystore_password, change_signing_key_password
    from testamur.profiles_near import key_files

    if name is None and new_password_file is None:
        raise UsageError("the profile needs a file for its password", "name it with --new-password-file")
    keystores, keys = ([keystore_of(session, name, keystore)], []) if name is not None else key_files(session.profile())
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
    followed: list[str] = []
    if name is None and new_password_file is not None:
        _name_password_file(session.profile(), new_password_file)
        followed = _tell_others(session, [*keystores, *keys], new_password_file)
        session.terminal.note("a profile elsewhere that uses these key files needs the new file as its password_file")
    else:
        if session.has_profile() and {path.resolve() for path in keystores} & {
            path.resolve() for path in key_files(session.profile())[0]
        }:
            session.terminal.note(
                "the profile names one password file for all its keys; for this one set ETH_KEYSTORE and ETH_PASSWORD"
            )
        _tell_others(session, keystores, None)
    session.terminal.result({"changed": done, "profiles": followed})
    session.terminal.say("{count} key files have the new password now", count=len(done))
    for path in done:
        session.terminal.show(path)


def _name_password_file(profile: "Profile", password_file: Path) -> None:
    """Have a profile name its password file; relative to it where it lies in its folder."""
    from testamur.profile import update_profile

    path, folder = password_file.absolute(), profile.path.absolute().parent
    named = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    update_profile(profile, lambda found: replace(found, password_file=named))


def _tell_others(session: Session, files: list[Path], password_file: Path | None) -> list[str]:
    """Have other profiles whose key files all changed follow, and tell of each; paths of those that follow."""
    from testamur.profiles_near import key_files, profiles_near

    terminal = session.terminal
    followed: list[str] = []
    changed = {path.resolve() for path in files}
    for other in profiles_near(session.profile_file, files):
        named = {path.resolve() for kind in key_files(other) for path in kind}
        if password_file is not None and named <= changed:
            _name_password_file(other, password_file)
            followed.append(str(other.path))
            terminal.note("{path} uses the same key files and names the new password file too", path=other.path)
        else:
            terminal.note(
                "{path} uses these key files too, and its password file opens them no more: change its other keys, or"
                " set ETH_KEYSTORE and ETH_PASSWORD for them",
                path=other.path,
            )
    return followed


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
