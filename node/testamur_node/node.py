"""The running node: chain, state, pool and engine behind one object. RPC, CLI and tests talk to this and nothing below.

Flow: rpc -> `Node.submit` -> pool -> engine -> application -> executor -> store -> subscribers -> rpc. Every method
may be
called from any thread. Reads see the last committed block; writes happen on the engine's thread alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur_node.chain.block import Block
from testamur_node.chain.receipt import Log, Receipt
from testamur_node.chain.transaction import Transaction
from testamur_node.errors import NodeError
from testamur_node.execution.executor import AccountOverride, CallRequest, CallResult
from testamur_node.state.reader import StateReader

__all__ = ["Node", "Clock", "LocatedLog", "UnknownBlockError", "DevelopmentOnlyError"]

Clock = Callable[[], int]
"""Nanoseconds since 1970; `time.time_ns` outside tests."""


class UnknownBlockError(NodeError):
    """No such block, or its state was pruned."""


class DevelopmentOnlyError(NodeError):
    """The request changes time or history, which only a development chain allows."""


@dataclass(frozen=True, slots=True)
class LocatedLog:
    """A log with its place in the chain."""

    log: Log
    block_number: int
    block_hash: bytes
    block_timestamp: int
    transaction_hash: bytes
    transaction_index: int
    log_index: int
    """Position in the block."""


class Node:
    """A node on one home folder.

    `spec` (chain.rules.ChainSpec) tells which rules hold; `pool` is the waiting transactions; `chain_id` the EVM
    chain id.
    """

    @classmethod
    def open(cls, home: Path, clock: Clock, *, seals: bool = True, block_time: float | None = None) -> "Node":
        """Open a home folder that `init` made. With `seals` the solo engine runs; without, the node only serves.

        `block_time` in seconds; 0 seals at once; None takes the spec's default (alliance 1, development at once).
        Raises `StoreError` where another process holds the home, the schema is newer, or the disk refuses.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Stop the engine after its current block, sync and close the store. Safe to call twice."""

    # reading --------------------------------------------------------------------------------------------------------

    @property
    def head(self) -> Block:
        """The newest block: latest, safe and final at once."""
        raise NotImplementedError

    def block(self, which: int | bytes) -> Block | None:
        """The block with a number or a hash."""
        raise NotImplementedError

    def receipts(self, number: int) -> tuple[Receipt, ...]:
        """The receipts of a block's transactions in order."""
        raise NotImplementedError

    def locate(self, transaction_hash: bytes) -> tuple[int, int] | None:
        """(block number, index) of an included transaction. The pair comes as numbers: read one transaction, not its
        block.
        """
        raise NotImplementedError

    def transaction(self, number: int, index: int) -> Transaction | None:
        """One transaction of a block."""
        raise NotImplementedError

    def receipt(self, number: int, index: int) -> Receipt | None:
        """One transaction's receipt."""
        raise NotImplementedError

    def logs_before(self, number: int, index: int) -> int:
        """How many logs the block has before transaction `index`: the first log index of that transaction."""
        raise NotImplementedError

    def state_at(self, number: int) -> StateReader:
        """The state after block `number`; `UnknownBlockError` where there is none."""
        raise NotImplementedError

    def logs(
        self,
        first: int,
        last: int,
        addresses: Sequence[bytes] = (),
        topics: Sequence[Sequence[bytes] | None] = (),
        limit: int | None = None,
    ) -> list[LocatedLog]:
        """Logs of blocks first..last; each topic position None for any, else one of several. At most `limit` + 1 come
        back.
        """
        raise NotImplementedError

    # simulating -----------------------------------------------------------------------------------------------------

    def call(
        self, request: CallRequest, number: int | None, overrides: Mapping[bytes, AccountOverride] | None = None
    ) -> CallResult:
        """Run a message on the state after block `number`; None means pending: on the head, in the block to come."""
        raise NotImplementedError

    def estimate_gas(
        self, request: CallRequest, number: int | None, overrides: Mapping[bytes, AccountOverride] | None = None
    ) -> CallResult:
        """The least gas with which `request` succeeds, in `gas_used`; `error` is set where it fails with any."""
        raise NotImplementedError

    # writing --------------------------------------------------------------------------------------------------------

    def submit(self, raw: bytes) -> bytes:
        """Check a raw transaction and put it into the pool; returns its hash, raises the pool's refusal."""
        raise NotImplementedError

    def subscribe(self, callback: Callable[[Block], None]) -> Callable[[], None]:
        """Call back on each new block (from the engine's thread; be brief). Returns what ends the subscription."""
        raise NotImplementedError

    def wait_for_block(self, number: int, timeout_seconds: float) -> bool:
        """Wait until the head has reached `number`; False on timeout."""
        raise NotImplementedError

    # trust ----------------------------------------------------------------------------------------------------------

    def finality_proof(self, number: int) -> dict[str, Any] | None:
        """The JSON of docs/protocol.md 4 for block `number`: header, newest signed engine header that carries it,
        validators.
        """
        raise NotImplementedError

    def validators(self, engine_height: int | None = None) -> list[dict[str, Any]]:
        """The validator set of an engine height (default newest) in CometBFT's JSON form."""
        raise NotImplementedError

    def permissions(self, address: bytes) -> dict[str, Any]:
        """{"transact": count, "deploy": bool} of an account at the head."""
        raise NotImplementedError

    # development chains only ----------------------------------------------------------------------------------------

    @property
    def development_accounts(self) -> Mapping[bytes, bytes]:
        """Address -> private key of the unlocked accounts; empty outside the development spec."""
        raise NotImplementedError

    def mine(self, count: int = 1, timestamp: int | None = None) -> None:
        """Seal what the pool holds, then empty blocks, `count` blocks in all."""
        raise NotImplementedError

    def snapshot(self) -> int:
        """Remember the present head; returns the snapshot's number, from 1."""
        raise NotImplementedError

    def revert(self, snapshot: int) -> bool:
        """Return to a snapshot and forget it and later ones; False where it is unknown."""
        raise NotImplementedError

    def increase_time(self, seconds: int) -> int:
        """Move the chain's clock forward; returns the total shift in seconds."""
        raise NotImplementedError

    def set_next_timestamp(self, timestamp: int) -> None:
        """The next block's timestamp; must be above the head's. Later blocks go on from there."""
        raise NotImplementedError

    def set_automine(self, is_on: bool) -> None:
        """Whether each transaction is sealed at once (the default) or waits for `mine`."""
        raise NotImplementedError
