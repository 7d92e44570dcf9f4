"""eth_subscribe: on connections that can be written to, the node tells what happens as it happens."""

from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import MethodNotFoundError
from testamur_node.rpc.parameters import read_text

__all__ = ["eth"]

eth: Namespace[Context] = Namespace("eth")


@eth.method("subscribe", required(read_text), optional(lambda value: value))
def subscribe(context: Context, kind: str, options: object) -> str:
    """Begin newHeads, logs (with a filter), newPendingTransactions (true for whole transactions) or syncing."""
    if context.session is None:
        raise MethodNotFoundError("notifications not supported: use WebSocket or the Unix socket")
    return context.session.subscribe(kind, options)


@eth.method("unsubscribe", required(read_text))
def unsubscribe(context: Context, identity: str) -> bool:
    """End a subscription of this connection."""
    if context.session is None:
        raise MethodNotFoundError("notifications not supported: use WebSocket or the Unix socket")
    return context.session.unsubscribe(identity)
