"""`testamur doctor`: is everything in order to issue? One finding per check, with its remedy."""

from dataclasses import replace

import typer

from testamur.cli.command import command
from testamur.cli.session import Session
from testamur.cli.terminal import shown

__all__ = ["register"]

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
COLOURS = {"ok": "green", "warning": "blue", "error": "red"}


def register(app: typer.Typer) -> None:
    """Put the command under the root."""
    command(app, "doctor", example="testamur doctor\ntestamur doctor --json")(doctor)


def doctor(session: Session) -> int:
    """Check chain, clock, contracts, accounts, scopes, keys, lists and disk, and say the remedy for what is wrong.

    Checks the institution of --as or the profile's default one, else all. Exit code 0 where nothing stands in the way
    of issuing (warnings included), else that of the first error.
    """
    from testamur.doctor import diagnose

    words, terminal = session.terminal.language, session.terminal
    first = 0
    profile = session.profile()
    profile = profile.at(session.environment.get("TESTAMUR_RPC") or profile.rpc)
    if session.acting or profile.default:
        profile = replace(profile, institutions=(session.institution(profile),))
    for finding in diagnose(profile, session.shown):
        terminal.result(finding.to_json())
        mark = terminal.paint(MARKS[finding.severity], COLOURS[finding.severity])
        terminal.say(f"{mark} {finding.code}{words.text('cli.colon')}{shown(words.told(finding.message))}")
        if finding.severity != "ok" and finding.advice:
            terminal.say(f"    {words.text('cli.advice')}{words.text('cli.colon')}{shown(words.told(finding.advice))}")
        if finding.severity == "error" and not first:
            first = finding.exit_code or 1
    return first
