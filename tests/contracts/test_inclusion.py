"""The contract's inclusion proofs against others' vectors and `testamur.proof.merkle` (RFC 9162 2.1.3.2)."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur.proof.merkle import Tree, leaf_hash, verify_inclusion

from tests.contracts.evm import Chain
from tests.contracts.suite import GENESIS_TIME

LIBRARY = b"\x0a" * 20


@pytest.fixture(scope="session")
def chain() -> Chain:
    """A chain that holds the library alone."""
    compiled = json.loads(Path(__file__).with_name("LibrariesExposed.json").read_text("utf-8"))
    chain = Chain(GENESIS_TIME)
    chain.construct("LibrariesExposed", LIBRARY, bytes.fromhex(compiled["bytecode"][2:]))
    return chain


def is_included(chain: Chain, leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """What the contract says."""
    is_valid, computed = chain.call(LIBRARY, "rootOf", leaf, index, size, path)
    return bool(is_valid and computed == root)


def test_the_library_agrees_with_the_vectors_of_transparency_dev(vectors: Path, chain: Chain) -> None:
    cases = json.loads((vectors / "ietf" / "merkle" / "inclusion.json").read_text("utf-8"))
    judged = 0
    for case in cases:
        path = [base64.b64decode(part) for part in case["proof"] or []]
        leaf, root = base64.b64decode(case["leafHash"]), base64.b64decode(case["root"])
        if any(len(part) != 32 for part in (leaf, root, *path)):
            assert case["wantErr"], case["name"]  # bytes32 cannot even say it
            continue
        judged += 1
        assert is_included(chain, leaf, case["leafIdx"], case["treeSize"], path, root) != case["wantErr"], case["name"]
    assert judged > 30


def test_the_library_hashes_leaves_as_transparency_dev_does(vectors: Path, chain: Chain) -> None:
    known = json.loads((vectors / "ietf" / "merkle" / "tree-roots.json").read_text("utf-8"))
    hashes = [chain.call(LIBRARY, "leafHash", bytes.fromhex(each)) for each in known["leaf_inputs_hex"]]
    for size in range(1, 9):
        tree = Tree(hashes[:size])
        assert tree.root.hex() == known["root_by_tree_size_hex"][size]
        assert is_included(chain, hashes[size - 1], size - 1, size, list(tree.path(size - 1)), tree.root)


@given(data=st.data(), size=st.integers(1, 70))
@settings(max_examples=60)
def test_every_leaf_is_included_where_python_says_so(chain: Chain, data: st.DataObject, size: int) -> None:
    tree = Tree([leaf_hash(bytes([number])) for number in range(size)])
    index = data.draw(st.integers(0, size - 1))
    assert is_included(chain, leaf_hash(bytes([index])), index, size, list(tree.path(index)), tree.root)


@given(
    leaves=st.integers(1, 40),
    index=st.integers(0, 45),
    size=st.integers(0, 45),
    source=st.integers(0, 39),
    cut=st.integers(0, 7),
    extra=st.integers(0, 2),
)
@settings(max_examples=150)
def test_both_judge_every_other_place_size_and_length_alike(
    chain: Chain, leaves: int, index: int, size: int, source: int, cut: int, extra: int
) -> None:
    """Threat 4: one leaf verifies under several (index, size) pairs; both implementations must know the same ones."""
    tree = Tree([leaf_hash(bytes([number])) for number in range(leaves)])
    source %= leaves
    path = list(tree.path(source))[: cut + 1] + [tree.root] * extra
    leaf = leaf_hash(bytes([source]))
    expected = verify_inclusion(leaf, index, size, path, tree.root)
    assert is_included(chain, leaf, index, size, path, tree.root) == expected
