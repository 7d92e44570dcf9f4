"""Canonical N-Quads by substitution: what RDFC-1.0 gives for every credential of one shape, compiled once.

A batch's credentials differ only in their values, so the quads differ only in a few terms. `compile_quads` runs the
JSON-LD processor once over a tree whose values are markers and notes where each marker comes out; `Quads.render` then
puts real values there, labels the blank nodes by their first-degree hashes (RDFC-1.0 4.4, 4.6) and sorts. Where two
blank nodes share a hash, or two values of a set are equal, it gives None and the caller asks pyoxigraph
(`docs/protocol.md 1`; the differential test is `tests/properties/test_nquads.py`).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import pyoxigraph

from testamur.credential.canonical import double_lexical, parse_quads

__all__ = ["Quads", "UncompilableError", "compile_quads", "escape_literal"]

Piece = str | int
"""Constant text, or the number of a value; blank node b is written ~b."""
Line = tuple[Piece, ...]

_SEPARATOR: Final = b"\x00"
_MAX_REMEMBERED: Final = 64
_MAX_REMEMBERED_BYTES: Final = 512
_MAX_REMEMBERING: Final = 16
"""Hashes remembered for a blank node, bytes of values for one, and blank nodes of a shape that does so: a hostile
stream of documents must not fill the memory."""


class UncompilableError(Exception):
    """The shape holds something that substitution cannot be proved right for; pyoxigraph judges it each time."""


class _Format:
    """Lines with gaps; all of them are filled with one slice assignment and one join."""

    __slots__ = ("_get", "_parts")

    def __init__(self, lines: Sequence[Line], gap: Callable[[int], int]) -> None:
        gaps: list[int] = []
        parts: list[bytes] = [b""]
        for number, line in enumerate(lines):
            parts[-1] += _SEPARATOR if number else b""
            for piece in line:
                if isinstance(piece, int):
                    gaps.append(gap(piece))
                    parts += [b"", b""]
                else:
                    parts[-1] += piece.encode()
        self._parts = parts
        self._get = _getter(gaps)

    def key(self, values: Sequence[bytes]) -> tuple[bytes, ...]:
        """Just the values that this format uses."""
        return self._get(values)

    def fill(self, key: tuple[bytes, ...]) -> list[bytes]:
        parts = self._parts.copy()
        parts[1::2] = key
        return b"".join(parts).split(_SEPARATOR)


def _getter(gaps: list[int]) -> Callable[[Sequence[bytes]], tuple[bytes, ...]]:
    if len(gaps) > 1:
        return itemgetter(*gaps)
    return (lambda values: (values[gaps[0]],)) if gaps else (lambda values: ())


@dataclass(frozen=True, slots=True)
class _BlankNode:
    """A blank node's quads as RDFC-1.0 4.6 hashes them: itself `_:a`, every other blank node `_:z`."""

    format: _Format
    remembered: dict[tuple[bytes, ...], str] | None
    """Hashes of the last values; most blank nodes of a batch say the same in each credential."""

    def hash(self, values: Sequence[bytes]) -> str:
        key = self.format.key(values)
        if self.remembered is None or (found := self.remembered.get(key)) is None:
            found = hashlib.sha256(b"".join(sorted(self.format.fill(key)))).hexdigest()
            if self.remembered is not None and sum(map(len, key)) <= _MAX_REMEMBERED_BYTES:
                if len(self.remembered) >= _MAX_REMEMBERED:
                    self.remembered.clear()
                self.remembered[key] = found
        return found


