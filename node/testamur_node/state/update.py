"""Changing a trie: many keys at once, each node on their way rebuilt and hashed once.

The result is the one trie that holds the changed pairs (Yellow Paper, appendix D), whatever the order of changes was;
the nodes it shares with the old one are neither read beyond need nor written again.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence

from testamur.proof.hashing import keccak256

from testamur_node.chain.block import EMPTY_TRIE_ROOT
from testamur_node.codec import Item, rlp_encode
from testamur_node.state.trie import MissingNodeError, build_node, decoded, nibbles_of, pack_path, path_of, reference

__all__ = ["update"]

_Change = tuple[bytes, bytes | None]
"""(nibbles of the whole key, new value or None to delete)"""
_NodeReader = Callable[[bytes], bytes | None]


def update(
    root: bytes, changes: Mapping[bytes, bytes | None], read_node: _NodeReader, writes: MutableMapping[bytes, bytes]
) -> bytes:
    """The root after setting each key to its value, None deleting it; new nodes go into `writes`.

    `read_node` must also find what is in `writes` already. Raises `MissingNodeError`.
    """
    if not changes:
        return root
    ordered = sorted((nibbles_of(key), value) for key, value in changes.items())
    updater = _Updater(read_node, writes)
    top = updater.apply(b"" if root == EMPTY_TRIE_ROOT else root, ordered, 0)
    if top == b"":
        return EMPTY_TRIE_ROOT
    encoded = rlp_encode(top)
    digest = keccak256(encoded)
    writes[digest] = encoded
    return digest


class _Updater:
    """One update's access to nodes."""

    __slots__ = ("_read_node", "_writes")

    def __init__(self, read_node: _NodeReader, writes: MutableMapping[bytes, bytes]) -> None:
        self._read_node = read_node
        self._writes = writes

    def apply(self, item: Item, changes: Sequence[_Change], depth: int) -> Item:
        """The node, not yet a reference, that `item` becomes; the empty string where nothing is left."""
        if item == b"":
            return self._fresh(changes, depth)
        node = self._load(item)
        if len(node) == 17:
            return self._branch(node, changes, depth)
        path, is_leaf = path_of(node[0])
        if is_leaf:
            return self._leaf(path, node[1], changes, depth)
        return self._extension(path, node[1], changes, depth)

    def _fresh(self, changes: Sequence[_Change], depth: int) -> Item:
        leaves = [(key, value) for key, value in changes if value is not None]
        return build_node(leaves, 0, len(leaves), depth, self._writes) if leaves else b""

    def _leaf(self, path: bytes, value: Item, changes: Sequence[_Change], depth: int) -> Item:
        own = changes[0][0][:depth] + path
        merged = [(key, new) for key, new in changes if new is not None]
        if all(key != own for key, _ in changes):
            assert isinstance(value, bytes)  # a leaf's second item is its value
            merged.append((own, value))
            merged.sort()
        return build_node(merged, 0, len(merged), depth, self._writes) if merged else b""

    def _extension(self, path: bytes, child: Item, changes: Sequence[_Change], depth: int) -> Item:
        # deletions that leave the path delete nothing
        end = depth + len(path)
        relevant = [change for change in changes if change[1] is not None or change[0][depth:end] == path]
        if not relevant:
            return [pack_path(path, False), child]
        shared = min(_shared(key[depth:end], path) for key, _ in relevant)
        if shared == len(path):
            return self._prefixed(path, self.apply(child, relevant, end))
        below = child if shared + 1 == len(path) else [pack_path(path[shared + 1 :], False), child]
        split: list[Item] = [b""] * 17
        split[path[shared]] = below
        return self._prefixed(path[:shared], self._branch(split, relevant, depth + shared))

    def _branch(self, node: Sequence[Item], changes: Sequence[_Change], depth: int) -> Item:
        slots = list(node)
        at, last = 0, len(changes)
        if len(changes[0][0]) == depth:
            slots[16] = changes[0][1] or b""
            at = 1
        while at < last:
            nibble = changes[at][0][depth]
            end = at + 1
            while end < last and changes[end][0][depth] == nibble:
                end += 1
            below = self.apply(slots[nibble], changes[at:end], depth + 1)
            slots[nibble] = reference(below, self._writes) if below != b"" else b""
            at = end
        filled = [index for index, slot in enumerate(slots) if slot != b""]
        if len(filled) > 1:
            # what a split put in as a plain list may be too long to stay inside its parent
            return [reference(slot, self._writes) if isinstance(slot, list) else slot for slot in slots]
        if not filled:
            return b""
        if filled[0] == 16:
            return [pack_path(b"", True), slots[16]]
        return self._prefixed(bytes(filled), self._load(slots[filled[0]]), slots[filled[0]])

    def _prefixed(self, path: bytes, node: Item, known: Item = b"") -> Item:
        """`node` with `path` before it; `known` is its reference, where it has one already."""
        if node == b"" or not path:
            return node
        assert isinstance(node, list)  # a node is a list of 2 or 17 items
        if len(node) == 2:
            rest, is_leaf = path_of(node[0])
            return [pack_path(path + rest, is_leaf), node[1]]
        return [pack_path(path, False), known or reference(node, self._writes)]

    def _load(self, item: Item) -> list[Item]:
        if isinstance(item, bytes):
            encoded = self._read_node(item)
            if encoded is None:
                raise MissingNodeError(f"trie node {item.hex()} is not in the store")
            item = decoded(encoded)
        if not isinstance(item, list) or len(item) not in (2, 17):
            raise MissingNodeError("a trie node is damaged")
        return item


def _shared(one: bytes, other: bytes) -> int:
    """How many leading nibbles agree."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
