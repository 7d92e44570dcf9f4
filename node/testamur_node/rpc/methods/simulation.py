"""eth_: messages that are run and forgotten."""

from dataclasses import replace

from testamur_node.calls import Calls, Ground, Place
from testamur_node.chain.block import Header
from testamur_node.chain.message import BlockOverrides
from testamur_node.chain.transaction import AccessEntry, Authorization, authority_of, created_address
from testamur_node.execution.executor import AccountOverride, CallRequest, CallResult
from testamur_node.execution.pretending import precompiles_of
from testamur_node.execution.request import request_of
from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.context import Context, header_of, state_of
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import ServerRefusalError
from testamur_node.rpc.messages import MessageArguments, read_block_overrides, read_message, read_overrides
from testamur_node.rpc.methods.fees import with_fees
from testamur_node.rpc.parameters import LATEST, NEXT, BlockReference, read_block_reference
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.reverts import call_error
from testamur_node.rpc.tracers.access import AccessTracer

__all__ = ["eth", "call_request", "call_ground", "access_list_json"]

eth: Namespace[Context] = Namespace("eth")
_OVERRIDES = optional(read_overrides, {})
_BLOCK_OVERRIDES = optional(read_block_overrides, BlockOverrides())
_GAS_PER_AUTHORIZATION = 25_000
_MOST_ROUNDS = 16
"""A message whose path depends on the gas that its list saves might otherwise never settle."""

StateOverrides = dict[bytes, AccountOverride]


def call_request(context: Context, message: MessageArguments, base_fee: int | None) -> CallRequest:
    """The message to run, with the gas that this node allows and the price that its block's base fee makes."""
    request = request_of(message, context.node.spec, context.node.chain_id, base_fee, context.limits.call_gas)
    return request if request.gas is not None else replace(request, gas=context.limits.call_gas)


def call_ground(context: Context, reference: BlockReference) -> tuple[Ground, Header]:
    """(where a message runs, the header there); an imported chain has no next block, so an estimate sees its head."""
    if reference.is_pending:
        outlook = context.node.pending.outlook(context.limits.call_seconds)
        if outlook is not None:
            return outlook, outlook.header
    header = header_of(context, reference)
    comes_next = reference.is_pending or (reference == NEXT and context.node.spec.name != "imported")
    return (None if comes_next else header.number), header


@eth.method("call", required(read_message), optional(read_block_reference, LATEST), _OVERRIDES, _BLOCK_OVERRIDES)
def call(
    context: Context,
    message: MessageArguments,
    reference: BlockReference,
    state: StateOverrides,
    block: BlockOverrides,
) -> str:
    """Run a message on the state after a block, with some of state and block replaced if asked."""
    ground, header = call_ground(context, reference)
    request = call_request(context, message, header.base_fee)
    place = Place(ground, state, block)
    result = context.node.apart(Calls.call, context.limits.call_seconds, request, place)
    if result.error is not None:
        raise call_error(result)
    return data(result.output)


@eth.method("estimateGas", required(read_message), optional(read_block_reference, NEXT), _OVERRIDES, _BLOCK_OVERRIDES)
def estimate_gas(
    context: Context,
    message: MessageArguments,
    reference: BlockReference,
    state: StateOverrides,
    block: BlockOverrides,
) -> str:
    """The least gas limit with which a message succeeds."""
    ground, header = call_ground(context, reference)
    request = request_of(message, context.node.spec, context.node.chain_id, header.base_fee, context.limits.call_gas)
    place = Place(ground, state, block, moves_precompiles=False)
    result = context.node.apart(Calls.estimate_gas, context.limits.call_seconds, request, place)
    if result.error is not None:
        raise call_error(result)
    return quantity(result.gas_used)


@eth.method("createAccessList", required(read_message), optional(read_block_reference, LATEST), _OVERRIDES)
def create_access_list(
    context: Context, message: MessageArguments, reference: BlockReference, state: StateOverrides
) -> Json:
    """The accounts and slots that a message touches, run again until naming them changes nothing (as geth does)."""
    ground, header = call_ground(context, reference)
    if any(wanted.moves_to is not None for wanted in state.values()):
        raise ServerRefusalError("precompiles stay where they are while an access list is made")
    request = call_request(context, with_fees(context, message, header), header.base_fee)
    if len(request.authorizations or ()) > (request.gas or 0) // _GAS_PER_AUTHORIZATION:
        raise ServerRefusalError("insufficient gas to process all authorizations")
    to = request.to
    if to is None:
        to = created_address(request.sender, _nonce(context, request, reference, state))
    authorities = (_authority(item, context.node.chain_id) for item in request.authorizations or ())
    spec = context.node.spec
    precompiles = precompiles_of(spec, spec.fork_at(header.number, header.timestamp))
    excluded = frozenset({*precompiles, request.sender, to, *(found for found in authorities if found is not None)})
    entries, result = context.node.apart(
        _settled_access_list,
        context.limits.call_seconds,
        request,
        Place(ground, state, moves_precompiles=False),
        excluded,
    )
    answer: Json = {"accessList": access_list_json(entries), "gasUsed": quantity(result.gas_used)}
    if result.error is not None:
        answer["error"] = result.error
    return answer


def _nonce(context: Context, request: CallRequest, reference: BlockReference, state: StateOverrides) -> int:
    """The nonce that the sender's next transaction has."""
    pretended = state.get(request.sender)
    if request.nonce is not None:
        return request.nonce
    if pretended is not None and pretended.nonce is not None:
        return pretended.nonce
    return state_of(context, reference).nonce(request.sender)


def _authority(item: Authorization, chain_id: int) -> bytes | None:
    """Who signed a delegation that may count here; None where it cannot."""
    return authority_of(item) if item.chain_id in (0, chain_id) and item.nonce < 2**64 - 1 else None


def _settled_access_list(
    calls: Calls, request: CallRequest, place: Place, excluded: frozenset[bytes]
) -> tuple[tuple[AccessEntry, ...], CallResult]:
    """The list that naming itself does not change, and the run with it."""
    entries = AccessTracer(request.access_list, excluded).entries()
    for _ in range(_MOST_ROUNDS):
        tracer = AccessTracer(entries, excluded)
        result = calls.call(replace(request, access_list=entries), place, tracer)
        if tracer.entries() == entries:
            break
        entries = tracer.entries()
    return entries, result


def access_list_json(entries: tuple[AccessEntry, ...]) -> list[Json]:
    """An access list as JSON."""
    return [{"address": data(entry.address), "storageKeys": [data(slot) for slot in entry.slots]} for entry in entries]
