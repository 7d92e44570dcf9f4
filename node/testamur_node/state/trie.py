"""The hexary Merkle Patricia trie (Yellow Paper, appendix D): look a key up, prove it, build a whole trie at once.

A node lies in the store under its keccak; one whose RLP is shorter than 32 bytes lies inside its parent. Changing a
trie step by step is the executor's business; transactions, receipts and withdrawals are built in one go here, which is
some fifty times faster.
"""

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from functools import lru_cache

from testamur.proof.hashing import keccak256

from testamur_node.chain.block import EMPTY_TRIE_ROOT
from testamur_node.codec import DecodingError, Item, minimal, rlp_decode, rlp_encode
from testamur_node.errors import NodeError

__all__ = ["MissingNodeError", "EMPTY_ROOTS", "build", "list_root", "look_up", "prove", "children_of",
    "build_node", "decoded", "nibbles_of", "pack_path", "path_of", "reference",
]  # fmt: skip

_NodeReader = Callable[[bytes], bytes | None]


_HEX = b"0123456789abcdef"
_NIBBLES = bytes.maketrans(_HEX, bytes(range(16)))
_DIGITS = bytes.maketrans(bytes(range(16)), _HEX)
_MOST_DECODED = 1_024
"""Decoded nodes to remember: the upper levels of a trie, which every walk passes."""

EMPTY_ROOTS = (EMPTY_TRIE_ROOT,)
"""Roots without any node below them; a store need not hold their one-byte encoding."""


class MissingNodeError(NodeError):
    """A trie node is not in the store: the state was pruned, or the store is damaged."""


@lru_cache(maxsize=_MOST_DECODED)
def decoded(encoded: bytes) -> Item:
    """The node that `encoded` holds; callers share it and must not change it."""
    return rlp_decode(encoded)


def look_up(root: bytes, key: bytes, read_node: _NodeReader) -> bytes | None:
    """The value under `key`, or None. Raises `MissingNodeError`."""
    found: bytes | None = None
    for value, _ in _walk(root, key, read_node):
        found = value
    return found


def prove(root: bytes, key: bytes, read_node: _NodeReader) -> tuple[bytes, ...]:
    """The encoded nodes from the root to `key`, or to where it is seen to be absent; nodes inside others are left
    out.
    """
    return tuple(encoded for _, encoded in _walk(root, key, read_node) if encoded)


def build(pairs: Iterable[tuple[bytes, bytes]], writes: MutableMapping[bytes, bytes] | None = None) -> bytes:
    """The root of the trie that holds exactly `pairs`, no key a prefix of another's place; new nodes go into
    `writes`.
    """
    leaves = sorted((nibbles_of(key), value) for key, value in pairs)
    if not leaves:
        if writes is not None:
            writes[EMPTY_TRIE_ROOT] = b"\x80"
        return EMPTY_TRIE_ROOT
    encoded = rlp_encode(build_node(leaves, 0, len(leaves), 0, writes))
    root = keccak256(encoded)
    if writes is not None:
        writes[root] = encoded
    return root


def list_root(items: Sequence[bytes]) -> bytes:
    """The root of the trie from rlp(index) to item: transactions, receipts, withdrawals of a block."""
    return build((rlp_encode(minimal(index)), item) for index, item in enumerate(items))


def children_of(encoded: bytes) -> tuple[list[bytes], list[bytes]]:
    """(hashes of nodes below, leaf values) of an encoded node, those of nodes embedded in it included."""
    hashes: list[bytes] = []
    values: list[bytes] = []
    open_items: list[Item] = [rlp_decode(encoded)]
    while open_items:
        node = open_items.pop()
        if not isinstance(node, list):
            continue
        if len(node) == 2:
            _, is_leaf = path_of(node[0])
            targets: Sequence[Item] = [] if is_leaf else [node[1]]
            if is_leaf and isinstance(node[1], bytes):
                values.append(node[1])
        elif len(node) != 17:
            raise DecodingError(f"a list of {len(node)} items is no trie node")
        else:
            targets = node[:16]
            if isinstance(node[16], bytes) and node[16]:
                values.append(node[16])
        for target in targets:
            if isinstance(target, bytes):
                if target:
                    hashes.append(target)
            else:
                open_items.append(target)
    return hashes, values


def _walk(root: bytes, key: bytes, read_node: _NodeReader) -> Iterable[tuple[bytes | None, bytes | None]]:
    """(value if this node ends the walk, encoding if the node stands alone) for each node on the way."""
    if root == EMPTY_TRIE_ROOT:
        return
    rest = nibbles_of(key)
    reference: Item = root
    while True:
        encoded: bytes | None = None
        node: Item = reference
        if isinstance(reference, bytes):
            encoded = read_node(reference)
            if encoded is None:
                raise MissingNodeError(f"trie node {reference.hex()} is not in the store")
            node = decoded(encoded)
        if isinstance(node, bytes):  # the encoding of the empty trie
            yield None, encoded
            return
        if len(node) == 17:
            if not rest:
                yield _value(node[16]), encoded
                return
            reference, rest = node[rest[0]], rest[1:]
        else:
            path, is_leaf = path_of(node[0])
            if is_leaf or rest[: len(path)] != path:
                yield (_value(node[1]) if is_leaf and rest == path else None), encoded
                return
            reference, rest = node[1], rest[len(path) :]
        yield None, encoded
        if reference == b"":
            return


def build_node(
    leaves: Sequence[tuple[bytes, bytes]],
    first: int,
    last: int,
    depth: int,
    writes: MutableMapping[bytes, bytes] | None,
) -> Item:
    """The node over leaves[first:last], whose keys agree in their first `depth` nibbles."""
    low, value = leaves[first]
    if last - first == 1:
        return [pack_path(low[depth:], True), value]
    high = leaves[last - 1][0]
    shared = depth
    limit = min(len(low), len(high))
    while shared < limit and low[shared] == high[shared]:
        shared += 1
    if shared > depth:
        below = reference(build_node(leaves, first, last, shared, writes), writes)
        return [pack_path(low[depth:shared], False), below]
    branch: list[Item] = [b""] * 17
    at = first
    if len(low) == depth:
        branch[16] = value
        at += 1
    while at < last:
        nibble = leaves[at][0][depth]
        end = at + 1
        while end < last and leaves[end][0][depth] == nibble:
            end += 1
        branch[nibble] = reference(build_node(leaves, at, end, depth + 1, writes), writes)
        at = end
    return branch


def reference(node: Item, writes: MutableMapping[bytes, bytes] | None) -> Item:
    encoded = rlp_encode(node)
    if len(encoded) < 32:
        return node
    digest = keccak256(encoded)
    if writes is not None:
        writes[digest] = encoded
    return digest


def nibbles_of(key: bytes) -> bytes:
    return key.hex().encode().translate(_NIBBLES)


def pack_path(nibbles: bytes, is_leaf: bool) -> bytes:
    """Hex-prefix encoding (Yellow Paper, appendix C)."""
    flag = 2 if is_leaf else 0
    nibbles = bytes([flag + 1]) + nibbles if len(nibbles) % 2 else bytes([flag, 0]) + nibbles
    return bytes.fromhex(nibbles.translate(_DIGITS).decode())


def path_of(item: Item) -> tuple[bytes, bool]:
    if not isinstance(item, bytes) or not item:
        raise MissingNodeError("a trie node has no path: the store is damaged")
    nibbles = nibbles_of(item)
    return nibbles[1 if nibbles[0] & 1 else 2 :], nibbles[0] >= 2


def _value(item: Item) -> bytes | None:
    return item if isinstance(item, bytes) and item else None
