"""The running node: chain, state, pool and engine behind one object. RPC, CLI and tests talk to this and nothing below.

Flow: rpc -> `Node.submit` -> pool -> engine -> application -> executor -> store -> subscribers -> rpc. Every method may
be called from any thread. Reads see the last committed block; writes happen on the engine's thread alone.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from testamur.proof.cometbft_json import validator_to_json

from testamur_node.apart import Apart, Work
from testamur_node.application import Application
from testamur_node.calls import Calls
from testamur_node.chain.block import Block, encode_header
from testamur_node.chain.development import Wishes, development_accounts
from testamur_node.chain.rules import ChainSpec
from testamur_node.chain.sidecar import check_sidecar
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.codec import to_hex
from testamur_node.development import Development, DevelopmentOnlyError
from testamur_node.engine.clock import SteadyClock, demand_likely
from testamur_node.engine.headers import SOLO_POWER, decode_signed
from testamur_node.engine.in_hand import HAND_FILE, Aside, InHand, SetAsideError, suspect
from testamur_node.engine.key import ValidatorKey
from testamur_node.engine.solo import BlockTimes, SoloEngine
from testamur_node.errors import NodeError
from testamur_node.execution.pyevm import PyEvm
from testamur_node.executor_process import ExecutorProcess
from testamur_node.genesis import Genesis
from testamur_node.governance import permission_of
from testamur_node.pending import Pending, execute
from testamur_node.permission import Refusal
from testamur_node.pool import JOURNAL_FILE, AlreadyKnownError, Journal, JournalError, Pool
from testamur_node.pool.readmission import readmit
from testamur_node.promises import Promises
from testamur_node.reading import ChainReader, LocatedLog, UnknownBlockError
from testamur_node.store.room import Room
from testamur_node.store.store import Store
from testamur_node.watchers import Watchers

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


class HaltedError(NodeError):
    """The engine has halted on an internal error: the process must end, and a restart continues from the last block."""

    outside = "the engine has halted, see the log of the node"


class RefusedError(NodeError):
    """No block of this chain may hold the transaction at the present state."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Node(ChainReader):
    """A node on one home folder: genesis.json, data/, and for the solo engine its key."""

    def __init__(
        self,
        genesis: Genesis,
        store: Store,
        clock: Clock,
        *,
        key: ValidatorKey | None = None,
        block_time: float | None = None,
        journal: Journal | None = None,
        executor: ExecutorProcess | None = None,
        aside: Aside | None = None,
        left_in_hand: bytes | None = None,
    ) -> None:
        """Take over an open store; with `key` the solo engine runs, with `journal` the pool outlives the process, with
        `aside` what it died of twice is not tried again; the last process died with `left_in_hand`. `Node.open` does
        this from a home folder."""
        self.spec: ChainSpec = genesis.spec
        self.chain_id = genesis.chain_id
        self.genesis = genesis
        evm = PyEvm(genesis.spec, store.read_node)
        application = Application(genesis, store, evm if executor is None else executor)
        super().__init__(application, store)
        self.pool = Pool(journal=journal)
        if journal is not None:
            readmit(journal, self.pool, application)
        self.aside = aside
        if aside is not None and left_in_hand is not None:
            suspect(left_in_hand, aside, self.pool)
        self.calls = Calls(self, application, evm, self._now)
        self._clock = clock
        self.pending = Pending(
            application, self.pool, self._next_time, lambda plan, seconds: self.apart(execute, seconds, plan)
        )
        self._watchers = Watchers()
        self._promises = Promises()
        self._key = key
        self._engine: SoloEngine | None = None
        self._development: Development | None = None
        self._apart: Apart | None = None
        self._executor = executor
        self._room = Room(store.environment.folder, store.environment.folder.parent)
        self._is_closed = False
        if key is not None:
            time = genesis.spec.default_block_time if block_time is None else block_time
            self._engine = SoloEngine(
                application, self.pool, key, clock, block_time=time, on_block=self._announce, aside=aside
            )
            if self.spec.is_development:
                self._development = Development(application, self.pool, self._engine)
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
        most_apart: int = 64,
        executor: ExecutorProcess | None = None,
        elapsed: Clock | None = None,
        accepts_time: bool = False,
    ) -> "Node":
        """Open a home folder that `init` made. With `seals` the solo engine runs; without, the node only serves.

        `block_time` in seconds; 0 seals at once; None takes the spec's default (alliance 1, development at once).
        `call_processes` is how many processes `apart` and `render` have, with 0 they work in this one; `most_apart` how
        many requests may be there at a time. Blocks are executed in `executor`, where there is one, else in this
        process. `elapsed` counts nanoseconds that nobody sets: with it, blocks are made only while `clock` can be
        believed (engine/clock.py), and a clock more than seven days beyond the chain needs `accepts_time`.
        Raises `StoreError` where another process holds the home, the schema is newer, or the disk refuses, and
        `UnlikelyTimeError`.
        """
        genesis = Genesis.load(home / GENESIS_FILE)
        key = ValidatorKey.load(home / VALIDATOR_KEY) if seals and genesis.spec.name != "imported" else None
        store = Store.open(home / DATA_FOLDER)
        journal = Journal(home / JOURNAL_FILE, genesis.hash)
        aside = Aside(home) if key is not None else None
        try:
            if key is not None and elapsed is not None and not genesis.spec.is_development:
                clock = _believed(store, clock, elapsed, accepts_time)
            left = InHand.left_in(home / HAND_FILE) if key is not None else None
            InHand.forget(home / HAND_FILE)
            if executor is not None:
                executor.open(home / DATA_FOLDER, genesis.spec, home / HAND_FILE)
            node = cls(
                genesis, store, clock, key=key, block_time=block_time, journal=journal, executor=executor, aside=aside,
                left_in_hand=left,
            )  # fmt: skip
        except BaseException:
            store.close()
            raise
        if call_processes:
            # a killed process leaves its place in LMDB's reader table behind, which would pin old pages
            node._apart = Apart(home, call_processes, most_apart, store.environment.lmdb.reader_check)
        return node

    @classmethod
    def reading(cls, home: Path, clock: Clock) -> "Node":
        """A node beside the one that has the home open: it reads what is committed and writes nothing."""
        genesis = Genesis.load(home / GENESIS_FILE)
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
        self.pool.close()
        if self._executor is not None:
            self._executor.close()
        self.calls.close()
        self.store.close()

    def raise_if_halted(self) -> None:
        """Raise `HaltedError` once the engine has halted."""
        failure: BaseException | None = self._engine.failure if self._engine is not None else None
        if failure is None and self._executor is not None:
            failure = self._executor.loss()
        if failure is not None:
            message, advice = (failure.message, failure.advice) if isinstance(failure, NodeError) else (failure, None)
            raise HaltedError(
                f"the engine has halted: {message}", advice or "see the log; a restart continues safely"
            ) from failure

    # working apart

    def apart(
        self,
        function: "Callable[Concatenate[Calls, P], Result]",
        seconds: float,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Result:
        """`function(calls, …)` in a process that can be ended after `seconds`, where this node has such processes.

        `function` is a module's own or one of `Calls`, and so are the types it takes and gives; it may read and
        simulate, nothing else.
        """
        if self._apart is None:
            return function(self.calls, *args, **kwargs)
        return self._apart.run(Work.CALL, function, self._now(), seconds, *args, **kwargs)

    def render(
        self,
        function: "Callable[Concatenate[Calls, P], Result]",
        seconds: float,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Result:
        """The same for what is read and written out, which strangers' slow calls do not hold up."""
        if self._apart is None:
            return function(self.calls, *args, **kwargs)
        return self._apart.run(Work.RENDERING, function, self._now(), seconds, *args, **kwargs)

    def refresh(self) -> None:
        """Take up what another process has committed; for nodes that only read."""
        self._application.refresh()

    def give_way(self, seconds: float) -> None:
        """Wait while a block is being written, at most so long."""
        if self._engine is not None:
            self._engine.at_rest.wait(seconds)

    # writing

    def submit(self, raw: bytes, sender: bytes | None = None) -> bytes:
        """Check a raw transaction and put it into the pool; returns its hash.

        `sender` is an impersonated account, for a transaction signed with its impersonation key; else the signature
        names the sender. Raises `DecodingError`, `RefusedError` where no block could hold it, and the pool's refusals.
        """
        try:
            transaction = self._judged(raw, sender)
            self.pool.add(transaction, self._application.parent().nonce(transaction.sender))
        except NodeError as error:
            if isinstance(error, JournalError):
                logger.error("refused a transaction for want of room: %s", error.message)
            else:
                logger.warning("refused a transaction of %d bytes: %s", len(raw), error.message)
            raise
        if self._engine is not None:
            self._engine.notify()
        if self._development is not None:
            self._promises.give(transaction.hash)
        return transaction.hash

    def wait_until_sealed(self) -> None:
        """Development: wait for the blocks of what this thread has submitted, where the chain seals at once. So a hash
        is handed out with its receipt, as by other tools' chains, and a batch may still share a block.
        """
        development = self._development
        if development is None:
            return

        def is_open(transaction_hash: bytes) -> bool:
            has_ended = self._is_closed or (self._engine is not None and self._engine.failure is not None)
            return not has_ended and development.automine and self.pool.is_pending(transaction_hash)

        self._promises.keep(self._watchers.changed, is_open)

    def _judged(self, raw: bytes, sender: bytes | None) -> Transaction:
        """A transaction that the pool may take."""
        self.raise_if_halted()
        if sender is not None and not self.impersonates(sender):
            raise DevelopmentOnlyError(f"account 0x{sender.hex()} is not impersonated")
        transaction = decode_transaction(raw, sender)
        if transaction.type_id == 3:
            check_sidecar(raw, transaction.blob_hashes)
        if self.aside is not None and self.aside.holds(transaction.hash):
            raise SetAsideError(
                f"0x{transaction.hash.hex()} was set aside: the node died twice while it executed it",
                "the operator of the node can let it back",
            )
        refusal = self._application.check(transaction)
        if refusal is not None:
            raise RefusedError(refusal)
        if self.spec.is_development and self.store.locate(transaction.hash) is not None:
            raise AlreadyKnownError("already known")  # it failed in a block without using its nonce
        return transaction

    def pending_nonce(self, sender: bytes) -> int:
        """The nonce that a sender needs next: behind the chain's and the pending ones, before any gap."""
        while True:
            head = self._application.head
            nonce = self.pool.pending_nonce(sender, self._application.state(head).nonce(sender))
            if self._application.head is head:  # else a block may have taken what the pool no longer has
                return nonce

    def subscribe(self, callback: Callable[[Block], None]) -> Callable[[], None]:
        """Call back on each new block (from the engine's thread; be brief). Returns what ends the subscription."""
        return self._watchers.subscribe(callback)

    def wait_for_block(self, number: int, timeout_seconds: float) -> bool:
        """Wait until the head has reached `number`; False on timeout."""
        with self._watchers.changed:
            return self._watchers.changed.wait_for(lambda: self._application.head.number >= number, timeout_seconds)

    def _announce(self, block: Block) -> None:
        self._head_block = block
        self._watchers.tell(block)

    # trust

    def finality_proof(self, number: int) -> dict[str, Any] | None:
        """The proof of docs/protocol.md 4 for a block: its header, the newest signed engine header that carries its
        hash, and the validators that signed it. None where there is no such block or header yet."""
        header, carried = self.header(number), self.store.carried(number)
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

    @property
    def signed_at_ns(self) -> int | None:
        """Time of the newest signed header, nanoseconds since 1970; None where no engine runs."""
        last = self._engine.last if self._engine is not None else None
        return None if last is None else last.header.time_ns

    @property
    def block_times(self) -> BlockTimes | None:
        """How long the newest block took that this process made."""
        return None if self._engine is None else self._engine.times

    @property
    def waiting(self) -> str | None:
        """Why no block is made though it is time, None where all is well: the clock cannot be believed, say."""
        return None if self._engine is None else self._engine.waiting

    def room_problem(self) -> str | None:
        """Why the disk would not take a transaction now; asked of it at most once a second."""
        return self._room.problem()

    # development chains only

    @property
    def development(self) -> Development:
        """The levers of a development chain; `DevelopmentOnlyError` on any other, and where no engine runs."""
        if self._development is None:
            raise DevelopmentOnlyError("only a development chain does this", "testamur-node init --dev makes one")
        return self._development

    @property
    def unlocked_accounts(self) -> Mapping[bytes, bytes]:
        """Address -> private key of the accounts that this node signs for; empty outside the development spec."""
        return development_accounts() if self.spec.is_development else {}

    def impersonates(self, address: bytes) -> bool:
        """Whether `submit` takes transactions of this account without its key."""
        levers = self._development
        return levers is not None and (levers.impersonates_all or address in levers.impersonated)

    @property
    def wishes(self) -> Wishes:
        """What a tool asked of the blocks to come; nothing on any other chain."""
        return self._application.wishes

    # inside

    def _next_time(self) -> int:
        return self._engine.next_time() if self._engine is not None else self._clock()

    def _now(self) -> int:
        return self._engine.now() if self._engine is not None else self._clock()


def _believed(store: Store, clock: Clock, elapsed: Clock, accepts_time: bool) -> Clock:
    """The clock by which a chain that was signed before is gone on with. Raises `UnlikelyTimeError`."""
    encoded = store.signed_header(int.from_bytes(store.meta("engine_height") or b"", "big"))
    signed_ns = decode_signed(encoded).header.time_ns if encoded else 0
    if signed_ns and not accepts_time:
        demand_likely(clock(), signed_ns)
    return SteadyClock(clock, elapsed, signed_ns)
