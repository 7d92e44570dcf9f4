"""Which of the waiting transactions the next block takes, and what is told about those that no block can."""

import logging

from testamur_node.application import Application
from testamur_node.chain.transaction import Transaction
from testamur_node.pool import Pool
from testamur_node.sparse_log import SparseLog

__all__ = ["choose"]

_dropped = SparseLog(logging.getLogger(__name__), "transactions that were dropped from the pool")


def choose(application: Application, pool: Pool) -> tuple[Transaction, ...]:
    """What the next block takes. What the present state forbids would wait for ever, and hold up its sender's."""
    proposal = application.propose(pool.ready(application.parent().institution))
    for transaction, refusal in proposal.hopeless:
        _dropped.say("dropped 0x%s from the pool: %s", transaction.hash.hex(), refusal.message)
        pool.remove(transaction.hash)
    return proposal.transactions
