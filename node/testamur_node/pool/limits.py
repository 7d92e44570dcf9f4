"""How much may wait, over all and of one sender. Settings of one node: none is a rule of the chain."""

from dataclasses import dataclass

__all__ = ["PoolLimits"]


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much may wait."""

    transactions: int = 100_000
    """Over all senders."""
    total_bytes: int = 128 * 1024 * 1024
    """Over all senders, raw transactions alone."""
    sender_transactions: int = 16_384
    """Of one sender, pending and queued together."""
    sender_bytes: int = 32 * 1024 * 1024
    """Of one sender, pending and queued together."""
    sender_queued: int = 1_024
    """Of one sender behind a nonce gap."""
    nonce_distance: int = 65_536
    """How far ahead of the account's a nonce may be."""
    replacement_percent: int = 10
    """How much a replacement must raise both fee fields; at least 1 wei each, so zero is replaced by one."""
