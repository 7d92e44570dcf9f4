"""eth_: blocks, the transactions in them and their receipts."""

from testamur_node.chain.block import Block, Header
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.transaction import Transaction
from testamur_node.rpc.codec import data, quantity, read_hash, read_uint64
from testamur_node.rpc.context import Context, find_block, pending_block
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.fees import blob_gas_price
from testamur_node.rpc.parameters import BlockReference, read_block_number, read_block_reference, read_boolean
from testamur_node.rpc.rendering import (
    Json,
    block_json,
    header_json,
    pending_block_json,
    pending_header_json,
    pending_transaction_json,
    receipt_json,
    transaction_json,
)

__all__ = ["eth", "transaction_at"]

eth: Namespace[Context] = Namespace("eth")


@eth.method("blockNumber")
def block_number(context: Context) -> str:
    """The height of the newest block."""
    return quantity(context.node.head.number)


def _block(context: Context, reference: BlockReference, full: bool) -> Json | None:
    if reference.is_pending:
        return pending_block_json(pending_block(context).block, full)
    block = find_block(context, reference)
    return None if block is None else block_json(block, full, context.node.spec.is_free)


@eth.method("getBlockByNumber", required(read_block_number), required(read_boolean))
def get_block_by_number(context: Context, reference: BlockReference, full: bool) -> Json | None:
    """A block; `pending` is the next one as the pool would fill it now, without hash, nonce and miner."""
    return _block(context, reference, full)


@eth.method("getBlockByHash", required(read_hash), required(read_boolean))
def get_block_by_hash(context: Context, block_hash: bytes, full: bool) -> Json | None:
    """A block."""
    return _block(context, BlockReference(hash=block_hash), full)


@eth.method("getHeaderByNumber", required(read_block_number))
def get_header_by_number(context: Context, reference: BlockReference) -> Json | None:
    """A header alone; of `pending` without hash, nonce and miner."""
    if reference.is_pending:
        return pending_header_json(pending_block(context).block.header)
    block = find_block(context, reference)
    return None if block is None else header_json(block.header, block.hash)


@eth.method("getHeaderByHash", required(read_hash))
def get_header_by_hash(context: Context, block_hash: bytes) -> Json | None:
    """A header alone."""
    block = context.node.block(block_hash)
    return None if block is None else header_json(block.header, block.hash)


def _any_block(context: Context, reference: BlockReference) -> Block | None:
    """A block of the chain, or the block to come."""
    return pending_block(context).block if reference.is_pending else find_block(context, reference)


def _transactions(context: Context, reference: BlockReference) -> list[Transaction] | None:
    """The transactions of a block."""
    block = _any_block(context, reference)
    return None if block is None else list(block.transactions)


@eth.method("getBlockTransactionCountByNumber", required(read_block_number))
def count_by_number(context: Context, reference: BlockReference) -> str | None:
    """How many transactions a block holds."""
    transactions = _transactions(context, reference)
    return None if transactions is None else quantity(len(transactions))


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


def transaction_at(context: Context, transaction_hash: bytes) -> tuple[Block, int] | None:
    """The block that holds a transaction, and its index there."""
    place = context.node.locate(transaction_hash)
    if place is None:
        return None
    block = context.node.block(place[0])
    return None if block is None else (block, place[1])


def _transaction(context: Context, reference: BlockReference, index: int) -> Json | None:
    if reference.is_pending:
        waiting = pending_block(context).block.transactions
        return pending_transaction_json(waiting[index]) if index < len(waiting) else None
    block = find_block(context, reference)
    return None if block is None or index >= len(block.transactions) else _located(context, block, index)


def _located(context: Context, block: Block, index: int) -> Json:
    return transaction_json(block.transactions[index], block.header, block.hash, index, context.node.spec.is_free)


@eth.method("getTransactionByHash", required(read_hash))
def transaction_by_hash(context: Context, transaction_hash: bytes) -> Json | None:
    """A transaction, in a block or waiting."""
    found = transaction_at(context, transaction_hash)
    if found is not None:
        return _located(context, *found)
    waiting = context.node.pool.get(transaction_hash)
    return None if waiting is None else pending_transaction_json(waiting)


@eth.method("getTransactionByBlockNumberAndIndex", required(read_block_number), required(read_uint64))
def transaction_by_number_and_index(context: Context, reference: BlockReference, index: int) -> Json | None:
    """A transaction by its place."""
    return _transaction(context, reference, index)


@eth.method("getTransactionByBlockHashAndIndex", required(read_hash), required(read_uint64))
def transaction_by_hash_and_index(context: Context, block_hash: bytes, index: int) -> Json | None:
    """A transaction by its place."""
    return _transaction(context, BlockReference(hash=block_hash), index)


def _raw(context: Context, reference: BlockReference, index: int) -> str:
    transactions = _transactions(context, reference)
    return "0x" if transactions is None or index >= len(transactions) else data(transactions[index].raw)


@eth.method("getRawTransactionByHash", required(read_hash))
def raw_transaction_by_hash(context: Context, transaction_hash: bytes) -> str:
    """The raw form of a transaction, in a block or waiting; `0x` where there is none, as geth answers."""
    place = context.node.locate(transaction_hash)
    found = context.node.transaction(*place) if place is not None else context.node.pool.get(transaction_hash)
    return "0x" if found is None else data(found.raw)


@eth.method("getRawTransactionByBlockNumberAndIndex", required(read_block_number), required(read_uint64))
def raw_transaction_by_number_and_index(context: Context, reference: BlockReference, index: int) -> str:
    """The raw form of a transaction by its place."""
    return _raw(context, reference, index)


@eth.method("getRawTransactionByBlockHashAndIndex", required(read_hash), required(read_uint64))
def raw_transaction_by_hash_and_index(context: Context, block_hash: bytes, index: int) -> str:
    """The raw form of a transaction by its place."""
    return _raw(context, BlockReference(hash=block_hash), index)


def _receipt(
    context: Context, block: Block, block_hash: bytes | None, index: int, receipt: Receipt, first_log: int
) -> Json:
    return receipt_json(
        block.transactions[index],
        block.header,
        block_hash,
        index,
        receipt,
        first_log=first_log,
        is_free=context.node.spec.is_free,
        blob_gas_price=blob_gas_price(context.node.spec, block.header),
    )


@eth.method("getTransactionReceipt", required(read_hash))
def transaction_receipt(context: Context, transaction_hash: bytes) -> Json | None:
    """The receipt of an included transaction; null while it waits, and for one that is not known."""
    found = transaction_at(context, transaction_hash)
    if found is None:
        return None
    block, index = found
    receipt = context.node.receipt(block.number, index)
    if receipt is None:
        return None
    return _receipt(context, block, block.hash, index, receipt, context.node.logs_before(block.number, index))


@eth.method("getBlockReceipts", required(read_block_reference))
def block_receipts(context: Context, reference: BlockReference) -> list[Json] | None:
    """All receipts of a block in order; of `pending` what they would be, without block hash."""
    if reference.is_pending:
        pending = pending_block(context)
        return _receipts(context, pending.block, None, pending.receipts)
    block = find_block(context, reference)
    return None if block is None else _receipts(context, block, block.hash, context.node.receipts(block.number))


def _receipts(context: Context, block: Block, block_hash: bytes | None, receipts: tuple[Receipt, ...]) -> list[Json]:
    first_log, answers = 0, []
    for index, receipt in enumerate(receipts):
        answers.append(_receipt(context, block, block_hash, index, receipt, first_log))
        first_log += len(receipt.logs)
    return answers
