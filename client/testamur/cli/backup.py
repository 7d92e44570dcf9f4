"""`testamur backup`, `restore`: a profile in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command
from testamur.cli.session import Session

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Put the commands under the root."""
    command(app, "backup", asks_node=False, example="testamur backup --out cdou-2026.zip")(backup)
    command(app, "restore", asks_node=False, example="testamur restore cdou-2026.zip --out restored")(restore)


def backup(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="The backup (mode 0600, never overwritten).")],
    run: Annotated[
        list[Path] | None,
        typer.Option("--run", metavar="DIR", help="Also the run in DIR: one that was moved, or is not this profile's."),
    ] = None,
    with_password: Annotated[
        bool, typer.Option("--with-password", help="Also the password file: whoever has the backup has everything.")
    ] = False,
) -> int:
    """Put the profile, its keys and everything that its runs need into one file.

    Runs with their journals, bundles, rosters and templates, what was handed out and still stands, and the register
    of what was issued. Keystores and signing keys are encrypted in it; list keys, journals and packages are not. Keep
    it in a safe place, and the password in another. Exit code 8 where a file or run that the profile names is not
    there.
    """
    from testamur.backup import back_up
    from testamur.cli.progress import ProgressLine

    progress = ProgressLine(session.terminal.language)
    try:
        report = back_up(
            session.profile(),
            out,
            runs=run or (),
            with_password=with_password,
            progress=lambda done, total: progress("saving", done, total),
        )
    finally:
        progress.end()
    session.terminal.result(
        {
            "backup": str(out),
            "files": list(report.files),
            "missing": list(report.missing),
            "runs": list(report.runs),
            "password": report.has_password,
        }
    )
    session.terminal.say("wrote {out}: {count} files", out=out, count=len(report.files))
    for folder in report.runs:
        session.terminal.say("run: {folder}", folder=folder)
    for path in report.missing:
        session.terminal.say("not there: {path}", path=path)
    if not report.has_password:
        session.terminal.say("the password file is not in it; keep that in another safe place")
    return 8 if report.missing else 0


def restore(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The backup.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Fresh folder for the profile.")],
) -> int:
    """Unpack a backup into a fresh folder; every file is compared with its hash first.

    Then everything goes on there: commands in that folder find profile, runs, rosters and templates.
    """
    from testamur.backup import restore as unpack
    from testamur.cli.progress import ProgressLine

    progress = ProgressLine(session.terminal.language)
    try:
        report = unpack(source, out, progress=lambda done, total: progress("restoring", done, total))
    finally:
        progress.end()
    session.terminal.result(
        {"profile": str(out / "testamur.toml"), "files": list(report.files), "runs": list(report.runs)}
    )
    session.terminal.say("restored {count} files to {out}", count=len(report.files), out=out)
    for folder in report.runs:
        session.terminal.say("run: {folder}", folder=out / folder)
    if not report.has_password:
        session.terminal.say("put the password file where testamur.toml names it, then run `testamur doctor`")
    return 0
