"""`testamur backup`, `restore`: a profile in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command
from testamur.cli.session import Session

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Put the commands under the root."""
    command(app, "backup", example="testamur backup --out cdou-2026.zip --run batch --run corrected")(backup)
    command(app, "restore", example="testamur restore cdou-2026.zip --out restored")(restore)


def backup(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="The backup (mode 0600, never overwritten).")],
    run: Annotated[
        list[Path] | None, typer.Option("--run", metavar="DIR", help="Also the journal of the run in DIR.")
    ] = None,
    with_password: Annotated[
        bool, typer.Option("--with-password", help="Also the password file: whoever has the backup has everything.")
    ] = False,
) -> int:
    """Put the profile, its keys, list keys and journals into one file.

    Keystores and signing keys are encrypted in it; list keys and journals are not. Keep it in a safe place, and the
    password in another. Exit code 8 where a file that the profile names is not there.
    """
    from testamur.backup import back_up

    report = back_up(session.profile(), out, runs=run or (), with_password=with_password)
    session.terminal.result(
        {"backup": str(out), "files": list(report.files), "missing": list(report.missing), "password": with_password}
    )
    session.terminal.say("wrote {out}: {count} files", out=out, count=len(report.files))
    for path in report.missing:
        session.terminal.say("not there: {path}", path=path)
    if not with_password:
        session.terminal.say("the password file is not in it; keep that in another safe place")
    return 8 if report.missing else 0


def restore(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The backup.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Fresh folder for the profile.")],
) -> int:
    """Unpack a backup into a fresh folder; every file is compared with its hash first."""
    from testamur.backup import restore as unpack

    report = unpack(source, out)
    session.terminal.result({"profile": str(out / "testamur.toml"), "files": list(report.files)})
    session.terminal.say("restored {count} files to {out}", count=len(report.files), out=out)
    if not report.has_password:
        session.terminal.say("put the password file where testamur.toml names it, then run `testamur doctor`")
    return 0
