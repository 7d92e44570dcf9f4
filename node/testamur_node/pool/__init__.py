"""Transactions that wait for a block, in memory and in a journal on disk."""

from testamur_node.pool.errors import (
    AlreadyKnownError,
    NonceTooFarError,
    NonceTooLowError,
    PoolError,
    PoolFullError,
    ReplacementUnderpricedError,
    SenderFullError,
)
from testamur_node.pool.journal import JOURNAL_FILE, Journal, JournalError
from testamur_node.pool.limits import PoolLimits
from testamur_node.pool.pool import Admission, Pool

__all__ = [
    "PoolLimits",
    "Admission",
    "Pool",
    "PoolError",
    "AlreadyKnownError",
    "NonceTooLowError",
    "NonceTooFarError",
    "ReplacementUnderpricedError",
    "SenderFullError",
    "PoolFullError",
    "Journal",
    "JournalError",
    "JOURNAL_FILE",
]
