"""What a supervisor asks: does the node live (`/healthz`), and does it do its work (`/readyz`)?"""

from testamur_node.errors import NodeError
from testamur_node.node import HaltedError, Node

__all__ = ["health", "readiness"]


def health(node: Node) -> tuple[int, dict[str, object]]:
    """200 with the head, as long as the process answers."""
    head = node.head
    return 200, {"height": head.number, "hash": "0x" + head.hash.hex(), "time": head.header.timestamp}


def readiness(node: Node) -> tuple[int, dict[str, object]]:
    """200 where requests are served and blocks can be made; 503 with the reason where the engine has halted, no block
    is made because the clock cannot be believed, or the disk has no room for a transaction."""
    try:
        node.raise_if_halted()
        height = node.head.number
    except NodeError as error:
        return 503, {"ready": False, "reason": error.outside or HaltedError.outside}
    reason = node.waiting or node.room_problem()
    if reason is not None:
        return 503, {"ready": False, "reason": reason}
    return 200, {"ready": True, "height": height}
