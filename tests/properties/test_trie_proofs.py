"""A bag of trie nodes may withhold an answer, never change it (docs/protocol.md 4.2), whatever was done to the bag."""

import rlp
from hypothesis import given
from hypothesis import strategies as st
from testamur.proof.errors import InvalidNodeError, MissingNodeError
from testamur.proof.hashing import keccak256
from testamur.proof.mpt import nodes_by_hash, storage, trie_get
from trie import HexaryTrie
from trie.exceptions import MissingTrieNode

words = st.dictionaries(
    st.integers(0, 2**256 - 1) | st.integers(0, 40), st.integers(1, 2**256 - 1) | st.integers(1, 255), max_size=60
)


def trie_of(entries: dict[int, int]) -> HexaryTrie:
    trie = HexaryTrie({})
    for slot, word in entries.items():
        trie[keccak256(slot.to_bytes(32, "big"))] = rlp.encode(word)
    return trie


def proof_of(trie: HexaryTrie, slot: int) -> list[bytes]:
    return [rlp.encode(node) for node in trie.get_proof(keccak256(slot.to_bytes(32, "big")))]


@given(words, st.integers(0, 50))
def test_every_word_present_or_absent_is_proved_by_its_path_alone(entries: dict[int, int], other: int) -> None:
    trie = trie_of(entries)
    for slot in {*entries, other}:
        assert storage(trie.root_hash, slot, nodes_by_hash(proof_of(trie, slot))) == entries.get(slot, 0)


@given(st.dictionaries(st.binary(min_size=1, max_size=4), st.binary(min_size=1, max_size=40), max_size=40), st.binary())
def test_keys_of_any_length_read_as_the_trie_package_reads_them(entries: dict[bytes, bytes], other: bytes) -> None:
    trie = HexaryTrie({})
    for key, value in entries.items():
        trie[key] = value
    for key in {*entries, other}:
        assert trie_get(trie.root_hash, key, trie.db) == (trie[key] or None)


@given(words.filter(bool), st.data())
def test_altered_nodes_never_give_another_word(entries: dict[int, int], data: st.DataObject) -> None:
    trie = trie_of(entries)
    slot = data.draw(st.sampled_from(sorted(entries)) | st.integers(0, 50))
    nodes = proof_of(trie, slot)
    place = data.draw(st.integers(0, len(nodes) - 1))
    node = nodes[place]
    match data.draw(st.sampled_from(["flip", "cut", "grow", "drop", "swap", "foreign"])):
        case "flip":
            at = data.draw(st.integers(0, len(node) * 8 - 1))
            number = int.from_bytes(node, "big") ^ 1 << at
            nodes[place] = number.to_bytes(len(node), "big")
        case "cut":
            nodes[place] = node[: data.draw(st.integers(0, len(node) - 1))]
        case "grow":
            nodes[place] = node + b"\x00"
        case "drop":
            del nodes[place]
        case "swap":
            nodes.reverse()
        case "foreign":
            nodes[place] = rlp.encode([b"\x20" + keccak256(slot.to_bytes(32, "big")), rlp.encode(1)])
    try:
        word = storage(trie.root_hash, slot, nodes_by_hash(nodes))
    except (MissingNodeError, InvalidNodeError):
        return
    assert word == entries.get(slot, 0)


@given(words.filter(bool), st.data())
def test_nodes_shown_under_false_hashes_never_give_another_word(entries: dict[int, int], data: st.DataObject) -> None:
    trie = trie_of(entries)
    slot = data.draw(st.sampled_from(sorted(entries)) | st.integers(0, 50))
    shown = list(nodes_by_hash(proof_of(trie, slot)).items())
    values = data.draw(st.permutations([node for _, node in shown]))
    bag = {node_hash: value for (node_hash, _), value in zip(shown, values, strict=True)}
    try:
        assert storage(trie.root_hash, slot, bag) == entries.get(slot, 0)
    except InvalidNodeError:
        assert bag != dict(shown)


@given(st.binary(max_size=600), st.binary(min_size=1, max_size=4))
def test_any_bytes_for_a_root_node_give_a_value_an_absence_or_a_typed_error(node: bytes, key: bytes) -> None:
    root = keccak256(node)
    try:
        value = trie_get(root, key, {root: node})
    except (MissingNodeError, InvalidNodeError):
        return
    try:
        assert value == (HexaryTrie({root: node}, root)[key] or None)
    except MissingTrieNode as error:
        raise AssertionError("the trie package needs a node that was not asked for") from error


@given(st.recursive(st.binary(max_size=80), lambda part: st.lists(part, max_size=20), max_leaves=40))
def test_rlp_has_one_encoding_for_each_item(item: object) -> None:
    from testamur.proof.rlp import decode, encode

    encoded = encode(item)  # type: ignore[arg-type]
    assert encoded == rlp.encode(item)
    assert decode(encoded) == item


@given(st.binary(max_size=100))
def test_bytes_that_decode_are_the_encoding_of_what_they_decode_to(data: bytes) -> None:
    from testamur.proof.errors import MalformedEvidenceError
    from testamur.proof.rlp import decode, encode

    try:
        item = decode(data)
    except MalformedEvidenceError:
        return
    assert encode(item) == data
