"""What the node's commands say, in Chinese: the English stands in the code, `zh.toml` holds the rest by its English.

A sentence with facts in it is found by its fixed words: the key `no node runs on {home}` fits every home. So the code
that raises an error knows nothing of languages. Codes, JSON and the log stay as they are; so does what goes over the
wire, which programs read.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["LANGUAGES", "Language", "put_in_language", "wished_language"]

LANGUAGES = ("en", "zh")
"""English first: it is what an unknown wish falls back to."""
_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Language:
    """One language's texts."""

    tag: str
    """`en` or `zh`, as in `--lang`."""
    helped: Mapping[str, str] = field(default_factory=dict)
    """The help of a command by its name."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Sentences by their English, holes for facts in both."""

    def said(self, english: str) -> str:
        """A line of a command; the English itself where there is no other."""
        if english in self.texts:
            return self.texts[english]
        for pattern, text in _patterns(self.tag):
            if (found := pattern.fullmatch(english)) is not None:
                return text.format_map(found.groupdict())
        return english


@cache
def _patterns(tag: str) -> Sequence[tuple[re.Pattern[str], str]]:
    """The sentences with holes, those with the most fixed words first: the narrower one must win."""
    holed = [(english, text) for english, text in _language(tag).texts.items() if _HOLE.search(english)]
    holed.sort(key=lambda entry: len(_HOLE.sub("", entry[0])), reverse=True)
    return [(re.compile(_expression(english), re.DOTALL), text) for english, text in holed]


def _expression(english: str) -> str:
    """What a sentence looks like with any facts in its holes."""
    parts = _HOLE.split(english)
    return "".join(f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts))


@cache
def _language(tag: str) -> Language:
    path = Path(__file__).with_name(f"{tag}.toml")
    if not path.exists():
        return Language(tag)
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return Language(tag, tables["help"], tables["said"])


def wished_language(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Language:
    """The language that the arguments ask for with `--lang`, else TESTAMUR_LANG, else the locale (in POSIX order)."""
    for position, word in enumerate(arguments):
        wish = word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if word == "--lang" and position + 1 < len(arguments):
            wish = arguments[position + 1]
        if wish in LANGUAGES:
            return _language(wish)
    for name in ("TESTAMUR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if wish := environment.get(name, ""):
            return _language("zh" if wish.lower().startswith("zh") else "en")
    return _language("en")


def put_in_language(tree: Any, words: Language, name: str = "") -> None:
    """Replace the help of the program, its commands and their options, where the language has it."""
    text = words.helped.get(name)
    if text is not None:
        tree.help = text
    if tree.epilog:
        tree.epilog = tree.epilog.replace("Example:", words.said("Example:"), 1)
    for parameter in tree.params:
        if getattr(parameter, "help", None):
            parameter.help = words.said(parameter.help)
    for child, below in getattr(tree, "commands", {}).items():
        put_in_language(below, words, child)
