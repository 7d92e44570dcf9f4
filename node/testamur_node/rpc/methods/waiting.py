"""txpool_: what waits. Not open on HTTP unless named: it tells who is about to do what."""

from testamur_node.chain.transaction import Transaction
from testamur_node.rpc.codec import checksummed, quantity, read_address
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.rendering import Json, pending_transaction_json

__all__ = ["txpool"]

txpool: Namespace[Context] = Namespace("txpool")
_Waiting = dict[bytes, list[Transaction]]


@txpool.method("status")
def status(context: Context) -> Json:
    """How many are pending, how many queued."""
    pending, queued = context.node.pool.counts()
    return {"pending": quantity(pending), "queued": quantity(queued)}


def _by_nonce(transactions: list[Transaction]) -> Json:
    return {str(transaction.nonce): pending_transaction_json(transaction) for transaction in transactions}


@txpool.method("content")
def content(context: Context) -> Json:
    """Every waiting transaction by sender and nonce."""
    pending, queued = context.node.pool.content()
    return {"pending": _by_sender(pending), "queued": _by_sender(queued)}


def _by_sender(waiting: _Waiting) -> Json:
    return {checksummed(sender): _by_nonce(transactions) for sender, transactions in waiting.items()}


@txpool.method("contentFrom", required(read_address))
def content_from(context: Context, sender: bytes) -> Json:
    """The waiting transactions of one sender by nonce."""
    pending, queued = context.node.pool.content(sender)
    return {"pending": _by_nonce(pending.get(sender, [])), "queued": _by_nonce(queued.get(sender, []))}


def _summary(transaction: Transaction) -> str:
    price = transaction.max_fee_per_gas if transaction.max_fee_per_gas is not None else transaction.gas_price
    to = "contract creation" if transaction.to is None else checksummed(transaction.to)
    return f"{to}: {transaction.value} wei + {transaction.gas_limit} gas × {price} wei"


@txpool.method("inspect")
def inspect(context: Context) -> Json:
    """A line for each waiting transaction."""

    def lines(waiting: _Waiting) -> Json:
        return {
            checksummed(sender): {str(item.nonce): _summary(item) for item in transactions}
            for sender, transactions in waiting.items()
        }

    pending, queued = context.node.pool.content()
    return {"pending": lines(pending), "queued": lines(queued)}
