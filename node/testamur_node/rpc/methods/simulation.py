"""eth_: messages that are run and forgotten."""

from dataclasses import replace

from testamur_node.calls import Calls, Ground
from testamur_node.chain.transaction import AccessEntry, created_address
from testamur_node.execution.executor import AccountOverride, CallRequest, CallResult
from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.context import Context, block_of, state_of
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import InvalidParametersError, ServerRefusalError
from testamur_node.rpc.parameters import (
    LATEST,
    NEXT,
    BlockReference,
    MessageArguments,
    read_block_reference,
    read_message,
    read_overrides,
)
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.reverts import call_error
from testamur_node.rpc.tracers.access import AccessTracer
from testamur_node.rpc.tracers.choice import PRECOMPILES

__all__ = ["eth", "call_request", "call_ground", "access_list_json"]

eth: Namespace[Context] = Namespace("eth")
_OVERRIDES = optional(read_overrides)
_MOST_ROUNDS = 16
"""A message whose path depends on the gas that its list saves might otherwise never settle."""


def call_request(context: Context, message: MessageArguments, base_fee: int | None) -> CallRequest:
    """The message to run, with the gas that this node allows and the price that its block's base fee makes.

    On a free chain the price is 0 whatever the fields say, as in its blocks.
    """
    if message.chain_id is not None and message.chain_id != context.node.chain_id:
        raise InvalidParametersError(
            f"chainId does not match node's (have={message.chain_id}, want={context.node.chain_id})"
        )
    price, sender = 0, message.sender or bytes(20)
    if not context.node.spec.is_free:
        price = _price(message, base_fee or 0, sender)
    return CallRequest(
        sender=sender,
        to=message.to,
        data=message.data or b"",
        value=message.value or 0,
        gas=None if message.gas is None else min(message.gas, context.limits.call_gas),
        gas_price=price,
        nonce=message.nonce,
        access_list=message.access_list or (),
        authorizations=message.authorizations or (),
        blob_hashes=message.blob_hashes,
        charges_fees=price > 0,
    )


def _price(message: MessageArguments, base_fee: int, sender: bytes) -> int:
    """wei per gas of a simulated message: none where no fee field is set (EIP-1559 otherwise)."""
    price = message.gas_price
    if price is None:
        cap = message.max_fee_per_gas or 0
        tip = message.max_priority_fee_per_gas or 0
        if not cap and not tip:
            return 0
        if cap < base_fee:
            raise ServerRefusalError(
                f"err: max fee per gas less than block base fee: address 0x{sender.hex()}, maxFeePerGas: {cap},"
                f" baseFee: {base_fee}"
            )
        return min(cap, base_fee + tip)
    if 0 < price < base_fee:
        raise ServerRefusalError(
            f"err: max fee per gas less than block base fee: address 0x{sender.hex()}, maxFeePerGas: {price},"
            f" baseFee: {base_fee}"
        )
    return price


def call_ground(context: Context, reference: BlockReference) -> tuple[Ground, int | None]:
    """(where a message runs, base fee there)."""
    if reference.is_pending:
        outlook = context.node.pending.outlook(context.limits.call_seconds)
        if outlook is not None:
            return outlook, outlook.header.base_fee
    found = block_of(context, reference)
    return (None if reference.is_pending or reference == NEXT else found.number), found.header.base_fee


@eth.method("call", required(read_message), optional(read_block_reference, LATEST), _OVERRIDES)
def call(
    context: Context, message: MessageArguments, block: BlockReference, overrides: dict[bytes, AccountOverride] | None
) -> str:
    """Run a message on the state after a block, with some state replaced if asked."""
    ground, base_fee = call_ground(context, block)
    request = call_request(context, message, base_fee)
    result = context.node.apart(Calls.call, context.limits.call_seconds, request, ground, overrides)
    if result.error is not None:
        raise call_error(result)
    return data(result.output)


@eth.method("estimateGas", required(read_message), optional(read_block_reference, NEXT), _OVERRIDES)
def estimate_gas(
    context: Context, message: MessageArguments, block: BlockReference, overrides: dict[bytes, AccountOverride] | None
) -> str:
    """The least gas limit with which a message succeeds."""
    ground, base_fee = call_ground(context, block)
    request = call_request(context, message, base_fee)
    result = context.node.apart(Calls.estimate_gas, context.limits.call_seconds, request, ground, overrides)
    if result.error is not None:
        raise call_error(result)
    return quantity(result.gas_used)


@eth.method("createAccessList", required(read_message), optional(read_block_reference, LATEST), _OVERRIDES)
def create_access_list(
    context: Context, message: MessageArguments, block: BlockReference, overrides: dict[bytes, AccountOverride] | None
) -> Json:
    """The accounts and slots that a message touches, run again until naming them changes nothing (as geth does)."""
    ground, base_fee = call_ground(context, block)
    request = call_request(context, message, base_fee)
    to = request.to
    if to is None:
        nonce = state_of(context, block).nonce(request.sender) if request.nonce is None else request.nonce
        to = created_address(request.sender, nonce)
    excluded = PRECOMPILES | {request.sender, to, context.node.head.header.coinbase}
    entries, result = context.node.apart(
        _settled_access_list, context.limits.call_seconds, request, ground, overrides, excluded
    )
    answer: Json = {"accessList": access_list_json(entries), "gasUsed": quantity(result.gas_used)}
    if result.error is not None:
        answer["error"] = result.error
    return answer


def _settled_access_list(
    calls: Calls,
    request: CallRequest,
    ground: Ground,
    overrides: dict[bytes, AccountOverride] | None,
    excluded: frozenset[bytes],
) -> tuple[tuple[AccessEntry, ...], CallResult]:
    """The list that naming itself does not change, and the run with it."""
    entries = request.access_list
    for _ in range(_MOST_ROUNDS):
        tracer = AccessTracer(entries, excluded)
        result = calls.call(replace(request, access_list=entries), ground, overrides, tracer)
        if tracer.entries() == entries:
            break
        entries = tracer.entries()
    return entries, result


def access_list_json(entries: tuple[AccessEntry, ...]) -> list[Json]:
    """An access list as JSON."""
    return [{"address": data(entry.address), "storageKeys": [data(slot) for slot in entry.slots]} for entry in entries]
