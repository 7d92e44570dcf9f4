"""No input makes `verify` raise, and none but a genuine credential is `valid` (docs/protocol.md 6.3).

A proved bundle is taken apart leaf by leaf: each altered, dropped, or exchanged for the same leaf of another genuine
bundle; then its bytes are flipped, cut and joined at random. The judge is the real one throughout.
"""

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur.batch.bundle import Bundle
from testamur.batch.evidence import prove_many
from testamur.verification.connection import Chain
from testamur.verification.evidence import Evidence
from testamur.verification.policy import Policy
from testamur.verification.verdict import Verdict
from testamur.verification.verify import verify

from tests.client.verification.world import DID, NAME, NOW, Node, credential, world

Path = tuple[str | int, ...]


@cache
def genuine() -> tuple[Policy, list[dict[str, Any]]]:
    """A policy and three proved bundles of two batches, as JSON trees."""
    chain = world()
    first = chain.issue([credential(n, status_index=70_000 + n) for n in range(2)])
    second = chain.issue([credential(7, status_index=90_000, valid_until=None, name="专科毕业证书")])
    proved = prove_many([*first, *second], Node(chain).chain(), chain.policy(), NOW)
    return chain.policy(), [json.loads(bundle.dump()) for bundle in proved]


def leaves(tree: Any, path: Path = ()) -> Iterator[Path]:
    """The way to every value that is neither object nor array."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        if isinstance(value, (dict, list)) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def replaced(tree: Any, path: Path, value: Any) -> Any:
    tree = copy.deepcopy(tree)
    at(tree, path[:-1])[path[-1]] = value
    return tree


def altered(value: Any, place: int = -1) -> Any:
    """Another value of the same kind, one character or one unit away."""
    if isinstance(value, str) and value:
        place %= len(value)
        other = next(new for new in "01aZ" if new.lower() != value[place].lower())
        return value[:place] + other + value[place + 1 :]
    return value + 1 if isinstance(value, (int, float)) else "x"


def judged(data: Any) -> Verdict:
    policy, _ = genuine()
    encoded = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return verify(encoded, Chain.offline(), policy, NOW)


def sample(paths: list[Path], is_slow: bool) -> list[Path]:
    """All leaves, or all but most of the alike trie nodes."""
    return paths if is_slow else [path for path in paths if path[:2] != ("evidence", "nodes") or path[2] in (0, 5, 40)]


def test_the_genuine_bundles_are_valid() -> None:
    _, trees = genuine()
    assert [judged(tree).code for tree in trees] == ["ok", "ok", "ok"]
    assert len(list(leaves(trees[0]))) > 120


@pytest.mark.parametrize("place", [0, 7, -1])
def test_every_altered_leaf_is_refused(place: int, is_slow: bool) -> None:
    tree = genuine()[1][0]
    for path in sample(list(leaves(tree)), is_slow):
        verdict = judged(replaced(tree, path, altered(at(tree, path), place)))
        if path[:2] == ("evidence", "texts"):  # a text without its hash in the registry is no name
            assert verdict.facts["issuer"] == NAME
        else:
            assert verdict.outcome != "valid", path


def test_every_dropped_leaf_is_refused(is_slow: bool) -> None:
    tree = genuine()[1][0]
    for path in sample(list(leaves(tree)), is_slow):
        poorer = copy.deepcopy(tree)
        del at(poorer, path[:-1])[path[-1]]
        if path[:2] != ("evidence", "texts"):
            assert judged(poorer).outcome != "valid", path


def test_every_leaf_of_another_bundle_in_its_place_is_refused(is_slow: bool) -> None:
    tree, *others = genuine()[1]
    for path in sample(list(leaves(tree)), is_slow):
        for other in others:
            try:
                value = at(other, path)
            except (IndexError, KeyError):
                continue
            if path[:2] == ("evidence", "nodes"):
                is_elsewhere = at(tree, path) in other["evidence"]["nodes"] and value == at(tree, path)
            else:
                is_elsewhere = value == at(tree, path)
            if not is_elsewhere:
                assert judged(replaced(tree, path, value)).outcome != "valid", path


@pytest.mark.parametrize("part", ["credential", "inclusion", "anchor", "evidence"])
def test_every_part_of_another_bundle_in_its_place_is_refused(part: str) -> None:
    tree, *others = genuine()[1]
    for other in others:
        if other[part] == tree[part]:
            assert part in ("anchor", "evidence")  # two credentials of one batch, their bits in one word
            continue
        verdict = judged({**tree, part: other[part]})
        assert verdict.outcome != "valid"
        assert judged({name: value for name, value in tree.items() if name != part}).outcome != "valid"


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda value: st.lists(value, max_size=3) | st.dictionaries(st.text(max_size=8), value, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150)
@given(st.data())
def test_a_leaf_of_any_other_kind_gives_a_verdict_that_is_not_valid(data: st.DataObject) -> None:
    tree = genuine()[1][0]
    path = data.draw(st.sampled_from(list(leaves(tree))))
    value = data.draw(junk)
    verdict = judged(replaced(tree, path, value))
    if verdict.outcome == "valid":
        assert value == at(tree, path) or path[:2] == ("evidence", "texts")


@settings(max_examples=150)
@given(st.data())
def test_flipped_cut_and_joined_bytes_never_make_another_valid_bundle(data: st.DataObject) -> None:
    first, second = (json.dumps(tree, ensure_ascii=False).encode() for tree in genuine()[1][:2])
    start = data.draw(st.integers(0, len(first) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "drop", "join", "repeat"])):
        case "flip":
            changed = first[:start] + bytes([first[start] ^ 1 << data.draw(st.integers(0, 7))]) + first[start + 1 :]
        case "cut":
            changed = first[:start]
        case "drop":
            changed = first[:start] + first[start + data.draw(st.integers(1, 40)) :]
        case "join":
            changed = first[:start] + second[start:]
        case _:
            changed = first[:start] + first[start - 30 :]
    verdict = judged(changed)
    if verdict.outcome == "valid":
        assert any(is_same(Bundle.parse(changed), Bundle.parse(original)) for original in (first, second))
        assert verdict.facts["issuer"] == NAME


def is_same(found: Bundle, original: Bundle) -> bool:
    """Whether no more was changed than how hexadecimal is spelled, texts that are no facts, and nodes not needed."""
    assert found.evidence is not None
    assert original.evidence is not None
    shown, proved = Evidence.from_json(found.evidence), Evidence.from_json(original.evidence)
    parts = (found.document, found.inclusion, found.anchor, shown.finality)
    return parts == (original.document, original.inclusion, original.anchor, proved.finality) and (
        shown.nodes.items() >= proved.nodes.items()
    )


@given(st.binary(max_size=300))
def test_any_bytes_give_a_verdict(data: bytes) -> None:
    assert judged(data).code == "malformed"


@settings(max_examples=40)
@given(junk)
def test_any_evidence_gives_a_verdict(evidence: Any) -> None:
    tree = genuine()[1][0]
    try:
        encoded = json.dumps({**tree, "evidence": evidence}).encode()
    except UnicodeEncodeError:
        return
    assert judged(encoded).outcome != "valid"


HOSTILE = {
    "50 MB": b" " * 50_000_000,
    "50 MB of brackets": b"[" * 50_000_000,
    "duplicate key": b'{"type":"TestamurBundle","type":"TestamurBundle"}',
    "NaN": b'{"type":NaN}',
    "infinity": b'{"type":-Infinity}',
    "great number": b'{"version":1e400}',
    "lone surrogate": b'{"type":"\\ud800"}',
    "UTF-16": '{"type":"TestamurBundle"}'.encode("utf-16"),
    "GB18030": '{"type":"学历"}'.encode("gb18030"),
    "byte-order mark": b"\xef\xbb\xbf{}",
    "bidi": '{"type":"\u202e"}'.encode(),
    "null": b"null",
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_malformed(name: str) -> None:
    verdict = judged(HOSTILE[name])
    assert (verdict.outcome, verdict.code) == ("invalid", "malformed")
    assert len(verdict.checks[0].message) < 500


def test_a_file_that_hides_a_second_reading_is_malformed() -> None:
    text = json.dumps(genuine()[1][0], ensure_ascii=False)
    twice = text.replace('"anchor":', '"anchor": {}, "anchor":', 1)
    assert judged(text.encode()).code == "ok"
    assert judged(twice.encode()).code == "malformed"
    assert judged(text.replace(DID, DID + "\u202e").encode()).code == "malformed"
    assert judged(text[:-1].encode()).code == "malformed"
