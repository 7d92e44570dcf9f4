"""What stands around the commands of both programs: version, groups, languages, and refusals of a command line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from testamur.cli.application import application
from testamur.language import language
from testamur.language.help import put_in_language
from testamur_node.cli import program
from testamur_node.terminal import Terminal
from typer.main import get_command

from tests.world import command

PROGRAMS = ("testamur", "testamur-node")
ENGLISH_OF_CLICK = ("Usage:", "Options:", "Commands:", "Arguments:", "[required", "[env var", "[default", "Show this")


def ran(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    program_name, *rest = (str(argument) for argument in arguments)
    return subprocess.run(
        [Path(sys.executable).with_name(program_name), *rest],
        capture_output=True, text=True, check=False, timeout=120, env={"PATH": "/usr/bin:/bin", **variables},
    )  # fmt: skip


def nodes(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, tree
    for name, child in getattr(tree, "commands", {}).items():
        yield from nodes(child, (*path, name))


def trees(tag: str) -> dict[str, Any]:
    client = get_command(application())
    put_in_language(client, language(tag))
    from testamur_node.language import wished_language

    return {"testamur": client, "testamur-node": program(Terminal(wished_language(["--lang", tag]), as_json=False))}


def helps(tag: str) -> Iterator[tuple[str, str]]:
    """Each command and group of both programs with its help, as it is printed."""
    for name, tree in trees(tag).items():
        for path, node in nodes(tree, (name,)):
            context = node.context_class(node, info_name=" ".join(path))
            yield " ".join(path), node.get_help(context)


def test_every_help_of_both_programs_has_an_example_of_the_command_or_of_one_below_it() -> None:
    found = list(helps("en"))
    assert len(found) > 70
    assert [name for name, text in found if f"Example:\n    $ {name}" not in text] == []


def test_no_help_in_chinese_is_left_half_in_english() -> None:
    left = {(name, mark) for name, text in helps("zh") for mark in (*ENGLISH_OF_CLICK, "Example:") if mark in text}
    assert left == set()
    assert all("用法：" in text and "示例：" in text for _, text in helps("zh"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_tells_its_version(name: str) -> None:
    shown = ran(name, "--version")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, f"{name} {version('testamur')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("testamur", "--lang", "zh", "account", "list"), {}),
        (("testamur", "account", "list", "--lang", "zh"), {}),
        (("testamur", "account", "list"), {"LANG": "zh_CN.GB18030"}),
        (("testamur-node", "--lang", "zh", "status", "--home", "none"), {}),
        (("testamur-node", "status", "--home", "none", "--lang=zh"), {"LANG": "C.UTF-8"}),
        (("testamur-node", "status", "--home", "none"), {"LC_ALL": "zh_CN.UTF-8"}),
    ],
)
def test_the_wish_for_a_language_is_heard_wherever_it_stands(
    arguments: tuple[str, ...], variables: dict[str, str], tmp_path: Path
) -> None:
    more = ("--keystore", str(tmp_path / "none")) if arguments[0] == "testamur" else ()
    told = ran(*arguments, *more, **variables).stderr
    assert told.startswith("错误：")


def test_a_language_before_the_command_is_heard_in_process_too_and_one_behind_it_wins(tmp_path: Path) -> None:
    missing = ("account", "list", "--keystore", tmp_path / "none")
    assert "没有密钥库目录" in command("--lang", "zh", *missing).err
    assert "there is no keystore folder" in command("--lang", "zh", *missing, "--lang", "en").err


FAULTS = [
    (("testamur", "verify"), "Missing argument", "缺少参数"),
    (("testamur", "issue", "a.csv"), "Missing option '--template'.", "缺少选项 '--template'。"),
    (("testamur", "nonsense"), "No such command 'nonsense'.", "没有命令 'nonsense'。"),
    (("testamur-node", "prune", "--home", "x", "--keep", "0"), "'--keep'", "不在范围 x>=1 之内"),
    (("testamur-node", "status"), "Missing option '--home'", "缺少选项 '--home'"),
    (("testamur-node", "status", "--hom", "x"), "No such option: --hom", "没有选项 --hom"),
    (("testamur", "issuer"), "", "用法：testamur issuer"),
    (("testamur", "account", "list", "--lang", "fr"), "'fr' is not one of zh, en", "'fr' 不在 zh, en 之列"),
]


@pytest.mark.parametrize(("arguments", "english", "chinese"), FAULTS, ids=lambda value: str(value)[:40])
def test_a_command_line_that_cannot_be_understood_is_refused_in_the_language_and_as_json(
    arguments: tuple[str, ...], english: str, chinese: str
) -> None:
    told = ran(*arguments, LANG="zh_CN.UTF-8")
    assert (told.returncode, told.stdout) == (2, "")
    assert chinese in told.stderr
    facts = ran(*arguments, "--json", LANG="zh_CN.UTF-8")
    assert (facts.returncode, facts.stdout) == (2, "")
    refusal = json.loads(facts.stderr)
    assert refusal["error"] == "UsageError"
    assert refusal["exitCode"] == 2
    assert english in refusal["message"]
