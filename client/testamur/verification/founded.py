"""Whether the alliance under a Directory is founded to the end, and its signed messages are bound to this chain.

On a chain of ours both hold from block 0 on. Elsewhere somebody founded it by transactions (docs/protocol.md 7): until
the Alliance is sealed its founder may add members, and a wrong block 0 would make what is signed here count elsewhere.
"""

from typing import Literal

from testamur.chain.rpc import Rpc
from testamur.proof.hashing import keccak256
from testamur.verification.layout import element, unpack

__all__ = ["FoundingFault", "founding_fault"]

FoundingFault = Literal["unsealed_alliance", "foreign_origin"]

_FOUNDER = int.from_bytes(keccak256(b"testamur.founding.founder"), "big")
"""The slot that names the founder until the sealing."""
_ORIGIN = keccak256(b"origin()")[:4]


def founding_fault(rpc: Rpc, directory: bytes, *, has_history: bool) -> FoundingFault | None:
    """What is wrong with the founding, if anything. `has_history`: the nodes of this chain write BlockHistory, which
    then binds the messages by itself."""
    if _word(rpc, _address(rpc, directory, "Alliance"), _FOUNDER):
        return "unsealed_alliance"
    if has_history:
        return None
    origin = rpc.eth_call(_address(rpc, directory, "Operators"), _ORIGIN)
    return None if origin == rpc.block_hash(0) else "foreign_origin"


def _address(rpc: Rpc, directory: bytes, name: str) -> bytes:
    """Of a contract that is never replaced."""
    first_version = _word(rpc, directory, element("Directory", "_entries", name.encode().ljust(32, b"\0"), 1))
    return unpack("Entry", first_version)[0].to_bytes(20, "big")


def _word(rpc: Rpc, address: bytes, slot: int) -> int:
    return int(rpc.call("eth_getStorageAt", "0x" + address.hex(), hex(slot), "latest"), 16)
