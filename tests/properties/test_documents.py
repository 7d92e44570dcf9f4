"""MUST (docs/protocol.md 1): one strict parse. Whatever is done to a document, it is refused or it is another one.

Any change to a credential's bytes gives MalformedError or another canonical form; never another exception, and never
the same form for other content. What is not refused has the N-Quads that pyoxigraph gives, and where the signed
content changed, those changed too.
"""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from testamur.batch.bundle import Bundle
from testamur.credential import document
from testamur.credential.canonical import canonical_nquads
from testamur.credential.errors import MalformedError
from testamur.credential.number import is_exact
from testamur.credential.proof import verify
from testamur.credential.strict import parse_compact, parse_strict

from tests.client.credential import sample

SIGNED = sample.signed()
DATA = sample.data(SIGNED)
PARSED = document.parse(DATA)
BUNDLE = {
    "type": "TestamurBundle",
    "version": 1,
    "credential": SIGNED,
    "inclusion": {
        "version": 1,
        "kind": 1,
        "issuer": 7,
        "leafIndex": 1,
        "size": 3,
        "list": 3,
        "statusIndex": 94567,
        "path": ["0x" + "11" * 32] * 2,
        "salt": "0x" + "33" * 32,
        "outcomeTag": "0x" + "44" * 32,
        "holder": "0x" + "55" * 32,
    },
    "anchor": {
        "chainId": 20260,
        "contract": "0x" + "66" * 20,
        "batchId": "0x" + "77" * 32,
        "root": "0x" + "88" * 32,
        "block": 42,
    },
}
BUNDLE_DATA = json.dumps(BUNDLE, ensure_ascii=False).encode()

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "urn:x",
            "@id",
            "_:b",
            "Achievement",
            "did:web:cdou.example",
            "2026-06-30T16:00:00Z",
            "李华",
            "\u202e",
            "a%zz:",
        ]
    ),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "name", "@context", "tag", "x"]) | st.text(max_size=5), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in items for deeper in _paths(item, (*path, key)))]


PATHS = _paths(SIGNED)[1:]
BUNDLE_PATHS = _paths(BUNDLE)[1:]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for item in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(item)]
    return [value]


