"""What the batch tree holds for one credential: 142 bytes of fixed layout, and the salted content inside them.

Data flow: JCS bytes + salt -> `content`; with claims, list and index -> `LeafInput.encode` -> `proof.merkle.leaf_hash`
(`docs/protocol.md 2`). `contracts/` reads the same layout when a learner deposits a credential.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from testamur.batch.claims import Claims
from testamur.credential.canonical import CanonicalBytes

__all__ = ["KIND_FOREIGN", "KIND_OWN", "LEAF_BYTES", "LeafInput", "content", "foreign_content"]

KIND_OWN: Final = 1
"""The issuer's own credentials."""
KIND_FOREIGN: Final = 2
"""Hashes of an imported foreign register: never a valid verdict."""

_VERSION: Final = 1
_LAYOUT: Final = struct.Struct(">BBIII32s32s32s32s")
LEAF_BYTES: Final = _LAYOUT.size


@dataclass(frozen=True, slots=True)
class LeafInput:
    """One leaf before it is hashed."""

    kind: int
    issuer: int
    """Institution number."""
    list: int
    """Status list number."""
    status_index: int
    claims: Claims
    outcome_tag: bytes
    """32 random bytes per learning outcome; the same in re-issues and other formats of that outcome."""
    holder: bytes
    """keccak-256(one-time address ‖ 32-byte blind), or 32 zero bytes: then it cannot be deposited."""
    content: bytes
    """32 bytes from `content` or `foreign_content`."""

    def encode(self) -> bytes:
        """142 bytes: version ‖ kind ‖ issuer ‖ list ‖ index ‖ claims ‖ outcome_tag ‖ holder ‖ content."""
        return _LAYOUT.pack(
            _VERSION,
            self.kind,
            self.issuer,
            self.list,
            self.status_index,
            self.claims.encode(),
            self.outcome_tag,
            self.holder,
            self.content,
        )


def content(salt: bytes, canonical: CanonicalBytes) -> bytes:
    """`SHA-256(salt ‖ SHA-256(JCS(credential with its proof)))`; without the 32-byte salt it says nothing."""
    return foreign_content(salt, hashlib.sha256(canonical).digest())


def foreign_content(salt: bytes, foreign_hash: bytes) -> bytes:
    """`SHA-256(salt ‖ foreign hash)`, the content of a leaf of kind 2."""
    return hashlib.sha256(salt + foreign_hash).digest()
