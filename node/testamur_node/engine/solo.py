"""The solo engine: one key orders, executes and signs (docs/protocol.md 4, trust `single-signer`).

A block with transactions takes two engine heights: header H holds the transactions and carries the state before them,
header H+1 follows at once, empty, and carries the new app_hash. Both are stored with the block in one synced
transaction, so whatever a caller was told is on disk with its proof. Without transactions the engine signs a heartbeat
now and then, which bounds how old a proved state can look. On an alliance chain what waits is gathered until the clock
has reached a later second than the newest block's, so that timestamps rise and headers do not lead the clock; with
block time 0 a header may lead it by one second. A development chain with a block time seals by its clock, with
transactions or without; with `automine` it seals at once what comes, and it may do both or neither. The clock is handed
in; where it cannot be believed (`clock.py`), or lies behind what was signed, nothing is signed until it can.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from testamur.proof.cometbft import SignedHeader

from testamur_node.abci import Decided, Finalized
from testamur_node.application import Application
from testamur_node.chain.block import Block
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.engine.choosing import choose
from testamur_node.engine.empty_blocks import empty_blocks
from testamur_node.engine.headers import (
    HeaderContent,
    decode_signed,
    encode_signed,
    results_hash,
    sign_header,
)
from testamur_node.engine.in_hand import Aside
from testamur_node.engine.key import ValidatorKey
from testamur_node.engine.obstacle import Obstacle
from testamur_node.engine.task import Tasks
from testamur_node.errors import NodeError
from testamur_node.execution.executor import AccountOverride
from testamur_node.execution.threads import start_thread
from testamur_node.pool import Pool

__all__ = ["BlockTimes", "SoloEngine", "EngineStoppedError"]

logger = logging.getLogger(__name__)

_SECOND = 1_000_000_000
_NEVER = 2**63
"""A time in nanoseconds that does not come."""
_LONGEST_SLEEP = 2 * _SECOND
_MOST_TOGETHER = 256
"""Empty blocks of a development chain in one commit."""
Result = TypeVar("Result")


class EngineStoppedError(NodeError):
    """The engine has halted or been closed and makes no more blocks."""

    outside = "the engine makes no more blocks, see the log of the node"


@dataclass(frozen=True, slots=True)
class BlockTimes:
    """How long one block took; for the operator's eyes, no rule reads it."""

    executing_seconds: float
    committing_seconds: float
    """Signing its headers and writing everything to disk."""


