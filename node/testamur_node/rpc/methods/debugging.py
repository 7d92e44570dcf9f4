"""debug_: consensus encodings as they are hashed, and traces. Not open on HTTP unless named."""

from testamur_node.calls import Calls, Ground
from testamur_node.chain.block import Block, decode_block, encode_block, encode_header
from testamur_node.chain.receipt import encode_receipt
from testamur_node.execution.executor import CallRequest
from testamur_node.execution.observing import Observer
from testamur_node.rpc.codec import data, read_data, read_hash
from testamur_node.rpc.context import Context, block_of, pending_block
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import ServerRefusalError
from testamur_node.rpc.methods.blocks import raw_transaction_by_hash
from testamur_node.rpc.methods.simulation import call_ground, call_request
from testamur_node.rpc.parameters import (
    LATEST,
    BlockReference,
    MessageArguments,
    read_block_number,
    read_block_reference,
    read_message,
)
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.tracers.choice import Subject, Trace, TraceOptions, begin_trace, read_trace_options

__all__ = ["debug"]

debug: Namespace[Context] = Namespace("debug")


@debug.method("getRawHeader", required(read_block_reference))
def get_raw_header(context: Context, reference: BlockReference) -> str:
    """The RLP of a header; its keccak is the block's hash."""
    return data(encode_header(_shown(context, reference).header))


def _shown(context: Context, reference: BlockReference) -> Block:
    """A block of the chain, or the block to come."""
    return pending_block(context).block if reference.is_pending else block_of(context, reference)


@debug.method("getRawBlock", required(read_block_reference))
def get_raw_block(context: Context, reference: BlockReference) -> str:
    """The RLP of a whole block."""
    return data(encode_block(_shown(context, reference)))


@debug.method("getRawReceipts", required(read_block_reference))
def get_raw_receipts(context: Context, reference: BlockReference) -> list[str]:
    """The consensus encoding of each receipt of a block."""
    if reference.is_pending:
        receipts = pending_block(context).receipts
    else:
        receipts = context.node.receipts(block_of(context, reference).number)
    return [data(encode_receipt(receipt)) for receipt in receipts]


@debug.method("getRawTransaction", required(read_hash))
def get_raw_transaction(context: Context, transaction_hash: bytes) -> str:
    """The raw form of a transaction, in a block or waiting."""
    return raw_transaction_by_hash(context, transaction_hash)


@debug.method("traceTransaction", required(read_hash), optional(read_trace_options, TraceOptions()))
def trace_transaction(context: Context, transaction_hash: bytes, options: TraceOptions) -> object:
    """Run an included transaction again, as it ran in its block, under a tracer."""
    place = context.node.locate(transaction_hash)
    if place is None:
        raise ServerRefusalError("transaction not found")
    return _traced_block(context, place[0], options, only=place[1])[0]["result"]


@debug.method("traceBlockByNumber", required(read_block_number), optional(read_trace_options, TraceOptions()))
def trace_block_by_number(context: Context, reference: BlockReference, options: TraceOptions) -> list[Json]:
    """Trace every transaction of a block."""
    return _traced_block(context, block_of(context, reference).number, options)


@debug.method("traceBlockByHash", required(read_hash), optional(read_trace_options, TraceOptions()))
def trace_block_by_hash(context: Context, block_hash: bytes, options: TraceOptions) -> list[Json]:
    """Trace every transaction of a block."""
    return _traced_block(context, block_of(context, BlockReference(hash=block_hash)).number, options)


@debug.method("traceBlock", required(read_data), optional(read_trace_options, TraceOptions()))
def trace_block(context: Context, encoded: bytes, options: TraceOptions) -> list[Json]:
    """Trace every transaction of a block of this chain that is given in RLP."""
    return trace_block_by_hash(context, decode_block(encoded).hash, options)


def _traced_block(context: Context, number: int, options: TraceOptions, only: int | None = None) -> list[Json]:
    """[{txHash, result}] of a block's transactions, or of one of them."""
    if number == 0:
        raise ServerRefusalError("genesis is not traceable")
    block_of(context, BlockReference(number=number))
    return context.node.apart(_replayed_block, context.limits.trace_seconds, number, options, only)


def _replayed_block(calls: Calls, number: int, options: TraceOptions, only: int | None) -> list[Json]:
    """The same, where it runs."""
    block = calls.chain.block(number)
    if block is None:
        raise ServerRefusalError("header not found")
    traces: dict[int, Trace] = {}

    def observe(index: int) -> Observer | None:
        if only is not None and index != only:
            return None
        transaction = block.transactions[index]
        traces[index] = begin_trace(options, Subject(transaction.sender, transaction.to, transaction.gas_limit))
        return traces[index].observer

    calls.replay(number, observe, None if only is None else only + 1)
    receipts = calls.chain.receipts(number)
    return [
        {
            "txHash": data(block.transactions[index].hash),
            "result": trace.result(receipts[index].gas_used, not receipts[index].is_successful),
        }
        for index, trace in traces.items()
    ]


@debug.method(
    "traceCall",
    required(read_message),
    optional(read_block_reference, LATEST),
    optional(read_trace_options, TraceOptions()),
)
def trace_call(context: Context, message: MessageArguments, reference: BlockReference, options: TraceOptions) -> object:
    """Run a message under a tracer and forget it."""
    ground, base_fee = call_ground(context, reference)
    request = call_request(context, message, base_fee)
    gas = context.limits.call_gas if request.gas is None else request.gas
    return context.node.apart(_traced_call, context.limits.trace_seconds, request, gas, ground, options)


def _traced_call(calls: Calls, request: CallRequest, gas: int, ground: Ground, options: TraceOptions) -> object:
    """The same, where it runs."""
    trace = begin_trace(options, Subject(request.sender, request.to, gas))
    result = calls.call(request, ground, options.overrides, trace.observer)
    return trace.result(result.gas_used, result.error is not None)
