"""Which of the waiting transactions the next block takes, and what is told about those that no block can."""

import logging

from testamur_node.application import Application
from testamur_node.chain.transaction import Transaction
from testamur_node.pool import Pool

__all__ = ["choose"]

_log = logging.getLogger(__name__)


def choose(application: Application, pool: Pool) -> tuple[Transaction, ...]:
    """What the next block takes. What the present state forbids would wait for ever, and hold up its sender's."""
    proposal = application.propose(pool.ready(application.parent().institution))
    for transaction, refusal in proposal.hopeless:
        _log.warning("dropped 0x%s from the pool: %s", transaction.hash.hex(), refusal.message)
        pool.remove(transaction.hash)
    return proposal.transactions
