"""Which transactions a block may hold: one function for the pool, for proposing and for judging a proposal.

Decided by the parent state and the block so far alone, never by running anything: whatever goes wrong later is a failed
receipt. So two nodes with the same parent agree on every proposal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from testamur_node.chain.rules import ChainSpec, Fork
from testamur_node.chain.transaction import Transaction
from testamur_node.execution.intrinsic import GAS_PER_BLOB, max_blob_gas, most_cost, unfitness
from testamur_node.governance import DEFAULT_PARAMETERS, Parameters, Permission, institution_of, is_named, permission_of
from testamur_node.state.reader import StateReader

__all__ = ["Load", "Reason", "Refusal", "Parent", "BlockSoFar", "includable"]

Answer = TypeVar("Answer")

_MOST_REMEMBERED = 4_096
"""Accounts whose answers are kept of one state: strangers send by the thousand, and a quiet chain keeps its head."""
_LEAST_TIP = 1
"""wei per gas on chains with fees, as in geth's pool."""


class Load(Enum):
    """Whose code a transaction runs: what the alliance did not vote for may cost a validator any time per gas."""

    VOTED = "voted"
    """A contract that the Directory names."""
    NONE = "none"
    """No code in the parent state; what the block creates or calls before may put some there."""
    CALL = "call"
    CREATION = "creation"


class Reason(Enum):
    """Why a transaction may not stand in a block."""

    UNFIT = "unfit"
    """No block of this chain could hold it."""
    NOT_PERMITTED = "not permitted"
    NONCE_TOO_LOW = "nonce too low"
    NONCE_GAP = "nonce gap"
    """It must wait for an earlier one; the pool keeps it."""
    INSUFFICIENT_FUNDS = "insufficient funds"
    UNDERPRICED = "underpriced"
    """The base fee is above what it offers at most; it may have come down by a later block."""
    BLOCK_FULL = "block full"
    """This block has no room left for it; another may."""
    TOO_LARGE = "too large"
    """No block has room for it under the present limits."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why, and in words that tools know from geth."""

    reason: Reason
    message: str


@dataclass(slots=True)
class Parent:
    """The parent state as inclusion sees it; answers are remembered, since a block asks the same often."""

    spec: ChainSpec
    chain_id: int
    fork: Fork
    """Of the block to come."""
    gas_limit: int
    """Of the block to come."""
    base_fee: int | None
    """Of the block to come."""
    state: StateReader
    parameters: Parameters = DEFAULT_PARAMETERS
    _nonces: dict[bytes, int] = field(default_factory=dict)
    _permissions: dict[bytes, Permission] = field(default_factory=dict)
    _institutions: dict[bytes, int] = field(default_factory=dict)
    _loads: dict[bytes, Load] = field(default_factory=dict)

    def nonce(self, address: bytes) -> int:
        """The account's next nonce."""
        return _remembered(self._nonces, address, lambda: self.state.nonce(address))

    def permission(self, address: bytes) -> Permission:
        """The account's rights."""
        return _remembered(self._permissions, address, lambda: permission_of(self.state, address))

    def institution(self, address: bytes) -> int:
        """Whose turn a transaction of this account takes in a block; 0 where the chain has no institutions."""
        if not self.spec.is_permissioned:
            return 0
        return _remembered(self._institutions, address, lambda: institution_of(self.state, address))

    def load(self, transaction: Transaction, block: "BlockSoFar") -> Load:
        """Whose code it runs behind `block`."""
        if not self.spec.has_code_limits:
            return Load.VOTED
        if transaction.to is None:
            return Load.CREATION
        target = transaction.to
        load = _remembered(self._loads, target, lambda: self._load_of(target))
        is_made_here = load is Load.NONE and (Load.CREATION in block.loads or Load.CALL in block.loads)
        return Load.CALL if is_made_here else load

    def _load_of(self, target: bytes) -> Load:
        if is_named(self.state, target):
            return Load.VOTED
        return Load.CALL if self.state.code(target) else Load.NONE

    def deployers(self, senders: set[bytes]) -> frozenset[bytes] | None:
        """Those of the senders that may create contracts; None where anyone may."""
        if not self.spec.is_permissioned:
            return None
        return frozenset(sender for sender in senders if self.permission(sender).deploy)


@dataclass(slots=True)
class BlockSoFar:
    """What the transactions taken so far use of a block."""

    gas: int = 0
    size_bytes: int = 0
    blob_gas: int = 0
    next_nonces: dict[bytes, int] = field(default_factory=dict)
    spent: dict[bytes, int] = field(default_factory=dict)
    """Per sender: what its transactions may cost at most."""
    loads: dict[Load, int] = field(default_factory=dict)
    """Gas given to each kind of code."""

    def take(self, transaction: Transaction, cost: int = 0, load: Load = Load.VOTED) -> None:
        """Count a transaction in."""
        self.loads[load] = self.loads.get(load, 0) + transaction.gas_limit
        self.gas += transaction.gas_limit
        self.size_bytes += len(transaction.raw)
        self.blob_gas += GAS_PER_BLOB * len(transaction.blob_hashes)
        self.next_nonces[transaction.sender] = transaction.nonce + 1
        self.spent[transaction.sender] = self.spent.get(transaction.sender, 0) + cost


