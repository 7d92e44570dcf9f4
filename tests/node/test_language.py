"""`testamur-node` in Chinese and English: nothing is left out, nothing is out of date, codes stay as they are."""

import ast
import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import testamur_node
from testamur import foreign
from testamur.artifacts import soundness
from testamur_node.cli import program
from testamur_node.language import LANGUAGES, Language, wished_language
from testamur_node.terminal import Terminal

from tests.interop.conftest import node_command

PACKAGE = Path(testamur_node.__path__[0])
SHARED = (Path(str(foreign.__file__)), Path(str(soundness.__file__)))
"""Of the client: why a TOML file is none, and why an alliance cannot be."""
SPOKEN = (
    *sorted((PACKAGE / "operations").glob("*.py")),
    *(PACKAGE / f"{name}.py" for name in ("alliance_file", "documents", "engine/clock", "engine/key", "rpc/server")),
    SHARED[1],
    *(PACKAGE / f"rpc/access/{name}.py" for name in ("token_keys", "certificates", "addresses", "permissions")),
)
"""Files whose refusals end a command."""
CHINESE = wished_language(["--lang", "zh"])


def text_of(node: ast.AST) -> str | None:
    """A text in the code with `{}` in place of each fact; None for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def normal(english: str) -> str:
    return re.sub(r"\{\w+\}", "{}", english)


def texts(path: Path) -> set[str]:
    return {text for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if (text := text_of(node))}


def refusals() -> Iterator[tuple[str, str]]:
    """(file, text) of each message and advice that an error is raised with."""
    for path in SPOKEN:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error"):
                yield from ((path.name, text) for argument in node.args[:2] if (text := text_of(argument)))


def test_every_refusal_that_ends_a_command_has_its_chinese() -> None:
    known = {normal(english) for english in CHINESE.texts}
    found = set(refusals())
    assert len(found) > 80
    assert sorted((file, text) for file, text in found if text not in known) == []


def test_every_stage_of_a_long_command_has_its_chinese() -> None:
    calls = [node for path in PACKAGE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("progress") and node.args]  # fmt: skip
    stages = {text for call in calls if (text := text_of(call.args[0]))}
    assert len(stages) >= 8
    assert [stage for stage in sorted(stages) if CHINESE.said(stage) == stage] == []


def test_no_chinese_is_of_a_sentence_that_is_gone() -> None:
    said = {text for path in (*PACKAGE.rglob("*.py"), *SHARED) for text in texts(path)}
    said |= {os.strerror(number) for number in errno.errorcode}  # what the operating system says
    # the store says `cannot open {folder}` in one place, and why in another
    gone = {english for english in CHINESE.texts if not {normal(english), normal(english).removesuffix(": {}")} & said}
    assert gone == set()


def test_no_sentence_places_other_facts_in_chinese() -> None:
    for english, chinese in CHINESE.texts.items():
        facts = set(re.findall(r"\{(\w+)\}", english))
        assert facts == set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", chinese)), english


def test_every_command_and_option_has_its_chinese_help() -> None:
    english: Any = program(Terminal(wished_language(["--lang", "en"]), as_json=False))
    assert {"", *english.commands} == set(CHINESE.helps)
    options = {
        parameter.help for command in english.commands.values() for parameter in command.params
        if getattr(parameter, "help", None)
    }  # fmt: skip
    assert len(options) > 30
    assert [text for text in sorted(options) if CHINESE.said(text) == text] == []
    for command in english.commands.values():
        assert {"--json", "--lang"} <= {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("no node runs on /var/node", "/var/node 上没有节点在运行"),
        ("no node runs on this home", "此目录上没有节点在运行"),
        ("cannot listen on 0.0.0.0:80: Permission denied", "无法监听 0.0.0.0:80：没有权限"),
        ("the private key in a.key is not that of a.pem", "a.key 中的私钥不属于证书 a.pem"),
        ("a\nb holds no key set: {x}", "a\nb 中没有公钥集：{x}"),
        ("something nobody foresaw: {x} {y", "something nobody foresaw: {x} {y"),
        ("", ""),
        (
            "the engine has halted: cannot commit to a/data: No space left on device",
            "引擎已停止：无法写入 a/data：磁盘空间不足",
        ),
        ("HTTP 127.0.0.1:1, WebSocket none: this machine alone", "HTTP 127.0.0.1:1，WebSocket 无：仅限本机"),
    ],
)
def test_a_sentence_is_found_by_its_fixed_words(english: str, chinese: str) -> None:
    assert CHINESE.said(english) == chinese
    assert wished_language(["--lang", "en"]).said(english) == english


@pytest.mark.parametrize(
    ("arguments", "environment", "tag"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "de_DE", "TESTAMUR_LANG": "zh"}, "zh"),
        (["--lang", "en"], {"TESTAMUR_LANG": "zh"}, "en"),
        (["status", "--lang=zh"], {}, "zh"),
        (["--lang"], {}, "en"),
        (["--lang", "fr"], {"LANG": "zh_CN"}, "zh"),
    ],
)
def test_the_wish_goes_before_the_environment(arguments: list[str], environment: dict[str, str], tag: str) -> None:
    assert wished_language(arguments, environment).tag == tag
    assert tag in LANGUAGES


def test_a_refusal_is_said_on_stderr_in_the_language_and_answers_stay_empty(tmp_path: Path) -> None:
    for tag, sentence in (("zh", f"错误：{tmp_path} 上没有节点在运行"), ("en", f"error: no node runs on {tmp_path}")):
        ended = node_command("status", "--home", tmp_path, "--lang", tag)
        assert (ended.returncode, ended.stdout) == (7, "")
        assert ended.stderr.splitlines()[0] == sentence
        assert len(ended.stderr.splitlines()) == 2


def test_a_refusal_in_json_has_the_client_s_shape_in_every_language(tmp_path: Path) -> None:
    said = []
    for tag in LANGUAGES:
        ended = node_command("status", "--home", tmp_path, "--json", "--lang", tag)
        assert (ended.returncode, ended.stdout) == (7, "")
        said.append(json.loads(ended.stderr))
    assert said[0] == said[1]
    assert said[0] == {
        "error": "NotRunningError", "message": f"no node runs on {tmp_path}",
        "advice": "begin one with testamur-node start", "exitCode": 7,
    }  # fmt: skip


def test_a_language_that_there_is_not_is_refused(tmp_path: Path) -> None:
    ended = node_command("status", "--home", tmp_path, "--lang", "fr")
    assert ended.returncode == 2
    assert "--lang" in ended.stderr


def test_a_fault_ends_in_a_sentence_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(Language("en"), as_json=False)
    assert terminal.report(ZeroDivisionError("division by zero")) == 1
    assert terminal.report(FileNotFoundError(2, "No such file or directory", "x.toml")) == 2
    assert terminal.report(KeyboardInterrupt()) == 130
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: ZeroDivisionError: division by zero (unknown place)"
    assert "please report it" in lines[1]
    assert lines[2:] == ["error: x.toml: No such file or directory", "interrupted"]
