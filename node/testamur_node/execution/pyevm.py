"""The reference executor: py-evm's interpreter, driven transaction by transaction, one state root per block.

We judge transactions ourselves (`intrinsic.unfitness`, `_problem`), so that one set of rules serves pool and block, and
use py-evm from the message on. Nothing reads a clock; every block field comes from the `BlockContext`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth.vm.execution_context import ExecutionContext

from testamur_node.chain.receipt import EMPTY_BLOOM, Log, Receipt, bloom_of, encode_receipt, union_of
from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.execution import system
from testamur_node.execution.executor import (
    AccountOverride,
    BlockContext,
    BlockResult,
    CallRequest,
    CallResult,
    ExecutionError,
    NodeReader,
)
from testamur_node.execution.intrinsic import GAS_PER_BLOB, max_blob_gas, most_cost, unfitness
from testamur_node.execution.machine import machine
from testamur_node.execution.message import Message
from testamur_node.execution.observing import Observer
from testamur_node.execution.overlay import Known, Overlay
from testamur_node.execution.pretending import moved_precompiles, override, precompiles_of, pretending
from testamur_node.execution.settling import finalize, logs_of, unwatch, watch
from testamur_node.execution.trial import Terms, try_out
from testamur_node.state.trie import list_root

__all__ = ["PyEvm", "receipt_of", "state_of"]

# 1,024 nested calls take some eight Python frames each; the threads that execute have stacks of 64 MiB
sys.setrecursionlimit(max(sys.getrecursionlimit(), 32_768))


class PyEvm:
    """`Executor` on py-evm 0.12.1b1."""

    def __init__(self, spec: ChainSpec, read_node: NodeReader, note: Callable[[bytes], None] | None = None) -> None:
        """`note` is told the hash of each transaction before it runs: whoever dies then knows of which."""
        self.spec = spec
        self._read_node = read_node
        self._note = note
        self._known: Known = {}
        """What calls have read; blocks, each on a new root, read for themselves."""

    def execute(
        self,
        parent_state_root: bytes,
        transactions: Sequence[bytes],
        context: BlockContext,
        senders: Sequence[bytes] | None = None,
        observe: Callable[[int], Observer | None] | None = None,
    ) -> BlockResult:
        """See `Executor.execute`. Order: system writes, transactions, withdrawals, requests, rewards, state root.

        `observe`, where given, names who watches the transaction of an index (debug_trace).
        """
        fork = self.spec.fork_at(context.number, context.timestamp)
        database = Overlay(self._read_node)
        state = self._state(database, parent_state_root, context, fork)
        receipts, blob_gas = self._run(state, transactions, context, senders, observe)
        gas_used = receipts[-1].cumulative_gas_used if receipts else 0
        withdrawals_root = system.withdraw(state, context, fork)
        requests_hash = system.collect_requests(state, receipts, fork, self.spec)
        system.reward(state, context, fork)
        state.persist()
        return BlockResult(
            receipts=tuple(receipts),
            gas_used=gas_used,
            logs_bloom=union_of(receipt.logs_bloom for receipt in receipts),
            state_root=state.state_root,
            transactions_root=list_root(transactions),
            receipts_root=list_root([encode_receipt(receipt) for receipt in receipts]),
            withdrawals_root=withdrawals_root,
            blob_gas_used=blob_gas if fork >= Fork.CANCUN else None,
            requests_hash=requests_hash,
            writes=database.writes,
        )

    def state_within(
        self, parent_state_root: bytes, transactions: Sequence[bytes], context: BlockContext, senders: Sequence[bytes]
    ) -> tuple[bytes, Mapping[bytes, bytes]]:
        """The state inside a block, after its first transactions: its root, and what the store lacks of it."""
        database = Overlay(self._read_node)
        state = self._state(database, parent_state_root, context, self.spec.fork_at(context.number, context.timestamp))
        self._run(state, transactions, context, senders, None)
        state.persist()
        return state.state_root, database.writes

    def _run(
        self,
        state: Any,
        transactions: Sequence[bytes],
        context: BlockContext,
        senders: Sequence[bytes] | None,
        observe: Callable[[int], Observer | None] | None,
    ) -> tuple[list[Receipt], int]:
        """System writes and transactions: (receipts, blob gas)."""
        fork = self.spec.fork_at(context.number, context.timestamp)
        system.open_block(state, context, fork, self.spec)
        override(state, context.overrides)
        receipts: list[Receipt] = []
        gas_used = blob_gas = 0
        for index, raw in enumerate(transactions):
            transaction = decode_transaction(raw, senders[index] if senders else None)
            blob_gas += GAS_PER_BLOB * len(transaction.blob_hashes)
            if blob_gas > max_blob_gas(fork):
                raise ExecutionError(f"block {context.number} exceeds its blob gas limit of {max_blob_gas(fork)}")
            if self._note is not None:
                self._note(transaction.hash)
            observer = None if observe is None else observe(index)
            watch(state, observer)
            receipt = self._apply(state, transaction, fork, context, gas_used)
            unwatch(state, observer)
            gas_used = receipt.cumulative_gas_used
            receipts.append(receipt)
        return receipts, blob_gas

    def call(
        self,
        state_root: bytes,
        request: CallRequest,
        context: BlockContext,
        overrides: Mapping[bytes, AccountOverride] | None = None,
        observer: Observer | None = None,
        moves_precompiles: bool = True,
    ) -> CallResult:
        """See `Executor.call`. Raises `RefusedMessageError` and `OverrideError`; `observer` watches."""
        fork = context.fork if context.fork is not None else self.spec.fork_at(context.number, context.timestamp)
        plain = precompiles_of(self.spec, fork)
        moved = moved_precompiles(plain, overrides or {})
        kind = pretending(machine(self.spec, fork), moved if moves_precompiles else plain, context.blob_base_fee)
        state = state_of(kind, Overlay(self._read_node, self._known), state_root, context)
        state.wrap_around()
        override(state, overrides or {})
        state.lock_changes()
        gas = context.gas_limit if request.gas is None else request.gas
        return try_out(state, request, gas, Terms(fork, self.spec.is_free), observer)

    def _state(self, database: Overlay, root: bytes, context: BlockContext, fork: Fork) -> Any:
        return state_of(machine(self.spec, fork), database, root, context)

    def _apply(
        self, state: Any, transaction: Transaction, fork: Fork, context: BlockContext, gas_before: int
    ) -> Receipt:
        """One transaction: judged, run, its gas settled."""
        state.lock_changes()
        problem = unfitness(transaction, fork) or self._misfit(transaction, context, gas_before)
        unpayable = self._unpayable(state, transaction, context)
        message = Message(transaction, fork, self.spec.is_free)
        if problem is None and unpayable is not None and self.spec.name != "imported":
            # only on a development chain: an earlier transaction of the block moved the nonce or the balance
            return receipt_of(transaction, False, gas_before, message.intrinsic_gas, (), None)
        if problem is not None or unpayable is not None:
            raise ExecutionError(
                f"transaction {transaction.hash.hex()} cannot stand in block {context.number}: {problem or unpayable}"
            )
        executor = state.get_transaction_executor()
        computation = executor.build_computation(executor.build_evm_message(message), message)
        gas_used, _ = finalize(executor, message, computation)
        if hasattr(state, "clear_transient_storage") and fork >= Fork.CANCUN:
            state.clear_transient_storage()
        root = state.make_state_root() if fork < Fork.BYZANTIUM else None
        return receipt_of(transaction, computation.is_success, gas_before, gas_used, logs_of(computation), root)

    def _misfit(self, transaction: Transaction, context: BlockContext, gas_before: int) -> str | None:
        """Why this block at this point cannot hold the transaction, or None."""
        if transaction.chain_id is not None and transaction.chain_id != context.chain_id:
            return f"invalid chain id: have {transaction.chain_id}, want {context.chain_id}"
        if gas_before + transaction.gas_limit > context.gas_limit:
            return f"gas limit reached: {gas_before} used, {transaction.gas_limit} wanted, {context.gas_limit} in all"
        return None

    def _unpayable(self, state: Any, transaction: Transaction, context: BlockContext) -> str | None:
        """Why its sender cannot send it here, or None."""
        nonce = state.get_nonce(transaction.sender)
        if transaction.nonce != nonce:
            return f"nonce {transaction.nonce}, the account stands at {nonce}"
        if not self.spec.is_free:
            # a development chain acts for contracts too (hardhat_impersonateAccount)
            code = b"" if self.spec.is_development else state.get_code(transaction.sender)
            if code and not (len(code) == 23 and code.startswith(b"\xef\x01\x00")):
                return "the sender is a contract (EIP-3607)"
            most = (
                transaction.max_fee_per_gas if transaction.max_fee_per_gas is not None else transaction.gas_price or 0
            )
            if most < (context.base_fee or 0):
                return f"max fee per gas less than block base fee: {most} < {context.base_fee}"
            blob_price = transaction.max_fee_per_blob_gas or 0
            if transaction.type_id == 3 and blob_price < state.blob_base_fee:
                return f"max fee per blob gas less than block blob gas fee: {blob_price} < {state.blob_base_fee}"
        balance, cost = state.get_balance(transaction.sender), most_cost(transaction, self.spec.is_free)
        return f"insufficient funds: have {balance}, want {cost}" if balance < cost else None


def state_of(kind: Any, database: Overlay, root: bytes, context: BlockContext) -> Any:
    """py-evm's state of class `kind` on `root`, in the surroundings of a block."""
    execution = ExecutionContext(
        coinbase=context.coinbase,
        timestamp=context.timestamp,
        block_number=context.number,
        difficulty=context.difficulty,
        mix_hash=context.prev_randao,
        gas_limit=context.gas_limit,
        prev_hashes=context.ancestors,
        chain_id=context.chain_id,
        base_fee_per_gas=context.base_fee,
        excess_blob_gas=context.excess_blob_gas,
    )
    state = kind(database, execution, root)
    state.deployers = context.deployers
    return state


def receipt_of(
    transaction: Transaction, succeeded: bool, gas_before: int, gas_used: int, logs: tuple[Log, ...], root: bytes | None
) -> Receipt:
    return Receipt(
        type_id=transaction.type_id,
        is_successful=succeeded and root is None,
        state_root=root,
        cumulative_gas_used=gas_before + gas_used,
        gas_used=gas_used,
        logs=logs,
        logs_bloom=bloom_of(logs) if logs else EMPTY_BLOOM,
    )
