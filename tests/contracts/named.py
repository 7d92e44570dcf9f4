"""A contract that says its name and nothing else, for places that the Directory names and this suite leaves empty."""

from testamur.artifacts.genesis import directory_name
from testamur.proof.hashing import keccak256

from tests.contracts.suite import DAY, Suite

__all__ = ["named"]

_ASKED = keccak256(b"directoryName()")[:4]


def named(suite: Suite, name: str) -> bytes:
    """Create one, let the Directory name it, and let its delay pass; its address, by which a test acts."""
    says = bytes.fromhex("7f") + directory_name(name) + bytes.fromhex("5f5260205ff3")  # return the name
    asked = bytes.fromhex("5f3560e01c63") + _ASKED + bytes.fromhex("14601157")  # jump there where it is asked for
    runtime = asked + bytes.fromhex("5f5ffd5b") + says
    creation = bytes([0x60, len(runtime)]) + bytes.fromhex("8060095f395ff3")  # return what follows
    address = suite.chain.create(name, b"\x0e" * 20, creation + runtime)
    suite.govern("Directory", "set", directory_name(name), address, 1)
    suite.chain.mine(7 * DAY)
    return address
