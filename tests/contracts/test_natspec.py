"""Every function and event of every interface says what it is, what each parameter means, and what comes back."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTERFACES = sorted((ROOT / "contracts").rglob("I[A-Z]*.sol"))
INTERFACES = [path for path in INTERFACES if "\ninterface " in path.read_text("utf-8")]
_ITEM = re.compile(r"((?:^    ///[^\n]*\n)*)^    (?:function|event|error) (\w+)\(([^;]*);", re.MULTILINE)
_DATA = ("indexed", "calldata", "memory")


@dataclass(frozen=True, slots=True)
class Item:
    """A function, event or error with what stands above it."""

    name: str
    text: str
    parameters: tuple[str, ...]
    """Names; of an error none, since its sentence names its facts."""
    returns: int
    """How many values come back."""


def items(path: Path) -> list[Item]:
    found = []
    source = path.read_text("utf-8")
    for match in _ITEM.finditer(source):
        text, name, rest = match.groups()
        given, _, after = rest.partition(")")
        back = re.search(r"returns \((.*)\)", after, re.DOTALL)
        is_error = match.group(0)[len(text) :].lstrip().startswith("error")
        found.append(Item(name, text, () if is_error else _names(given), len(_parts(back[1])) if back else 0))
    return found


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.stem)
def test_an_interface_describes_all_that_it_names(path: Path) -> None:
    lacking = []
    for item in items(path):
        if "/// @notice " not in item.text:
            lacking.append(f"{item.name}: no @notice")
        described = re.findall(r"/// @param (\w+) \S", item.text)
        if item.parameters and tuple(described) != item.parameters:
            lacking.append(f"{item.name}: describes {described}, has {list(item.parameters)}")
        if len(re.findall(r"/// @return \S", item.text)) != item.returns:
            lacking.append(f"{item.name}: returns {item.returns}")
    assert lacking == []


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.stem)
def test_no_item_of_an_interface_is_overlooked(path: Path) -> None:
    source = path.read_text("utf-8")
    assert len(items(path)) == len(re.findall(r"^    (?:function|event|error) ", source, re.MULTILINE))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _names(text: str) -> tuple[str, ...]:
    """The parameters' names; one without a name cannot be described and stands as its type."""
    return tuple([word for word in part.split() if word not in _DATA][-1] for part in _parts(text))
