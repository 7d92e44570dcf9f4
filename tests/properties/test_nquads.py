"""Substitution into compiled N-Quads gives what canonicalisation gives: pyoxigraph each time, PyLD for a sample.

Shapes are drawn from the vocabulary itself, so that every term, datatype and nesting the contexts know comes up; values
are drawn to hit escapes, ties between blank nodes, equal ids and equal members of sets.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyld import jsonld
from testamur.credential.canonical import canonical_nquads, double_lexical
from testamur.credential.contexts import CONTEXT_URLS, shipped_contexts
from testamur.credential.errors import MalformedError
from testamur.credential.shape import compile_shape, flatten
from testamur.credential.strict import FORBIDDEN_CHARACTER
from testamur.credential.vocabulary import is_absolute_iri

TEXTS = st.one_of(
    st.text(max_size=12).filter(lambda text: not FORBIDDEN_CHARACTER.search(text)),
    st.sampled_from(
        ["李华", '"', "\\", '\\"', "\\u0041", "%s", "{}", "x", "urn:x", "阿依古丽·买买提", "㐂𠮷", "a" * 300]
    ),
)
IRIS = st.one_of(
    st.sampled_from(
        ["urn:x", "urn:y", "https://a.example/é", "http://a/b/../c", "name:foo", "id:foo", "HTTP://A/%7e?q#f", "a:b"]
    ),
    st.from_regex(r"[a-z][a-z0-9+.\-]{0,5}:[!$&-;=?-Z_a-z~]{1,20}(#[!$&-;=?-Z_a-z~]{0,9})?", fullmatch=True),
).filter(is_absolute_iri)
NUMBERS = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.decimals(-(10**10), 10**10, places=4, allow_nan=False).map(float).filter(lambda value: not value.is_integer()),
)


def _scalar(definition: Any) -> st.SearchStrategy[Any]:
    datatype = definition.get("@type", "") if isinstance(definition, dict) else ""
    last = datatype.split("#")[-1].split("/")[-1].split(":")[-1]
    return {
        "@id": IRIS,
        "": TEXTS | NUMBERS | st.booleans(),
        "float": NUMBERS,
        "boolean": st.booleans(),
        "integer": st.integers(0, 10**6),
        "anyURI": IRIS,
        "dateTime": st.just("2026-06-30T16:00:00Z"),
        "date": st.just("2026-06-30"),
    }.get(last if datatype != "@id" else "@id", TEXTS)


def _usable(name: str, definition: Any) -> bool:
    if name[0] in "@._" or name[0].isupper() or definition in ("@id", "@type"):
        return False
    iri = definition if isinstance(definition, str) else definition["@id"]
    if "iana.org" in iri:
        return False
    return isinstance(definition, str) or (
        "@context" not in definition and definition.get("@container") != "@graph" and definition.get("@type") != "@json"
    )


_ALL = {name: value for url in CONTEXT_URLS for name, value in shipped_contexts()[url].items()}
_GLOBAL = {name: value for name, value in _ALL.items() if _usable(name, value)}
_CLASSES = {
    name: {key: item for key, item in (value.get("@context") or {}).items() if _usable(key, item)}
    for name, value in _ALL.items()
    if name[0].isupper() and isinstance(value, dict) and name not in ("VerifiablePresentation", "DataIntegrityProof")
}


@st.composite
def nodes(draw: st.DrawFn, depth: int = 3, name: str | None = None) -> dict[str, Any]:
    """An object of some class with keys that are defined there."""
    name = name or draw(st.sampled_from(sorted(_CLASSES)))
    terms = {**_GLOBAL, **_CLASSES[name]}
    node: dict[str, Any] = {"type": draw(st.sampled_from([name, [name]]))}
    if draw(st.booleans()):
        node["id"] = draw(IRIS)
    for key in draw(st.lists(st.sampled_from(sorted(terms)), max_size=5, unique=True)):
        definition = terms[key]
        takes_nodes = isinstance(definition, str) or definition.get("@type", "@id") == "@id"
        item = nodes(depth=depth - 1) if takes_nodes and depth and draw(st.booleans()) else _scalar(definition)
        node[key] = draw(item | st.lists(item, min_size=1, max_size=3))
    return node


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """A credential of some shape, not necessarily one of ours."""
    node = draw(nodes(name="VerifiableCredential"))
    return {"@context": list(CONTEXT_URLS), **node, "type": ["VerifiableCredential", "OpenBadgeCredential"]}


def _revalue(value: Any, draw: Any, key: str = "") -> Any:
    """The same shape with other values of the same kinds."""
    if key in ("type", "@context") or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {name: _revalue(item, draw, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_revalue(item, draw) for item in value]
    if isinstance(value, str):
        return (
            draw(IRIS)
            if is_absolute_iri(value)
            else draw(TEXTS.filter(lambda text: not is_absolute_iri(text)))
            if (value not in ("2026-06-30T16:00:00Z", "2026-06-30"))
            else value
        )
    if isinstance(value, float):
        return draw(NUMBERS.filter(lambda number: isinstance(number, float)))
    return draw(st.integers(0, 2**53 - 1))


@given(trees(), st.data())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_a_compiled_shape_gives_what_pyoxigraph_gives_for_its_own_and_for_other_values(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    try:
        shape = compile_shape(tree)
        expected = canonical_nquads(tree)
    except MalformedError:
        assume(False)
    values = flatten(tree)[1]
    assert shape.accepts(values)
    assert shape.nquads(values) in (None, expected)
    other = _revalue(tree, data.draw)
    signature, values = flatten(other)
    if signature == flatten(tree)[0] and shape.accepts(values):
        try:
            assert shape.nquads(values) in (None, canonical_nquads(other))
        except MalformedError as error:  # too many alike: then substitution must have declined
            assert "look alike" in error.reason  # noqa: PT017
            assert shape.nquads(values) is None


def _load(url: str, options: object) -> dict[str, Any]:
    return {"contextUrl": None, "documentUrl": url, "document": {"@context": shipped_contexts()[url]}}


@given(trees())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_what_the_terms_allow_means_the_same_to_an_independent_processor(tree: dict[str, Any]) -> None:
    """MUST: nothing passes that two processors read in two ways (docs/protocol.md 1)."""
    try:
        compile_shape(tree)
        expected = canonical_nquads(tree)
    except MalformedError:
        assume(False)
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _load}
    assert jsonld.normalize(tree, options) == expected.decode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (118.5, "1.185E2"),
        (0.0001, "1.0E-4"),
        (0.25, "2.5E-1"),
        (-10.05, "-1.005E1"),
        (99999999999.9999, "9.999999999999989E10"),
        (8.3, "8.300000000000001E0"),
        (8.001, "8.000999999999999E0"),
    ],
)
def test_a_fraction_is_written_as_jsonld_js_and_pyld_write_it(value: float, text: str) -> None:
    assert double_lexical(value) == text


def test_an_object_with_two_types_that_define_keys_is_refused() -> None:
    """pyoxigraph then drops `related`, PyLD keeps it: two readings of one signature."""
    tree = {
        "@context": list(CONTEXT_URLS),
        "id": "urn:x",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "credentialSubject": {"type": ["Achievement", "Related"], "related": [{"type": ["Related"], "version": "1"}]},
    }
    with pytest.raises(MalformedError, match="two types"):
        compile_shape(tree)
