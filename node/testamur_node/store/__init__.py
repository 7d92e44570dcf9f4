"""What the node remembers: one LMDB environment, one synced write transaction per commit."""

from testamur_node.store.environment import StoreError
from testamur_node.store.store import Store

__all__ = ["Store", "StoreError"]
