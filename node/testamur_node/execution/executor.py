"""The seam between the chain and whatever runs the EVM: raw bytes in, receipts, writes and roots out.

`pyevm.PyEvm` is the reference implementation; a native one may stand behind the same Protocol. Nothing here reads a
clock, a file or a socket: the inputs of a block are exactly (parent state root, ordered transactions, `BlockContext`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from testamur_node.chain.block import Withdrawal
from testamur_node.chain.receipt import Log, Receipt
from testamur_node.chain.rules import Fork
from testamur_node.chain.transaction import AccessEntry, Authorization
from testamur_node.crossing import crossing
from testamur_node.errors import NodeError

__all__ = [
    "BlockContext", "BlockResult", "CallRequest", "CallResult", "AccountOverride", "BlockExecutor", "Executor",
    "ExecutionError", "NodeReader",
]  # fmt: skip

NodeReader = Callable[[bytes], bytes | None]
"""Hash -> trie node or contract code with that hash, None when unknown."""


class ExecutionError(NodeError):
    """The executor met what no valid block contains: the node halts rather than guess."""


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What a block's transactions may see of their surroundings, and no more."""

    number: int
    timestamp: int
    """Seconds; above the parent's."""
    coinbase: bytes
    prev_randao: bytes
    gas_limit: int
    base_fee: int | None
    """None before London."""
    chain_id: int
    parent_hash: bytes
    """Written to the history contracts (EIP-2935, BlockHistory)."""
    difficulty: int = 0
    """Non-zero only in imported proof-of-work blocks, and where a call pretends one."""
    ancestors: Iterable[bytes] = ()
    """Hashes for BLOCKHASH, the parent's first, at most 256; read once, as far as asked for."""
    parent_beacon_root: bytes | None = None
    """EIP-4788; None before Cancun."""
    excess_blob_gas: int | None = None
    blob_base_fee: int | None = None
    """Set where a call pretends one; otherwise it follows from the excess."""
    fork: Fork | None = None
    """Whose rules a call runs under; None for those of number and time."""
    withdrawals: tuple[Withdrawal, ...] | None = None
    ommers: tuple[tuple[bytes, int], ...] = ()
    """(coinbase, number) of each ommer; imported proof-of-work blocks."""
    deployers: frozenset[bytes] | None = None
    """Origins that may create contracts; None where anyone may."""
    overrides: "Mapping[bytes, AccountOverride]" = field(default_factory=dict)
    """Development only: what a tool wrote into the state, as hardhat_setBalance does, before the transactions."""


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What executing a block gave."""

    receipts: tuple[Receipt, ...]
    gas_used: int
    logs_bloom: bytes
    state_root: bytes
    transactions_root: bytes
    receipts_root: bytes
    withdrawals_root: bytes | None
    blob_gas_used: int | None
    requests_hash: bytes | None
    writes: Mapping[bytes, bytes]
    """New trie nodes and codes by their keccak."""


@crossing
@dataclass(frozen=True, slots=True)
class CallRequest:
    """A message to simulate: eth_call, eth_estimateGas, eth_createAccessList."""

    sender: bytes = bytes(20)
    to: bytes | None = None
    """None runs `data` as creation code."""
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    """None asks for the most the node allows."""
    gas_price: int = 0
    """Effective price, which GASPRICE shows and the sender pays; free chains take nothing and show 0."""
    fee_cap: int = 0
    """Most that the sender would pay per gas: it must own that much."""
    tip_cap: int = 0
    nonce: int | None = None
    """Looked at only where a made-up block is validated."""
    access_list: tuple[AccessEntry, ...] = ()
    authorizations: tuple[Authorization, ...] | None = None
    """None where the message is no delegation; an empty list is refused."""
    blob_hashes: tuple[bytes, ...] | None = None
    """None where the message carries no blobs; an empty list is refused."""
    blob_fee_cap: int | None = None


@dataclass(frozen=True, slots=True)
class AccountOverride:
    """State that a call pretends an account has; None leaves the field alone."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    storage: Mapping[int, int] | None = None
    """Replaces the whole storage."""
    storage_difference: Mapping[int, int] | None = None
    """Replaces single slots; not together with `storage`."""
    moves_to: bytes | None = None
    """Where the precompile that stands here shall stand instead."""


@crossing
@dataclass(frozen=True, slots=True)
class CallResult:
    """The outcome of a simulated message."""

    output: bytes
    """Return data, or the revert data where it failed with REVERT."""
    gas_used: int
    error: str | None
    """None on success; "execution reverted", "out of gas", "invalid opcode: …" and the like, as geth words them."""
    logs: tuple[Log, ...] = ()
    peak_gas: int = 0
    """Before refunds: a limit must cover it all the same."""

    @property
    def is_revert(self) -> bool:
        """Whether it ended with REVERT, so that `output` is the revert data."""
        return self.error == "execution reverted"


class BlockExecutor(Protocol):
    """Runs blocks."""

    def execute(
        self,
        parent_state_root: bytes,
        transactions: Sequence[bytes],
        context: BlockContext,
        senders: Sequence[bytes] | None = None,
    ) -> BlockResult:
        """Apply a block's transactions in order; `senders`, where known, spare the recovery.

        Raises `ExecutionError` where a transaction cannot stand in a block at all (a wrong nonce, say); a transaction
        that merely fails has a receipt that says so.
        """
        ...


class Executor(BlockExecutor, Protocol):
    """Runs blocks and calls over states that a `NodeReader` gives."""

    def call(
        self,
        state_root: bytes,
        request: CallRequest,
        context: BlockContext,
        overrides: Mapping[bytes, AccountOverride] | None = None,
    ) -> CallResult:
        """Simulate one message on a state without changing it."""
        ...
