"""eth_: transactions and their receipts. One is read by its place; the rest of its block is left alone."""

import orjson

from testamur_node.calls import Calls
from testamur_node.chain.block import Block, Header
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.rules import ChainSpec
from testamur_node.chain.transaction import Transaction
from testamur_node.rpc.codec import data, read_hash, read_uint64
from testamur_node.rpc.context import Context, find_number, pending_block
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.fees import blob_gas_price
from testamur_node.rpc.methods.blocks import FEW
from testamur_node.rpc.parameters import BlockReference, read_block_number, read_block_reference
from testamur_node.rpc.rendering import Json, pending_transaction_json, receipt_json, transaction_json

__all__ = ["eth", "raw_transaction_by_hash"]

eth: Namespace[Context] = Namespace("eth")


def _transaction(context: Context, reference: BlockReference, index: int) -> Json | None:
    if reference.is_pending:
        waiting = pending_block(context).block.transactions
        return pending_transaction_json(waiting[index]) if index < len(waiting) else None
    number = find_number(context, reference)
    return None if number is None else _located(context, number, index)


def _located(context: Context, number: int, index: int) -> Json | None:
    header, transaction = context.node.header(number), _read(context, number, index)
    if header is None or transaction is None:
        return None
    return transaction_json(transaction, header, header.hash, index, context.node.spec.is_free)


def _read(context: Context, number: int, index: int) -> Transaction | None:
    return context.node.transaction(number, index) if index < 2**32 else None


@eth.method("getTransactionByHash", required(read_hash))
def transaction_by_hash(context: Context, transaction_hash: bytes) -> Json | None:
    """A transaction, in a block or waiting."""
    place = context.node.locate(transaction_hash)
    if place is not None:
        return _located(context, *place)
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
    if reference.is_pending:
        waiting = pending_block(context).block.transactions
        return data(waiting[index].raw) if index < len(waiting) else "0x"
    number = find_number(context, reference)
    transaction = None if number is None else _read(context, number, index)
    return "0x" if transaction is None else data(transaction.raw)


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
    spec: ChainSpec,
    transaction: Transaction,
    header: Header,
    block_hash: bytes | None,
    index: int,
    receipt: Receipt,
    first_log: int,
) -> Json:
    return receipt_json(
        transaction, header, block_hash, index, receipt, first_log=first_log, is_free=spec.is_free,
        blob_gas_price=blob_gas_price(spec, header),
    )  # fmt: skip


@eth.method("getTransactionReceipt", required(read_hash))
def transaction_receipt(context: Context, transaction_hash: bytes) -> Json | None:
    """The receipt of an included transaction; null while it waits, and for one that is not known."""
    node = context.node
    place = node.locate(transaction_hash)
    if place is None:
        return None
    header, transaction, receipt = node.header(place[0]), node.transaction(*place), node.receipt(*place)
    if header is None or transaction is None or receipt is None:
        return None  # the block was rolled back (development) while we read
    return _receipt(node.spec, transaction, header, header.hash, place[1], receipt, node.logs_before(*place))


@eth.method("getBlockReceipts", required(read_block_reference))
def block_receipts(context: Context, reference: BlockReference) -> list[Json] | orjson.Fragment | None:
    """All receipts of a block in order; of `pending` what they would be, without block hash."""
    if reference.is_pending:
        pending = pending_block(context)
        return _receipts(context.node.spec, pending.block, None, pending.receipts)
    number = find_number(context, reference)
    if number is None:
        return None
    if context.node.transaction_count(number) > FEW:
        return orjson.Fragment(context.node.render(_rendered_receipts, context.limits.call_seconds, number))
    block = context.node.required(number)
    return _receipts(context.node.spec, block, block.hash, context.node.receipts(number))


def _rendered_receipts(calls: Calls, number: int) -> bytes:
    """The receipts of a large block as JSON, where they are made."""
    block = calls.chain.required(number)
    return orjson.dumps(_receipts(calls.spec, block, block.hash, calls.chain.receipts(number)))


def _receipts(spec: ChainSpec, block: Block, block_hash: bytes | None, receipts: tuple[Receipt, ...]) -> list[Json]:
    first_log, answers = 0, []
    for index, receipt in enumerate(receipts):
        transaction = block.transactions[index]
        answers.append(_receipt(spec, transaction, block.header, block_hash, index, receipt, first_log))
        first_log += len(receipt.logs)
    return answers
