"""A contract that the Directory takes for Disputes, and leaves that it decides about."""

from testamur.artifacts.genesis import directory_name
from testamur.proof.hashing import keccak256
from testamur.proof.merkle import Tree, leaf_hash

from tests.contracts.suite import PERIODS, Suite

__all__ = ["appoint", "leaf", "recorded"]


def appoint(suite: Suite, number: int = 0) -> bytes:
    """The address of a contract that the Alliance named Disputes, which acts already; it says its name and no more."""
    answer = bytes.fromhex("6000 35 60e0 1c 63") + keccak256(b"directoryName()")[:4] + bytes.fromhex("14 6014 57")
    answer += bytes.fromhex("6000 6000 fd 5b 7f") + directory_name("Disputes") + bytes.fromhex("6000 52 6020 6000 f3")
    answer += bytes([number])  # another code, another address
    init = bytes.fromhex(f"60{len(answer):02x} 600c 6000 39 60{len(answer):02x} 6000 f3") + answer
    court = suite.chain.create("Disputes", bytes([0x0E + number]) * 20, init)
    suite.govern("Directory", "set", directory_name("Disputes"), court, 1)
    suite.chain.mine(PERIODS["directoryDelay"])
    return court


def leaf(index: int, *, status_index: int | None = None) -> bytes:
    """142 bytes as docs/protocol.md 2 lays them out, in list 1; status index 94567 + index unless told."""
    head = bytes([1, 1]) + (1).to_bytes(4, "big") + (1).to_bytes(4, "big")
    at = 94567 + index if status_index is None else status_index
    return head + at.to_bytes(4, "big") + keccak256(bytes([index])) * 4


def recorded(suite: Suite, leaves: list[bytes]) -> tuple[bytes, Tree]:
    """A batch of those leaves that institution 1 anchored first: its id and its tree."""
    tree = Tree([leaf_hash(each) for each in leaves])
    return suite.anchor(1, tree.root, size=len(leaves)).output, tree
