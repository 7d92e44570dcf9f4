"""Why the pool does not take a transaction; each sentence begins with geth's words, which wallets look for."""

from testamur_node.errors import NodeError

__all__ = [
    "PoolError",
    "AlreadyKnownError",
    "NonceTooLowError",
    "NonceTooFarError",
    "ReplacementUnderpricedError",
    "SenderFullError",
    "PoolFullError",
]


class PoolError(NodeError):
    """The pool does not take a transaction."""


class AlreadyKnownError(PoolError):
    """The very same transaction waits already."""


class NonceTooLowError(PoolError):
    """The account has used this nonce."""


class NonceTooFarError(PoolError):
    """The nonce lies further ahead than the pool keeps gaps for."""


class ReplacementUnderpricedError(PoolError):
    """Another transaction holds this nonce, and the new one does not raise both fee fields enough."""


class SenderFullError(PoolError):
    """The sender has as much waiting as one sender may."""


class PoolFullError(PoolError):
    """The pool is full, and nothing queued can make way."""
