"""The database that py-evm sees: reads go through to the store, writes stay in a dictionary that the block hands
out.
"""

from typing import Any

from eth.db.atomic import AtomicDBWriteBatch
from eth.db.backends.base import BaseAtomicDB

from testamur_node.execution.executor import NodeReader

__all__ = ["Overlay"]


class Overlay(BaseAtomicDB):  # type: ignore[misc] # py-evm's base is untyped
    """Trie nodes and codes by hash; `writes` is what execution added."""

    def __init__(self, read_node: NodeReader) -> None:
        self._read_node = read_node
        self.writes: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        value = self.writes.get(key)
        if value is None:
            value = self._read_node(key)
            if value is None:
                raise KeyError(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.writes[key] = value

    def __delitem__(self, key: bytes) -> None:
        self.writes.pop(key, None)

    def _exists(self, key: bytes) -> bool:
        return key in self.writes or self._read_node(key) is not None

    def atomic_batch(self) -> Any:
        """py-evm's batch, committed into `writes` when its context ends without an error."""
        return AtomicDBWriteBatch._commit_unless_raises(self)
