"""Reading single values from trie nodes: the Ethereum foundation's tries, accounts and words, and hostile nodes."""

import json
from pathlib import Path

import pytest
import rlp
from testamur.proof.errors import InvalidNodeError, MissingNodeError
from testamur.proof.hashing import keccak256
from testamur.proof.mpt import EMPTY_CODE_HASH, EMPTY_ROOT, Account, account, nodes_by_hash, storage, trie_get
from trie import HexaryTrie

FILES = ["trietest.json", "trieanyorder.json", "hex_encoded_securetrie_test.json", "trietest_secureTrie.json"]
FILES += ["trieanyorder_secureTrie.json"]

ADDRESS = bytes.fromhex("000000000000000000000000000000007e570001")


def as_bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


@pytest.mark.parametrize("name", FILES)
def test_every_entry_of_the_foundations_tries_is_read_and_every_other_key_is_absent(vectors: Path, name: str) -> None:
    for case in json.loads((vectors / "mpt/TrieTests" / name).read_text()).values():
        entries = case["in"].items() if isinstance(case["in"], dict) else case["in"]
        is_secure = "secure" in name
        trie, expected = HexaryTrie({}), {}
        for key, value in entries:
            raw = keccak256(as_bytes(key)) if is_secure else as_bytes(key)
            expected[raw] = None if value is None else as_bytes(value)
            trie[raw] = expected[raw] or b""
        root = as_bytes(case["root"])
        assert trie.root_hash == root
        for key, value in expected.items():
            assert trie_get(root, key, trie.db) == value
        for key in expected:
            assert trie_get(root, key + b"\x00", trie.db) is None
            assert trie_get(root, bytes([key[0] ^ 0x10]) + key[1:], trie.db) == expected.get(
                bytes([key[0] ^ 0x10]) + key[1:]
            )


def state(words: dict[int, int]) -> tuple[bytes, dict[bytes, bytes]]:
    """A state trie of three accounts, one of which holds `words`."""
    storage_trie, accounts = HexaryTrie({}), HexaryTrie({})
    for slot, word in words.items():
        storage_trie[keccak256(slot.to_bytes(32, "big"))] = rlp.encode(word)
    for number in range(3):
        address = ADDRESS[:-1] + bytes([number + 1])
        root = storage_trie.root_hash if number == 0 else EMPTY_ROOT
        accounts[keccak256(address)] = rlp.encode([number + 1, 0, root, keccak256(bytes([number]))])
    return accounts.root_hash, {**storage_trie.db, **accounts.db}


def test_account_and_word_are_read_under_the_state_root() -> None:
    root, nodes = state({0: 1, 7: 2**256 - 1, 2**255: 40})
    found = account(root, ADDRESS, nodes)
    assert found is not None
    assert found == Account(1, 0, found.storage_root, keccak256(b"\x00"))
    assert [storage(found.storage_root, slot, nodes) for slot in (0, 7, 2**255)] == [1, 2**256 - 1, 40]


def test_absent_account_and_unset_word_are_told_apart_from_missing_nodes() -> None:
    root, nodes = state({0: 1, 7: 9})
    assert account(root, b"\x55" * 20, nodes) is None
    found = account(root, ADDRESS, nodes)
    assert found is not None
    assert storage(found.storage_root, 1, nodes) == 0
    with pytest.raises(MissingNodeError):
        storage(found.storage_root, 1, {})
    with pytest.raises(MissingNodeError):
        account(root, b"\x55" * 20, {})


def test_empty_trie_needs_no_node() -> None:
    assert trie_get(EMPTY_ROOT, b"\x01" * 32, {}) is None
    assert EMPTY_ROOT.hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    assert EMPTY_CODE_HASH.hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_node_under_another_nodes_hash_is_refused() -> None:
    root, nodes = state({0: 1})
    for node_hash in nodes:
        other = dict.fromkeys(nodes, nodes[next(h for h in nodes if h != node_hash)])
        with pytest.raises(InvalidNodeError, match="another hash"):
            account(root, ADDRESS, {root: other[node_hash]} if other[node_hash] != nodes[root] else {root: b"\x80"})


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (rlp.encode(b"leaf"), "not a list"),
        (rlp.encode([b"\x20" + b"\x11", b"v", b"extra"]), "3 items"),
        (rlp.encode([b"\x40\x11", b"v"]), "prefix"),
        (rlp.encode([b"\x20\x11\x11\x11", b""]), "not a byte string"),
        (rlp.encode([b"\x05", [b"x"] * 2]), "prefix"),
        (rlp.encode([b"", b"v"]), "without a path"),
        (rlp.encode([b"\x00", b"\x11" * 32]), "without a path"),
        (rlp.encode([b"\x11", b""]), "without a child"),
        (rlp.encode([b"\x11", b"\x22" * 31]), "31 bytes"),
        (rlp.encode([b"\x11", [b"\x20" + b"\x11" * 30, b"long value here"]]), "as long as a hash"),
        (b"\xc2\x01", "RLP"),
        (b"\xc1\x81\x01", "RLP"),
        (b"\xf8\x01\x01", "RLP"),
        (b"\xc0\x00", "RLP"),
        (b"", "RLP"),
    ],
)
def test_malformed_node_is_refused(node: bytes, reason: str) -> None:
    with pytest.raises(InvalidNodeError, match=reason):
        trie_get(keccak256(node), b"\x11\x11\x11", nodes_by_hash([node]))


@pytest.mark.parametrize("word", [b"\x00", b"\x80", b"\x82\x00\x01", b"\xc0", b"\xa1" + b"\x01" * 33, b"\x01\x01"])
def test_word_in_another_encoding_is_refused(word: bytes) -> None:
    trie = HexaryTrie({})
    trie[keccak256(bytes(32))] = word
    with pytest.raises(InvalidNodeError):
        storage(trie.root_hash, 0, trie.db)


@pytest.mark.parametrize(
    "fields",
    [
        [b"\x01", b"", b"\x01" * 32],
        [b"\x01", b"", b"\x01" * 31, b"\x02" * 32],
        [b"\x01", b"", [b"\x01"], b"\x02" * 32],
        [b"\x00\x01", b"", b"\x01" * 32, b"\x02" * 32],
        [b"\x01" * 9, b"", b"\x01" * 32, b"\x02" * 32],
    ],
)
def test_account_of_another_shape_is_refused(fields: list[bytes]) -> None:
    trie = HexaryTrie({})
    trie[keccak256(ADDRESS)] = rlp.encode(fields)
    with pytest.raises(InvalidNodeError):
        account(trie.root_hash, ADDRESS, trie.db)
