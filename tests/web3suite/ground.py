"""What web3.py's suite expects to find on a chain, put there: contracts, an empty block, one with a transfer, one with
a log.

The contracts are those that ship with web3.py beside its tests. A development chain seals when it is told to, so no
step waits for the clock.
"""

from dataclasses import dataclass
from typing import Any

from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import Web3
from web3._utils.contract_sources.contract_data.emitter_contract import EMITTER_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.math_contract import MATH_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.offchain_lookup import OFFCHAIN_LOOKUP_DATA
from web3._utils.contract_sources.contract_data.panic_errors_contract import PANIC_ERRORS_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.revert_contract import REVERT_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.storage_contract import STORAGE_CONTRACT_DATA
from web3.types import RPCEndpoint, TxParams, TxReceipt

__all__ = ["CONTRACTS", "Ground", "lay"]

CONTRACTS: dict[str, dict[str, Any]] = {
    "math": MATH_CONTRACT_DATA,
    "emitter": EMITTER_CONTRACT_DATA,
    "storage": STORAGE_CONTRACT_DATA,
    "revert": REVERT_CONTRACT_DATA,
    "offchain_lookup": OFFCHAIN_LOOKUP_DATA,
    "panic_errors": PANIC_ERRORS_CONTRACT_DATA,
}
_DOUBLE_WITH_INDEX = 9
"""LogDoubleWithIndex in the emitter's enumeration of events."""
_FEES: TxParams = {"maxFeePerGas": Web3.to_wei(3, "gwei"), "maxPriorityFeePerGas": Web3.to_wei(1, "gwei")}


@dataclass(frozen=True)
class Ground:
    """Where things are."""

    addresses: dict[str, ChecksumAddress]
    """Of the contracts, by the names of `CONTRACTS`."""
    deployment: HexBytes
    """Hash of the math contract's creation."""
    empty_block: HexBytes
    transfer: TxReceipt
    """Alone in its block."""
    log: TxReceipt
    """The chain's first log, alone in its block."""


def lay(w3: Web3) -> Ground:
    """Deploy and send from the chain's first unlocked account."""
    sender = w3.eth.accounts[0]

    def sealed(transaction: HexBytes) -> TxReceipt:
        w3.provider.make_request(RPCEndpoint("evm_mine"), [])
        return w3.eth.get_transaction_receipt(transaction)

    deployments = {
        name: sealed(w3.eth.contract(**contract).constructor().transact({"from": sender, **_FEES}))
        for name, contract in CONTRACTS.items()
    }
    addresses = {name: w3.to_checksum_address(receipt["contractAddress"]) for name, receipt in deployments.items()}
    w3.provider.make_request(RPCEndpoint("evm_mine"), [])
    empty_block = w3.eth.get_block("latest")["hash"]
    emitter = w3.eth.contract(address=addresses["emitter"], abi=EMITTER_CONTRACT_DATA["abi"])
    return Ground(
        addresses,
        deployments["math"]["transactionHash"],
        empty_block,
        sealed(w3.eth.send_transaction({"from": sender, "to": sender, "value": w3.to_wei(1, "wei"), **_FEES})),
        sealed(emitter.functions.logDouble(_DOUBLE_WITH_INDEX, 12345, 54321).transact({"from": sender, **_FEES})),
    )
