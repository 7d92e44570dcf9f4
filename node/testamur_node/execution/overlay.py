"""The database under a block's execution: reads go through to the store, writes stay in a dictionary that is handed
out.
"""

from testamur_node.execution.executor import NodeReader

__all__ = ["Overlay"]


class Overlay:
    """Trie nodes and codes by their keccak; `writes` is what execution added."""

    __slots__ = ("_read_node", "writes")

    def __init__(self, read_node: NodeReader) -> None:
        self._read_node = read_node
        self.writes: dict[bytes, bytes] = {}

    def find(self, digest: bytes) -> bytes | None:
        """What hashes to `digest`, None where nothing does."""
        found = self.writes.get(digest)
        return self._read_node(digest) if found is None else found
