"""Blocks, transactions, receipts and logs as the JSON objects of the execution API.

The members and their presence follow geth, fork by fork; `tests/interop/test_rpc_compat.py` holds that against recorded
answers.
"""

import orjson

from testamur_node.chain.block import Block, Header, Withdrawal, encode_block
from testamur_node.chain.receipt import Log, Receipt
from testamur_node.chain.transaction import Transaction, created_address
from testamur_node.rpc.codec import data, optional_data, quantity

__all__ = [
    "Json", "header_json", "block_json", "pending_block_json", "pending_header_json", "transaction_json",
    "pending_transaction_json", "unplaced_transaction_json", "receipt_json", "log_json",
]  # fmt: skip

Json = dict[str, object]
_UNKNOWN = ("hash", "nonce", "miner")
"""Members of a block that are null before it is made."""
BLOB_GAS = 131_072
"""Gas of one blob (EIP-4844)."""


def header_json(header: Header, block_hash: bytes) -> Json:
    """A header, as newHeads sends it and a block begins."""
    body: Json = {
        "number": quantity(header.number),
        "hash": data(block_hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.ommers_hash),
        "logsBloom": data(header.logs_bloom),
        "stateRoot": data(header.state_root),
        "miner": data(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "transactionsRoot": data(header.transactions_root),
        "receiptsRoot": data(header.receipts_root),
    }
    if header.base_fee is not None:
        body["baseFeePerGas"] = quantity(header.base_fee)
    if header.withdrawals_root is not None:
        body["withdrawalsRoot"] = data(header.withdrawals_root)
    if header.blob_gas_used is not None:
        body["blobGasUsed"] = quantity(header.blob_gas_used)
    if header.excess_blob_gas is not None:
        body["excessBlobGas"] = quantity(header.excess_blob_gas)
    if header.parent_beacon_root is not None:
        body["parentBeaconBlockRoot"] = data(header.parent_beacon_root)
    if header.requests_hash is not None:
        body["requestsHash"] = data(header.requests_hash)
    return body


def block_json(block: Block, full: bool, is_free: bool) -> Json:
    """A block with transaction hashes, or with whole transactions when `full`; `is_free` as the chain's spec says."""
    body = header_json(block.header, block.hash)
    body["size"] = quantity(len(encode_block(block)))
    body["transactions"] = [
        transaction_json(transaction, block.header, block.hash, index, is_free) if full else data(transaction.hash)
        for index, transaction in enumerate(block.transactions)
    ]
    body["uncles"] = [data(ommer.hash) for ommer in block.ommers]
    if block.withdrawals is not None:
        body["withdrawals"] = [_withdrawal_json(withdrawal) for withdrawal in block.withdrawals]
    return body


def pending_block_json(block: Block, full: bool) -> Json:
    """The block to come: its transactions have no place yet, and it has no hash, nonce and miner (as geth shows it)."""
    body = block_json(block, False, is_free=True)
    if full:
        body["transactions"] = [pending_transaction_json(transaction) for transaction in block.transactions]
    return body | dict.fromkeys(_UNKNOWN)


def pending_header_json(header: Header) -> Json:
    """The header to come."""
    return header_json(header, header.hash) | dict.fromkeys(_UNKNOWN)


def _withdrawal_json(withdrawal: Withdrawal) -> Json:
    return {
        "index": quantity(withdrawal.index),
        "validatorIndex": quantity(withdrawal.validator_index),
        "address": data(withdrawal.address),
        "amount": quantity(withdrawal.amount_gwei),
    }


def transaction_json(transaction: Transaction, header: Header, block_hash: bytes, index: int, is_free: bool) -> Json:
    """A transaction at its place in a block; `is_free` as the chain's spec says."""
    body = _transaction_members(transaction)
    body["blockHash"] = data(block_hash)
    body["blockNumber"] = quantity(header.number)
    body["transactionIndex"] = quantity(index)
    body["gasPrice"] = quantity(0 if is_free else transaction.effective_gas_price(header.base_fee))
    return body


def pending_transaction_json(transaction: Transaction) -> Json:
    """A transaction that waits: its place is null, its price the most it may cost."""
    body = _transaction_members(transaction)
    body["blockHash"] = None
    body["blockNumber"] = None
    body["transactionIndex"] = None
    price = transaction.max_fee_per_gas if transaction.max_fee_per_gas is not None else transaction.gas_price or 0
    body["gasPrice"] = quantity(price)
    return body


def unplaced_transaction_json(transaction: Transaction) -> Json:
    """A transaction that is not sent yet: no place, no sender, the prices of other types null (as geth shows it)."""
    body = _transaction_members(transaction)
    del body["from"]
    if transaction.type_id == 0:
        del body["chainId"]  # which only a signature would tell
    price = transaction.gas_price
    return (
        {"maxFeePerGas": None, "maxPriorityFeePerGas": None}
        | body
        | {"gasPrice": None if price is None else quantity(price)}
    )


def _transaction_members(transaction: Transaction) -> Json:
    """What a transaction carries wherever it stands."""
    body: Json = {
        "hash": data(transaction.hash),
        "type": quantity(transaction.type_id),
        "from": data(transaction.sender),
        "to": optional_data(transaction.to),
        "nonce": quantity(transaction.nonce),
        "gas": quantity(transaction.gas_limit),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "v": quantity(transaction.v),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if transaction.chain_id is not None:
        body["chainId"] = quantity(transaction.chain_id)
    if transaction.type_id > 0:
        body["yParity"] = quantity(transaction.v)
        body["accessList"] = [
            {"address": data(entry.address), "storageKeys": [data(slot) for slot in entry.slots]}
            for entry in transaction.access_list
        ]
    if transaction.max_fee_per_gas is not None and transaction.max_priority_fee_per_gas is not None:
        body["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        body["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if transaction.max_fee_per_blob_gas is not None:
        body["maxFeePerBlobGas"] = quantity(transaction.max_fee_per_blob_gas)
        body["blobVersionedHashes"] = [data(blob) for blob in transaction.blob_hashes]
    if transaction.authorizations:
        body["authorizationList"] = [
            {
                "chainId": quantity(item.chain_id),
                "address": data(item.address),
                "nonce": quantity(item.nonce),
                "yParity": quantity(item.y_parity),
                "r": quantity(item.r),
                "s": quantity(item.s),
            }
            for item in transaction.authorizations
        ]
    return body


def receipt_json(
    transaction: Transaction,
    header: Header,
    block_hash: bytes | None,
    index: int,
    receipt: Receipt,
    *,
    first_log: int,
    is_free: bool,
    blob_gas_price: int | None,
) -> Json:
    """The receipt of transaction `index` of a block; `first_log` is how many logs of the block come before it.
    `block_hash` is None for the block to come.
    """
    price = 0 if is_free else transaction.effective_gas_price(header.base_fee)
    created = data(created_address(transaction.sender, transaction.nonce)) if transaction.creates else None
    body: Json = {
        "blockHash": optional_data(block_hash),
        "blockNumber": quantity(header.number),
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(index),
        "type": quantity(receipt.type_id),
        "from": data(transaction.sender),
        "to": optional_data(transaction.to),
        "contractAddress": created,
        "cumulativeGasUsed": quantity(receipt.cumulative_gas_used),
        "gasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(price),
        "logsBloom": data(receipt.logs_bloom),
        "logs": [
            log_json(log, header.number, block_hash, header.timestamp, transaction.hash, index, first_log + offset)
            for offset, log in enumerate(receipt.logs)
        ],
    }
    if receipt.state_root is not None:
        body["root"] = data(receipt.state_root)
    else:
        body["status"] = quantity(int(receipt.is_successful))
    if transaction.blob_hashes and blob_gas_price is not None:
        body["blobGasUsed"] = quantity(BLOB_GAS * len(transaction.blob_hashes))
        body["blobGasPrice"] = quantity(blob_gas_price)
    return body


def log_json(
    log: Log,
    block_number: int,
    block_hash: bytes | None,
    timestamp: int,
    transaction_hash: bytes,
    transaction: int,
    index: int,
) -> orjson.Fragment:
    """A log at its place: `transaction` and `index` count from the block's beginning.

    Written out at once: answers hold logs by the thousand, and nobody looks into one.
    """
    topics = ",".join([f'"0x{topic.hex()}"' for topic in log.topics])
    block = "null" if block_hash is None else f'"0x{block_hash.hex()}"'
    return orjson.Fragment(
        f'{{"address":"0x{log.address.hex()}","topics":[{topics}],"data":"0x{log.data.hex()}",'
        f'"blockNumber":"{block_number:#x}","blockHash":{block},"blockTimestamp":"{timestamp:#x}",'
        f'"transactionHash":"0x{transaction_hash.hex()}","transactionIndex":"{transaction:#x}",'
        f'"logIndex":"{index:#x}","removed":false}}'
    )
