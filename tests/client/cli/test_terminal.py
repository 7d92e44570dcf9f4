"""How commands speak: colour only where it is wanted, progress that moves only on a terminal, completion."""

import json
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
    progress("saving", 1, 7)
    assert capsys.readouterr().err == "signing: 100 rows\nwriting: 100 rows\nsaving: 7 files\n"


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


PAINTED = "x\033[2K\r\033[32m✓ Valid\033[0m\n✓ Valid\x9b1A\u202e\u2028.json"


def test_foreign_text_shows_itself_and_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(False, language("en"))
    terminal.say("wrote {path}", path=PAINTED)
    terminal.note("wrote {path}", path=PAINTED)
    terminal.table(("node",), [(PAINTED,)])
    terminal.facts({"node": PAINTED})
    terminal.say(f"a finished line: {PAINTED[:8]}")
    terminal.show(f"an event of {PAINTED}")
    written = capsys.readouterr()
    for text in (written.out, written.err):
        assert not set(text) & set("\033\r\x9b\u202e\u2028")
        assert "\\x1b[2K\\r\\x1b[32m✓ Valid" in text
    assert len(written.out.splitlines()) == 6
    assert written.err.count("\n") == 1


def test_json_keeps_foreign_text_and_no_control_of_it_reaches_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(True, language("en")).result({"input": PAINTED + "\U000e0041", "name": "李华"})
    written = capsys.readouterr().out
    assert json.loads(written) == {"input": PAINTED + "\U000e0041", "name": "李华"}
    assert not set(written) & set("\033\r\x9b\u202e\u2028\U000e0041")
    assert "李华" in written
    failed = command("policy", "show", f"{PAINTED}.toml", "--json").err
    assert PAINTED in json.loads(failed)["message"]
    assert not set(failed) & set("\033\r\x9b\u202e\u2028")


def test_colour_of_ours_stays_beside_foreign_text(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = on_a_terminal(monkeypatch)
    terminal = Terminal(False, language("en"))
    terminal.say(f"{terminal.paint('Valid', 'green')} \033[2J")
    assert screen.getvalue() == "\033[32mValid\033[0m \\x1b[2J\n"
