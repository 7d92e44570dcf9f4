"""What an engine and the application hand each other; the nouns are those of ABCI 2.0 (CometBFT)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from testamur.proof.cometbft import Validator

from testamur_node.chain.block import Block
from testamur_node.chain.receipt import Receipt
from testamur_node.chain.transaction import Transaction
from testamur_node.execution.executor import AccountOverride
from testamur_node.permission import Refusal

__all__ = ["Decided", "Finalized", "Info", "Proposal"]


@dataclass(frozen=True, slots=True)
class Info:
    """Where the application stands, for the engine's handshake."""

    engine_height: int
    """The last height committed; 0 before the first."""
    app_hash: bytes
    """Hash of the newest EVM block."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A block as the engine decided it."""

    height: int
    time_ns: int
    transactions: tuple[bytes, ...]
    forces_block: bool = False
    """Development only: make an EVM block even of no transactions (evm_mine)."""
    overrides: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    """Development only: what the block writes into the state by itself (hardhat_setBalance and its like)."""


@dataclass(frozen=True, slots=True)
class Finalized:
    """What executing a decided block gave the engine."""

    app_hash: bytes
    """Of the newest EVM block after it; unchanged where it made none."""
    block: Block | None
    receipts: tuple[Receipt, ...]
    validator_updates: tuple[Validator, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the next block could hold."""

    transactions: tuple[Transaction, ...]
    """In the order in which it would."""
    hopeless: tuple[tuple[Transaction, Refusal], ...]
    """Candidates that the present state refuses whatever comes before them, and that would hold up their senders'."""
