"""Which keys and values a credential may hold: the terms of its contexts, each in the scope that defines it.

JSON-LD processors silently drop what a context does not define, and differ on relative IRIs, so a signature would
not cover such text. `check_terms` therefore walks the tree as expansion would and refuses whatever expansion would
drop, merge or read in two ways (`docs/protocol.md 1`). It knows exactly the features that the two contexts use:
aliases of @id and @type, type-scoped contexts (which do not reach into nested objects), datatypes, sets and lists.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from testamur.credential.contexts import CONTEXT_URLS, shipped_contexts
from testamur.credential.errors import MalformedError
from testamur.credential.moments import read_date, read_moment
from testamur.credential.strict import step

__all__ = ["VALUE_RULES", "Terms", "check_terms", "is_absolute_iri"]

_IRI_CHARACTERS: Final = r"A-Za-z0-9\-._~!$&'()*+,;=:@/?\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000dffff"
_IRI_PART: Final = f"[{_IRI_CHARACTERS}]*(?:%[0-9A-Fa-f]{{2}}[{_IRI_CHARACTERS}]*)*"
_ABSOLUTE_IRI: Final = re.compile(rf"[A-Za-z][A-Za-z0-9+.\-]*:(?=[^#]){_IRI_PART}(?:#{_IRI_PART})?")
_MAX_IRI: Final = 2048
_OTHER_FORMATS: Final = "https://www.iana.org/assignments/"
"""The contexts also map the claims of JWT and SD-JWT; those belong to another file format (docs/protocol.md 1)."""


@dataclass(frozen=True, slots=True)
class _Term:
    """What a context says about one key."""

    iri: str
    value_type: str
    """`id` (an IRI or an object), `text`, `plain` (text, number, truth or object), or a datatype's last part."""
    is_list: bool = False


_ALIASES: Final = ("@id", "@type")
_ID: Final = _Term("@id", "id")