class Quads:
    """The quads of one shape, waiting for its values."""

    __slots__ = ("_blank_nodes", "_fixed_subjects", "_format", "_lines", "_sets", "_size", "_subjects")

    def __init__(self, lines: Sequence[Line], sets: Sequence[tuple[int, ...]], size: int) -> None:
        self._lines = tuple(lines)
        self._sets = tuple(sets)
        self._size = size
        self._subjects = tuple({line[1] for line in self._lines if line[0] == "<" and isinstance(line[1], int)})
        heads = [line[0] for line in self._lines if isinstance(line[0], str) and line[0] != "<"]
        self._fixed_subjects = frozenset(head[1 : head.index(">")].encode() for head in heads)
        mentions: dict[int, list[Line]] = {}
        for line in self._lines:
            for blank in {piece for piece in line if isinstance(piece, int) and piece < 0}:
                mentions.setdefault(blank, []).append(line)
        self._format = _Format(self._lines, lambda piece: piece if piece >= 0 else size + ~piece)
        self._blank_nodes = tuple(
            _BlankNode(
                _Format(_first_degree(mentions[blank], blank), lambda piece: piece),
                {} if len(mentions) <= _MAX_REMEMBERING else None,
            )
            for blank in sorted(mentions, reverse=True)
        )

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The quads: text, or the number of a value; blank node b is ~b."""
        return self._lines

    @property
    def blank_node_count(self) -> int:
        """How many objects have no id."""
        return len(self._blank_nodes)

    def render(self, values: Sequence[str]) -> bytes | None:
        """The canonical N-Quads for `values` (literals escaped, numbers in lexical form), or None: ask pyoxigraph."""
        for numbers in self._sets:
            if len({values[number] for number in numbers}) < len(numbers):
                return None
        encoded = "\0".join(values).encode().split(_SEPARATOR) if values else []
        if len(encoded) != len(values):
            return None
        hashes = [blank.hash(encoded) for blank in self._blank_nodes]
        places = {found: place for place, found in enumerate(sorted(hashes))}
        if len(places) < len(hashes):
            return None
        encoded += [b"_:c14n%d" % places[found] for found in hashes]
        lines = self._format.fill(self._format.key(encoded))
        subjects = {encoded[number] for number in self._subjects}
        if len(subjects) < len(self._subjects) or not subjects.isdisjoint(self._fixed_subjects):
            lines = list(set(lines))  # two ids are equal: what both objects say is said once
        lines.sort()
        return b"".join(lines)

    def bind(self, constants: Mapping[int, str]) -> "Quads":
        """The same quads with some values filled in for good; the others keep their order and close up."""
        rest = [number for number in range(self._size) if number not in constants]
        places: dict[int, Piece] = {number: place for place, number in enumerate(rest)}
        places.update(constants)
        lines = [
            _join(places[piece] if isinstance(piece, int) and piece >= 0 else piece for piece in line)
            for line in self._lines
        ]
        sets: list[tuple[int, ...]] = []
        for numbers in self._sets:
            free = [rest.index(number) for number in numbers if number not in constants]
            if 0 < len(free) < len(numbers):
                raise UncompilableError("a set with fixed and free values")
            if free:
                sets.append(tuple(free))
        return Quads(lines, sets, len(rest))


def compile_quads(values: Sequence[Any], place: Callable[[Sequence[Any]], Any]) -> Quads:
    """Compile the shape of the tree that `place` builds of values of the same JSON types as `values`.

    Raises UncompilableError where a marker does not come out of the JSON-LD processor exactly as it went in.
    """
    markers = [_marker(value, number) for number, value in enumerate(values)]
    found = {_lexical(marker): number for number, marker in enumerate(markers)}
    labels: dict[Any, int] = {}
    lines: list[Line] = []
    groups: dict[tuple[Any, Any], list[int]] = {}  # (subject, predicate) -> values that must differ, or quads merge
    for quad in parse_quads(place(markers)):
        if not isinstance(quad.graph_name, pyoxigraph.DefaultGraph):
            raise UncompilableError("a named graph")
        subject, object_ = (_term(term, found, labels) for term in (quad.subject, quad.object))
        lines.append(_join([*subject, f" {quad.predicate} ", *object_, " .\n"]))
        groups.setdefault((quad.subject, quad.predicate), []).extend(
            piece for piece in object_ if isinstance(piece, int) and piece >= 0
        )
    used = {piece for line in lines for piece in line if isinstance(piece, int)}
    if not used >= set(range(len(values))):
        raise UncompilableError("a value that comes out of the JSON-LD processor in no quad")
    sets = [tuple(numbers) for numbers in groups.values() if len(numbers) > 1]
    return Quads(lines, sets, len(values))


def escape_literal(text: str) -> str:
    """`text` inside the quotes of canonical N-Quads; controls and noncharacters were refused by the parse."""
    if "\\" in text or '"' in text:
        return text.replace("\\", "\\\\").replace('"', '\\"')
    return text


def _lexical(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) else double_lexical(value)


def _marker(value: Any, number: int) -> Any:
    """A value of the same JSON type that occurs nowhere else and is an absolute IRI where it is text."""
    if isinstance(value, str):
        return f"urn:testamur-value:{number}:"
    return 7_000_000_000_000 + number + (0.5 if isinstance(value, float) else 0)


def _term(term: Any, found: Mapping[str, int], labels: dict[Any, int]) -> list[Piece]:
    if isinstance(term, pyoxigraph.BlankNode):
        return [~labels.setdefault(term, len(labels))]
    text = str(term)
    number = found.get(term.value)
    if number is None:
        if "testamur-value" in text or "700000000" in text:
            raise UncompilableError(f"the JSON-LD processor made {text} of a marker")
        return [text]
    before, _, after = text.partition(term.value)
    return [before, number, after]


def _first_degree(lines: Sequence[Line], blank: int) -> list[Line]:
    return [
        _join(
            piece if not isinstance(piece, int) or piece >= 0 else "_:a" if piece == blank else "_:z" for piece in line
        )
        for line in lines
    ]


def _join(pieces: Any) -> Line:
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
