"""Blocks executed in a process of their own, so that whatever the node answers meanwhile takes nothing from them.

The process is forked before the node has threads, and opens the store for reading. A job goes in as raw transactions
and a `BlockContext`, a `BlockResult` comes back; writing stays with the node, so a process that dies in the middle of a
block loses nothing: the node halts as on any internal error and goes on when started again. The process
ends with the node, however that ends, because its pipe ends then.
"""

import contextlib
import logging
import os
import pickle
import signal
import threading
from collections.abc import Sequence
from dataclasses import fields, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from testamur_node.chain.receipt import Log, Receipt
from testamur_node.chain.rules import ChainSpec
from testamur_node.engine.in_hand import InHand
from testamur_node.execution.executor import BlockContext, BlockResult, ExecutionError
from testamur_node.execution.pyevm import PyEvm
from testamur_node.execution.threads import start_thread
from testamur_node.garbage import GivingBack
from testamur_node.last_words import LastWords, meaning
from testamur_node.store.store import Store

__all__ = ["ExecutorProcess", "ExecutorLostError"]

_log = logging.getLogger(__name__)
_RECEIPT_FIELDS = tuple(field.name for field in fields(Receipt))


class ExecutorLostError(ExecutionError):
    """The process that executes blocks is gone; no block can be made without it."""


class ExecutorProcess:
    """`execute` of `Executor`, elsewhere. One caller at a time."""

    def __init__(self, process_id: int, pipe: "Connection[Any, Any]") -> None:
        self.process_id = process_id
        self._pipe = pipe
        self._lock = threading.Lock()
        """Only one may collect the exit code."""
        self._exit_code: int | None = None
        self._data: Path | None = None

    @classmethod
    def start(cls) -> "ExecutorProcess":
        """Fork: before there are threads, an open store or a running loop, which a child must not inherit."""
        ours, theirs = Pipe()
        words = LastWords()
        process_id = os.fork()
        if process_id:
            theirs.close()
            words.speak()
            return cls(process_id, ours)
        status = 1
        try:
            ours.close()
            words.hear()
            # sent to a whole group, they are the node's to handle
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            start_thread(lambda: _serve(theirs, words), "executor").join()
            status = 0
        finally:
            os._exit(status)

    def open(self, data: Path, spec: ChainSpec, hand: Path | None = None) -> None:
        """Tell which store to read, which exists by the first block, and by which rules to work; `hand` is where to
        note the transaction that is being executed."""
        self._data = data
        self._pipe.send((data, spec, hand))

    def execute(
        self,
        parent_state_root: bytes,
        transactions: Sequence[bytes],
        context: BlockContext,
        senders: Sequence[bytes] | None = None,
    ) -> BlockResult:
        """See `Executor.execute`. Raises `ExecutorLostError` where the process is gone."""
        # the ancestors are read where they are needed
        job = parent_state_root, list(transactions), replace(context, ancestors=()), senders
        try:
            self._pipe.send(job)
            is_result, value = self._pipe.recv()
        except (EOFError, OSError) as error:
            with self._lock:
                self._wait()
            raise self._lost() from error
        if not is_result:
            raise ExecutionError(value)
        result: BlockResult = value[0]
        return replace(result, receipts=tuple(_receipt(row) for row in value[1]))

    def loss(self) -> ExecutorLostError | None:
        """What to halt with, once the process has ended by itself."""
        with self._lock:
            return None if self._pipe.closed or self._is_alive() else self._lost()

    def close(self) -> None:
        """Let it end."""
        self._pipe.close()
        with self._lock:
            self._wait()

    def _is_alive(self) -> bool:
        if self._exit_code is None:
            found, status = os.waitpid(self.process_id, os.WNOHANG)
            self._exit_code = os.waitstatus_to_exitcode(status) if found else None
        return self._exit_code is None

    def _wait(self) -> None:
        if self._exit_code is None:
            _, status = os.waitpid(self.process_id, 0)
            self._exit_code = os.waitstatus_to_exitcode(status)

    def _lost(self) -> ExecutorLostError:
        code = self._exit_code or 0
        if code == -signal.SIGBUS:
            return ExecutorLostError(*meaning(-code, self._data))
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        return ExecutorLostError(f"the process that executes blocks {how}", "nothing is lost, start the node again")


def _serve(pipe: "Connection[Any, Any]", words: LastWords) -> None:
    """The process: work until the node closes the pipe or is gone, and then tell what the node could not."""
    data, giving_back = None, GivingBack()
    with contextlib.suppress(EOFError, OSError):
        data, spec, hand = pipe.recv()
        note = None if hand is None else InHand(hand)
        with contextlib.closing(Store.open(data, writes=False)) as store:
            while True:
                pipe.send_bytes(_reply(store, spec, note, *pipe.recv()))
                store.environment.trim()
                giving_back.after_job()
    words.pass_on(data)


def _reply(store: Store, spec: ChainSpec, note: InHand | None, *job: Any) -> bytes:
    """(True, the result) or (False, what to halt with), pickled."""
    try:
        return pickle.dumps((True, _execute(store, spec, note, *job)), pickle.HIGHEST_PROTOCOL)
    except ExecutionError as error:
        return pickle.dumps((False, str(error)))
    except BaseException as error:  # the node halts on it, whatever it is
        _log.critical("the executor failed", exc_info=error)
        return pickle.dumps((False, f"the executor failed: {type(error).__name__}: {error}"))


def _execute(
    store: Store,
    spec: ChainSpec,
    note: InHand | None,
    parent_state_root: bytes,
    transactions: Sequence[bytes],
    context: BlockContext,
    senders: Sequence[bytes] | None,
) -> tuple[BlockResult, list[tuple[Any, ...]]]:
    """The result with its receipts apart, as plain tuples, which cross a pipe ten times faster."""
    context = replace(context, ancestors=store.ancestors(context.number - 1))
    with store.nodes() as read_node:
        evm = PyEvm(spec, read_node, None if note is None else note.take)
        result = evm.execute(parent_state_root, transactions, context, senders)
    if note is not None:
        note.lay_down()
    return replace(result, receipts=()), [_row(receipt) for receipt in result.receipts]


def _row(receipt: Receipt) -> tuple[Any, ...]:
    values = {name: getattr(receipt, name) for name in _RECEIPT_FIELDS}
    return tuple((values | {"logs": [(log.address, log.topics, log.data) for log in receipt.logs]}).values())


def _receipt(row: tuple[Any, ...]) -> Receipt:
    values = dict(zip(_RECEIPT_FIELDS, row, strict=True))
    return Receipt(**(values | {"logs": tuple(Log(*log) for log in values["logs"])}))
