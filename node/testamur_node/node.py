"""The running node: chain, state, pool and engine behind one object. RPC, CLI and tests talk to this and nothing below.

Flow: rpc -> `Node.submit` -> pool -> engine -> application -> executor -> store -> subscribers -> rpc. Every method may
be called from any thread. Reads see the last committed block; writes happen on the engine's thread alone.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from testamur.proof.cometbft_json import validator_to_json

from testamur_node.apart import Apart
from testamur_node.application import Application, prev_randao
from testamur_node.chain.block import Block, Header, encode_header
from testamur_node.chain.development import development_accounts
from testamur_node.chain.receipt import Log, Receipt
from testamur_node.chain.rules import ChainSpec
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.codec import to_hex
from testamur_node.engine.headers import SOLO_POWER
from testamur_node.engine.key import ValidatorKey
from testamur_node.engine.solo import SoloEngine
from testamur_node.errors import NodeError
from testamur_node.execution.executor import AccountOverride, CallRequest, CallResult
from testamur_node.execution.observing import Observer
from testamur_node.execution.pyevm import PyEvm
from testamur_node.execution.simulating import BlockPlan, Options, SimulatedBlock, simulate
from testamur_node.execution.threads import Workers
from testamur_node.genesis import Genesis, GenesisError
from testamur_node.governance import permission_of
from testamur_node.index.logs import matches, transactions_with
from testamur_node.permission import Refusal
from testamur_node.pool import Pool
from testamur_node.simulation import context_of, least_gas, pending_context, replay_context
from testamur_node.state.reader import StateReader
from testamur_node.store.store import Store

__all__ = [
    "Node", "Clock", "LocatedLog", "UnknownBlockError", "DevelopmentOnlyError", "RefusedError", "HaltedError",
    "GENESIS_FILE", "VALIDATOR_KEY", "DATA_FOLDER",
]  # fmt: skip

logger = logging.getLogger(__name__)

Clock = Callable[[], int]
"""Nanoseconds since 1970; `time.time_ns` outside tests."""

P = ParamSpec("P")
Result = TypeVar("Result")

GENESIS_FILE = "genesis.json"
VALIDATOR_KEY = "engine/priv_validator_key.json"
DATA_FOLDER = "data"
_CALL_WORKERS = 2
_CALL_GAS = 50_000_000
"""The most gas a call may ask for."""


class UnknownBlockError(NodeError):
    """No such block, or its state was pruned."""


class DevelopmentOnlyError(NodeError):
    """The request changes time or history, which only a development chain allows."""


class HaltedError(NodeError):
    """The engine has halted on an internal error: the process must end, and a restart continues from the last block."""


class RefusedError(NodeError):
    """No block of this chain may hold the transaction at the present state."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


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
    """A node on one home folder: genesis.json, data/, and for the solo engine its key."""

    def __init__(
        self,
        genesis: Genesis,
        store: Store,
        clock: Clock,
        *,
        key: ValidatorKey | None = None,
        block_time: float | None = None,
    ) -> None:
        """Take over an open store; with `key` the solo engine runs. `Node.open` does this from a home folder."""
        self.spec: ChainSpec = genesis.spec
        self.chain_id = genesis.chain_id
        self.genesis = genesis
        self.store = store
        self.pool = Pool()
        self._executor = PyEvm(genesis.spec, store.read_node)
        self._application = Application(genesis, store, self._executor)
        self._workers = Workers(_CALL_WORKERS, "call")
        self._clock = clock
        self._changed = threading.Condition()
        self._subscribers: list[Callable[[Block], None]] = []
        self._snapshots: list[tuple[int, int]] = []
        self.impersonated: set[bytes] = set()
        """Development: accounts that tools act for without their keys."""
        self._key = key
        self._engine: SoloEngine | None = None
        self._head_block: Block | None = None
        self._apart: Apart | None = None
        self._is_closed = False
        if key is not None:
            time = genesis.spec.default_block_time if block_time is None else block_time
            self._engine = SoloEngine(
                self._application, self.pool, key, clock, block_time=time, on_block=self._announce
            )
            self._engine.start()

    @classmethod
    def open(
        cls,
        home: Path,
        clock: Clock,
        *,
        seals: bool = True,
        block_time: float | None = None,
        call_processes: int = 0,
    ) -> "Node":
        """Open a home folder that `init` made. With `seals` the solo engine runs; without, the node only serves.

        `block_time` in seconds; 0 seals at once; None takes the spec's default (alliance 1, development at once).
        `call_processes` is how many processes `apart` has; with 0 it works in this one.
        Raises `StoreError` where another process holds the home, the schema is newer, or the disk refuses.
        """
        try:
            genesis = Genesis.from_json((home / GENESIS_FILE).read_text(encoding="utf-8"))
        except OSError as error:
            raise GenesisError(f"{home} has no {GENESIS_FILE}: {error.strerror}", "run testamur-node init") from error
        key = ValidatorKey.load(home / VALIDATOR_KEY) if seals and genesis.spec.name != "imported" else None
        store = Store.open(home / DATA_FOLDER)
        try:
            node = cls(genesis, store, clock, key=key, block_time=block_time)
        except BaseException:
            store.close()
            raise
        if call_processes:
            # a killed process leaves its place in LMDB's reader table behind, which would pin old pages
            node._apart = Apart(home, call_processes, store.environment.lmdb.reader_check)
        return node

    @classmethod
    def reading(cls, home: Path, clock: Clock) -> "Node":
        """A node beside the one that has the home open: it reads what is committed and writes nothing."""
        genesis = Genesis.from_json((home / GENESIS_FILE).read_text(encoding="utf-8"))
        return cls(genesis, Store.open(home / DATA_FOLDER, writes=False), clock)

    def close(self) -> None:
        """Stop the engine after its current block and close the store. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._apart is not None:
            self._apart.close()
        if self._engine is not None:
            self._engine.stop()
        self._workers.close()
        self.store.close()

    def raise_if_halted(self) -> None:
        """Raise `HaltedError` once the engine has halted."""
        failure = self._engine.failure if self._engine is not None else None
        if failure is not None:
            raise HaltedError(
                f"the engine has halted: {failure}", "see the log; a restart continues safely"
            ) from failure

    # reading

    @property
    def head(self) -> Block:
        """The newest block: latest, safe and final at once."""
        number = self._application.head.number
        block = self._head_block
        if block is None or block.hash != self._application.head.hash:
            block = self._required(number)
            self._head_block = block
        return block

    def block(self, which: int | bytes) -> Block | None:
        """The block with a number or a hash."""
        number = self.store.number_of(which) if isinstance(which, bytes) else which
        return None if number is None or number < 0 else self.store.block(number)

    def receipts(self, number: int) -> tuple[Receipt, ...]:
        """The receipts of a block's transactions in order."""
        return self.store.receipts(number)

    def locate(self, transaction_hash: bytes) -> tuple[int, int] | None:
        """(block number, index) of an included transaction; read one transaction then, not its whole block."""
        return self.store.locate(transaction_hash)

    def transaction(self, number: int, index: int) -> Transaction | None:
        """One transaction of a block."""
        return self.store.transaction(number, index)

    def receipt(self, number: int, index: int) -> Receipt | None:
        """One transaction's receipt."""
        found = self.store.receipt(number, index)
        return None if found is None else found[0]

    def logs_before(self, number: int, index: int) -> int:
        """How many logs the block has before transaction `index`: the first log index of that transaction."""
        found = self.store.receipt(number, index)
        return 0 if found is None else found[1]

    def header(self, number: int) -> Header | None:
        """A block's header alone."""
        return self.store.header(number)

    def state_at(self, number: int) -> StateReader:
        """The state after block `number`; `UnknownBlockError` where there is none, or it was pruned."""
        pruned = self.store.meta("pruned")
        if pruned is not None and number < int.from_bytes(pruned, "big"):
            raise UnknownBlockError(f"the state of block {number} was pruned", "ask a node that keeps all states")
        return self._application.state(self._header(number))

    def logs(
        self,
        first: int,
        last: int,
        addresses: Sequence[bytes] = (),
        topics: Sequence[Sequence[bytes] | None] = (),
        limit: int | None = None,
    ) -> list[LocatedLog]:
        """Logs of blocks first..last in order; each topic position None for any, else one of several.

        At most `limit` + 1 come back, so that a caller can tell that there were more.
        """
        found: list[LocatedLog] = []
        for number, index in self._candidates(first, min(last, self._application.head.number), addresses, topics):
            stored = self.store.receipt(number, index)
            transaction, header = self.store.transaction(number, index), self.store.header(number)
            if stored is None or transaction is None or header is None:
                continue  # the block was rolled back (development) while we read
            receipt, position = stored
            for log in receipt.logs:
                if matches(log, addresses, topics):
                    found.append(
                        LocatedLog(log, number, header.hash, header.timestamp, transaction.hash, index, position)
                    )
                    if limit is not None and len(found) > limit:
                        return found
                position += 1
        return found

    def _candidates(
        self, first: int, last: int, addresses: Sequence[bytes], topics: Sequence[Sequence[bytes] | None]
    ) -> Iterator[tuple[int, int]]:
        environment = self.store.environment
        with environment.lmdb.begin() as view:
            indexed = transactions_with(view, environment.tables["logs"], first, last, addresses, topics)
            if indexed is not None:
                yield from indexed
                return
        for number in range(first, last + 1):
            yield from ((number, index) for index, receipt in enumerate(self.store.receipts(number)) if receipt.logs)

    # simulating

    def apart(
        self,
        function: "Callable[Concatenate[Node, P], Result]",
        seconds: float,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Result:
        """`function(node, …)` in a process that can be ended after `seconds`, where this node has such processes.

        `function` is a module's own, and so are the types it takes and gives; it may read and simulate, nothing else.
        """
        if self._apart is None:
            return function(self, *args, **kwargs)
        return self._apart.run(function, self._now(), seconds, *args, **kwargs)

    def refresh(self) -> None:
        """Take up what another process has committed; for nodes that only read."""
        self._application.refresh()
        self._head_block = None

    def call(
        self,
        request: CallRequest,
        number: int | None,
        overrides: Mapping[bytes, AccountOverride] | None = None,
        observer: Observer | None = None,
    ) -> CallResult:
        """Run a message on the state after block `number`; None means pending: on the head, in the block to come.

        `observer`, where given, sees every frame and step of it.
        """
        return self._workers.run(lambda: self._simulate(request, number, overrides, observer))

    def replay(self, number: int, observe: Callable[[int], Observer | None], count: int | None = None) -> None:
        """Run the first `count` transactions of a block again, all by default; `observe` names who watches which."""
        block, parent = self._required(number), self._header(number - 1)
        transactions = block.transactions[:count]
        deployers: frozenset[bytes] | None = None
        if self.spec.is_permissioned:
            state = self._application.state(parent)
            senders = {transaction.sender for transaction in transactions}
            deployers = frozenset(sender for sender in senders if permission_of(state, sender).deploy)
        context = replay_context(block, self.chain_id, self.store.ancestors, deployers)
        raw, senders_ = [item.raw for item in transactions], [item.sender for item in transactions]
        self._workers.run(lambda: self._executor.execute(parent.state_root, raw, context, senders_, observe))

    def estimate_gas(
        self, request: CallRequest, number: int | None, overrides: Mapping[bytes, AccountOverride] | None = None
    ) -> CallResult:
        """The least gas with which `request` succeeds, in `gas_used`; `error` is set where it fails with any."""
        header = self._header(number)
        state = self._application.state(header)
        highest = header.gas_limit if request.gas is None or request.gas < 21_000 else min(request.gas, _CALL_GAS)
        if request.charges_fees and request.gas_price:
            highest = min(highest, max(state.balance(request.sender) - request.value, 0) // request.gas_price)
        is_plain = not request.data and request.to is not None and not state.code(request.to) and not overrides

        def run(gas: int) -> CallResult:
            return self._simulate(_with_gas(request, gas), number, overrides)

        return self._workers.run(lambda: least_gas(run, highest, is_plain))

    def _simulate(
        self,
        request: CallRequest,
        number: int | None,
        overrides: Mapping[bytes, AccountOverride] | None,
        observer: Observer | None = None,
    ) -> CallResult:
        header = self._header(number)
        deployers: frozenset[bytes] | None = None
        if self.spec.is_permissioned:
            may = permission_of(self._application.state(header), request.sender).deploy
            deployers = frozenset({request.sender}) if may else frozenset()
        if number is None:
            timestamp = max(self._now() // 1_000_000_000, header.timestamp + 1)
            context = pending_context(
                self._application.parent(), header, header.hash, prev_randao(header.hash, header.number + 1), timestamp,
                deployers,
            )  # fmt: skip
        else:
            context = context_of(header, self.chain_id, self.store.ancestors, deployers)
        if request.gas_price == 0 and context.base_fee:
            context = replace(context, base_fee=0)  # as geth: who offers no price sees no base fee
        limit = max(_CALL_GAS, header.gas_limit)
        gas = limit if request.gas is None else min(request.gas, limit)
        return self._executor.call(header.state_root, _with_gas(request, gas), context, overrides, observer)

    def simulate(self, number: int, plans: Sequence[BlockPlan], options: Options) -> list[SimulatedBlock]:
        """Blocks made up on the state after block `number`, and forgotten (eth_simulateV1)."""
        base = self._header(number)
        state = self._application.state(base)

        def run() -> list[SimulatedBlock]:
            return simulate(
                self.spec, self.chain_id, self.store.read_node, base, self.store.ancestors(number), plans, options,
                lambda sender: permission_of(state, sender).deploy,
            )  # fmt: skip

        return self._workers.run(run)

    # writing

    def submit(self, raw: bytes, sender: bytes | None = None) -> bytes:
        """Check a raw transaction and put it into the pool; returns its hash.

        `sender` is one of `impersonated`, for a transaction signed with its impersonation key; else the signature names
        the sender. Raises `DecodingError`, `RefusedError` where no block could hold it, and the pool's refusals.
        """
        self.raise_if_halted()
        if sender is not None and sender not in self.impersonated:
            raise DevelopmentOnlyError(f"account 0x{sender.hex()} is not impersonated")
        transaction = decode_transaction(raw, sender)
        refusal = self._application.check(transaction)
        if refusal is not None:
            raise RefusedError(refusal)
        self.pool.add(transaction, self._application.parent().nonce(transaction.sender))
        if self._engine is not None:
            self._engine.notify()
        return transaction.hash

    def subscribe(self, callback: Callable[[Block], None]) -> Callable[[], None]:
        """Call back on each new block (from the engine's thread; be brief). Returns what ends the subscription."""
        with self._changed:
            self._subscribers.append(callback)

        def end() -> None:
            with self._changed:
                if callback in self._subscribers:
                    self._subscribers.remove(callback)

        return end

    def wait_for_block(self, number: int, timeout_seconds: float) -> bool:
        """Wait until the head has reached `number`; False on timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: self._application.head.number >= number, timeout_seconds)

    def _announce(self, block: Block) -> None:
        with self._changed:
            self._head_block = block
            self._changed.notify_all()
            subscribers = tuple(self._subscribers)
        for callback in subscribers:
            try:
                callback(block)
            except Exception:  # a listener's fault must not halt the engine, on whose thread this runs
                logger.exception("a subscriber failed on block %d", block.number)

    # trust

    def finality_proof(self, number: int) -> dict[str, Any] | None:
        """The proof of docs/protocol.md 4 for a block: its header, the newest signed engine header that carries its
        hash, and the validators that signed it. None where there is no such block or header yet."""
        header, carried = self.store.header(number), self.store.carried(number)
        encoded = self.store.signed_header(carried[1]) if carried else None
        if header is None or encoded is None:
            return None
        return {
            "evmHeader": to_hex(encode_header(header)),
            "signedHeader": orjson.loads(encoded),
            "validators": self.validators(),
        }

    def validators(self, engine_height: int | None = None) -> list[dict[str, Any]]:
        """The validator set of an engine height (default newest) in CometBFT's JSON form; solo has one for ever."""
        return [] if self._key is None else [validator_to_json(self._key.validator(SOLO_POWER))]

    def permissions(self, address: bytes) -> dict[str, Any]:
        """{"transact": count, "deploy": bool} of an account at the head."""
        permission = permission_of(self._application.state(), address)
        return {"transact": permission.transact, "deploy": permission.deploy}

    @property
    def engine_height(self) -> int:
        """The newest engine height."""
        return self._application.info().engine_height

    # development chains only

    @property
    def development_accounts(self) -> Mapping[bytes, bytes]:
        """Address -> private key of the unlocked accounts; empty outside the development spec."""
        return development_accounts() if self.spec.is_development else {}

    @property
    def automine(self) -> bool:
        """Whether transactions are sealed without being asked."""
        return self._engine is not None and self._engine.automine

    def mine(self, count: int = 1, timestamp: int | None = None) -> None:
        """Seal what the pool holds, then empty blocks, `count` blocks in all; the first at `timestamp` if given."""
        engine = self._development_engine()

        def seal() -> None:
            for index in range(count):
                engine.seal(forces_block=True, timestamp=timestamp if index == 0 else None)

        engine.run(seal)

    def snapshot(self) -> int:
        """Remember the present head; returns the snapshot's number, from 1."""
        engine = self._development_engine()
        engine.run(lambda: self._snapshots.append((self._application.head.number, engine.clock_shift_ns)))
        return len(self._snapshots)

    def revert(self, snapshot: int) -> bool:
        """Return to a snapshot and forget it and later ones; False where it is unknown. What waits is dropped."""
        engine = self._development_engine()

        def go_back() -> bool:
            if not 1 <= snapshot <= len(self._snapshots):
                return False
            number, shift = self._snapshots[snapshot - 1]
            del self._snapshots[snapshot - 1 :]
            self.pool.clear()
            self._application.roll_back(number)
            engine.clock_shift_ns, engine.next_timestamp = shift, None
            engine.reload()
            return True

        return engine.run(go_back)

    def increase_time(self, seconds: int) -> int:
        """Move the chain's clock forward; returns the total shift in seconds."""
        engine = self._development_engine()

        def shift() -> int:
            engine.clock_shift_ns += seconds * 1_000_000_000
            return engine.clock_shift_ns // 1_000_000_000

        return engine.run(shift)

    def set_next_timestamp(self, timestamp: int) -> None:
        """The next block's timestamp; must be above the head's. Later blocks go on from there."""
        engine = self._development_engine()

        def set_time() -> None:
            if timestamp <= self._application.head.timestamp:
                raise DevelopmentOnlyError(
                    f"timestamp {timestamp} is not above the newest block's {self._application.head.timestamp}"
                )
            engine.next_timestamp = timestamp
            engine.clock_shift_ns = timestamp * 1_000_000_000 - self._clock()

        engine.run(set_time)

    def write_state(self, overrides: Mapping[bytes, AccountOverride]) -> None:
        """Write balances, nonces, code or storage, in a block of its own without transactions."""
        engine = self._development_engine()
        engine.run(lambda: engine.seal(forces_block=True, overrides=overrides))

    def impersonate(self, address: bytes, is_on: bool = True) -> None:
        """Whether `submit` takes transactions of this account without its key."""
        self._development_engine()
        (self.impersonated.add if is_on else self.impersonated.discard)(address)

    def set_automine(self, is_on: bool) -> None:
        """Whether each transaction is sealed at once (the default) or waits for `mine`."""
        engine = self._development_engine()
        engine.automine = is_on
        engine.notify()

    # inside

    def _development_engine(self) -> SoloEngine:
        if not self.spec.is_development or self._engine is None:
            raise DevelopmentOnlyError("only a development chain does this", "testamur-node init --dev makes one")
        return self._engine

    def _now(self) -> int:
        return self._engine.now() if self._engine is not None else self._clock()

    def _header(self, number: int | None) -> Header:
        header = self._application.head if number is None else self.store.header(number)
        if header is None:
            raise UnknownBlockError(f"block {number} is not known")
        return header

    def _required(self, number: int) -> Block:
        block = self.store.block(number)
        if block is None:
            raise UnknownBlockError(f"block {number} is not known")
        return block


def _with_gas(request: CallRequest, gas: int) -> CallRequest:
    return replace(request, gas=gas)
