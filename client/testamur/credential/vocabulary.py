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
from testamur.credential.strict import step

__all__ = ["check_terms", "is_absolute_iri"]

_SCHEME_AND_REST: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*:"
    r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000dffff]|%[0-9A-Fa-f]{2})+"
    r"(?:#(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000dffff]|%[0-9A-Fa-f]{2})*)?"
)
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_OTHER_FORMATS: Final = "https://www.iana.org/assignments/"
"""The contexts also map the claims of JWT and SD-JWT; those belong to another file format (protocol.md 1)."""


@dataclass(frozen=True, slots=True)
class _Term:
    """What a context says about one key."""

    iri: str
    value_type: str
    """`id` (an IRI or an object), `text`, `plain` (text, number, truth or object), or a datatype's last part."""
    is_list: bool = False


_ALIASES: Final = ("@id", "@type")


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The terms in force where no type says otherwise, and what each type adds in its own object."""

    terms: Mapping[str, _Term]
    types: Mapping[str, Mapping[str, _Term]]


def check_terms(tree: Mapping[str, Any]) -> None:
    """Refuse any key, type or value of a credential (without its `@context`) that the contexts do not define.

    Raises MalformedError with the path of the first fault.
    """
    vocabulary = _vocabulary()
    _check_object({key: value for key, value in tree.items() if key != "@context"}, "$", vocabulary)


@functools.lru_cache(maxsize=4096)
def is_absolute_iri(text: str) -> bool:
    """Whether `text` is an absolute IRI that every processor keeps as it stands (RFC 3987, no IP literals)."""
    return _SCHEME_AND_REST.fullmatch(text) is not None


def _check_object(value: Mapping[str, Any], path: str, vocabulary: _Vocabulary) -> None:
    if not value:
        raise MalformedError(path, "an empty object says nothing")
    terms = vocabulary.terms
    if "type" in value:
        for name in _check_types(value["type"], step(path, "type"), vocabulary):
            terms = {**terms, **vocabulary.types[name]}
    for key, item in value.items():
        here = step(path, key)
        if key == "type":
            continue
        if key.startswith("@"):
            raise MalformedError(here, "keywords of JSON-LD stand nowhere but in the one @context at the top")
        if key == "id":
            _check_iri(item, here)
            continue
        term = terms.get(key)
        if term is None:
            raise MalformedError(here, "no context in force here defines this key")
        if isinstance(item, list):
            _check_array(item, here, term, vocabulary)
        else:
            _check_value(item, here, term, vocabulary)


def _check_types(value: Any, path: str, vocabulary: _Vocabulary) -> list[str]:
    names = value if isinstance(value, list) else [value]
    if not names:
        raise MalformedError(path, "an empty array says nothing")
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in vocabulary.types:
            raise MalformedError(step(path, index) if names is value else path, "no context defines this type")
        if name in names[:index]:
            raise MalformedError(step(path, index), "the same type twice")
    return sorted(names)


def _check_array(items: list[Any], path: str, term: _Term, vocabulary: _Vocabulary) -> None:
    if not items:
        raise MalformedError(path, "an empty array says nothing")
    seen: set[tuple[type, Any]] = set()
    for index, item in enumerate(items):
        here = step(path, index)
        if isinstance(item, list):
            raise MalformedError(here, "an array directly inside an array")
        _check_value(item, here, term, vocabulary)
        if not isinstance(item, dict) and not term.is_list:
            if (type(item), item) in seen:
                raise MalformedError(here, "the same value twice in a set")
            seen.add((type(item), item))


def _check_value(value: Any, path: str, term: _Term, vocabulary: _Vocabulary) -> None:
    if isinstance(value, dict):
        if term.value_type not in ("id", "plain"):
            raise MalformedError(path, f"a {term.value_type}, not an object")
        _check_object(value, path, vocabulary)
        return
    allows, wanted = _VALUE_RULES[term.value_type]
    if not allows(value):
        raise MalformedError(path, f"not {wanted}")


def _check_iri(value: Any, path: str) -> None:
    if not isinstance(value, str) or not is_absolute_iri(value):
        raise MalformedError(path, "not an absolute IRI")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_VALUE_RULES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "id": (lambda value: isinstance(value, str) and is_absolute_iri(value), "an absolute IRI or an object"),
    "anyURI": (lambda value: isinstance(value, str) and is_absolute_iri(value), "an absolute IRI"),
    "purpose": (lambda value: value == "assertionMethod", "assertionMethod"),
    "text": (lambda value: isinstance(value, str), "text"),
    "plain": (lambda value: isinstance(value, str | int | float), "text, a number, true, false or an object"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "float": (_is_number, "a number"),
    "integer": (lambda value: isinstance(value, int) and not isinstance(value, bool), "an integer"),
    "dateTime": (lambda value: isinstance(value, str) and bool(_DATE_TIME.fullmatch(value)), "a date and time"),
    "date": (lambda value: isinstance(value, str) and bool(_DATE.fullmatch(value)), "a date"),
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
        if "@context" in definition and datatype != "@vocab":
            continue  # a property-scoped context: no credential of ours needs one
        if definition.get("@container") == "@graph" and name != "proof":
            continue
        terms[name] = _Term(definition["@id"], _value_type(datatype), definition.get("@container") == "@list")
    return terms


def _value_type(datatype: str) -> str:
    if datatype in ("", "@id", "@vocab"):
        return {"": "plain", "@id": "id", "@vocab": "purpose"}[datatype]
    last = re.split(r"[#:/]", datatype)[-1]
    return last if last in _VALUE_RULES else "text"
