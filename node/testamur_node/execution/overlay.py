"""The database under a block's execution: reads go through to the store, writes stay in a dictionary that is handed
out.
"""

from testamur.proof.hashing import keccak256

from testamur_node.execution.executor import NodeReader
from testamur_node.state.trie import look_up

__all__ = ["Known", "Overlay"]

_MOST_KNOWN = 16_384
"""Values, some 200 bytes each."""

Known = dict[tuple[bytes, bytes], bytes | None]
"""What tries hold: (root, key before hashing) -> value. A root stands for one content for ever: nothing here ages."""


class Overlay:
    """Trie nodes and codes by their keccak; `writes` is what execution added. With `known`, values of tries are
    remembered in it for the next overlay: calls ask the same accounts of the same head again and again.
    """

    __slots__ = ("_known", "_read_node", "writes")

    def __init__(self, read_node: NodeReader, known: Known | None = None) -> None:
        self._read_node = read_node
        self._known = known
        self.writes: dict[bytes, bytes] = {}

    def look_up(self, root: bytes, key: bytes) -> bytes | None:
        """The value under keccak(`key`) in the trie with this root, or None. Raises `MissingNodeError`."""
        known = self._known
        if known is None:
            return look_up(root, keccak256(key), self.find)
        try:
            return known[root, key]
        except KeyError:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            value = known[root, key] = look_up(root, keccak256(key), self.find)
            return value

    def find(self, digest: bytes) -> bytes | None:
        """What hashes to `digest`, None where nothing does."""
        found = self.writes.get(digest)
        return self._read_node(digest) if found is None else found