@dataclass(frozen=True, slots=True)
class Terms:
    """What `check_terms` found out about a tree's values, in the order in which they stand."""

    kinds: tuple[str, ...]
    """Key of `VALUE_RULES` for each text and number outside `type`."""
    sets: tuple[tuple[int, ...], ...]
    """Which of them stand together in a set of two or more, where equal values would merge."""
    quad_count: int
    """How many quads expansion must give where no two objects share an id."""


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The terms in force where no type says otherwise, and what each type adds in its own object."""

    terms: Mapping[str, _Term]
    types: Mapping[str, Mapping[str, _Term]]


def check_terms(tree: Mapping[str, Any]) -> Terms:
    """Refuse any key, type or value of a credential without its proof that the contexts do not define.

    Raises MalformedError with the path of the first fault.
    """
    walk = _Walk(_vocabulary())
    walk.object({key: value for key, value in tree.items() if key != "@context"}, "$")
    return Terms(tuple(walk.kinds), tuple(walk.sets), walk.quad_count)


def is_absolute_iri(text: str) -> bool:
    """Whether `text` is an absolute IRI that every processor keeps as it stands (RFC 3987, no IP literals)."""
    return len(text) <= _MAX_IRI and _is_iri(text)


@functools.lru_cache(maxsize=4096)
def _is_iri(text: str) -> bool:
    return _ABSOLUTE_IRI.fullmatch(text) is not None


class _Walk:
    """One pass over a tree, depth first, in the order of its keys."""

    def __init__(self, vocabulary: _Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.kinds: list[str] = []
        self.sets: list[tuple[int, ...]] = []
        self.quad_count = 0

    def object(self, value: Mapping[str, Any], path: str) -> None:
        if not value:
            raise MalformedError(path, "an empty object says nothing")
        terms = self.vocabulary.terms
        if "type" in value:
            names = _check_types(value["type"], step(path, "type"), self.vocabulary)
            self.quad_count += len(names)
            scoped = [scope for name in names if (scope := self.vocabulary.types[name])]
            if len(scoped) > 1:  # pyoxigraph and PyLD disagree on what is then in force inside
                raise MalformedError(step(path, "type"), "two types that both define keys")
            terms = {**terms, **scoped[0]} if scoped else terms
        for key, item in value.items():
            here = step(path, key)
            if key == "type":
                continue
            if key.startswith("@"):
                raise MalformedError(
                    here,
                    "keywords of JSON-LD stand nowhere but in the one @context at the top",
                )
            term = _ID if key == "id" else terms.get(key)
            if term is None:
                raise MalformedError(here, "no context in force here defines this key")
            if term is _ID:
                self.value(item, here, term)
                continue
            items = item if isinstance(item, list) else [item]
            self.quad_count += 1 + 2 * len(items) if term.is_list else len(items)
            if isinstance(item, list):
                self.array(item, here, term)
            else:
                self.value(item, here, term)

    def array(self, items: list[Any], path: str, term: _Term) -> None:
        if not items:
            raise MalformedError(path, "an empty array says nothing")
        if any(isinstance(item, dict) for item in items):
            for index, item in enumerate(items):
                if not isinstance(item, dict):
                    raise MalformedError(step(path, index), "an object is due in this array")
                self.value(item, step(path, index), term)
            return
        first = len(self.kinds)
        seen: set[tuple[type, Any]] = set()
        for index, item in enumerate(items):
            here = step(path, index)
            self.value(item, here, term)
            if not term.is_list and (type(item), item) in seen:
                raise MalformedError(here, "the same value twice in a set")
            seen.add((type(item), item))
        if not term.is_list and len(self.kinds) - first > 1:
            self.sets.append(tuple(range(first, len(self.kinds))))

    def value(self, value: Any, path: str, term: _Term) -> None:
        if isinstance(value, list):
            raise MalformedError(path, "an array directly inside an array")
        if isinstance(value, dict) and term is not _ID:
            if term.value_type not in ("id", "plain"):
                raise MalformedError(path, f"a {term.value_type}, not an object")
            self.object(value, path)
            return
        allows, wanted = VALUE_RULES[term.value_type]
        if not allows(value):
            raise MalformedError(path, f"not {wanted}")
        if not isinstance(value, bool):
            self.kinds.append(term.value_type)


def _check_types(value: Any, path: str, vocabulary: _Vocabulary) -> list[str]:
    names = value if isinstance(value, list) else [value]
    if not names:
        raise MalformedError(path, "an empty array says nothing")
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in vocabulary.types:
            raise MalformedError(
                step(path, index) if names is value else path,
                "no context defines this type",
            )
        if name in names[:index]:
            raise MalformedError(step(path, index), "the same type twice")
    return names


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


VALUE_RULES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "id": (
        lambda value: isinstance(value, str) and is_absolute_iri(value),
        "an absolute IRI or an object",
    ),
    "anyURI": (
        lambda value: isinstance(value, str) and is_absolute_iri(value),
        "an absolute IRI",
    ),
    "text": (lambda value: isinstance(value, str), "text"),
    "plain": (
        lambda value: isinstance(value, str | int | float),
        "text, a number, true, false or an object",
    ),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "float": (_is_number, "a number"),
    "integer": (
        lambda value: isinstance(value, int) and not isinstance(value, bool),
        "an integer",
    ),
    "dateTime": (
        lambda value: isinstance(value, str) and read_moment(value) is not None,
        "a date and time with its offset",
    ),
    "date": (
        lambda value: isinstance(value, str) and read_date(value) is not None,
        "a date of the calendar",
    ),
}


@functools.cache
def _vocabulary() -> _Vocabulary:
    contexts = shipped_contexts()
    definitions: dict[str, Any] = {}
    for url in CONTEXT_URLS:
        definitions.update(contexts[url])
    types = {
        name: _terms(definition.get("@context", {})) if isinstance(definition, dict) else {}
        for name, definition in definitions.items()
        if name[:1].isupper()
    }
    return _Vocabulary(terms=_terms(definitions), types=types)


def _terms(definitions: Mapping[str, Any]) -> dict[str, _Term]:
    terms: dict[str, _Term] = {}
    for name, definition in definitions.items():
        if name[:1] == "@" or name[:1].isupper() or definition in _ALIASES:
            continue
        if isinstance(definition, str):
            definition = {"@id": definition}
        datatype = str(definition.get("@type", ""))
        if definition["@id"].startswith(_OTHER_FORMATS) or datatype == "@json":
            continue
        if "@context" in definition or definition.get("@container") == "@graph":
            continue  # only a proof and a presentation need those; `document` judges the one proof itself
        terms[name] = _Term(
            definition["@id"],
            _value_type(datatype),
            definition.get("@container") == "@list",
        )
    return terms


def _value_type(datatype: str) -> str:
    if datatype in ("", "@id"):
        return "id" if datatype else "plain"
    last = re.split(r"[#:/]", datatype)[-1]
    return last if last in VALUE_RULES else "text"
