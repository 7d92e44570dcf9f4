"""Our transaction in the shape that py-evm's transaction executors read; nothing is decoded or recovered twice."""

from typing import Any

from eth.vm.forks.prague.transactions import Authorization

from testamur_node.chain.rules import Fork
from testamur_node.chain.transaction import Transaction
from testamur_node.execution.intrinsic import intrinsic_gas

__all__ = ["Message"]


class Message:
    """What py-evm reads of a transaction. Fee fields are zero where the chain is free."""

    __slots__ = (
        "access_list", "authorization_list", "blob_versioned_hashes", "data", "gas", "gas_price", "intrinsic_gas",
        "max_fee_per_blob_gas", "max_fee_per_gas", "max_priority_fee_per_gas", "nonce", "r", "s", "sender", "to",
        "type_id", "value", "y_parity",
    )  # fmt: skip

    def __init__(self, transaction: Transaction, fork: Fork, is_free: bool) -> None:
        price = 0 if is_free else transaction.gas_price or 0
        self.type_id = transaction.type_id
        self.nonce = transaction.nonce
        self.gas = transaction.gas_limit
        self.gas_price = price
        self.max_fee_per_gas = price if is_free or transaction.max_fee_per_gas is None else transaction.max_fee_per_gas
        self.max_priority_fee_per_gas = (
            price if is_free or transaction.max_priority_fee_per_gas is None else transaction.max_priority_fee_per_gas
        )
        self.max_fee_per_blob_gas = transaction.max_fee_per_blob_gas or 0
        self.to = transaction.to or b""
        self.value = transaction.value
        self.data = transaction.data
        self.sender = transaction.sender
        self.access_list = [
            (entry.address, [int.from_bytes(slot, "big") for slot in entry.slots]) for entry in transaction.access_list
        ]
        self.blob_versioned_hashes = transaction.blob_hashes
        self.authorization_list: list[Any] = [
            Authorization(item.chain_id, item.address, item.nonce, item.y_parity, item.r, item.s)
            for item in transaction.authorizations
        ]
        self.intrinsic_gas = intrinsic_gas(transaction, fork)
        self.y_parity = transaction.v
        self.r = transaction.r
        self.s = transaction.s

    def __repr__(self) -> str:
        return f"<Message from {self.sender.hex()} nonce {self.nonce}>"  # py-evm formats it for a log nobody reads
