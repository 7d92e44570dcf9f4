"""Texts of a grammar against the strict parse, and other readers of JSON and JSON-LD as its judges.

What the grammar meant, what json and orjson read and what the strict parse gives are one and the same; what carries a
fault is refused, whatever those readers make of it (docs/protocol.md 1.1 to 1.3). Bundles in any spelling are the same
bundle, their quads are pyoxigraph's, and no member of any kind makes judging raise.
"""

import copy
import json
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import orjson
import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur.api.elements import TooManyElementsError, elements
from testamur.batch.bundle import Bundle
from testamur.credential.contexts import shipped_contexts
from testamur.credential.errors import MalformedError
from testamur.credential.strict import parse_compact, parse_strict
from testamur.verification.checks import check_document
from testamur.verification.connection import Chain
from testamur.verification.verdict import CHECK_NAMES
from testamur.verification.verify import verify

from tests.client.verification.world import Node, World, credential, world
from tests.properties.grammar import FAULTS, documents, faulty, spelt
from tests.properties.test_verdicts import at, leaves, replaced

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@cache
def alliance() -> World:
    return world()


@cache
def genuine() -> tuple[dict[str, Any], ...]:
    """Trees of a bundle without evidence, and of one with it."""
    chain = alliance()
    [bundle] = chain.issue([credential(1, credentialSubject__creditsEarned=140)])
    return json.loads(bundle.dump()), json.loads(bundle.with_evidence(chain.evidence()).dump())


@given(documents())
def test_what_keeps_the_rules_is_read_as_it_was_meant_and_as_others_read_it(document: tuple[bytes, Any]) -> None:
    text, meaning = document
    tree = parse_strict(text)
    assert tree == meaning
    assert tree == json.loads(text) == orjson.loads(text)
    compact = parse_compact(text)
    assert compact is None or (compact == meaning and orjson.dumps(compact) == text.rstrip(b"\r\n"))


@pytest.mark.parametrize("fault", FAULTS)
@given(data=st.data())
@settings(max_examples=25)
def test_a_fault_is_refused_wherever_it_stands(fault: str, data: st.DataObject) -> None:
    text = data.draw(faulty(fault))
    with pytest.raises(MalformedError):
        parse_strict(text)
    checks, bundle = check_document(text)
    assert (checks.code, bundle) == ("malformed", None)


@pytest.mark.parametrize("fault", FAULTS)
@given(data=st.data())
@settings(max_examples=10)
def test_a_fault_inside_a_genuine_bundle_is_refused(fault: str, data: st.DataObject) -> None:
    tree = genuine()[data.draw(st.integers(0, 1))]
    path = data.draw(st.sampled_from(list(leaves(tree))))
    marker = "the fault stands here"
    text = json.dumps(replaced(tree, path, marker), ensure_ascii=False).encode()
    text = text.replace(f'"{marker}"'.encode(), data.draw(faulty(fault)))
    checks, bundle = check_document(text)
    assert (checks.code, bundle) == ("malformed", None)


@given(st.lists(documents(), min_size=1, max_size=5))
@settings(max_examples=50)
def test_a_body_is_cut_where_its_values_end(values: list[tuple[bytes, Any]]) -> None:
    array = b"[" + b",".join(text for text, _ in values) + b"]"
    cut = elements(array, len(values), is_array=True)
    assert [json.loads(part) for part in cut] == [meaning for _, meaning in values] == json.loads(array)
    lines = [json.dumps({"value": meaning}).encode() for _, meaning in values]
    assert elements(b"\r\n".join(lines), len(lines)) == lines
    with pytest.raises(TooManyElementsError):
        elements(array, len(values) - 1)


@given(number=st.integers(0, 1), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_every_spelling_of_a_bundle_is_the_same_bundle(number: int, seed: int) -> None:
    tree = genuine()[number]
    text = spelt(Random(seed), tree).encode()
    assert json.loads(text) == tree
    assert Bundle.parse(text) == Bundle.parse(orjson.dumps(tree))


@given(name=st.text("李华 aZ'.·-", min_size=1, max_size=9), seed=st.integers(0, 2**32))
@settings(max_examples=25)
def test_the_quads_of_every_spelling_are_those_that_pyoxigraph_reads(name: str, seed: int) -> None:
    tree = copy.deepcopy(genuine()[0]["credential"])
    tree["credentialSubject"]["identifier"][0]["identityHash"] = name
    bundle = {**genuine()[0], "credential": tree}
    text = spelt(Random(seed), bundle).encode()
    read = json.loads(text)["credential"]
    del read["proof"]
    read["@context"] = [shipped_contexts()[name] for name in read["@context"]]
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(json.dumps(read), format=pyoxigraph.RdfFormat.JSON_LD))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    document = Bundle.parse(text).document
    assert document is not None
    assert document.nquads.decode() == "".join(sorted(f"{quad} .\n" for quad in dataset))


OTHERS: list[Any] = [None, True, 0, -1, 1, 7, 2**32, 2**53, 2**64, 0.5, 1e300, "", "0x", "0x00", "x", "-1", "9" * 30]
OTHERS += ["0x" + "f" * 64, "2026-01-01T00:00:00Z", [0] * 33, ["0x" + "0" * 64] * 40]
OTHERS += [[], {}, [[]], [None], {"": {}}, {"version": 1}]


def altered(data: st.DataObject, tree: dict[str, Any]) -> dict[str, Any]:
    """A tree with members replaced, taken away, doubled or added anywhere."""
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(leaves(tree)) or [("type",)]))
        path = path[: data.draw(st.integers(1, len(path)))]
        act = data.draw(st.sampled_from(["replace", "remove", "add"]))
        parent = at(tree, path[:-1])
        if act == "replace" or not isinstance(parent, dict):
            tree = replaced(tree, path, data.draw(st.sampled_from(OTHERS)))
        else:
            tree = copy.deepcopy(tree)
            parent = at(tree, path[:-1])
            if act == "remove":
                parent.pop(path[-1], None)
            else:
                parent[data.draw(st.sampled_from(["", "a", "version", "@id", "évidence"]))] = data.draw(
                    st.sampled_from(OTHERS)
                )
    return tree


@pytest.mark.parametrize("identifier", [5, True, 0.5, "李华", {"type": "IdentityObject", "identityHash": "x"}])
def test_an_identifier_that_is_no_list_names_nobody(identifier: Any) -> None:
    tree = credential(1, credentialSubject__identifier=identifier)
    [bundle] = alliance().issue([tree])
    for _ in range(4):  # the fourth time by its likeness
        document = Bundle.parse(bundle.dump()).document
        assert document is not None
        assert document.subject_name is None


@given(data=st.data())
@settings(max_examples=40)
def test_whatever_members_a_bundle_has_it_comes_to_a_verdict(data: st.DataObject) -> None:
    chain = alliance()
    tree = altered(data, genuine()[data.draw(st.integers(0, 1))])
    text = json.dumps(tree).encode()
    for source in (Node(chain).chain(), Chain.offline()):
        verdict = verify(text, source, chain.policy(), NOW)
        assert verdict.outcome in ("valid", "invalid", "indeterminate")
        assert [check.name for check in verdict.checks] == list(CHECK_NAMES)
    if check_document(text)[1] is not None:  # taken, and then as json reads it
        assert Bundle.parse(text).to_tree() == json.loads(text)
