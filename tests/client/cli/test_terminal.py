"""How commands speak: colour only where it is wanted, progress that moves only on a terminal, completion."""

import os
import subprocess
import sys
from io import StringIO

import pytest
from testamur.cli.progress import ProgressLine
from testamur.cli.terminal import Terminal
from testamur.language import language

from tests.world import command


class Screen(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """stdout and stderr are a terminal from now on."""
    stream = Screen()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_a_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    assert Terminal(False, language("en")).paint("Valid", "green") == "\033[32mValid\033[0m"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    on_a_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert Terminal(False, language("en")).paint("Valid", "green") == "Valid"


def test_a_pipe_gets_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    assert Terminal(False, language("en")).paint("Valid", "green") == "Valid"


def test_on_a_terminal_progress_moves_with_rate_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = on_a_terminal(monkeypatch)
    progress = ProgressLine(language("zh"))
    for done in (1, 50, 100):
        progress("signing", done, 100)
    progress.end()
    text = screen.getvalue()
    assert "\r签名 100/100" in text
    assert text.endswith("\r")
    assert "\n" not in text


def test_without_a_terminal_progress_is_a_line_per_stage(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ProgressLine(language("en"))
    for stage in ("signing", "writing"):
        for done in (1, 50, 100):
            progress(stage, done, 100)
    progress.end()
    assert capsys.readouterr().err == "signing: 100 rows\nwriting: 100 rows\n"


def test_facts_fill_a_line_and_braces_in_plain_lines_stay(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(False, language("zh"))
    terminal.say("wrote {path}", path="a.toml")
    terminal.say('{"json": 1}')
    assert capsys.readouterr().out == '已写出 a.toml\n{"json": 1}\n'


def test_the_shell_completes_commands() -> None:
    asked = {**os.environ, "COMP_WORDS": "testamur pol", "COMP_CWORD": "1", "_TESTAMUR_COMPLETE": "complete_bash"}
    program = "import sys; sys.argv[0] = 'testamur'; from testamur.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env=asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["policy"]


@pytest.mark.parametrize("given", ["１", "0_1", " 1", "1.0", "٣", "0", "x"])
def test_a_number_option_takes_ascii_digits_within_its_bounds(given: str) -> None:
    refused = command("policy", "refresh", "none.toml", "--at-least", given)
    assert refused.code == 2
    assert "--at-least" in refused.err
    assert "--at-least" not in command("policy", "refresh", "none.toml", "--at-least", "1").err
