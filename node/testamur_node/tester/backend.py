"""eth-tester's interface to a chain (`BaseChainBackend`) on a `SoloChain`.

eth-tester keeps filters, passwords and what waits while it does not mine; it asks the backend for accounts, blocks,
states, calls and for transactions to be sent. What its own backend does with each error is part of that interface:
`TransactionFailed` carries the reason or the revert data, bytes that are no transaction raise py-evm's or
rlp's errors.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from eth.exceptions import UnrecognizedTransactionType
from eth_tester.backends.base import BaseChainBackend
from eth_tester.exceptions import BlockNotFound, TransactionFailed, TransactionNotFound, ValidationError
from rlp.exceptions import DecodingError as RlpDecodingError

from testamur_node.calls import Place
from testamur_node.chain.block import Block
from testamur_node.chain.development import address_of
from testamur_node.codec import DecodingError
from testamur_node.errors import NodeError
from testamur_node.execution.executor import CallResult
from testamur_node.node import Node
from testamur_node.rpc.reverts import revert_reason
from testamur_node.rpc.signing import sign_transaction
from testamur_node.state.reader import StateReader
from testamur_node.tester.chain import SoloChain
from testamur_node.tester.inbound import call_of, unsigned_of
from testamur_node.tester.outbound import block_fields, receipt_fields, transaction_fields

__all__ = ["SoloBackend"]

_LATEST = ("latest", "safe", "finalized")
_CHAIN_ID = 131277322940537
"""The chain id of eth-tester's own backend, which web3.py's tests know."""
BlockName = int | str | None


class SoloBackend(BaseChainBackend):  # type: ignore[misc] # eth-tester has no types
    """`EthereumTester(SoloBackend())`: a chain with ten funded accounts, for one test or for many."""

    def __init__(self, chain_id: int = _CHAIN_ID, base_fee: int = 1_000_000_000) -> None:
        self._chain = SoloChain(chain_id, base_fee)
        self._keys = dict(self.node.unlocked_accounts)

    @property
    def node(self) -> Node:
        """The node itself, for what eth-tester has no name for."""
        return self._chain.node

    def close(self) -> None:
        """Stop the chain; it also ends with the backend."""
        self._chain.close()

    def __enter__(self) -> "SoloBackend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # time and history

    def take_snapshot(self) -> int:
        """Remember the head."""
        return self._chain.mark()

    def revert_to_snapshot(self, snapshot: int) -> None:
        """Go back to it."""
        self._chain.return_to(snapshot)

    def reset_to_genesis(self) -> None:
        """Go back to the beginning; added accounts stay known."""
        self._chain.reset()

    def time_travel(self, to_timestamp: int) -> int:
        """Mine a block, after which the pending one has that timestamp."""
        self._chain.mine(1, to_timestamp - 1)
        return to_timestamp

    def mine_blocks(self, num_blocks: int = 1, coinbase: bytes = bytes(20)) -> tuple[bytes, ...]:
        """Hashes of new blocks."""
        if coinbase != self.node.head.header.coinbase:
            raise ValidationError(f"the coinbase of this chain is always 0x{self.node.head.header.coinbase.hex()}")
        return tuple(block.hash for block in self._chain.mine(num_blocks))

    # accounts

    def get_accounts(self) -> tuple[bytes, ...]:
        """Accounts that this backend signs for."""
        return tuple(self._keys)

    def add_account(self, private_key: bytes) -> None:
        """Sign for one more."""
        self._keys[address_of(private_key)] = private_key

    # blocks

    def _block(self, name: BlockName) -> tuple[Block, bool]:
        """A block and whether it is the pending one."""
        block: Block | None = None
        if name == "pending":
            return self._chain.pending()[0], True
        if name in _LATEST:
            block = self.node.head
        elif name == "earliest" or isinstance(name, int):
            block = self.node.block(0 if name == "earliest" else int(name))
        if block is None:
            raise BlockNotFound(f"No block found for block number: {name}")
        return block, False

    def get_block_by_number(self, block_number: BlockName, full_transaction: bool = True) -> dict[str, Any]:
        """A block by number or tag."""
        block, is_pending = self._block(block_number)
        return block_fields(block, full_transaction, is_pending)

    def get_block_by_hash(self, block_hash: bytes, full_transaction: bool = True) -> dict[str, Any]:
        """A block by hash."""
        block = self.node.block(block_hash)
        if block is None:
            raise BlockNotFound(f"No block found for block hash: 0x{block_hash.hex()}")
        return block_fields(block, full_transaction, False)

    def get_transaction_by_hash(self, transaction_hash: bytes) -> dict[str, Any]:
        """A transaction of a block, or one that waits."""
        waiting = self.node.pool.get(transaction_hash)
        if waiting is not None:
            return transaction_fields(waiting, None, 0)
        block, index = self._located(transaction_hash)
        return transaction_fields(block.transactions[index], block, index)

    def get_transaction_receipt(self, transaction_hash: bytes) -> dict[str, Any]:
        """A receipt; that of a waiting transaction as mining now would give it."""
        if self.node.pool.get(transaction_hash) is not None:
            block, receipts = self._chain.pending()
            index = [transaction.hash for transaction in block.transactions].index(transaction_hash)
            logs = sum(len(receipt.logs) for receipt in receipts[:index])
            return receipt_fields(block.transactions[index], block, index, receipts[index], logs, True)
        block, index = self._located(transaction_hash)
        receipt = self.node.receipts(block.number)[index]
        logs = self.node.logs_before(block.number, index)
        return receipt_fields(block.transactions[index], block, index, receipt, logs, False)

    def _located(self, transaction_hash: bytes) -> tuple[Block, int]:
        place = self.node.locate(transaction_hash)
        if place is None:
            raise TransactionNotFound(f"No transaction found for transaction hash: 0x{transaction_hash.hex()}")
        return self.node.required(place[0]), place[1]

    def get_fee_history(
        self, block_count: int = 1, newest_block: BlockName = "latest", reward_percentiles: Sequence[float] = ()
    ) -> dict[str, Any]:
        """Fees in eth-tester's own terms, which are not eth_feeHistory's: of the blocks before the newest, newest
        first; `oldest_block` is always 1 and `reward` empty."""
        if not 1 <= block_count <= 1024:
            raise ValidationError("block_count must be between 1 and 1024")
        newest, _ = self._block("latest" if newest_block == "pending" else newest_block)
        numbers = range(newest.number - 1, max(newest.number - 1 - block_count, -1), -1)
        headers = [self.node.required(number).header for number in numbers]
        return {
            "oldest_block": 1,
            "base_fee_per_gas": [header.base_fee for header in headers],
            "gas_used_ratio": [header.gas_used / header.gas_limit for header in headers],
            "reward": [],
        }

    # state

    def _state(self, name: BlockName) -> StateReader:
        """The state after a block; after the head for the pending one, whose transactions wait."""
        return self.node.state_at(self._number(name))

    def _number(self, name: BlockName) -> int:
        return self.node.head.number if name == "pending" else self._block(name)[0].number

    def get_nonce(self, account: bytes, block_number: BlockName = "latest") -> int:
        """How many transactions an account has sent."""
        nonce = self._state(block_number).nonce(account)
        return self.node.pool.pending_nonce(account, nonce) if block_number == "pending" else nonce

    def get_balance(self, account: bytes, block_number: BlockName = "latest") -> int:
        """wei"""
        return self._state(block_number).balance(account)

    def get_code(self, account: bytes, block_number: BlockName = "latest") -> bytes:
        """Deployed code."""
        return self._state(block_number).code(account)

    def get_storage(self, account: bytes, slot: int, block_number: BlockName = "latest") -> int:
        """The number in a storage slot."""
        return self._state(block_number).storage(account, slot)

    def get_base_fee(self, block_number: BlockName = "latest") -> int:
        """wei per gas."""
        return self._block(block_number)[0].header.base_fee or 0

    # transactions

    def send_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """Sign for one of the accounts; the hash of what waits then."""
        key = self._keys.get(transaction["from"])
        if key is None:
            raise ValidationError('No valid "from" key was provided in the transaction which is required for signing.')
        nonce = self.get_nonce(transaction["from"], "pending")
        unsigned = unsigned_of(transaction, self.node.chain_id, nonce, self.get_base_fee())
        return self._submit(sign_transaction(unsigned, key))

    def send_signed_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """Take a transaction with its signature, in pieces."""
        unsigned = unsigned_of(transaction, self.node.chain_id, 0, self.get_base_fee())
        return self._submit(unsigned.signed(transaction["v"], transaction["r"], transaction["s"]))

    def send_raw_transaction(self, raw_transaction: bytes) -> bytes:
        """Take a transaction as bytes."""
        return self._submit(raw_transaction)

    def _submit(self, raw: bytes) -> bytes:
        try:
            sent = self.node.submit(raw)
        except DecodingError as error:
            if raw and 4 < raw[0] < 0xC0:
                raise UnrecognizedTransactionType(raw[0], error.message) from error
            raise RlpDecodingError(error.message, raw) from error
        except NodeError as error:
            raise ValidationError(error.message) from error
        if sent not in {transaction.hash for transaction in self.node.pool.ready()}:
            self.node.pool.remove(sent)
            raise ValidationError("nonce too high: its sender has not sent the one before")
        return sent

    def call(self, transaction: Mapping[str, Any], block_number: BlockName = "latest") -> bytes:
        """What a message returns on the state after a block."""
        return _succeeded(self.node.calls.call(call_of(transaction), Place(self._number(block_number)))).output

    def estimate_gas(self, transaction: Mapping[str, Any], block_number: BlockName = "latest") -> int:
        """The least gas limit with which a message succeeds."""
        return _succeeded(
            self.node.calls.estimate_gas(call_of(transaction), Place(self._number(block_number)))
        ).gas_used


def _succeeded(result: CallResult) -> CallResult:
    if result.error is None:
        return result
    if not result.is_revert:
        raise TransactionFailed(result.error)
    reason = revert_reason(result.output) if result.output[:4] == bytes.fromhex("08c379a0") else None
    raise TransactionFailed(str(result.output) if reason is None else reason)
