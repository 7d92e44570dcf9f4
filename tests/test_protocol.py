"""What the documents promise, the tests prove: every rule, attack and complaint names tests that exist."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEST = re.compile(r"`([\w/.]+)::(\w+)`")


@cache
def names_in(path: str) -> str:
    return (ROOT / "tests" / path).read_text(encoding="utf-8")


def exists(path: str, name: str) -> bool:
    """Whether `name` is a test function of that file below tests/, Python's or Solidity's."""
    if not (ROOT / "tests" / path).is_file():
        return False
    return re.search(rf"(?:def|function) {re.escape(name)}\b", names_in(path)) is not None


def rules() -> dict[str, str]:
    """Rule number to the text that follows it, up to the next rule."""
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    parts = re.split(r"^- \*\*(\d+\.\d+)\*\*", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_rule_of_the_protocol_names_its_test() -> None:
    assert len(rules()) > 40
    assert [number for number, text in rules().items() if not TEST.search(text)] == []


@pytest.mark.parametrize("document", ["protocol.md", "threat-model.md", "complaints.md"])
def test_every_test_that_a_document_names_is_there(document: str) -> None:
    named = TEST.findall((ROOT / "docs" / document).read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [f"{path}::{name}" for path, name in named if not exists(path, name)] == []


@pytest.mark.parametrize(("document", "count"), [("threat-model.md", 53), ("complaints.md", 24)])
def test_every_row_names_a_test_or_says_that_it_comes_later(document: str, count: int) -> None:
    rows = re.findall(r"^\| (\d+) \|.*$", (ROOT / "docs" / document).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows == [str(number) for number in range(1, count + 1)]
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    lines = re.findall(r"^\| \d+ \|.*$", text, flags=re.MULTILINE)
    assert [line for line in lines if not TEST.search(line) and "later:" not in line] == []


def test_rules_are_numbered_without_gaps() -> None:
    chapters: dict[int, list[int]] = {}
    for number in rules():
        chapter, place = map(int, number.split("."))
        chapters.setdefault(chapter, []).append(place)
    assert len(chapters) >= 7
    assert {chapter: places for chapter, places in chapters.items() if places != list(range(1, len(places) + 1))} == {}
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^- \*\*", text, flags=re.MULTILINE)) == len(rules())


def test_each_decision_has_a_number_of_its_own_and_each_that_is_named_is_there() -> None:
    decisions = list((ROOT / "docs/adr").iterdir())
    titles = {path.name[:4]: path.read_text(encoding="utf-8").split("\n")[0] for path in decisions}
    assert sorted(titles) == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert {number: title for number, title in titles.items() if not title.startswith(f"# {number} ")} == {}
    texts = [
        *(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md",
        *(path for folder in ("client", "node", "contracts", "benchmarks") for path in (ROOT / folder).rglob("*.py")),
        *(ROOT / "contracts").rglob("*.sol"),
    ]  # fmt: skip
    named = {
        (path.name, number)
        for path in texts
        for number in re.findall(r"(?:adr/|ADR )(\d{4})", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert sorted((name, number) for name, number in named if number not in titles) == []


def test_the_change_log_tells_each_thing_in_one_place() -> None:
    heads = re.findall(r"^- \*\*(.+?)\*\*", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(heads) > 20
    assert sorted({head for head in heads if heads.count(head) > 1}) == []
