"""eth_: blocks."""

import orjson

from testamur_node.calls import Calls
from testamur_node.chain.block import Block, Header
from testamur_node.rpc.codec import quantity, read_hash, read_uint64
from testamur_node.rpc.context import Context, find_block, find_number, pending_block
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.parameters import BlockReference, read_block_number, read_boolean
from testamur_node.rpc.rendering import (
    Json,
    block_json,
    header_json,
    pending_block_json,
    pending_header_json,
)

__all__ = ["eth", "FEW"]

eth: Namespace[Context] = Namespace("eth")

FEW = 32
"""Transactions of a block that is rendered on the spot: fewer than it pays to ask a process for."""


@eth.method("blockNumber")
def block_number(context: Context) -> str:
    """The height of the newest block."""
    return quantity(context.node.head.number)


def _block(context: Context, reference: BlockReference, full: bool) -> Json | orjson.Fragment | None:
    if reference.is_pending:
        return pending_block_json(pending_block(context).block, full)
    number = find_number(context, reference)
    if number is not None and context.node.transaction_count(number) > FEW:
        return orjson.Fragment(context.node.render(_rendered_block, context.limits.call_seconds, number, full))
    block = find_block(context, reference)
    return None if block is None else block_json(block, full, context.node.spec.is_free)


def _rendered_block(calls: Calls, number: int, full: bool) -> bytes:
    """A large block as JSON, where it is made, so that no block to come waits for it."""
    return orjson.dumps(block_json(calls.chain.required(number), full, calls.spec.is_free))


@eth.method("getBlockByNumber", required(read_block_number), required(read_boolean))
def get_block_by_number(context: Context, reference: BlockReference, full: bool) -> Json | orjson.Fragment | None:
    """A block; `pending` is the next one as the pool would fill it now, without hash, nonce and miner."""
    return _block(context, reference, full)


@eth.method("getBlockByHash", required(read_hash), required(read_boolean))
def get_block_by_hash(context: Context, block_hash: bytes, full: bool) -> Json | orjson.Fragment | None:
    """A block."""
    return _block(context, BlockReference(hash=block_hash), full)


@eth.method("getHeaderByNumber", required(read_block_number))
def get_header_by_number(context: Context, reference: BlockReference) -> Json | None:
    """A header alone; of `pending` without hash, nonce and miner."""
    if reference.is_pending:
        return pending_header_json(pending_block(context).block.header)
    return _header(context, reference)


@eth.method("getHeaderByHash", required(read_hash))
def get_header_by_hash(context: Context, block_hash: bytes) -> Json | None:
    """A header alone."""
    return _header(context, BlockReference(hash=block_hash))


def _header(context: Context, reference: BlockReference) -> Json | None:
    number = find_number(context, reference)
    header = None if number is None else context.node.header(number)
    return None if header is None else header_json(header, header.hash)


def _any_block(context: Context, reference: BlockReference) -> Block | None:
    """A block of the chain, or the block to come."""
    return pending_block(context).block if reference.is_pending else find_block(context, reference)


@eth.method("getBlockTransactionCountByNumber", required(read_block_number))
def count_by_number(context: Context, reference: BlockReference) -> str | None:
    """How many transactions a block holds."""
    if reference.is_pending:
        return quantity(len(pending_block(context).block.transactions))
    number = find_number(context, reference)
    return None if number is None else quantity(context.node.transaction_count(number))


@eth.method("getBlockTransactionCountByHash", required(read_hash))
def count_by_hash(context: Context, block_hash: bytes) -> str | None:
    """How many transactions a block holds."""
    return count_by_number(context, BlockReference(hash=block_hash))


def _ommers(context: Context, reference: BlockReference) -> tuple[Header, ...] | None:
    block = _any_block(context, reference)
    return None if block is None else block.ommers


@eth.method("getUncleCountByBlockNumber", required(read_block_number))
def uncle_count_by_number(context: Context, reference: BlockReference) -> str | None:
    """How many ommers a block names; 0 on every chain of ours."""
    ommers = _ommers(context, reference)
    return None if ommers is None else quantity(len(ommers))


@eth.method("getUncleCountByBlockHash", required(read_hash))
def uncle_count_by_hash(context: Context, block_hash: bytes) -> str | None:
    """How many ommers a block names."""
    ommers = _ommers(context, BlockReference(hash=block_hash))
    return None if ommers is None else quantity(len(ommers))


def _uncle(context: Context, reference: BlockReference, index: int) -> Json | None:
    ommers = _ommers(context, reference)
    if ommers is None or index >= len(ommers):
        return None
    body = block_json(Block(ommers[index], ommers[index].hash), full=False, is_free=context.node.spec.is_free)
    del body["transactions"]
    return body


@eth.method("getUncleByBlockNumberAndIndex", required(read_block_number), required(read_uint64))
def uncle_by_number(context: Context, reference: BlockReference, index: int) -> Json | None:
    """An ommer: a block of which only the header is kept."""
    return _uncle(context, reference, index)


@eth.method("getUncleByBlockHashAndIndex", required(read_hash), required(read_uint64))
def uncle_by_hash(context: Context, block_hash: bytes, index: int) -> Json | None:
    """An ommer: a block of which only the header is kept."""
    return _uncle(context, BlockReference(hash=block_hash), index)
