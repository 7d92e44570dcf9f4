"""What the node's commands say, in Chinese: the English stands in the code, `zh.toml` holds the rest by its English.

How a sentence with facts is found, how the language is chosen and how help is put into it, the client says
(`testamur.language`): both programs do it alike. Codes, JSON and the log stay as they are; so does what goes over the
wire, which programs read.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from testamur.language.sentences import Sentences
from testamur.language.wish import LANGUAGES, wished_tag

__all__ = ["LANGUAGES", "Language", "wished_language"]


@dataclass(frozen=True, slots=True)
class Language:
    """One language's texts."""

    tag: str
    """`en` or `zh`, as in `--lang`."""
    helps: Mapping[str, str] = field(default_factory=dict)
    """The help of a command by its name."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Sentences by their English, holes for facts in both."""

    def helped(self, command: str) -> str | None:
        """The help of a command; None where it stands in the code alone."""
        return self.helps.get(command)

    def said(self, english: str) -> str:
        """A line of a command; the English itself where there is no other."""
        return _sentences(self.tag).said(english)


@cache
def _sentences(tag: str) -> Sentences:
    return Sentences(_language(tag).texts)


@cache
def _language(tag: str) -> Language:
    path = Path(__file__).with_name(f"{tag}.toml")
    if not path.exists():
        return Language(tag)
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return Language(tag, tables["help"], tables["said"])


def wished_language(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Language:
    """The language that the arguments ask for with `--lang`, else TESTAMUR_LANG, else the locale (in POSIX order)."""
    return _language(wished_tag(arguments, environment))
