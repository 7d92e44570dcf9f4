"""Texts by code: both languages hold the same keys, and every code that a verdict can carry has its words."""

import ast
import errno
import importlib
import os
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import testamur
from testamur.chain.refusals import sentences as refusals
from testamur.cli.application import application
from testamur.language import LANGUAGES, _table, chosen_from_environment, chosen_from_header, language, wished_language
from testamur.language.help import put_in_language
from testamur.language.verdict import FACTS
from testamur.verification.verdict import _EXIT_CODES, CHECK_NAMES
from typer.main import get_command

from tests.sentences import normal, sentences_in

ENGLISH_IN_CODE = ("error.",)
"""Sentences whose English stands beside the code that finds them."""


def test_both_languages_hold_the_same_keys() -> None:
    english, chinese = language("en").texts.keys(), language("zh").texts.keys()
    assert english - chinese == set()
    assert {key for key in chinese - english if not key.startswith(ENGLISH_IN_CODE)} == set()


def test_every_error_of_the_client_has_a_chinese_title() -> None:
    from testamur.errors import TestamurError

    for module in pkgutil.walk_packages(testamur.__path__, "testamur."):
        if not module.name.startswith(("testamur.demo", "testamur.artifacts")):
            importlib.import_module(module.name)
    waiting, found = [TestamurError], set()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("testamur.") and not kind.__module__.startswith("testamur.proof"):
            found.add(kind.__name__)
    found -= {"TestamurError"}
    assert len(found) > 20
    assert [name for name in sorted(found) if language("zh").find(f"error.{name}") is None] == []


def test_both_languages_place_the_same_facts_in_a_text() -> None:
    for key, text in language("en").texts.items():
        if key.startswith(ENGLISH_IN_CODE):
            continue
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", language("zh").texts[key])), key


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_verdict_code_says_what_it_means_and_what_to_do(tag: str) -> None:
    words = language(tag)
    for code in _EXIT_CODES:
        for part in ("headline", "meaning", "next"):
            assert words.find(f"code.{code}.{part}"), f"{code}.{part}"


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_check_and_fact_has_its_words(tag: str) -> None:
    words = language(tag)
    wanted = [f"check.{name}.{part}" for name in CHECK_NAMES for part in ("name", "what", "by", "when", "pass")]
    assert [key for key in (*wanted, *(f"fact.{name}" for name in FACTS)) if words.find(key) is None] == []


def test_no_text_is_left_untranslated() -> None:
    english, chinese = language("en").texts, language("zh").texts
    same = {key for key in english if english[key] == chinese.get(key)}
    assert same == set()


@pytest.mark.parametrize(
    ("environment", "tag"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "TESTAMUR_LANG": "zh"}, "zh"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "zh_CN.GB18030"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LC_MESSAGES": "zh-Hans_SG"}, "zh"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "zhx_XX"}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environment: dict[str, str], tag: str) -> None:
    assert chosen_from_environment(environment) == tag


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        (None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,zh;q=0.9", "en"),
        ("de,fr;q=0.5", "en"),
        ("de, zh-TW;q=0.3, en;q=0.2", "zh"),
        ("zh;q=much, en", "en"),
        (",;;=,", "en"),
    ],
)
def test_the_browser_chooses_the_language(header: str | None, tag: str) -> None:
    assert chosen_from_header(header) == tag


def test_a_missing_fact_never_breaks_a_sentence() -> None:
    assert language("en").text("check.anchor.when") == "Recorded …."


