"""Sentences in another language by their English, facts and all: `no node runs on {home}` fits every home.

So the code that finds out what is wrong knows nothing of languages: it says it in English, and who shows it to people
asks here. The node's commands are told in the same way, by a reader of their own: it takes no more of the client than
proofs and artifacts.
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
        self._patterns: Sequence[tuple[re.Pattern[str], str]] = [
            (re.compile(_expression(english), re.DOTALL), text) for english, text in holed
        ]

    def said(self, english: str) -> str:
        """The sentence in the other language; the English itself where there is none."""
        if english in self._texts:
            return self._texts[english]
        for pattern, text in self._patterns:
            if (found := pattern.fullmatch(english)) is not None:
                return text.format_map(found.groupdict())
        return english


def _expression(english: str) -> str:
    """What a sentence looks like with any facts in its holes."""
    parts = _HOLE.split(english)
    return "".join(f"(?P<{part}>.*)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
