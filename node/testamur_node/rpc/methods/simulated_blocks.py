"""eth_simulateV1: whole blocks of calls, made up on a state and forgotten."""

from collections.abc import Mapping

from testamur_node.calls import Calls
from testamur_node.chain.block import Block, Withdrawal
from testamur_node.chain.message import BlockOverrides
from testamur_node.execution.simulating import BlockPlan, Options, SimulatedBlock, SimulatedCall, SimulationError
from testamur_node.rpc.codec import data, quantity, read_address, read_hash, read_quantity, read_uint64
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import DecodeError, RpcError
from testamur_node.rpc.methods.simulation import call_ground
from testamur_node.rpc.parameters import (
    LATEST,
    BlockReference,
    read_block_reference,
    read_boolean,
    read_list,
    read_message,
    read_object,
    read_overrides,
)
from testamur_node.rpc.rendering import Json, block_json, log_json
from testamur_node.rpc.reverts import revert_message

__all__ = ["eth"]

eth: Namespace[Context] = Namespace("eth")
_REVERTED = -32000
_VM_ERROR = -32015


def _read_withdrawal(value: object) -> Withdrawal:
    body = read_object(value)
    return Withdrawal(
        index=read_uint64(body.get("index")),
        validator_index=read_uint64(body.get("validatorIndex")),
        address=read_address(body.get("address")),
        amount_gwei=read_uint64(body.get("amount")),
    )


def _read_block(value: object) -> BlockOverrides:
    body = read_object(value)
    withdrawals = body.get("withdrawals")
    return BlockOverrides(
        number=_optional(body, "number", 64),
        time=_optional(body, "time", 64),
        gas_limit=_optional(body, "gasLimit", 64),
        coinbase=None if body.get("feeRecipient") is None else read_address(body["feeRecipient"]),
        prev_randao=None if body.get("prevRandao") is None else read_hash(body["prevRandao"]),
        base_fee=_optional(body, "baseFeePerGas", 256),
        blob_base_fee=_optional(body, "blobBaseFee", 256),
        difficulty=_optional(body, "difficulty", 256),
        beacon_root=None if body.get("beaconRoot") is None else read_hash(body["beaconRoot"]),
        withdrawals=() if withdrawals is None else tuple(_read_withdrawal(item) for item in read_list(withdrawals)),
    )


def _optional(body: Mapping[str, object], name: str, bits: int) -> int | None:
    return None if body.get(name) is None else read_quantity(body[name], bits)


def _read_moves(value: object) -> dict[bytes, bytes]:
    """Where precompiles go; the member's name is taken in any case, as Go's JSON does."""
    moves = {}
    for address, override in read_object(value).items():
        for name, target in read_object(override).items():
            if name.lower() == "moveprecompiletoaddress" and target is not None:
                moves[read_address(address)] = read_address(target)
    return moves


def _read_plan(value: object) -> BlockPlan:
    body = read_object(value)
    block, state, calls = body.get("blockOverrides"), body.get("stateOverrides"), body.get("calls")
    return BlockPlan(
        block=BlockOverrides() if block is None else _read_block(block),
        state={} if state is None else read_overrides(state),
        moved_precompiles={} if state is None else _read_moves(state),
        calls=() if calls is None else tuple(read_message(call) for call in read_list(calls)),
    )


def _read_simulation(value: object) -> tuple[tuple[BlockPlan, ...], bool, bool, bool]:
    """(plans, traceTransfers, validation, returnFullTransactions)"""
    body = read_object(value)
    plans = body.get("blockStateCalls")
    if plans is None:
        raise DecodeError("empty input")
    flags = [body.get(name) for name in ("traceTransfers", "validation", "returnFullTransactions")]
    traces, validates, full = (False if flag is None else read_boolean(flag) for flag in flags)
    return tuple(_read_plan(plan) for plan in read_list(plans)), traces, validates, full


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
        "returnData": data(call.output),
        "logs": [
            log_json(log, header.number, block.hash, header.timestamp, block.transactions[index].hash, index, position)
            for position, log in enumerate(call.logs, call.first_log)
        ],
        "gasUsed": quantity(call.gas_used),
        "status": quantity(int(call.error is None)),
    }
    if call.revert is not None:
        body["error"] = {"message": revert_message(call.revert), "code": _REVERTED, "data": data(call.revert)}
    elif call.error is not None:
        body["error"] = {"message": call.error, "code": _VM_ERROR}
    return body
