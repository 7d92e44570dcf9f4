"""Sentences in another language by their English, facts and all: `no node runs on {home}` fits every home.

So the code that finds out what is wrong knows nothing of languages: it says it in English, and who shows it to people
asks here. A fact that is a sentence itself, such as the reason why a file cannot be read, is said in the other language
too; so is each of several joined by `; `, and what stands behind a `: `.
"""

import re
from collections.abc import Mapping, Sequence

__all__ = ["Sentences"]

_HOLE = re.compile(r"\{(\w+)\}")


class Sentences:
    """Texts by their English, holes for facts in both."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        holed = [(english, text) for english, text in texts.items() if _HOLE.search(english)]
        # the narrower one must win: those with the most fixed words first
        holed.sort(key=lambda entry: len(_HOLE.sub("", entry[0])), reverse=True)
        self._patterns: Sequence[tuple[str, str, re.Pattern[str], str]] = [
            (_HOLE.split(english)[0], _HOLE.split(english)[-1], re.compile(_expression(english), re.DOTALL), text)
            for english, text in holed
        ]

    def said(self, english: str) -> str:
        """The sentence in the other language; one that is put together of sentences by its parts; else the English."""
        return self.found(english) or self._fact(english)

    def found_with_advice(self, english: str) -> str | None:
        """A sentence and its advice behind a `; `, or a sentence alone; None where one of them is not known."""
        for place in (mark.start() for mark in re.finditer("; ", english)):
            message, advice = self.found(english[:place]), self.found(english[place + 2 :])
            if message is not None and advice is not None:
                return f"{message}；{advice}。"
        alone = self.found(english)
        return None if alone is None else f"{alone}。"

    def found(self, english: str) -> str | None:
        """The sentence in the other language; None where there is none."""
        if english in self._texts:
            return self._texts[english]
        for head, tail, pattern, text in self._patterns:
            if not (english.startswith(head) and english.endswith(tail)):
                continue
            if (found := pattern.fullmatch(english)) is not None:
                return text.format_map({name: self._fact(fact) for name, fact in found.groupdict().items()})
        return None

    def _fact(self, fact: str) -> str:
        """A fact as it is, or in the other language where it is made of sentences."""
        if fact not in self._texts and "; " in fact:
            parts = fact.split("; ")
            told = [self._fact(part) for part in parts]
            return "；".join(told) if told != parts else fact
        if (whole := self.found(fact)) is not None:
            return whole
        head, colon, rest = fact.partition(": ")
        return f"{head}：{said}" if colon and (said := self._fact(rest)) != rest else fact


def _expression(english: str) -> str:
    """What a sentence looks like with any facts in its holes."""
    parts = _HOLE.split(english)
    return "".join(f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
