"""How a credential leads to its batch's root, and where that root should stand on the chain."""

from dataclasses import dataclass

__all__ = ["Anchor", "Inclusion"]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """How the credential leads to the batch's root."""

    kind: int
    issuer: int
    leaf_index: int
    size: int
    path: tuple[bytes, ...]
    salt: bytes
    outcome_tag: bytes
    holder: bytes
    list: int
    status_index: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the batch's record should stand; a claim until the verifier has compared every field."""

    chain_id: int
    contract: bytes
    """20 bytes."""
    batch_id: bytes
    root: bytes
    block: int
