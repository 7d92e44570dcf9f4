"""admin_: this node as its operator sees it. Open on the Unix socket alone unless named."""

from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.context import CLIENT_VERSION, Context
from testamur_node.rpc.dispatch import Namespace
from testamur_node.rpc.rendering import Json

__all__ = ["admin"]

admin: Namespace[Context] = Namespace("admin")


@admin.method("nodeInfo")
def node_info(context: Context) -> Json:
    """Name, chain and head."""
    head, genesis = context.node.head, context.node.block(0)
    return {
        "name": CLIENT_VERSION,
        "chainId": quantity(context.node.chain_id),
        "spec": context.node.spec.name,
        "genesis": None if genesis is None else data(genesis.hash),
        "head": data(head.hash),
        "height": quantity(head.number),
    }


@admin.method("peers")
def peers(_context: Context) -> list[Json]:
    """Connected peers: none on a solo chain."""
    return []


@admin.method("poolLimits")
def pool_limits(context: Context) -> Json:
    """What the pool holds and may hold."""
    pool = context.node.pool
    return {
        "transactions": quantity(len(pool)),
        "bytes": quantity(pool.total_bytes),
        "mostTransactions": quantity(pool.limits.transactions),
        "mostBytes": quantity(pool.limits.total_bytes),
    }
