"""No sentence, help or page promises what no command does: each command named exists, with the options named."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from testamur.cli.application import application
from testamur_node.cli import program
from testamur_node.language import Language
from testamur_node.terminal import Terminal
from typer.main import get_command

from tests.sentences import sentences

ROOT = Path(__file__).resolve().parents[3]
TREES: dict[str, Any] = {
    "testamur": get_command(application()),
    "testamur-node": program(Terminal(Language("en"), as_json=False)),
}
NAMED = re.compile(r"(?:`|[:：] ?|^\s*\$? ?)(testamur(?:-node)?) ([^`\n;；|&>）。，#]+)", re.MULTILINE)
WORD = re.compile(r"[a-z][a-z-]*")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "tutorials").glob("*.md")])
NOT_COMMANDS = ("is ", "reads ", "and ", "or ", "verifies ", "can ", "judges ", "takes ")
"""What follows the word where it names the software, behind a colon or at the beginning of a line."""


def named(text: str) -> Iterator[tuple[str, str]]:
    """Program and the rest of the line, of each command that a text names."""
    for program_name, rest in NAMED.findall(text):
        if not rest.startswith(NOT_COMMANDS):
            yield program_name, rest


def fault(program_name: str, rest: str, *, must_be_whole: bool) -> str | None:
    """What is wrong with a command as it is named: no such command, no such option, or a required one left out."""
    command, words = TREES[program_name], rest.split()
    while words and getattr(command, "commands", None):
        name = words.pop(0)
        if name.startswith("--"):
            break
        found = [command.commands.get(part) for part in name.rstrip(",.:)").split("|")]
        if not all(found):
            return f"no command {name}" if WORD.fullmatch(name.split("|")[0]) else None
        command = found[0]
    flags = {flag for parameter in command.params for flag in parameter.opts} | {"--help", "--version"}
    given = {match for word in words if (match := re.match(r"--[a-z0-9-]+", word.lstrip("[(")))}
    used = {match[0] for match in given}
    if unknown := sorted(used - flags):
        return f"no option {unknown[0]}"
    needed = [parameter for parameter in command.params if parameter.required and parameter.opts[0].startswith("--")]
    lacking = [parameter.opts[0] for parameter in needed if not used & set(parameter.opts) and not parameter.envvar]
    if must_be_whole and lacking and words and not words[0].startswith("--") and "…" not in rest:
        return f"without {lacking[0]}"
    return None


def spoken() -> Iterator[tuple[str, str]]:
    """(place, text) of all that the programs say: sentences, refusals, tables of Chinese, helps."""
    for package in ("client/testamur", "node/testamur_node"):
        yield from sentences(ROOT / package, {})
    for path in sorted([*(ROOT / "client").rglob("*.toml"), *(ROOT / "node").rglob("*.toml")]):
        yield from ((path.name, text) for text in strings(tomllib.loads(path.read_text(encoding="utf-8"))))
    for tree in TREES.values():
        yield from helps(tree, ())


def strings(table: Any) -> Iterator[str]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield key
            yield from strings(value)
    elif isinstance(table, str):
        yield table


def helps(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield " ".join(path), tree.help or ""
    yield from ((" ".join(path), parameter.help) for parameter in tree.params if getattr(parameter, "help", None))
    for name, child in getattr(tree, "commands", {}).items():
        yield from helps(child, (*path, name))


def test_every_command_that_a_program_names_exists_and_is_named_whole() -> None:
    found = [(place, *mention) for place, text in spoken() for mention in named(text)]
    assert len(found) > 100
    faults = {(place, f"{name} {rest}", fault(name, rest, must_be_whole=True)) for place, name, rest in found}
    assert sorted(item for item in faults if item[2] is not None) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(document: Path) -> None:
    mentions = [*named(document.read_text(encoding="utf-8"))]
    faults = [(f"{name} {rest}", fault(name, rest, must_be_whole=False)) for name, rest in mentions]
    assert [item for item in faults if item[1] is not None] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run `testamur issuer admit 3`", "without --scope"),
        ("run `testamur issuer admit 3 --scope 1`", None),
        ("see `testamur issuer admit`", None),
        ("make one: testamur policy invent", "no command invent"),
        ("`testamur verify --offlien`", "no option --offlien"),
        ("`testamur issue … --resume`", None),
        ("`testamur-node status --home DIR`", None),
        ("`testamur-node restart`", "no command restart"),
    ],
)
def test_what_no_command_does_is_found(text: str, expected: str | None) -> None:
    [(name, rest)] = named(text)
    assert fault(name, rest, must_be_whole=True) == expected