class SoloEngine:
    """Drives one `Application` from one thread; other threads hand it work."""

    def __init__(
        self,
        application: Application,
        pool: Pool,
        key: ValidatorKey,
        clock: Callable[[], int],
        *,
        block_time: float,
        on_block: Callable[[Block], None],
        aside: Aside | None = None,
    ) -> None:
        self._application = application
        self._pool = pool
        self._key = key
        self.clock = clock
        self._block_time_ns = int(block_time * _SECOND)
        self._on_block = on_block
        self._wake = threading.Condition()
        self._aside = aside
        self._tasks = Tasks()
        self._is_stopping = False
        self.failure: BaseException | None = None
        """What halted the engine; None while it runs."""
        is_beating = application.spec.is_development and self._block_time_ns > 0
        self.automine = not is_beating
        """Whether what waits is sealed without being asked; a development chain can do without."""
        self._beat_ns = self._block_time_ns if is_beating else None
        """Development: how often the clock makes a block, an empty one too, as on other development chains."""
        self.clock_shift_ns = 0
        """Development: how far evm_increaseTime has moved the clock."""
        self.at_rest = threading.Event()
        """Unset while a block is being written."""
        self.at_rest.set()
        self.times: BlockTimes | None = None
        """Of the newest block that this process made."""
        self._last = self._load_last()
        self._last_results_hash = b""
        self._retry_at = 0
        self._obstacle = None if application.spec.is_development else Obstacle(clock)
        self._sealed_at = clock()
        """When the newest block was made, by the engine's time: on a development chain its timestamp may lie ahead."""
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Sign where the head is not carried yet, then seal until `stop`."""
        self._thread = start_thread(self._run, "engine")

    def stop(self) -> None:
        """Finish the block in hand and end the thread."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=120)

    def notify(self) -> None:
        """Something waits in the pool."""
        with self._wake:
            self._wake.notify_all()

    def run(self, task: Callable[[], Result]) -> Result:
        """Run `task` on the engine's thread, between blocks, and return or raise what it does."""
        with self._wake:
            if self._is_stopping or self.failure is not None or self._thread is None:
                raise EngineStoppedError(
                    f"the engine has halted: {self.failure}" if self.failure else "the engine is off"
                )
            future = self._tasks.add(task)
            self._wake.notify_all()
        return future.result()  # type: ignore[return-value] # the task's own result

    def now(self) -> int:
        """The engine's time: the clock, moved by what a development chain was told."""
        return self.clock() + self.clock_shift_ns

    def next_time(self) -> int:
        """The time that a block made now would bear."""
        return self._block_time(None)

    @property
    def waiting(self) -> str | None:
        """Why nothing is signed now, though it is time; None where all is well."""
        return None if self._obstacle is None else self._obstacle.reason

    @property
    def last(self) -> SignedHeader | None:
        """The newest signed header."""
        return self._last

    # on the engine's thread

    def _run(self) -> None:
        try:
            if self._last is None or self._last.header.app_hash != self._application.head.hash:
                self.sign_empty()
            while self._is_awake():
                if self._tasks:
                    self._tasks.do_next()
                else:
                    self._turn()
        except BaseException as error:
            # an error inside the application is never skipped over: the node halts
            logger.critical("the engine halts: %s", error, exc_info=error)
            self.failure = error
        finally:
            with self._wake:
                self._is_stopping = True
                self._tasks.refuse_all(EngineStoppedError("the engine has halted"))

    def _is_awake(self) -> bool:
        """Sleep until there may be something to do; False once the engine is to stop."""
        with self._wake:
            if not self._is_stopping and not self._tasks and (wait := self._nanoseconds_to_wait()) > 0:
                self._wake.wait(min(wait, _LONGEST_SLEEP) / _SECOND)  # a clock may be set meanwhile
            return not self._is_stopping

    def _turn(self) -> None:
        """Seal if something can be sealed, else sign a heartbeat if one is due."""
        self._take_back()
        if self._obstacle is not None and self._obstacle.look(self._last.header.time_ns if self._last else 0):
            return
        beats = self._beat_time() <= self.now()
        is_due = beats or (self._has_work() and self._seal_time() <= self.now())
        if is_due and self.seal(forces_block=beats) is not None:
            return
        if self._heartbeat_time() <= self.now():
            self.sign_empty()

    def _has_work(self) -> bool:
        """Whether something waits that is sealed without being asked."""
        return self.automine and self._pool.counts()[0] > 0

    def _take_back(self) -> None:
        """Let into the pool what an operator has let back."""
        for suspect in self._aside.returning() if self._aside is not None else ():
            try:
                self._pool.add(decode_transaction(suspect.raw, suspect.sender), self._nonce(suspect.sender))
                logger.warning("0x%s was let back and waits for a block again", suspect.hash.hex())
            except NodeError as error:
                logger.warning("0x%s was let back and is not taken: %s", suspect.hash.hex(), error.message)

    def _nonce(self, address: bytes) -> int:
        return self._application.state().nonce(address)

    def _nanoseconds_to_wait(self) -> int:
        if self.waiting is not None:
            return _SECOND
        due = min(self._heartbeat_time(), self._beat_time())
        if self._has_work():
            due = min(due, self._seal_time())
        return due - self.now()

    def _heartbeat_time(self) -> int:
        last = self._last.header.time_ns if self._last else 0
        return last + self._application.parent().parameters.heartbeat_seconds * _SECOND

    def set_beat(self, nanoseconds: int | None) -> None:
        """Development: from now on a block each so many nanoseconds; None leaves it to `automine` and `seal`."""
        self._beat_ns, self._sealed_at = nanoseconds, self.now()

    def _beat_time(self) -> int:
        """When the clock makes the next block."""
        return _NEVER if self._beat_ns is None else self._sealed_at + self._beat_ns

    def _seal_time(self) -> int:
        """When what waits may be sealed: in a later second than the newest, or at once on a development chain."""
        if self._application.spec.is_development:
            return self._retry_at
        parent = self._application.head.timestamp * _SECOND
        if self._block_time_ns == 0:
            return parent  # its stamp is one second on: the header leads by one second at most
        return max(parent + max(self._block_time_ns, _SECOND), self._retry_at)

    def seal(
        self,
        *,
        forces_block: bool = False,
        timestamp: int | None = None,
        overrides: Mapping[bytes, AccountOverride] | None = None,
    ) -> Block | None:
        """Make one block of what is ready; None where nothing could be taken. With `overrides` (development) the block
        writes those into the state and takes no transactions; what was wished of the next block is left to the one
        after it.
        """
        wishes = self._application.wishes
        if overrides:
            self._application.wishes = wishes.lasting()
            timestamp = None if wishes.timestamp is None else self._application.head.timestamp + 1
        chosen = () if overrides else choose(self._application, self._pool)
        if not chosen and not forces_block:
            self._pool.settle(self._application.state().nonce)
            self._retry_at = self.now() + _SECOND
            return None
        time_ns = self._block_time(timestamp)
        decided = Decided(
            height=(self._last.header.height if self._last else 0) + 1,
            time_ns=time_ns,
            transactions=tuple(transaction.raw for transaction in chosen),
            forces_block=forces_block,
            overrides=overrides or {},
        )
        began = perf_counter()
        finalized = self._application.finalize(decided, chosen)
        executed = perf_counter()
        self._commit(decided, finalized)
        self.times = BlockTimes(executed - began, perf_counter() - executed)
        self._application.wishes = wishes if overrides else wishes.lasting()
        self._sealed_at = self.now()
        if finalized.block is not None:
            self._settle_pool(None if overrides else chosen)
            self._tell_block(finalized.block, self.times)
            self._on_block(finalized.block)
        return finalized.block

    def seal_empty(self, count: int, spacing: int | None = None) -> None:
        """Development: `count` blocks without transactions, many to a commit; `spacing` seconds from one to the next
        where it is given. What was wished of the next block alone must have been taken before.
        """
        while count > 0:
            made = min(count, _MOST_TOGETHER)
            self._seal_together(made, spacing)
            count -= made

    def _seal_together(self, count: int, spacing: int | None) -> None:
        application = self._application
        spacing = application.wishes.spacing if spacing is None else spacing
        commits, last = empty_blocks(application, self._last, self.now, self._sign, count, spacing)
        self.at_rest.clear()
        try:
            application.adopt_all(commits)
        finally:
            self.at_rest.set()
        self._last, self._sealed_at = last, self.now()
        number = application.head.number
        logger.info("blocks %d to %d: empty", number - count + 1, number)
        for commit in commits:
            if commit.block is not None:
                self._on_block(commit.block)

    def _tell_block(self, block: Block, times: BlockTimes) -> None:
        if self._aside is not None:
            self._aside.clear(item.hash for item in block.transactions)
        logger.info(
            "block %d: %d transactions, %d gas, 0x%s, executed in %.0f ms, written in %.0f ms",
            block.number, len(block.transactions), block.header.gas_used, block.hash.hex(),
            times.executing_seconds * 1000, times.committing_seconds * 1000,
        )  # fmt: skip

    def sign_empty(self) -> None:
        """Sign a header without transactions: a heartbeat, or the one that carries a new app_hash."""
        height = (self._last.header.height if self._last else 0) + 1
        last_time = self._last.header.time_ns if self._last else 0
        decided = Decided(height, max(self.now(), last_time + 1), ())
        self._application.finalize(decided)
        signed = self._sign(decided, self._application.head.hash, self._last)
        records = ((height, self._application.head.number, encode_signed(signed)),)
        self._write(records, height)
        self._last = signed

    def reload(self) -> None:
        """After a development chain went back: take up the newest stored header."""
        self._last = self._load_last()
        self._retry_at = 0
        self._sealed_at = self.now()

    def _block_time(self, timestamp: int | None) -> int:
        head = self._application.head
        wishes = self._application.wishes
        wanted = timestamp if timestamp is not None else wishes.timestamp
        if wanted is None and wishes.spacing is not None:
            wanted = head.timestamp + wishes.spacing
        if wanted is not None:
            return max(wanted, head.timestamp + 1) * _SECOND
        last_time = self._last.header.time_ns if self._last else 0
        now = self.now()
        return max(now, last_time + 1, (head.timestamp + 1) * _SECOND)

    def _commit(self, decided: Decided, finalized: Finalized) -> None:
        head = self._application.head
        first = self._sign(decided, head.hash, self._last)
        records = [(decided.height, head.number, encode_signed(first))]
        last = first
        if finalized.block is not None:
            after = Decided(decided.height + 1, max(self.now(), decided.time_ns + 1), ())
            self._last_results_hash = results_hash(finalized.receipts)
            last = self._sign(after, finalized.app_hash, first)
            self._last_results_hash = b""
            records.append((after.height, finalized.block.number, encode_signed(last)))
        self._write(tuple(records), last.header.height)
        self._last = last

    def _write(self, records: tuple[tuple[int, int, bytes], ...], height: int) -> None:
        """Commit what was finalized, with the signed headers; who reads much gives way meanwhile."""
        self.at_rest.clear()
        try:
            self._application.commit(records, height)
        finally:
            self.at_rest.set()

    def _sign(self, decided: Decided, app_hash: bytes, previous: SignedHeader | None) -> SignedHeader:
        content = HeaderContent(
            decided.height, decided.time_ns, app_hash, decided.transactions, self._last_results_hash
        )
        parameters = self._application.parent().parameters
        chain_id = self._application.genesis.engine_chain_id
        return sign_header(content, previous, self._key, chain_id, parameters.max_block_bytes, parameters.gas_limit)

    def _settle_pool(self, chosen: Collection[Transaction] | None) -> None:
        """Tell the pool where the senders of a block's transactions stand; for None where everybody does."""
        senders = None if chosen is None else {transaction.sender for transaction in chosen}
        self._pool.settle(self._application.state().nonce, senders)
        for transaction in chosen or ():
            # on a development chain one may stand in a block and leave its nonce as it was: not in another as well
            self._pool.remove(transaction.hash)

    def _load_last(self) -> SignedHeader | None:
        height = self._application.info().engine_height
        encoded = self._application.store.signed_header(height)
        return decode_signed(encoded) if encoded else None
