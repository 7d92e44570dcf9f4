"""Blocks, transactions and receipts as eth-tester's backends give them: raw values under names with underscores."""

from typing import Any

from testamur_node.chain.block import Block, encode_block
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.transaction import Transaction, created_address

__all__ = ["block_fields", "receipt_fields", "transaction_fields"]

Fields = dict[str, Any]


def block_fields(block: Block, full: bool, is_pending: bool) -> Fields:
    """A block with transaction hashes, or with whole transactions when `full`."""
    header = block.header
    place = None if is_pending else block
    return {
        "number": header.number,
        "hash": block.hash,
        "parent_hash": header.parent_hash,
        "nonce": header.nonce,
        "sha3_uncles": header.ommers_hash,
        "logs_bloom": int.from_bytes(header.logs_bloom, "big"),
        "transactions_root": header.transactions_root,
        "receipts_root": header.receipts_root,
        "state_root": header.state_root,
        "coinbase": header.coinbase,
        "difficulty": header.difficulty,
        "total_difficulty": header.difficulty,
        "mix_hash": header.mix_hash,
        "size": len(encode_block(block)),
        "extra_data": header.extra_data.rjust(32, b"\x00"),
        "gas_limit": header.gas_limit,
        "gas_used": header.gas_used,
        "timestamp": header.timestamp,
        "transactions": [
            transaction_fields(transaction, place, index) if full else transaction.hash
            for index, transaction in enumerate(block.transactions)
        ],
        "uncles": [],
        "base_fee_per_gas": header.base_fee,
        "withdrawals": [],
        "withdrawals_root": header.withdrawals_root,
        "parent_beacon_block_root": header.parent_beacon_root,
        "blob_gas_used": header.blob_gas_used,
        "excess_blob_gas": header.excess_blob_gas,
        "requests_hash": header.requests_hash,
    }


def transaction_fields(transaction: Transaction, block: Block | None, index: int) -> Fields:
    """A transaction at its place; `block` is None while it waits."""
    fields: Fields = {
        "type": transaction.type_id,
        "hash": transaction.hash,
        "nonce": transaction.nonce,
        "block_hash": None if block is None else block.hash,
        "block_number": None if block is None else block.number,
        "transaction_index": None if block is None else index,
        "from": transaction.sender,
        "to": transaction.to or b"",
        "value": transaction.value,
        "gas": transaction.gas_limit,
        "data": transaction.data,
        "v": transaction.v,
        "r": transaction.r,
        "s": transaction.s,
    }
    if transaction.type_id > 0:
        fields["y_parity"] = transaction.v
        fields["chain_id"] = transaction.chain_id
        fields["access_list"] = tuple(
            (entry.address, tuple(int.from_bytes(slot, "big") for slot in entry.slots))
            for entry in transaction.access_list
        )
    if transaction.type_id < 2:
        return fields | {"gas_price": transaction.gas_price}
    base_fee = None if block is None else block.header.base_fee
    fields |= {
        "max_fee_per_gas": transaction.max_fee_per_gas,
        "max_priority_fee_per_gas": transaction.max_priority_fee_per_gas,
        "gas_price": transaction.max_fee_per_gas if block is None else transaction.effective_gas_price(base_fee),
    }
    if transaction.type_id == 3:
        fields["max_fee_per_blob_gas"] = transaction.max_fee_per_blob_gas
        fields["blob_versioned_hashes"] = transaction.blob_hashes
    if transaction.type_id == 4:
        names = ("chain_id", "address", "nonce", "y_parity", "r", "s")
        fields["authorization_list"] = [
            {name: getattr(item, name) for name in names} for item in transaction.authorizations
        ]
    return fields


def receipt_fields(
    transaction: Transaction, block: Block, index: int, receipt: Receipt, first_log: int, is_pending: bool
) -> Fields:
    """The receipt of transaction `index` of a block; `first_log` is how many logs of the block come before it."""
    place: Fields = {
        "block_hash": None if is_pending else block.hash,
        "block_number": None if is_pending else block.number,
        "transaction_index": None if is_pending else index,
        "transaction_hash": transaction.hash,
    }
    return {
        **place,
        "contract_address": created_address(transaction.sender, transaction.nonce) if transaction.creates else None,
        "cumulative_gas_used": receipt.cumulative_gas_used,
        "effective_gas_price": transaction.effective_gas_price(block.header.base_fee),
        "from": transaction.sender,
        "gas_used": receipt.gas_used,
        "logs": [
            {
                **place,
                "type": "pending" if is_pending else "mined",
                "log_index": first_log + offset,
                "address": log.address,
                "data": log.data,
                "topics": list(log.topics),
            }
            for offset, log in enumerate(receipt.logs)
        ],
        "state_root": bytes([receipt.is_successful]),
        "status": int(receipt.is_successful),
        "to": transaction.to or b"",
        "type": transaction.type_id,
    }
