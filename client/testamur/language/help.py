"""Help and refusals of a command line in the reader's language: texts in the code are English, tables hold the others.

Both programs have it: the table of each gives its own texts, and this module what click adds to them (`Usage`,
`Options`, `[required]`, `Missing option …`).
"""

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from testamur.language.sentences import Sentences

__all__ = ["Words", "put_in_language", "say_usage_fault", "with_example"]

USAGE = 2
"""Exit code of what cannot be understood (docs/protocol.md 6)."""
_MARK = "\n\n\b\n"
"""What click keeps line by line stands behind it."""
_BAD_VALUE = re.compile(r"(Invalid value(?: for [^:]+)?): (.*)", re.DOTALL)


@cache
def _usage() -> tuple[Mapping[str, str], Sentences]:
    """Click's headings and sentences in Chinese."""
    tables = tomllib.loads(Path(__file__).with_name("usage.zh.toml").read_text(encoding="utf-8"))
    return tables["headings"], Sentences(tables["said"])


class Words(Protocol):
    """What the help of a program needs of a language; the client and the node each have their own table."""

    @property
    def tag(self) -> str:
        """`en` or `zh`."""

    def helped(self, command: str, /) -> str | None:
        """The help of a command by its words, `issuer admit`; None where it stands in the code alone."""

    def said(self, english: str, /) -> str:
        """A line in the language; the English itself where there is no other."""


def with_example(text: str, example: str) -> str:
    """Help with the lines of an example below it."""
    return f"{text}{_MARK}Example:\n" + "\n".join(f"  $ {line}" for line in example.split("\n"))


def put_in_language(tree: Any, words: Words, path: tuple[str, ...] = ()) -> None:
    """Replace the help of a command, of its options and of the commands below it, where the language has it."""
    text = words.helped(" ".join(path))
    if text is not None:
        _, mark, example = (tree.help or "").partition(_MARK)
        tree.help = text + mark + example.replace("Example:", _usage()[1].said("Example:"), 1)
        tree.short_help = text.partition("\n")[0]
    for parameter in tree.params:
        if getattr(parameter, "help", None):
            parameter.help = words.said(parameter.help)
    if words.tag == "zh":
        tree.context_class = _chinese_context(tree.context_class)
    for child, below in getattr(tree, "commands", {}).items():
        put_in_language(below, words, (*path, child))


def say_usage_fault(error: Any, words: Words, *, as_json: bool) -> int:
    """Say on stderr what of the command line cannot be understood (a click exception), as every refusal is said."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and not as_json:
        sys.stderr.write(error.format_message() + "\n")
        return USAGE
    message, advice = _fault(error, context), f"see: {context.command_path if context else 'testamur'} --help"
    if as_json:
        facts = {"error": "UsageError", "message": message, "advice": advice, "exitCode": USAGE}
        sys.stderr.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return USAGE
    lines = (f"error: {_said(message, words)}", f"advice: {_said(advice, words)}")
    sys.stderr.writelines((_usage()[1].said(line) if words.tag == "zh" else line) + "\n" for line in lines)
    return USAGE


def _said(english: str, words: Words) -> str:
    """What is wrong in the language: click's own words, and the reason that a program gave."""
    if words.tag != "zh":
        return english
    if (bad := _BAD_VALUE.fullmatch(english)) is not None:
        return f"{_usage()[1].said(bad[1])}：{_said(bad[2], words)}"
    return _usage()[1].found(english) or words.said(english)


def _fault(error: Any, context: Any) -> str:
    if type(error).__name__ == "NoArgsIsHelpError":
        names = ", ".join(context.command.commands)
        return f"{context.command_path} needs a command: {names}"
    return " ".join(str(error.format_message()).split())


def _chinese_context(kind: Any) -> Any:
    """The class of a command's context whose help has Chinese headings."""
    formatter = kind.formatter_class

    class Formatter(formatter):  # type: ignore[misc, valid-type] # known at run time
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, prefix or _usage()[0]["Usage"] + "：")

        def write_heading(self, heading: str) -> None:
            super().write_heading(_usage()[0].get(heading, heading))

        def write_dl(self, rows: Any, *more: Any, **named: Any) -> None:
            super().write_dl([(first, _described(second)) for first, second in rows], *more, **named)

    return type(kind.__name__, (kind,), {"formatter_class": Formatter})


def _described(text: str) -> str:
    """An option's help with what click adds in brackets."""
    head, bracket, facts = text.rpartition("[")
    if not bracket or not facts.endswith("]"):
        return _usage()[1].said(text)
    said = "；".join(_usage()[1].said(fact) for fact in re.split("; ", facts[:-1]))
    return f"{head}[{said}]"