def _parent(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        tree = tree[key]
    return tree


def _judge(data: bytes) -> document.Document | None:
    try:
        return document.parse(data)
    except MalformedError as error:
        if not error.path.startswith("$") or not error.reason:
            raise
        return None


def _is_other(parsed: document.Document, tree: Any) -> None:
    """What was accepted with other content has another canonical form, and N-Quads as pyoxigraph gives them."""
    assert (parsed.canonical == PARSED.canonical) == (parsed.tree == PARSED.tree)
    unsigned = {key: item for key, item in tree.items() if key != "proof"}
    assert parsed.nquads == canonical_nquads(unsigned)


@given(st.sampled_from(PATHS), JSON)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_value_put_in_anothers_place_is_refused_or_gives_another_form(path: tuple[Any, ...], value: Any) -> None:
    tree = copy.deepcopy(SIGNED)
    _parent(tree, path)[path[-1]] = value
    parsed = _judge(json.dumps(tree).encode())
    if parsed is not None:
        _is_other(parsed, parsed.tree)


@given(
    st.sampled_from(PATHS),
    st.sampled_from(["name", "type", "id", "tag", "image", "x", "@id", "narrative"]) | st.text(max_size=8),
    JSON,
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_key_put_into_any_object_is_refused_or_gives_another_form(
    path: tuple[Any, ...], key: str, value: Any
) -> None:
    tree = copy.deepcopy(SIGNED)
    target = _parent(tree, (*path, None))
    if isinstance(target, dict):
        target[key] = value
    elif isinstance(target, list):
        target.append(value)
    parsed = _judge(json.dumps(tree).encode())
    if parsed is not None:
        _is_other(parsed, parsed.tree)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_every_part_dropped_is_refused_or_gives_another_form_and_signed_content(path: tuple[Any, ...]) -> None:
    tree = copy.deepcopy(SIGNED)
    del _parent(tree, path)[path[-1]]
    parsed = _judge(json.dumps(tree).encode())
    if parsed is not None:
        assert parsed.canonical != PARSED.canonical
        assert parsed.nquads != PARSED.nquads
        assert not verify(parsed)


@given(st.sampled_from(PATHS), st.sampled_from(PATHS))
@settings(max_examples=300)
def test_two_parts_swapped_are_refused_or_give_another_form(first: tuple[Any, ...], second: tuple[Any, ...]) -> None:
    shorter = min(len(first), len(second))
    if first[:shorter] == second[:shorter]:
        return
    tree = copy.deepcopy(SIGNED)
    one, other = _parent(tree, first), _parent(tree, second)
    one[first[-1]], other[second[-1]] = other[second[-1]], one[first[-1]]
    parsed = _judge(json.dumps(tree).encode())
    if parsed is not None:
        _is_other(parsed, parsed.tree)


@pytest.mark.parametrize("path", [path for path in PATHS if isinstance(path[-1], str)], ids=str)
def test_every_key_written_twice_is_refused(path: tuple[Any, ...]) -> None:
    tree = copy.deepcopy(SIGNED)
    parent = _parent(tree, path)
    parent["\0again"] = parent[path[-1]]
    text = json.dumps(tree).replace('"\\u0000again"', json.dumps(path[-1]))
    with pytest.raises(MalformedError, match="twice"):
        document.parse(text.encode())


@given(st.integers(0, len(DATA) - 1))
@example(0)
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(MalformedError):
        document.parse(DATA[:length])


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
@settings(max_examples=500)
def test_a_changed_byte_is_refused_or_gives_another_form(position: int, change: int) -> None:
    data = bytearray(DATA)
    data[position] ^= change
    parsed = _judge(bytes(data))
    if parsed is not None:
        _is_other(parsed, parsed.tree)


@given(st.integers(0, len(DATA)), st.binary(min_size=1, max_size=4))
@settings(max_examples=300)
def test_inserted_bytes_are_refused_or_give_another_form_or_are_space(position: int, inserted: bytes) -> None:
    parsed = _judge(DATA[:position] + inserted + DATA[position:])
    if parsed is not None:
        _is_other(parsed, parsed.tree)


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | JSON.map(lambda value: json.dumps(value).encode())
)
@settings(max_examples=500)
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        document.parse(data)
    with pytest.raises(MalformedError):
        Bundle.parse(data)


COMPACT = json.dumps(BUNDLE, ensure_ascii=False, separators=(",", ":")).encode()


@given(
    JSON.map(
        lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )
    | st.tuples(st.integers(0, len(COMPACT)), st.binary(max_size=6)).map(
        lambda change: COMPACT[: change[0]] + change[1] + COMPACT[change[0] + len(change[1]) :]
    )
)
@settings(max_examples=500)
def test_the_short_way_of_reading_gives_what_the_strict_parse_gives_or_nothing(data: bytes) -> None:
    compact = parse_compact(data)
    if compact is None:
        return
    numbers = [item for item in _leaves(compact) if isinstance(item, int | float) and not isinstance(item, bool)]
    if all(map(is_exact, numbers)):  # whoever reads the tree refuses other numbers
        assert repr(parse_strict(data)) == repr(compact)


def test_compact_bundles_take_the_short_way() -> None:
    assert parse_compact(COMPACT) == parse_strict(COMPACT) == BUNDLE
    assert parse_compact(COMPACT + b"\n") == BUNDLE
    for refused in (
        b" " + COMPACT,
        COMPACT[:-1] + b',"version":1}',
        b'{"a":NaN}',
        b'["\\u0041"]',
        '["\u202e"]'.encode(),
    ):
        assert parse_compact(refused) is None


@given(st.sampled_from(BUNDLE_PATHS), JSON)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_changed_bundle_is_refused_or_is_another_bundle(path: tuple[Any, ...], value: Any) -> None:
    tree = copy.deepcopy(BUNDLE)
    _parent(tree, path)[path[-1]] = value
    try:
        bundle = Bundle.parse(json.dumps(tree).encode())
    except MalformedError:
        return
    assert (bundle.to_tree() == BUNDLE) == (json.loads(json.dumps(tree)) == BUNDLE)


@pytest.mark.parametrize("path", BUNDLE_PATHS, ids=str)
def test_every_part_dropped_from_a_bundle_is_refused_or_gives_another_leaf_or_path(path: tuple[Any, ...]) -> None:
    tree: Any = copy.deepcopy(BUNDLE)
    original = Bundle.parse(BUNDLE_DATA)
    del _parent(tree, path)[path[-1]]
    try:
        bundle = Bundle.parse(json.dumps(tree).encode())
    except MalformedError:
        return
    assert bundle.leaf != original.leaf or bundle.inclusion.path != original.inclusion.path


@given(st.integers(2, 12), st.integers(1, 6))
@settings(max_examples=40)
def test_objects_that_look_alike_end_at_once_refused_or_canonicalised(alike: int, depth: int) -> None:
    """docs/threat-model.md 25: nine alike blank nodes would hang the canonicaliser."""
    tree = sample.unsigned()
    inner: Any = {"type": ["ResultDescription"], "name": "x"}
    for level in range(depth):
        inner = {"type": ["Profile"], "name": f"x{level}", "parentOrg": inner}
    tree["credentialSubject"]["achievement"]["resultDescription"] = [copy.deepcopy(inner) for _ in range(alike)]
    parsed = _judge(sample.data({**tree, "proof": SIGNED["proof"]}))
    assert (parsed is None) == (alike > 6)
