"""The sentences that people meet, found in the code: what looks like a sentence, with a name in place of each fact.

A literal counts as a sentence where two words of it stand beside each other. Not counted are docstrings, log lines,
SQL, examples of commands, the help of options (tests compare that command by command), and what only programs read.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["holes", "normal", "sentences", "sentences_in"]

_LOOKS_LIKE_ONE = re.compile(r"[a-z]{2,}[,;:]? [a-z{]|[a-z]{3,} \{|\}:? [a-z]{2,}")
_NO_SENTENCE = re.compile(r"\s*(?:CREATE|SELECT|INSERT|UPDATE|DELETE|PRAGMA|BEGIN|testamur(?:-node)?)\b (?!is|cannot)")
"""SQL, and commands."""
_FOR_PROGRAMS = frozenset(
    {
        *("KeyError", "IndexError", "AttributeError", "TypeError", "RuntimeError", "NotImplementedError"),
        *("AssertionError", "debug", "info", "warning", "error", "exception", "critical"),
        *("Option", "Argument", "noun", "command", "compile", "execute", "executemany", "_file"),
    }
)
"""Calls whose texts are a program's own, or help."""


def normal(english: str) -> str:
    """A sentence with `{}` for each fact."""
    return re.sub(r"\{\w+\}", "{}", english)


def holes(text: str) -> set[str]:
    """The names of the facts in a sentence."""
    return set(re.findall(r"\{(\w+)\}", text))


def sentences(folder: Path, leaving: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(file, sentence) below `folder`; `leaving` names the files and folders that are left out, with the reason."""
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).as_posix()
        if not any(place == name or place.startswith(name.rstrip("/") + "/") for name in leaving):
            for sentence in sentences_in(path.read_text(encoding="utf-8")):
                yield place, sentence


def sentences_in(source: str) -> Iterator[str]:
    """The sentences of one file."""
    yield from _walk(ast.parse(source))


def _walk(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and _name(node.func) in _FOR_PROGRAMS:
        return
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        text = _text(node)
        if text is not None and _LOOKS_LIKE_ONE.search(text) and not _NO_SENTENCE.match(text):
            yield text
        for part in getattr(node, "values", ()):
            if isinstance(part, ast.FormattedValue):
                yield from _walk(part.value)
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def _text(node: ast.Constant | ast.JoinedStr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    taken: set[str] = set()
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{" + _hole(part, taken) + "}" for part in node.values
    )


def _hole(part: ast.AST, taken: set[str]) -> str:
    """The last name in the expression of a fact, made unique in its sentence."""
    names = [node.attr if isinstance(node, ast.Attribute) else node.id for node in ast.walk(part)
             if isinstance(node, (ast.Attribute, ast.Name))]  # fmt: skip
    name = next((found.strip("_").lower() for found in names if len(found.strip("_")) > 1), "fact")
    while name in taken:
        name += "2"
    taken.add(name)
    return name


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
