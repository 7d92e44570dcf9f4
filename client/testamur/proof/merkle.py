"""The batch tree: RFC 9162 section 2.1 over SHA-256, leaves and nodes told apart by a tag byte.

Data flow: 142-byte leaf inputs -> `leaf_hash` -> `Tree` (root, one inclusion path per leaf) when a batch is issued;
`verify_inclusion` when a credential is judged. `contracts/libraries/InclusionProof.sol` follows the same text.
"""

import hashlib
from collections.abc import Sequence

__all__ = ["Tree", "leaf_hash", "node_hash", "verify_inclusion"]

_LEAF_TAG = b"\x00"
_NODE_TAG = b"\x01"


def leaf_hash(leaf_input: bytes) -> bytes:
    """`SHA-256(0x00 ‖ leaf_input)`, 32 bytes (RFC 9162 2.1.1)."""
    return hashlib.sha256(_LEAF_TAG + leaf_input).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """`SHA-256(0x01 ‖ left ‖ right)`, 32 bytes (RFC 9162 2.1.1)."""
    return hashlib.sha256(_NODE_TAG + left + right).digest()


class Tree:
    """All levels of one batch's tree: 2n hashes, built once; a path is then n's logarithm of look-ups.

    A level's last node without a sibling rises unchanged, which gives the same tree as RFC 9162's recursive split
    at the largest power of two.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        if not leaf_hashes:
            raise ValueError("a batch has at least one leaf")
        level = list(leaf_hashes)
        self._levels = [level]
        while len(level) > 1:
            above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            if len(level) % 2:
                above.append(level[-1])
            self._levels.append(above)
            level = above

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """The 32-byte root that is anchored."""
        return self._levels[-1][0]

    def path(self, index: int) -> tuple[bytes, ...]:
        """The inclusion path of leaf `index`, from the leaf's sibling upward (RFC 9162 2.1.3.1)."""
        if not 0 <= index < len(self):
            raise IndexError(f"leaf {index} of a tree of {len(self)}")
        path: list[bytes] = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(level[sibling])
            index >>= 1
        return tuple(path)


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from the leaf hash at `index` of a tree of `size` leaves to `root` (RFC 9162 2.1.3.2).

    Every hash is 32 bytes; anything else is False, as is `index >= size`.
    """
    if not 0 <= index < size or len(leaf) != 32 or len(root) != 32:
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in path:
        if last == 0 or len(sibling) != 32:
            return False
        if position & 1 or position == last:
            computed = hashlib.sha256(b"\x01" + sibling + computed).digest()  # `node_hash`, without a call for each
            while position & 1 == 0 and position != 0:
                position >>= 1
                last >>= 1
        else:
            computed = hashlib.sha256(b"\x01" + computed + sibling).digest()
        position >>= 1
        last >>= 1
    return last == 0 and computed == root
