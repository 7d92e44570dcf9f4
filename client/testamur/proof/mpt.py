"""Merkle Patricia trie proofs: reading one value from a state root and a bag of nodes (Yellow Paper, appendix D).

Data flow: EVM header -> `state_root` -> `account` (of a contract) -> `storage_root` -> `storage` (one 32-byte word).
The bag holds nodes in any order, deduplicated; each is looked up by the keccak-256 its parent names and hashed
again, so a wrong bag can withhold an answer but never change it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from testamur.proof.errors import InvalidNodeError, MalformedEvidenceError, MissingNodeError
from testamur.proof.hashing import keccak256
from testamur.proof.rlp import Item, decode, decode_uint, encode

__all__ = ["EMPTY_CODE_HASH", "EMPTY_ROOT", "Account", "account", "nodes_by_hash", "storage", "trie_get"]

EMPTY_ROOT = keccak256(b"\x80")
"""The root of a trie without entries."""

EMPTY_CODE_HASH = keccak256(b"")
"""The code hash of an account without code."""

_MAX_REMEMBERED_BYTES = 1024
"""A branch whose children are all named by hash has 532."""
_NIBBLES = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands in the state trie."""

    nonce: int
    balance: int
    """In wei; always zero on an alliance chain."""
    storage_root: bytes
    """Root of the account's own trie of words, 32 bytes."""
    code_hash: bytes
    """keccak-256 of the account's code, 32 bytes."""


def nodes_by_hash(nodes: Iterable[bytes]) -> dict[bytes, bytes]:
    """The bag in the form that the functions here take: encoded nodes by their keccak-256."""
    return {keccak256(node): node for node in nodes}


def trie_get(root: bytes, key: bytes, nodes: Mapping[bytes, bytes]) -> bytes | None:
    """The value under `key` in the trie with this 32-byte root, or None when the nodes prove that there is none.

    Raises MissingNodeError where the bag lacks a node of the path, InvalidNodeError where one is not well formed.
    """
    if root == EMPTY_ROOT:
        return None
    path = _nibbles(key)
    node: Item = _resolve(root, nodes)
    while True:
        if not isinstance(node, list):
            raise InvalidNodeError("a trie node is not a list")
        if len(node) == 17:
            if not path:
                return _value(node[16]) if node[16] else None
            child, path = node[path[0]], path[1:]
        elif len(node) == 2:
            is_leaf, part = _decode_path(node[0])
            if is_leaf:
                return _value(node[1]) if part == path else None
            if not part:
                raise InvalidNodeError("an extension node without a path")
            if path[: len(part)] != part:
                return None
            child, path = node[1], path[len(part) :]
            if not child:
                raise InvalidNodeError("an extension node without a child")
        else:
            raise InvalidNodeError(f"a trie node of {len(node)} items")
        if not child:
            return None
        node = _child(child, nodes)


def account(state_root: bytes, address: bytes, nodes: Mapping[bytes, bytes]) -> Account | None:
    """The account at a 20-byte address, or None when the nodes prove that there is none. Raises as `trie_get`."""
    value = trie_get(state_root, keccak256(address), nodes)
    if value is None:
        return None
    try:
        fields = decode(value)
        if not isinstance(fields, list) or len(fields) != 4:
            raise InvalidNodeError("an account is not a list of four")
        nonce, balance, storage_root, code_hash = fields
        if not isinstance(storage_root, bytes) or not isinstance(code_hash, bytes):
            raise InvalidNodeError("an account's hashes are not byte strings")
        if len(storage_root) != 32 or len(code_hash) != 32:
            raise InvalidNodeError("an account's hashes are not of 32 bytes")
        return Account(decode_uint(nonce, 8), decode_uint(balance), storage_root, code_hash)
    except MalformedEvidenceError as error:
        raise InvalidNodeError("an account is not well-formed RLP") from error


def storage(storage_root: bytes, slot: int, nodes: Mapping[bytes, bytes]) -> int:
    """The word in a storage slot; zero when the nodes prove that nothing stands there. Raises as `trie_get`.

    A zero proves nothing about a contract that is absent: ask `account` first (docs/protocol.md 4).
    """
    value = trie_get(storage_root, keccak256(slot.to_bytes(32, "big")), nodes)
    if value is None:
        return 0
    try:
        word = decode_uint(decode(value))
    except MalformedEvidenceError as error:
        raise InvalidNodeError("a storage word is not well-formed RLP") from error
    if word == 0:
        raise InvalidNodeError("a storage trie holds a zero word")
    return word


def _resolve(node_hash: bytes, nodes: Mapping[bytes, bytes]) -> Item:
    encoded = nodes.get(node_hash)
    if encoded is None:
        raise MissingNodeError(f"trie node {node_hash.hex()} is not among the evidence")
    try:
        found_hash, node = _hash_and_item(encoded) if len(encoded) <= _MAX_REMEMBERED_BYTES else _read_node(encoded)
    except MalformedEvidenceError as error:
        raise InvalidNodeError(f"trie node {node_hash.hex()} is not well-formed RLP") from error
    if found_hash != node_hash:
        raise InvalidNodeError(f"trie node {node_hash.hex()} has another hash")
    return node


def _read_node(encoded: bytes) -> tuple[bytes, Item]:
    """The hash and the item of a node's bytes, and of nothing else: the same for ever."""
    return keccak256(encoded), decode(encoded)


_hash_and_item = lru_cache(maxsize=1024)(_read_node)
"""Bundles of one batch bring the same nodes. Who takes an item changes nothing in it."""


def _child(reference: Item, nodes: Mapping[bytes, bytes]) -> Item:
    """A node below another: named by its hash, or embedded where its encoding is shorter than a hash."""
    if isinstance(reference, bytes):
        if len(reference) != 32:
            raise InvalidNodeError(f"a child reference of {len(reference)} bytes")
        return _resolve(reference, nodes)
    if len(encode(reference)) >= 32:
        raise InvalidNodeError("an embedded node as long as a hash")
    return reference


def _value(item: Item) -> bytes:
    if not isinstance(item, bytes) or not item:
        raise InvalidNodeError("a trie value is not a byte string")
    return item


def _nibbles(key: bytes) -> bytes:
    """Each half of each byte as a byte of its own."""
    return key.hex().encode().translate(_NIBBLES)


def _decode_path(item: Item) -> tuple[bool, bytes]:
    """Whether a two-item node is a leaf, and its nibbles (hex-prefix encoding, appendix C)."""
    if not isinstance(item, bytes) or not item:
        raise InvalidNodeError("a trie node without a path")
    flag, first = item[0] >> 4, item[0] & 15
    if flag > 3 or (flag & 1 == 0 and first != 0):
        raise InvalidNodeError("a trie node's path has an unknown prefix")
    rest = _nibbles(item[1:])
    return flag >= 2, bytes((first,)) + rest if flag & 1 else rest
