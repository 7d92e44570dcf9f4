"""What is traced, as far as tracers show it: the message and, for a transaction of the chain, its place."""

from dataclasses import dataclass

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A transaction or a call."""

    sender: bytes
    to: bytes | None
    gas_limit: int
    precompiles: frozenset[bytes]
    """Addresses of the block's fork."""
    knows_delegation: bool
    """Whether the block's fork has EIP-7702."""
    authorities: tuple[bytes, ...] = ()
    """Who signed delegations that it carries."""
    block_number: int = 0
    block_hash: bytes | None = None
    """None for a call."""
    hash: bytes | None = None
    index: int = 0
