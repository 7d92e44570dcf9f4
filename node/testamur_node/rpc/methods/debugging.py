"""debug_: consensus encodings as they are hashed. Not open on HTTP unless named."""

from testamur_node.chain.block import encode_block, encode_header
from testamur_node.chain.receipt import encode_receipt
from testamur_node.rpc.codec import data, read_hash
from testamur_node.rpc.context import Context, block_of
from testamur_node.rpc.dispatch import Namespace, required
from testamur_node.rpc.methods.blocks import raw_transaction_by_hash
from testamur_node.rpc.parameters import BlockReference, read_block_reference

__all__ = ["debug"]

debug: Namespace[Context] = Namespace("debug")


@debug.method("getRawHeader", required(read_block_reference))
def get_raw_header(context: Context, reference: BlockReference) -> str:
    """The RLP of a header; its keccak is the block's hash."""
    return data(encode_header(block_of(context, reference).header))


@debug.method("getRawBlock", required(read_block_reference))
def get_raw_block(context: Context, reference: BlockReference) -> str:
    """The RLP of a whole block."""
    return data(encode_block(block_of(context, reference)))


@debug.method("getRawReceipts", required(read_block_reference))
def get_raw_receipts(context: Context, reference: BlockReference) -> list[str]:
    """The consensus encoding of each receipt of a block."""
    return [data(encode_receipt(receipt)) for receipt in context.node.receipts(block_of(context, reference).number)]


@debug.method("getRawTransaction", required(read_hash))
def get_raw_transaction(context: Context, transaction_hash: bytes) -> str:
    """The raw form of a transaction, in a block or waiting."""
    return raw_transaction_by_hash(context, transaction_hash)
