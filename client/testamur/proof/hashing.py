"""The two hash functions of the protocol: keccak-256 for the EVM, SHA-256 for what is signed or anchored."""

import hashlib

import sha3

__all__ = ["keccak256", "sha256"]


def keccak256(data: bytes) -> bytes:
    """The 32-byte keccak-256 of `data` (Ethereum Yellow Paper, KEC)."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


def sha256(data: bytes) -> bytes:
    """The 32-byte SHA-256 of `data` (FIPS 180-4)."""
    return hashlib.sha256(data).digest()
