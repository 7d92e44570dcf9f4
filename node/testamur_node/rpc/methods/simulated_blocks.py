"""eth_simulateV1: whole blocks of calls, made up on a state and forgotten."""

from testamur_node.calls import Calls
from testamur_node.chain.block import Block
from testamur_node.execution.simulating import BlockPlan, Options, SimulatedBlock, SimulatedCall, SimulationError
from testamur_node.rpc.codec import data, quantity
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import RpcError
from testamur_node.rpc.messages import read_block_overrides, read_message, read_overrides
from testamur_node.rpc.methods.simulation import call_ground
from testamur_node.rpc.parameters import (
    LATEST,
    BlockReference,
    members,
    read_block_reference,
    read_boolean,
    read_list,
)
from testamur_node.rpc.rendering import Json, block_json, log_json
from testamur_node.rpc.reverts import revert_message

__all__ = ["eth"]

eth: Namespace[Context] = Namespace("eth")
_REVERTED = -32000
_VM_ERROR = -32015


def _read_plan(value: object) -> BlockPlan:
    body = members(value, "blockOverrides", "stateOverrides", "calls")
    return BlockPlan(
        block=read_block_overrides(body.get("blockOverrides")),
        state=read_overrides(body.get("stateOverrides")),
        calls=tuple(read_message(call) for call in read_list(body.get("calls"))),
    )


def _read_simulation(value: object) -> tuple[tuple[BlockPlan, ...], bool, bool, bool]:
    """(plans, traceTransfers, validation, returnFullTransactions)"""
    body = members(value, "blockStateCalls", "traceTransfers", "validation", "returnFullTransactions")
    traces, validates, full = (
        read_boolean(body.get(name)) for name in ("traceTransfers", "validation", "returnFullTransactions")
    )
    return tuple(_read_plan(plan) for plan in read_list(body.get("blockStateCalls"))), traces, validates, full


@eth.method("simulateV1", required(_read_simulation), optional(read_block_reference, LATEST))
def simulate(
    context: Context, simulation: tuple[tuple[BlockPlan, ...], bool, bool, bool], reference: BlockReference
) -> list[Json]:
    """Blocks made up on a state: results of their calls, and the blocks as if they had been sealed."""
    plans, traces_transfers, validates, full = simulation
    if not plans:
        raise RpcError("empty input", code=-32602)
    if len(plans) > 256:
        raise RpcError("too many blocks", code=-38026)
    ground, _ = call_ground(context, reference)
    options = Options(validates, traces_transfers, context.limits.call_gas)
    try:
        blocks = context.node.apart(Calls.simulate, context.limits.call_seconds, ground, plans, options)
    except SimulationError as error:
        raise RpcError(error.message, code=error.code) from error
    return [_block_json(context, item, full) for item in blocks]


def _block_json(context: Context, simulated: SimulatedBlock, full: bool) -> Json:
    body = block_json(simulated.block, full, context.node.spec.is_free)
    body["calls"] = [_call_json(call, simulated.block, index) for index, call in enumerate(simulated.calls)]
    return body


def _call_json(call: SimulatedCall, block: Block, index: int) -> Json:
    header = block.header
    body: Json = {
        "returnData": data(b"" if call.error is not None else call.output),
        "logs": [
            log_json(log, header.number, block.hash, header.timestamp, block.transactions[index].hash, index, position)
            for position, log in call.events
        ],
        "gasUsed": quantity(call.gas_used),
        "status": quantity(int(call.error is None)),
    }
    if call.is_revert:
        body["error"] = {"message": revert_message(call.output), "code": _REVERTED, "data": data(call.output)}
    elif call.error is not None:
        body["error"] = {"message": call.error, "code": _VM_ERROR}
    return body
