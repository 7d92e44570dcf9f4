"""The shape of a credential: its keys, types and kinds of values, without the values.

Data flow: strict tree -> `flatten` -> (signature, values). Documents of one signature share one compiled `Shape`: what
the contexts allow was checked when it was compiled, so that only the values are left to look at, and their N-Quads
come from `nquads`. Compiling costs no more than canonicalising once, the cache is bounded, and only what comes a second
time gets into it: a stream of ever new shapes neither fills it nor drives the others out (docs/threat-model.md 25).
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from testamur.credential.budget import spend
from testamur.credential.canonical import MAX_BLANK_NODES, double_lexical
from testamur.credential.errors import MalformedError
from testamur.credential.nquads import (
    Quads,
    UncompilableError,
    compile_quads,
    escape_literal,
)
from testamur.credential.number import is_exact
from testamur.credential.vocabulary import VALUE_RULES, check_terms, is_absolute_iri

__all__ = ["MAX_TOKENS", "Kept", "Shape", "Signature", "compile_shape", "flatten"]

Signature = tuple[Any, ...]
Name = TypeVar("Name")
Item = TypeVar("Item")

_TEXT, _INTEGER, _FRACTION, _OPEN, _CLOSE, _OPEN_ARRAY, _CLOSE_ARRAY = (object() for _ in range(7))
"""Tokens that no key can be taken for."""
MAX_TOKENS: Final = 1024
"""Length of a signature that is kept; the greatest real credentials have a third of that."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A compiled shape."""

    rules: tuple[tuple[tuple[int, ...], Callable[[Any], bool]], ...]
    """Which values have to be looked at, and how."""
    sets: tuple[tuple[int, ...], ...]
    """Values that must differ: a set keeps equal ones only once."""
    numbers: tuple[int, ...]
    """Which values are numbers."""
    quads: Quads

    def accepts(self, values: Sequence[Any]) -> bool:
        """Whether `check_terms` would pass a tree of this shape with these values."""
        for numbers, allows in self.rules:
            for number in numbers:
                if not allows(values[number]):
                    return False
        return not any(len({values[number] for number in numbers}) < len(numbers) for numbers in self.sets)

    def nquads(self, values: Sequence[Any]) -> bytes | None:
        """The canonical N-Quads of the tree with these values, or None where pyoxigraph has to be asked."""
        return self.quads.render(lexical_forms(values, self.numbers))


def flatten(tree: Mapping[str, Any]) -> tuple[Signature, list[Any]]:
    """(what `tree` looks like, its values in order); `type` and `@context` belong to the looks.

    Raises MalformedError for a number that the strict parse would not give. A signature that cannot be hashed is that
    of a tree whose `type` holds objects; `check_terms` refuses it.
    """
    tokens: list[Any] = []
    values: list[Any] = []
    _flatten(tree, tokens, values)
    return tuple(tokens), values


def compile_shape(tree: Mapping[str, Any]) -> Shape:
    """Compile the shape of `tree`, a credential without its proof.

    Raises MalformedError where the contexts do not allow it, or where the JSON-LD processor would leave something out;
    BudgetExceededError where the caller's budget for new shapes does not reach.
    """
    terms = check_terms(tree)
    spend(terms.quad_count)
    _, values = flatten(tree)
    try:
        quads = compile_quads(values, lambda others: _rebuild(tree, iter(others)))
    except UncompilableError as error:
        raise MalformedError("$", str(error)) from error
    if len(quads) != terms.quad_count or len(values) != len(terms.kinds):
        raise MalformedError(
            "$",
            f"{len(quads)} quads where {terms.quad_count} are due: canonicalisation drops part of it",
        )
    if quads.blank_node_count > MAX_BLANK_NODES:
        raise MalformedError("$", f"{quads.blank_node_count} objects without an id, at most {MAX_BLANK_NODES}")
    return Shape(
        rules=_rules(terms.kinds),
        sets=terms.sets,
        numbers=tuple(number for number, value in enumerate(values) if not isinstance(value, str)),
        quads=quads,
    )


def _rules(
    kinds: Sequence[str],
) -> tuple[tuple[tuple[int, ...], Callable[[Any], bool]], ...]:
    iris = tuple(number for number, kind in enumerate(kinds) if kind in ("id", "anyURI"))
    dates = [(kind, tuple(n for n, other in enumerate(kinds) if other == kind)) for kind in ("dateTime", "date")]
    return (
        (iris, is_absolute_iri),
        *((numbers, VALUE_RULES[kind][0]) for kind, numbers in dates),
    )


def lexical_forms(values: Sequence[Any], numbers: Sequence[int]) -> list[str]:
    """`values` as they stand in N-Quads."""
    forms = list(values)
    for number in numbers:
        value = forms[number]
        forms[number] = str(value) if isinstance(value, int) else double_lexical(value)
    joined = "".join(forms)
    return [escape_literal(form) for form in forms] if '"' in joined or "\\" in joined else forms


class Kept(Generic[Name, Item]):
    """What came at least twice: at most `limit` items, the oldest makes room."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._items: dict[Name, Item] = {}
        self._seen: dict[int, None] = {}

    def get(self, name: Name) -> Item | None:
        """The item of this name, if it is kept."""
        return self._items.get(name)

    def values(self) -> list[Item]:
        """Everything that is kept."""
        return list(self._items.values())

    def offer(self, name: Name, item: Item) -> bool:
        """Keep `item` if its name came before; whether it is kept now."""
        mark = hash(name)
        with self._lock:
            is_known = mark in self._seen
            _trim(self._items, self._limit) if is_known else _trim(self._seen, 16 * self._limit)
            if is_known:
                self._items[name] = item
            else:
                self._seen[mark] = None
        return is_known


def _trim(cache: dict[Any, Any], limit: int) -> None:
    while len(cache) >= limit:
        cache.pop(next(iter(cache)))


def _flatten(value: Any, tokens: list[Any], values: list[Any]) -> None:
    kind = type(value)
    if kind is str:
        tokens.append(_TEXT)
        values.append(value)
    elif kind is dict:
        tokens.append(_OPEN)
        for key, item in value.items():
            tokens.append(key)
            if type(item) is str and key != "type":
                tokens.append(_TEXT)
                values.append(item)
            elif key == "type" or key == "@context":
                tokens.append(tuple(item) if type(item) is list else item)
            else:
                _flatten(item, tokens, values)
        tokens.append(_CLOSE)
    elif kind is list:
        tokens.append(_OPEN_ARRAY)
        for item in value:
            _flatten(item, tokens, values)
        tokens.append(_CLOSE_ARRAY)
    elif kind is int or kind is float:
        if not is_exact(value):
            raise MalformedError("$", f"number {value} is not one that every reader holds exactly")
        tokens.append(_INTEGER if kind is int else _FRACTION)
        values.append(value)
    else:
        tokens.append(value)


def _rebuild(value: Any, values: Iterator[Any], key: str = "") -> Any:
    if key in ("type", "@context") or value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {key: _rebuild(item, values, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_rebuild(item, values) for item in value]
    return next(values)
