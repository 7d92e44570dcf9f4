"""At start: what the journal says that waits is judged like a submission, and waits again, in the order it came.

What a block has taken meanwhile is dropped without a word; whatever else the present state refuses is dropped with a
line in the log.
"""

import logging

from testamur_node.application import Application
from testamur_node.chain.transaction import decode_transaction
from testamur_node.codec import DecodingError
from testamur_node.permission import Reason
from testamur_node.pool.errors import NonceTooLowError, PoolError
from testamur_node.pool.journal import Journal
from testamur_node.pool.pool import Pool
from testamur_node.pool.records import Kept

__all__ = ["readmit"]

logger = logging.getLogger(__name__)


def readmit(journal: Journal, pool: Pool, application: Application) -> None:
    """Fill an empty pool out of its journal, and let the journal go on. Raises `JournalError`."""
    for kept in journal.read():
        problem = _problem(kept, pool, application)
        if problem is not None:
            logger.warning("a transaction of the last run does not wait any more: %s", problem)
    journal.begin(pool.waiting())


def _problem(kept: Kept, pool: Pool, application: Application) -> str | None:
    """Take one transaction back; why not, None where it waits again or a block has it."""
    try:
        # only a development chain knows senders that the signature does not name
        transaction = decode_transaction(kept.raw, kept.sender if application.spec.is_development else None)
        refusal = application.check(transaction)
        if refusal is not None:
            return None if refusal.reason is Reason.NONCE_TOO_LOW else f"0x{transaction.hash.hex()}: {refusal.message}"
        pool.add(transaction, application.parent().nonce(transaction.sender), is_known=True)
    except NonceTooLowError:
        return None
    except (DecodingError, PoolError) as error:
        return str(error)
    return None
