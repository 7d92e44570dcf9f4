"""The name under which a batch's record stands on chain: everything that makes it this batch and no other.

A batch is not its root: with the root as its key, anyone could take the key first with a wrong size
(`docs/protocol.md 2`). `CredentialBatches.batchId` computes the same.
"""

from testamur.proof.hashing import keccak256

__all__ = ["batch_id"]


def batch_id(chain_id: int, contract: bytes, kind: int, issuer: int, list: int, size: int, root: bytes) -> bytes:
    """keccak-256(abi.encode(chainid, contract, kind u8, issuer u32, list u32, size u32, root)), 32 bytes."""
    if len(contract) != 20 or len(root) != 32:
        raise ValueError("a contract address has 20 bytes and a root 32")
    words = [chain_id, int.from_bytes(contract, "big"), kind, issuer, list, size]
    return keccak256(b"".join(word.to_bytes(32, "big") for word in words) + root)
