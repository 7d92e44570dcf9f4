"""What people read, in Chinese and English, found by code.

Codes (`revoked`, `chain_unreachable`, …) are never translated: machines compare them. The sentences beside them
live in `en.toml` and `zh.toml`, one key each, and the two files hold the same keys. The CLI, the page and the
printed reports all ask here, so that one finding reads the same everywhere.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from testamur.language.sentences import Sentences
from testamur.language.wish import LANGUAGES, chosen_from_environment, wished_tag

__all__ = ["LANGUAGES", "Language", "chosen_from_environment", "chosen_from_header", "language", "wished_language"]


@dataclass(frozen=True, slots=True)
class Language:
    """One language's texts by dotted key."""

    tag: str
    """`en` or `zh`, as in `--lang` and `?lang=`."""
    texts: Mapping[str, str]
    """`code.revoked.next` → sentence; `{name}` marks the place of a fact."""

    @property
    def html_tag(self) -> str:
        """The BCP 47 tag for `<html lang>`: browsers choose the font by it."""
        return {"zh": "zh-CN"}.get(self.tag, self.tag)

    def find(self, key: str, /, **facts: object) -> str | None:
        """The text under `key` with its facts filled in, or None where the language has none."""
        text = self.texts.get(key)
        return text.format_map(_Facts(facts)) if text is not None else None

    def said(self, english: str, /, **facts: object) -> str:
        """A line of a command: in English as it stands in the code, else from `commands.<tag>.toml` by its English."""
        template = _said(self.tag).get(english)
        if template is None:
            return self.told(english.format_map(_Facts(facts)) if facts else english)
        return template.format_map(_Facts(facts)) if facts else template

    def told(self, english: str) -> str:
        """A finished sentence, with its facts in it: why a row is refused, what is wrong with a file."""
        return _told(self.tag).said(english)

    def told_exactly(self, english: str) -> str | None:
        """A check's message, `What is wrong; what to do.`; None where the language has no sentence for it."""
        if self.tag == LANGUAGES[0] or not english:
            return english or None
        sentence = english.removesuffix(".")
        if not any(letter.isupper() for letter in sentence.split(maxsplit=1)[0][1:]):  # else a name: IssuerRegistry
            sentence = sentence[0].lower() + sentence[1:]
        told = _told(self.tag)
        if "; " not in sentence:
            return told.found(english) or told.found_with_advice(sentence)
        # a hole takes anything, so that advice would be taken for a fact of the sentence before it
        return told.found_with_advice(sentence) or told.found(english)

    def helped(self, command: str) -> str | None:
        """The help of a command by its words, `issuer admit`; None where it stands in the code alone."""
        return _commands(self.tag).get("help", {}).get(command)

    def text(self, key: str, /, **facts: object) -> str:
        """The text under `key`; the key itself where it is missing, which no reader mistakes for a sentence."""
        return self.find(key, **facts) or key


class _Facts(dict[str, object]):
    """Facts by name; a fact that is not known reads as an ellipsis, never as an exception."""

    def __missing__(self, key: str) -> str:
        return "…"


@cache
def language(tag: str) -> Language:
    """The texts of `tag`; English for a tag that is not ours."""
    known = tag if tag in LANGUAGES else LANGUAGES[0]
    tables = tomllib.loads(Path(__file__).with_name(f"{known}.toml").read_text(encoding="utf-8"))
    return Language(known, dict(_flatten("", tables)))


@cache
def _commands(tag: str) -> Mapping[str, Mapping[str, str]]:
    return _table(f"commands.{tag}")


def _table(name: str) -> Mapping[str, Mapping[str, str]]:
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _said(tag: str) -> Mapping[str, str]:
    return _commands(tag).get("said", {})


@cache
def _told(tag: str) -> Sentences:
    return Sentences({**_table(f"errors.{tag}").get("told", {}), **_commands(tag).get("told", {})})


def _flatten(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", str(value)


def wished_language(arguments: Sequence[str]) -> Language:
    """The language that the arguments or the environment ask for."""
    return language(wished_tag(arguments))


def chosen_from_header(accept_language: str | None) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4)."""
    best, weight = LANGUAGES[0], 0.0
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        name, _, value = parameters.strip().partition("=")
        primary = tag.strip().lower().partition("-")[0]
        try:
            quality = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if primary in LANGUAGES and quality > weight:
            best, weight = primary, quality
    return best
