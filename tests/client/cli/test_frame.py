"""What every command keeps: help with an example, exit codes, one line per error, never a traceback."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from testamur.chain.errors import ChainUnreachableError
from testamur.cli.application import application
from testamur.cli.command import finish
from testamur.cli.failure import UsageError
from testamur.cli.terminal import Terminal, width
from testamur.language import language
from typer.main import get_command

from tests.world import command

EN = Terminal(False, language("en"))
JSON = Terminal(True, language("en"))


def paths(node: object, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that can be run, as words."""
    children = getattr(node, "commands", None)
    if children is None:
        yield before
        return
    for name, child in children.items():
        yield from paths(child, (*before, name))


COMMANDS = sorted(paths(get_command(application())))


SHARED = ("--json", "--as", "--profile", "--lang")
TO_THE_NODE = ("--token-file", "--tls-certificate", "--tls-key", "--tls-ca")
ON_THIS_MACHINE = """account new, account import, account list, account password, backup, restore, extract, forget,
    policy show, scenario list, template check"""
"""Commands that ask no node."""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example_and_the_options_that_act(words: tuple[str, ...]) -> None:
    result = command(*words, "--help")
    assert result.code == 0
    assert f"$ testamur {' '.join(words)}" in result.out
    asks_none = " ".join(words) in {" ".join(name.split()) for name in ON_THIS_MACHINE.split(",")}
    assert [option for option in SHARED if option not in result.out] == []
    assert [option for option in TO_THE_NODE if (option in result.out) == asks_none] == []


def test_the_commands_that_the_interface_names_are_there() -> None:
    wanted = """init, account new, account import, account list, doctor, policy create, policy show, policy check,
        policy refresh, deploy, alliance show, alliance propose, alliance vote, alliance execute, alliance sign,
        issuer show, issuer list, issuer admit, issuer suspend, issuer withdraw, issuer key add, issuer key retire,
        issuer key compromise, template check, template example, issue, revoke, suspend, reinstate, verify,
        bundle prove, serve, scenario list, scenario run"""
    names = {" ".join(words) for words in COMMANDS}
    assert {" ".join(name.split()) for name in wanted.split(",")} - names == set()


def test_a_known_error_is_a_line_and_an_advice_with_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise ChainUnreachableError("http://node gave\nno answer", "start the node")

    assert finish(work, EN) == 7
    assert capsys.readouterr() == ("", "error: http://node gave no answer\nadvice: start the node\n")


def test_an_error_with_json_is_one_object_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise ChainUnreachableError("no answer", "start the node")

    assert finish(work, JSON) == 7
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {
        "error": "ChainUnreachableError",
        "message": "no answer",
        "advice": "start the node",
        "exitCode": 7,
    }


def test_in_chinese_an_error_has_a_chinese_title_before_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise ChainUnreachableError("no answer", "start the node")

    assert finish(work, Terminal(False, language("zh"))) == 7
    assert capsys.readouterr().err == "错误：无法连接链节点：no answer\n建议：start the node\n"


def test_in_chinese_a_sentence_that_has_its_chinese_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """`命令用法有误：…` and `无法连接链节点：无法连接…` said the same twice."""

    def work() -> None:
        raise UsageError("whose data?", "name rows with --row ID")

    assert finish(work, Terminal(False, language("zh"))) == 2
    told = capsys.readouterr().err.splitlines()[0]
    assert (told.startswith("错误："), told.count("："), "命令用法" in told) == (True, 1, False), told


def test_an_unforeseen_error_is_one_line_with_its_place_and_where_to_report(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        {}["missing"]

    assert finish(work, EN) == 1
    out, err = capsys.readouterr()
    assert err.startswith("error: KeyError: 'missing' (")
    assert "please report it" in err
    assert "Traceback" not in out + err


def test_an_interrupt_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    assert finish(work, EN) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_missing_file_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        (tmp_path / "nothing").read_bytes()

    assert finish(work, EN) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_typer_exit_passes_through() -> None:
    def work() -> None:
        raise typer.Exit(3)

    with pytest.raises(typer.Exit):
        finish(work, EN)


@pytest.mark.parametrize("words", [["nonsense"], ["verify"], ["verify", "x", "--lang", "fr"], ["issue", "a.csv"]])
def test_what_cannot_be_understood_ends_with_2(words: list[str]) -> None:
    result = command(*words)
    assert result.code == 2
    assert result.out == ""


def test_a_command_without_a_profile_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = command("issuer", "list")
    assert result.code == 2
    assert "testamur init" in result.err


def test_a_named_profile_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = command("issuer", "list", "--profile", tmp_path / "other.toml")
    assert result.code == 2
    assert "other.toml" in result.err


def test_the_help_of_the_installed_command_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom testamur.cli import main\nsys.argv = ['testamur', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    heavy = {
        "web3",
        "fastapi",
        "pydantic",
        "eth_account",
        "eth_abi",
        "httpx",
        "rich",
        "uvicorn",
        "pyoxigraph",
        "cryptography",
    }
    assert heavy & set(done.stderr.split()) == set()


def test_chinese_takes_two_cells_and_combining_marks_none() -> None:
    assert (width("abc"), width("成都"), width("e\u0301")) == (3, 4, 1)


def test_the_table_goes_nowhere_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    JSON.table(("a",), [("b",)])
    JSON.say("c")
    assert capsys.readouterr().out == ""