def said_in_commands() -> set[str]:
    """Every English line, table head and fact name that the commands print by template."""
    found: set[str] = set()
    for path in (Path(testamur.__path__[0]) / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            first, verb = node.args[0], node.func.attr
            if verb in ("say", "note", "said") and isinstance(first, ast.Constant):
                found.add(str(first.value))
            elif verb == "table" and isinstance(first, ast.Tuple):
                found |= {str(item.value) for item in first.elts if isinstance(item, ast.Constant)}
            elif verb == "facts" and isinstance(first, ast.Dict):
                found |= {str(item.value) for item in first.keys if isinstance(item, ast.Constant)}
    return {text for text in found if re.search("[A-Za-z]{2}", text)}


def helped() -> tuple[set[str], set[str]]:
    """Every command by its words, and every option's help."""
    commands: set[str] = set()
    options: set[str] = set()

    def walk(tree: Any, path: tuple[str, ...]) -> None:
        commands.add(" ".join(path))
        options.update(parameter.help for parameter in tree.params if getattr(parameter, "help", None))
        for name, child in getattr(tree, "commands", {}).items():
            walk(child, (*path, name))

    walk(get_command(application()), ())
    return commands, options


def english_parts() -> str:
    """Every constant text of the client and of its tables, a line each."""
    parts: list[str] = []
    folder = Path(str(testamur.__file__)).parent
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        parts += [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
    for path in folder.rglob("*.toml"):
        if ".zh" not in path.name:
            parts += texts_in(tomllib.loads(path.read_text("utf-8")))
    return "\n".join(parts)


def texts_in(table: dict[str, Any]) -> list[str]:
    """The texts of a table and of the tables in it."""
    found: list[str] = []
    for value in table.values():
        found += texts_in(value) if isinstance(value, dict) else [str(value)]
    return found


def test_every_line_of_the_commands_has_its_chinese() -> None:
    chinese = language("zh")
    assert len(said_in_commands()) > 100
    assert [text for text in sorted(said_in_commands()) if chinese.said(text) == text] == []


def test_no_chinese_sentence_outlives_its_english() -> None:
    """Each constant part of the English stands in the client or one of its tables still."""
    said = english_parts()
    systems = {os.strerror(number) for number in errno.errorcode}
    gone = [
        text
        for text in [*_table("errors.zh")["told"], *_table("commands.zh")["told"]]
        if not any(system in text for system in systems | {"Name or service not known", "timed out", "column missing"})
        and not all(part in said for part in re.split(r"{[^}]*}", text))
    ]
    assert len(said) > 100_000
    assert gone == []


def test_every_command_and_option_has_its_chinese_help() -> None:
    chinese = language("zh")
    commands, options = helped()
    assert [name for name in sorted(commands) if chinese.helped(name) is None] == []
    assert [text for text in sorted(options) if chinese.said(text) == text] == []


def test_no_command_line_places_other_facts_in_chinese() -> None:
    for text in said_in_commands():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", language("zh").said(text))), text


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        (["--lang", "zh"], "zh"),
        (["issue", "--lang=en"], "en"),
        (["--lang", "fr", "--lang", "zh"], "zh"),
        (["--lang"], "en"),
    ],
)
def test_the_help_follows_the_wish_among_the_arguments(
    arguments: list[str], tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TESTAMUR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert wished_language(arguments).tag == tag


def test_the_help_is_put_into_the_language_with_its_example() -> None:
    tree = get_command(application())
    put_in_language(tree, language("zh"))
    verify = tree.commands["verify"]  # type: ignore[attr-defined]
    assert verify.help.startswith("核验凭证")
    assert "示例：\n  $ testamur verify" in verify.help


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("row id R0001 stands in line 7 too", "行号 R0001 在第 7 行也出现过"),
        ("column missing; is the file separated by commas?", "缺少该列；文件是否以逗号分隔？"),
        ("the password file keys/p cannot be read: Permission denied", "无法读取口令文件 keys/p：没有权限"),
        ("nothing was changed: a.json: no such index; b.json: not UTF-8 at byte 7; 3 more of them",
         "未作任何更改：a.json：没有该序号；b.json：第 7 字节处不是 UTF-8；另有 3 项"),
        ("the node at http://n gave no answer in 4 attempts: [Errno 111] Connection refused",
         "http://n 的节点在 4 次尝试中没有答复：连接被拒绝"),
        ("a sentence of nobody", "a sentence of nobody"),
    ],
)  # fmt: skip
def test_a_sentence_is_told_with_its_facts_and_the_sentences_in_them(english: str, chinese: str) -> None:
    assert language("zh").told(english) == chinese
    assert language("en").told(english) == english


def test_what_a_command_refuses_is_told_in_chinese_from_the_table_of_refusals() -> None:
    # a sentence among those of the commands would not be found, and a pattern such as `{text} is no {what}` would
    # take it apart
    told = {normal(text) for name in ("commands", "errors") for text in _table(f"{name}.zh").get("told", {})}
    folder = Path(testamur.__path__[0]) / "cli"
    raised = [
        text
        for path in sorted(folder.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise)
        for text in sentences_in(ast.unparse(node))
    ]
    assert len(raised) > 100
    assert sorted({text for text in raised if normal(text) not in told and text != "one of "}) == []


def test_a_state_in_brackets_is_not_taken_for_an_unknown_error() -> None:
    told = language("zh").told("Alliance.execute was refused: " + refusals()["AllianceWrongState"]["sentence"])
    assert "none" not in told
