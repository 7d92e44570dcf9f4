"""debug_: consensus encodings as they are hashed, and traces. Not open on HTTP unless named."""

from collections.abc import Iterable
from dataclasses import replace

from testamur_node.calls import Calls, Ground, Place
from testamur_node.chain.block import Header, decode_block, encode_block, encode_header
from testamur_node.chain.receipt import encode_receipt
from testamur_node.chain.rules import Fork
from testamur_node.chain.transaction import Authorization, authority_of
from testamur_node.execution.executor import CallRequest
from testamur_node.execution.observing import Observer
from testamur_node.execution.pretending import precompiles_of
from testamur_node.rpc.codec import data, read_data, read_hash
from testamur_node.rpc.context import Context, find_block, find_number, header_of, pending_block
from testamur_node.rpc.dispatch import Namespace, optional, required
from testamur_node.rpc.errors import ServerRefusalError
from testamur_node.rpc.messages import MessageArguments, read_message
from testamur_node.rpc.methods.simulation import call_ground, call_request
from testamur_node.rpc.methods.transactions import raw_transaction_by_hash
from testamur_node.rpc.parameters import BlockReference, read_block_number, read_block_reference
from testamur_node.rpc.rendering import Json
from testamur_node.rpc.tracers.choice import Trace, TraceOptions, begin_trace, read_trace_options
from testamur_node.rpc.tracers.subject import Subject

__all__ = ["debug"]

debug: Namespace[Context] = Namespace("debug")


@debug.method("getRawHeader", required(read_block_reference))
def get_raw_header(context: Context, reference: BlockReference) -> str:
    """The RLP of a header, whose keccak is the block's hash; `0x` for a number to come, as geth answers."""
    if reference.is_pending:
        return data(encode_header(pending_block(context).block.header))
    is_there = reference.hash is not None or find_number(context, reference) is not None
    return data(encode_header(header_of(context, reference))) if is_there else "0x"


@debug.method("getRawBlock", required(read_block_reference))
def get_raw_block(context: Context, reference: BlockReference) -> str:
    """The RLP of a whole block; `0x` for a number to come."""
    if reference.is_pending:
        return data(encode_block(pending_block(context).block))
    block = find_block(context, reference)
    if block is None and reference.hash is not None:
        raise ServerRefusalError("header for hash not found")
    return "0x" if block is None else data(encode_block(block))


@debug.method("getRawReceipts", required(read_block_reference))
def get_raw_receipts(context: Context, reference: BlockReference) -> list[str] | None:
    """The consensus encoding of each receipt of a block; null for a number to come, none for an unknown hash."""
    if reference.is_pending:
        return [data(encode_receipt(item)) for item in pending_block(context).receipts]
    number = find_number(context, reference)
    if number is None:
        return None if reference.hash is None else []
    return [data(encode_receipt(item)) for item in context.node.receipts(number)]


@debug.method("getBadBlocks")
def get_bad_blocks(context: Context) -> list[Json]:
    """Blocks that were refused: none, this node keeps no such thing."""
    return []


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
    """Trace every transaction of a block; the pending one has none that ran."""
    if reference.is_pending:
        return []
    return _traced_block(context, header_of(context, reference).number, options)


@debug.method("traceBlockByHash", required(read_hash), optional(read_trace_options, TraceOptions()))
def trace_block_by_hash(context: Context, block_hash: bytes, options: TraceOptions) -> list[Json]:
    """Trace every transaction of a block."""
    return _traced_block(context, header_of(context, BlockReference(hash=block_hash)).number, options)


@debug.method("traceBlock", required(read_data), optional(read_trace_options, TraceOptions()))
def trace_block(context: Context, encoded: bytes, options: TraceOptions) -> list[Json]:
    """Trace every transaction of a block of this chain that is given in RLP."""
    return trace_block_by_hash(context, decode_block(encoded).hash, options)


def _traced_block(context: Context, number: int, options: TraceOptions, only: int | None = None) -> list[Json]:
    """[{txHash, result}] of a block's transactions, or of one of them."""
    if number == 0:
        raise ServerRefusalError("genesis is not traceable")
    return context.node.apart(_replayed_block, context.limits.trace_seconds, number, options, only)


def _replayed_block(calls: Calls, number: int, options: TraceOptions, only: int | None) -> list[Json]:
    """The same, where it runs."""
    block = calls.chain.block(number)
    if block is None:
        raise ServerRefusalError("header not found")
    traces: dict[int, Trace] = {}
    fork = calls.spec.fork_at(number, block.header.timestamp)

    def observe(index: int) -> Observer | None:
        if only is not None and index != only:
            return None
        transaction = block.transactions[index]
        subject = _subject(
            calls, fork, transaction.sender, transaction.to, transaction.gas_limit, transaction.authorizations
        )
        traces[index] = begin_trace(
            options,
            replace(subject, block_number=number, block_hash=block.hash, hash=transaction.hash, index=index),
        )
        return traces[index].observer

    calls.replay(number, observe, None if only is None else only + 1)
    receipts = calls.chain.receipts(number)
    return [
        {
            "txHash": data(block.transactions[index].hash),
            "result": trace.result(receipts[index].gas_used),
        }
        for index, trace in traces.items()
    ]


def _inside(calls: Calls, number: int, index: int) -> Ground:
    """The state in a block before one of its transactions, as geth finds it."""
    if number == 0:
        raise ServerRefusalError("no transaction in genesis")
    count = calls.chain.transaction_count(number)
    if index >= count and (index, count) != (0, 0):
        raise ServerRefusalError(f"transaction index {index} out of range for block {number}")
    return calls.inside(number, index)


def _subject(
    calls: Calls, fork: Fork, sender: bytes, to: bytes | None, gas: int, authorizations: Iterable[Authorization]
) -> Subject:
    """What tracers show of a message under a fork."""
    authorities = tuple(found for item in authorizations if (found := authority_of(item)) is not None)
    precompiles = frozenset(precompiles_of(calls.spec, fork))
    return Subject(sender, to, gas, precompiles, fork >= Fork.PRAGUE, authorities)


@debug.method(
    "traceCall",
    required(read_message),
    required(read_block_reference),
    optional(read_trace_options, TraceOptions()),
)
def trace_call(context: Context, message: MessageArguments, reference: BlockReference, options: TraceOptions) -> object:
    """Run a message under a tracer and forget it."""
    ground, header = call_ground(context, reference)
    base_fee = header.base_fee if options.block.base_fee is None else options.block.base_fee
    request = call_request(context, message, base_fee)
    return context.node.apart(_traced_call, context.limits.trace_seconds, request, ground, header, options)


def _traced_call(calls: Calls, request: CallRequest, ground: Ground, header: Header, options: TraceOptions) -> object:
    """The same, where it runs; with a transaction's index on the state that this transaction found."""
    if options.index is not None:
        if not isinstance(ground, int):
            raise ServerRefusalError("a trace inside a block needs a block of the chain")
        ground = _inside(calls, ground, options.index)
    fork = calls.fork_of(header, options.block)
    subject = _subject(calls, fork, request.sender, request.to, request.gas or 0, request.authorizations or ())
    trace = begin_trace(options, subject)
    result = calls.call(request, Place(ground, options.overrides, options.block, follows=True), trace.observer)
    return trace.result(result.gas_used)
