"""testamur_: what light clients and the client's policy commands need beyond Ethereum's methods."""

from typing import Any

from testamur_node.rpc.codec import read_address, read_uint64
from testamur_node.rpc.context import Context, header_of
from testamur_node.rpc.dispatch import Namespace, optional
from testamur_node.rpc.dispatch import required as _required
from testamur_node.rpc.errors import ServerRefusalError
from testamur_node.rpc.parameters import LATEST, BlockReference, read_block_reference
from testamur_node.store.rollbacks import rollbacks_of

__all__ = ["testamur"]

testamur: Namespace[Context] = Namespace("testamur")


@testamur.method("finalityProof", optional(read_block_reference, LATEST))
def finality_proof(context: Context, reference: BlockReference) -> dict[str, Any]:
    """The newest signed engine header that carries a block (docs/protocol.md 4)."""
    number = header_of(context, reference).number
    proof = context.node.finality_proof(number)
    if proof is None:
        raise ServerRefusalError(f"no finality proof for block {number}: this chain is not signed by an engine")
    return proof


@testamur.method("validators", optional(read_uint64))
def validators(context: Context, engine_height: int | None) -> list[dict[str, Any]]:
    """The validators at an engine height, the newest by default."""
    return context.node.validators(engine_height)


@testamur.method("permissions", _required(read_address))
def permissions(context: Context, address: bytes) -> dict[str, Any]:
    """Whether an account may transact and deploy at the head."""
    return context.node.permissions(address)


@testamur.method("nodeStatus")
def node_status(context: Context) -> dict[str, Any]:
    """Whether blocks are made now, whether the chain was ever rolled back, what the node does not try again."""
    node = context.node
    return {
        "height": node.head.number,
        "waiting": node.waiting,
        "rolledBack": [rollback.to_json() for rollback in rollbacks_of(node.store)],
        "setAside": ["0x" + one.hash.hex() for one in node.aside.all() if one.is_aside] if node.aside else [],
    }
