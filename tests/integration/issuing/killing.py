"""SIGKILL at a chosen point of a run, in a process of its own.

A point lies before and after everything a run does that outlives it: each request to the node, each transaction of the
journal and the nonce queue, each file that is synced, renamed or given its name.
"""

import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testamur.batch import journal
from testamur.chain import nonces, rpc

_EFFECTS: tuple[tuple[Any, str], ...] = (
    (rpc.Rpc, "_exchange"),
    (journal.Journal, "create"),
    (journal.Journal, "store_batches"),
    (journal.Journal, "store_done"),
    (journal.Signing, "add"),
    (journal.Signing, "finish"),
    (nonces.NonceQueue, "add"),
    (nonces.NonceQueue, "close_nonce"),
    (os, "fsync"),
    (Path, "replace"),
    (Path, "rename"),
)


def run_until(point: int, work: Callable[[], object]) -> bool:
    """Do `work` in a child that is killed at its `point`-th point; whether it was (False: it finished before)."""
    child = os.fork()
    if child == 0:
        try:
            _arm(point)
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _arm(point: int) -> None:
    passed = 0

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(effect: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*arguments: Any, **named: Any) -> Any:
            step()
            result = effect(*arguments, **named)
            step()
            return result

        return stepping

    for owner, name in _EFFECTS:
        setattr(owner, name, around(getattr(owner, name)))