def includable(transaction: Transaction, parent: Parent, block: BlockSoFar) -> Refusal | None:
    """Whether `transaction` may follow `block` on `parent`: None when it may; the caller then calls `block.take`.

    1. the chain takes its type, chain id and value, and its gas covers what is charged up front -> UNFIT
    2. one transaction may be as large, and give as much gas, as it does                         -> TOO_LARGE
    3. its sender may transact, and deploy if it creates                                         -> NOT_PERMITTED
    4. its nonce continues its sender's                                                          -> NONCE_TOO_LOW,
    NONCE_GAP
    5. its sender can pay what it may cost at most                                               -> INSUFFICIENT_FUNDS
    6. it offers the base fee                                                                    -> UNDERPRICED
    7. gas and bytes, added up, stay within the block's limits                                   -> BLOCK_FULL
    8. so does the gas for code that the alliance did not vote for                               -> TOO_LARGE,
    BLOCK_FULL
    """
    problem = _unfit(transaction, parent)
    if problem is not None:
        return Refusal(Reason.UNFIT, problem)
    limits = parent.parameters
    if len(transaction.raw) > limits.max_transaction_bytes:
        return Refusal(
            Reason.TOO_LARGE,
            f"oversized data: transaction size {len(transaction.raw)}, limit {limits.max_transaction_bytes}",
        )
    if transaction.gas_limit > parent.gas_limit:
        return Refusal(Reason.TOO_LARGE, "exceeds block gas limit")
    if parent.spec.has_code_limits and transaction.gas_limit > limits.transaction_gas:
        return Refusal(
            Reason.TOO_LARGE,
            f"transaction gas limit too high (cap: {limits.transaction_gas}, tx: {transaction.gas_limit})",
        )
    sender = transaction.sender
    if parent.spec.is_permissioned:
        permission = parent.permission(sender)
        if permission.transact == 0:
            return Refusal(Reason.NOT_PERMITTED, f"not permitted: account 0x{sender.hex()} may not transact")
        if transaction.creates and not permission.deploy:
            return Refusal(Reason.NOT_PERMITTED, f"not permitted: account 0x{sender.hex()} may not deploy contracts")
    expected = block.next_nonces.get(sender)
    if expected is None:
        expected = parent.nonce(sender)
    if transaction.nonce != expected:
        reason = Reason.NONCE_TOO_LOW if transaction.nonce < expected else Reason.NONCE_GAP
        word = "low" if transaction.nonce < expected else "high"
        return Refusal(reason, f"nonce too {word}: address 0x{sender.hex()}, tx: {transaction.nonce} state: {expected}")
    cost = most_cost(transaction, parent.spec.is_free)
    if cost and parent.state.balance(sender) < block.spent.get(sender, 0) + cost:
        balance = parent.state.balance(sender)
        return Refusal(
            Reason.INSUFFICIENT_FUNDS,
            f"insufficient funds for gas * price + value: address 0x{sender.hex()} have {balance} want {cost}",
        )
    if not parent.spec.is_free and _fee_cap(transaction) < (parent.base_fee or 0):
        return Refusal(
            Reason.UNDERPRICED,
            f"max fee per gas less than block base fee: maxFeePerGas: {_fee_cap(transaction)}"
            f" baseFee: {parent.base_fee}",
        )
    if (
        block.gas + transaction.gas_limit > parent.gas_limit
        or block.size_bytes + len(transaction.raw) > limits.max_block_bytes
        or block.blob_gas + GAS_PER_BLOB * len(transaction.blob_hashes) > max_blob_gas(parent.fork)
    ):
        return Refusal(Reason.BLOCK_FULL, "block is full")
    return _overloading(transaction, parent, block)


def _overloading(transaction: Transaction, parent: Parent, block: BlockSoFar) -> Refusal | None:
    """Whether it gives more gas than a block may to code that the alliance did not vote for."""
    load = parent.load(transaction, block)
    if load in (Load.VOTED, Load.NONE):
        return None
    most = parent.parameters.creation_gas if load is Load.CREATION else parent.parameters.unnamed_gas
    if transaction.gas_limit > most:
        what = "creates a contract" if load is Load.CREATION else "calls code that the Directory does not name"
        return Refusal(
            Reason.TOO_LARGE, f"gas limit {transaction.gas_limit} of a transaction that {what}, at most {most}"
        )
    if block.loads.get(load, 0) + transaction.gas_limit > most:
        return Refusal(Reason.BLOCK_FULL, "block is full")
    return None


def _remembered(known: dict[bytes, Answer], address: bytes, ask: Callable[[], Answer]) -> Answer:
    """An answer about an account; where too many are kept, all are forgotten.

    Several threads may be here: what one of them forgets, another only asks for again.
    """
    answer = known.get(address)
    if answer is None:
        answer = ask()
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        known[address] = answer
    return answer


def _fee_cap(transaction: Transaction) -> int:
    """wei per gas that it pays at most."""
    cap = transaction.max_fee_per_gas
    return (transaction.gas_price or 0) if cap is None else cap


def _tip(transaction: Transaction) -> int:
    """wei per gas that whoever makes the block may get at most."""
    tip = transaction.max_priority_fee_per_gas
    return (transaction.gas_price or 0) if tip is None else tip


def _unfit(transaction: Transaction, parent: Parent) -> str | None:
    spec = parent.spec
    if transaction.type_id not in spec.transaction_types:
        return f"transaction type not supported: this chain takes no type {transaction.type_id}"
    if transaction.chain_id is None:
        # keyless deployments (EIP-1820, CREATE2 factories) are such transactions: tests of contracts want them
        if not spec.is_development:
            return "only replay-protected (EIP-155) transactions allowed over RPC"
    elif transaction.chain_id != parent.chain_id:
        return f"invalid chain id for signer: have {transaction.chain_id} want {parent.chain_id}"
    if transaction.value and not spec.allows_value:
        return "this chain has no currency: value must be 0"
    if not spec.is_free and not _tip(transaction):
        return f"transaction gas price below minimum: gas tip cap 0, minimum needed {_LEAST_TIP}"
    return unfitness(transaction, parent.fork)
