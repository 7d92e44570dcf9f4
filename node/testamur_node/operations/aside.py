"""The transactions that a node died of: which they are, and letting one back. Beside a running node or without one."""

from pathlib import Path

from testamur_node.engine.in_hand import Aside, Suspect
from testamur_node.errors import NodeError
from testamur_node.operations.upkeep import load_genesis

__all__ = ["NotAHashError", "let_back", "suspects"]


class NotAHashError(NodeError):
    """What was given is no transaction's hash."""

    exit_code = 2


def suspects(home: Path) -> list[Suspect]:
    """All of them. Raises where `home` holds no node."""
    load_genesis(home)
    return Aside(home).all()


def let_back(home: Path, said: str) -> Suspect:
    """Have the node take one again. A running node does so within seconds, another at its start; where the pool has
    lost it (`raw` is empty), its sender must send it again.
    """
    load_genesis(home)
    try:
        digest = bytes.fromhex(said.removeprefix("0x"))
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise NotAHashError(f"{said} is no transaction hash: 32 bytes in hex", "testamur-node aside lists them")
    return Aside(home).let_back(digest)
