"""From a message as a caller describes it to the request that the executor runs (geth's CallDefaults and ToMessage)."""

from testamur_node.chain.message import MessageArguments
from testamur_node.chain.rules import ChainSpec
from testamur_node.errors import NodeError
from testamur_node.execution.executor import CallRequest

__all__ = ["ContradictionError", "request_of"]


class ContradictionError(NodeError):
    """The members of a message contradict each other or the chain."""


def request_of(
    arguments: MessageArguments, spec: ChainSpec, chain_id: int, base_fee: int | None, most_gas: int
) -> CallRequest:
    """The message to run in a block with `base_fee` (None before London), with at most `most_gas`.

    On a free chain prices are 0 whatever the fields say, as in its blocks. Raises `ContradictionError`.
    """
    cap, tip = arguments.max_fee_per_gas, arguments.max_priority_fee_per_gas
    if arguments.gas_price is not None and (cap is not None or tip is not None):
        raise ContradictionError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    if arguments.chain_id is not None and arguments.chain_id != chain_id:
        raise ContradictionError(f"chainId does not match node's (have={arguments.chain_id}, want={chain_id})")
    if spec.is_free:
        price = cap = tip = 0
    elif arguments.gas_price is not None or base_fee is None:
        price = cap = tip = arguments.gas_price or 0
    else:
        cap, tip = cap or 0, tip or 0
        price = min(tip + base_fee, cap) if cap or tip else 0
    blob_cap = arguments.max_fee_per_blob_gas
    return CallRequest(
        sender=arguments.sender or bytes(20),
        to=arguments.to,
        data=arguments.data,
        value=arguments.value or 0,
        gas=None if arguments.gas is None else min(arguments.gas, most_gas),
        gas_price=price,
        fee_cap=cap,
        tip_cap=tip,
        nonce=arguments.nonce,
        access_list=arguments.access_list or (),
        authorizations=arguments.authorizations,
        blob_hashes=arguments.blob_hashes,
        blob_fee_cap=0 if blob_cap is None and arguments.blob_hashes is not None else blob_cap,
    )
