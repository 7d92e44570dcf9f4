"""Our tries equal the reference implementation's, and their proofs convince the verifier's own reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur.proof import mpt
from testamur.proof.hashing import keccak256
from testamur_node.chain.block import EMPTY_TRIE_ROOT
from testamur_node.codec import minimal, rlp_encode
from testamur_node.state.trie import MissingNodeError, build, children_of, list_root, look_up, prove
from trie import HexaryTrie

PAIRS = st.dictionaries(st.binary(min_size=1, max_size=4), st.binary(min_size=1, max_size=40), max_size=30)


@given(PAIRS)
def test_a_trie_built_at_once_equals_one_built_step_by_step(pairs: dict[bytes, bytes]) -> None:
    reference = HexaryTrie({})
    for key, value in pairs.items():
        reference[key] = value
    assert build(pairs.items()) == reference.root_hash


@given(PAIRS, st.binary(min_size=1, max_size=4))
def test_every_value_is_found_and_nothing_else(pairs: dict[bytes, bytes], other: bytes) -> None:
    nodes: dict[bytes, bytes] = {}
    root = build(pairs.items(), nodes)
    for key in (*pairs, other):
        assert look_up(root, key, nodes.get) == pairs.get(key)


@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=40), max_size=30))
def test_the_verifier_reads_the_same_from_our_proofs(pairs: dict[bytes, bytes]) -> None:
    nodes: dict[bytes, bytes] = {}
    root = build(pairs.items(), nodes)
    for key in (*pairs, keccak256(b"absent")):
        proof = {keccak256(node): node for node in prove(root, key, nodes.get)}
        assert mpt.trie_get(root, key, proof) == pairs.get(key)


def test_a_missing_node_is_an_error_not_an_absence() -> None:
    nodes: dict[bytes, bytes] = {}
    root = build([(bytes([number]) * 32, b"v" * 40) for number in range(20)], nodes)
    path = prove(root, bytes(32), nodes.get)
    del nodes[keccak256(path[-1])]
    with pytest.raises(MissingNodeError):
        look_up(root, bytes(32), nodes.get)


def test_the_list_trie_is_keyed_by_rlp_index() -> None:
    items = [bytes([number]) * 3 for number in range(200)]
    reference = HexaryTrie({})
    for index, item in enumerate(items):
        reference[rlp_encode(minimal(index))] = item
    assert list_root(items) == reference.root_hash
    assert list_root([]) == EMPTY_TRIE_ROOT


def test_every_node_is_reached_from_the_root_by_its_children() -> None:
    nodes: dict[bytes, bytes] = {}
    pairs = {keccak256(bytes([number])): bytes([number]) * 33 for number in range(100)}
    open_hashes, values, seen = [build(pairs.items(), nodes)], [], set()
    while open_hashes:
        digest = open_hashes.pop()
        seen.add(digest)
        below, found = children_of(nodes[digest])
        open_hashes += below
        values += found
    assert seen == set(nodes)
    assert sorted(values) == sorted(pairs.values())
