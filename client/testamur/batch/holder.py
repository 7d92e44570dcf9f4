"""Who may deposit a credential: a one-time key per credential, and its commitment in the leaf.

`holder = keccak-256(one-time address ‖ blind)` (docs/protocol.md 2). The learner receives key and blind; whoever was
only shown the credential cannot deposit it. A roster may bring a learner's own commitment instead.
"""

import secrets
from dataclasses import dataclass

from testamur.proof.hashing import keccak256

__all__ = ["OneTimeHolder", "create_holder"]

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of secp256k1 (SEC 2, 2.4.1)."""


@dataclass(frozen=True, slots=True)
class OneTimeHolder:
    """What a learner needs to deposit one credential."""

    key: bytes
    """32-byte secp256k1 private key."""
    blind: bytes
    """32 random bytes."""
    commitment: bytes
    """The leaf's `holder`, 32 bytes."""


def create_holder() -> OneTimeHolder:
    """A fresh key and blind."""
    from coincurve import PublicKey

    key = (secrets.randbelow(_ORDER - 1) + 1).to_bytes(32, "big")
    point = PublicKey.from_valid_secret(key).format(compressed=False)
    blind = secrets.token_bytes(32)
    return OneTimeHolder(key, blind, keccak256(keccak256(point[1:])[12:] + blind))
