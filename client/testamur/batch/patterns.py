"""The patterns of bundles that came before: learnt from what passed in full, few enough for any stream.

Data flow: bytes -> `Patterns.read_like` -> what `Bundle.parse` builds a bundle of, or None: the full parse judges, and
what it let pass comes back to `learn`. `batch.pattern` says what a pattern is, `batch.likeness` how it is used.
"""

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from testamur.batch.inclusion import Anchor, Inclusion
from testamur.batch.learning import learn_pattern, subject_name_path
from testamur.batch.likeness import Likeness
from testamur.credential.document import Document
from testamur.credential.strict import MAX_DOCUMENT_BYTES

__all__ = ["Patterns"]

_MAX_LINE: Final = 32 * 1024
"""Bytes of a bundle that a pattern is made of; a learner's is a tenth of that."""
_MAX_ALIKE: Final = 16
_MAX_LENGTHS: Final = 32
_MAX_TELLING: Final = 4
_MAX_COUNTED: Final = 1024


class _Alike:
    """Patterns of lines with equally many parts, told apart by the first few fixed parts in which they differ."""

    __slots__ = ("_by_parts", "_parts", "patterns")

    def __init__(self, patterns: tuple[Likeness, ...]) -> None:
        self.patterns = patterns
        shared = set(range(patterns[0].size)).intersection(*(pattern.fixed_parts for pattern in patterns))
        differing = [n for n in sorted(shared) if len({pattern.fixed_parts[n] for pattern in patterns}) > 1]
        telling: list[int] = []

        def told(place: int) -> int:
            return len({tuple(pattern.fixed_parts[n] for n in (*telling, place)) for pattern in patterns})

        for _ in range(_MAX_TELLING if differing else 0):
            telling.append(max(differing, key=told))
        self._parts: Callable[[Sequence[str]], Hashable] = itemgetter(*(telling or [0]))
        self._by_parts: dict[Hashable, tuple[Likeness, ...]] = {}
        for pattern in patterns:
            parts = [pattern.fixed_parts.get(place, "") for place in range(pattern.size)]
            self._by_parts[self._parts(parts)] = (*self._by_parts.get(self._parts(parts), ()), pattern)

    def read(self, line: bytes, parts: Sequence[str]) -> tuple[Document, Inclusion, Anchor] | None:
        for pattern in self._by_parts.get(self._parts(parts), ()):
            if (found := pattern.read(line, parts)) is not None:
                return found
        return None


class Patterns:
    """The patterns of what came before: a bounded number, replaced whole, so that threads may share them.

    What the full parse let pass is counted by its key, batch and length; the second, fourth, eighth … of a kind
    becomes a pattern. A stream of ever new kinds costs a count each, and never fills the memory.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, _Alike] = {}
        self._counts: dict[Hashable, int] = {}

    def read_like(self, data: bytes) -> tuple[Document, Inclusion, Anchor] | None:
        """Credential, proof and anchor of a bundle that is like one before; None where it is to be parsed in full."""
        line = data.rstrip(b"\r\n")
        if not self._known or len(line) > MAX_DOCUMENT_BYTES:
            return None
        try:
            parts = line.decode().split('"')
        except UnicodeDecodeError:
            return None
        alike = self._known.get(len(parts))
        return None if alike is None else alike.read(line, parts)

    def learn(self, data: bytes, tree: Mapping[str, Any], found: tuple[Document, Inclusion, Anchor]) -> None:
        """Take notice of a bundle that `parse_compact` and the full judgement of its tree let pass."""
        if len(data) > _MAX_LINE:
            return
        document, inclusion, anchor = found
        kind = hash((document.verification_method, document.created, anchor, len(inclusion.path), data.count(b'"')))
        with self._lock:
            count = self._counts[kind] = self._counts.pop(kind, 0) + 1
            if len(self._counts) > _MAX_COUNTED:
                self._counts.pop(next(iter(self._counts)))
        if count < 2 or count & count - 1:
            return
        learnt = learn_pattern(data.rstrip(b"\r\n"), tree, document)
        if learnt is None:
            return
        name = subject_name_path(tree)
        pattern = Likeness(learnt, found, name if any(place.path == name for place in learnt.places) else None)
        with self._lock:
            known = dict(self._known)
            alike = known.pop(pattern.size, None)
            known[pattern.size] = _Alike((pattern, *(alike.patterns[: _MAX_ALIKE - 1] if alike else ())))
            while len(known) > _MAX_LENGTHS:
                known.pop(next(iter(known)))
            self._known = known
