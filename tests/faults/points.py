"""The named places between a transaction and the disk, and in each command that writes, where a test ends a process.

`POINTS` is the list; `arm` wraps the product's own function so that its n-th passage is the last thing the process
does. Nothing of this is in the product: a function that is renamed makes `arm` fail.
"""

import contextlib
import importlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Point", "POINTS", "arm", "say"]

STORE, ENVIRONMENT = "testamur_node.store.store:Store", "testamur_node.store.environment"
APPLICATION, SOLO = "testamur_node.application:Application", "testamur_node.engine.solo:SoloEngine"
PYEVM, FILES = "testamur_node.execution.pyevm", "testamur_node.files"
RENAME, REPLACE = "pathlib:Path.rename", "pathlib:Path.replace"
JOURNAL = "testamur_node.pool.journal:Journal"
UPKEEP, INITIALISE = "testamur_node.operations.upkeep", "testamur_node.operations.initialise"


@dataclass(frozen=True, slots=True)
class Point:
    """A place to die at."""

    name: str
    phase: Literal["load", "opening", "founding", "command"]
    """Passed under load; at each start; at the first start of a home; in a command."""
    function: str
    """module:name of what is wrapped."""
    when: Literal["before", "after", "during", "put"] = "before"
    """`during`: at a random moment in it. `put`: after the store wrote a record into table `detail`."""
    detail: str = ""
    """Table of a put; else the command, as the test names it."""
    most: int = 1
    """A passage up to this one is chosen."""


def _load(name: str, function: str, when: Any = "before", detail: str = "", most: int = 8) -> Point:
    return Point(name, "load", function, when, detail, most)


POINTS = (
    _load("kept, not in the pool", f"{JOURNAL}._put", "after"),
    _load("a block's transactions not forgotten", f"{JOURNAL}.forget"),
    _load("proposal made", f"{APPLICATION}.propose", "after"),
    _load("before executing", f"{APPLICATION}.finalize"),
    _load("a transaction executed", f"{PYEVM}:PyEvm._apply", "after", most=12),
    _load("before the roots", f"{PYEVM}:list_root"),
    _load("between the roots", f"{PYEVM}:list_root", "after"),
    _load("executed", f"{APPLICATION}.finalize", "after"),
    _load("before signing", f"{SOLO}._sign", most=6),
    _load("one header signed", f"{SOLO}._sign", "after", most=6),
    _load("before the store", f"{STORE}.append"),
    _load("first write begun", f"{ENVIRONMENT}:Environment.write", "after"),
    _load("nodes written", f"{STORE}._put_block"),
    _load("header row written", f"{STORE}.append", "put", "headers"),
    _load("transaction row written", f"{STORE}.append", "put", "transactions"),
    _load("receipt row written", f"{STORE}.append", "put", "receipts"),
    _load("log row written", f"{STORE}.append", "put", "logs"),
    _load("block written", f"{STORE}._put_block", "after"),
    _load("signed header written", f"{STORE}._put_signed_header", "after", most=12),
    _load("carried row written", f"{STORE}.append", "put", "carried", 12),
    _load("meta written", f"{STORE}.append", "put", "meta", 12),
    _load("in the commit", "lmdb:commit", "during"),
    _load("committed", f"{STORE}.append", "after"),
    _load("before the pool settles", f"{SOLO}._settle_pool"),
    _load("the pool settled, nobody told", f"{SOLO}._settle_pool", "after"),
    _load("announced", f"{SOLO}.seal", "after"),
    _load("any moment", f"{SOLO}.seal", "during"),
    Point("the lock taken", "opening", f"{ENVIRONMENT}:_lock", "after"),
    Point("the readers' table reserved", "opening", f"{ENVIRONMENT}:_reserve_lock", "after"),
    Point("tables open", "opening", f"{ENVIRONMENT}:Environment._open_tables", "after"),
    Point("what waits read, not in the pool", "opening", f"{JOURNAL}.read", "after"),
    Point("what waits in the pool again", "opening", "testamur_node.node:readmit", "after"),
    Point("the newest header read", "opening", f"{SOLO}._load_last", "after"),
    Point("listening, word not left", "opening", "testamur_node.operations.start:_running", "after"),
    Point("word half left", "opening", f"{FILES}:_lock", "after"),
    Point("word left, nobody told", "opening", RENAME, "after"),
    Point("an empty store half made", "founding", RENAME),
    Point("an empty store made", "founding", f"{ENVIRONMENT}:_begin", "after"),
    Point("the chain not begun", "founding", f"{APPLICATION}.init_chain"),
    Point("block 0 written, not committed", "founding", f"{STORE}._put_block", "after"),
    Point("block 0 in the commit", "founding", "lmdb:commit", "during"),
    Point("block 0 committed, not signed", "founding", f"{APPLICATION}.init_chain", "after"),
    Point("the first header not committed", "founding", f"{STORE}._put_signed_header", "after"),
    Point("a folder not filled", "command", f"{FILES}:_lock", "after", "init"),
    Point("the validator's key written", "command", "testamur_node.engine.key:ValidatorKey.save", "after", "init"),
    Point(
        "some account keys written", "command", "testamur_node.operations.reference:write_secret", "after", "init", 9
    ),
    Point("genesis built", "command", f"{INITIALISE}:found", "after", "init"),
    Point("the home half synced", "command", f"{FILES}:sync", "before", "init", 20),
    Point("the home not in place", "command", RENAME, "before", "init"),
    Point("the home in place", "command", RENAME, "after", "init"),
    Point("a block imported", "command", f"{UPKEEP}:import_block", "after", "import", 6),
    Point("an imported block in the commit", "command", "lmdb:commit", "during", "import", 6),
    Point("genesis not copied", "command", f"{FILES}:_lock", "after", "import-chain"),
    Point("genesis copied, not in place", "command", RENAME, "before", "import-chain"),
    Point("genesis in place", "command", RENAME, "after", "import-chain"),
    Point("states to prune marked", "command", "testamur_node.store.maintenance:reachable", "after", "prune"),
    Point("pruning noted", "command", f"{ENVIRONMENT}:Environment.write", "before", "prune", 2),
    Point("a sweep in the commit", "command", "lmdb:commit", "during", "prune", 2),
    Point("compacted, not synced", "command", "testamur_node.store.maintenance:sync", "before", "compact"),
    Point("compacted, not in place", "command", REPLACE, "before", "compact"),
    Point("compacted, in place", "command", REPLACE, "after", "compact"),
    Point("blocks dropped", "command", f"{STORE}._drop_block", "after", "rollback", 2),
    Point("a rollback in the commit", "command", "lmdb:commit", "during", "rollback"),
    Point("rolled back", "command", f"{STORE}.roll_back", "after", "rollback"),
    Point("a backup not copied", "command", "testamur_node.store.maintenance:copy_store", "before", "backup"),
    Point("a backup without its settings", "command", f"{UPKEEP}:_carry", "before", "backup"),
    Point("a backup not in place", "command", RENAME, "before", "backup"),
    Point("a backup in place", "command", RENAME, "after", "backup"),
    Point("a backup judged", "command", f"{UPKEEP}:new_folder", "before", "restore"),
    Point("a restored home without keys", "command", f"{UPKEEP}:_carry", "before", "restore"),
    Point("a restored home not in place", "command", RENAME, "before", "restore"),
    Point("a restored home in place", "command", RENAME, "after", "restore"),
    Point("some blocks exported", "command", f"{UPKEEP}:encode_block", "after", "export", 6),
    Point("exported, not in place", "command", RENAME, "before", "export"),
    Point("exported, in place", "command", RENAME, "after", "export"),
)


def say(line: str) -> None:
    """One whole line in one write, since the reader may kill us right after."""
    os.write(1, (line + "\n").encode())


def arm(point: Point, passage: int, seed: int) -> None:
    """Have this process killed at the `passage`-th time it, or the executor that it forks, comes by."""
    count, lock, node = 0, threading.Lock(), os.getpid()

    def is_due() -> bool:
        nonlocal count
        with lock:
            count += 1
            return count == passage

    def die() -> None:
        say(f"dying {point.name}")
        os.kill(node, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    chance = random.Random(seed)
    if point.function == "lmdb:commit":
        _arm_commit(is_due, die, chance)
        return
    if point.when == "put":
        _wrap_transactions(lambda transaction, tables: _Watched(transaction, tables, point.detail, is_due, die))
        return
    owner, name = _resolve(point.function)
    original: Callable[..., Any] = getattr(owner, name)
    is_context = point.function.endswith("Environment.write")

    def stand_in(*arguments: Any, **named: Any) -> Any:
        due = is_due()
        if due and point.when == "before":
            die()
        if due and point.when == "during":
            threading.Timer(chance.random() * 0.05, die).start()
        result = original(*arguments, **named)
        if due and point.when == "after":
            if is_context:
                result.__enter__()  # the write transaction has begun
            die()
        return result

    setattr(owner, name, stand_in)


def _resolve(function: str) -> tuple[Any, str]:
    module, _, path = function.partition(":")
    owner: Any = importlib.import_module(module)
    *inner, name = path.split(".")
    for part in inner:
        owner = getattr(owner, part)
    if name not in vars(owner):
        raise AttributeError(f"{function} is no longer there: name the fault point anew")
    return owner, name


def _wrap_transactions(watch: Callable[[Any, dict[str, Any]], Any]) -> None:
    from testamur_node.store.environment import Environment

    original = Environment.write

    @contextlib.contextmanager
    def write(self: Any) -> Iterator[Any]:
        with original(self) as transaction:
            yield watch(transaction, self.tables)

    Environment.write = write  # type: ignore[method-assign] # this process is made to die in the middle of a write


class _Watched:
    """A write transaction that ends the process after a put into one table."""

    def __init__(
        self, transaction: Any, tables: dict[str, Any], table: str, is_due: Callable[[], bool], die: Callable[[], None]
    ) -> None:
        self._transaction, self._table, self._is_due, self._die = transaction, tables[table], is_due, die

    def put(self, key: bytes, value: bytes, *, db: Any) -> Any:
        written = self._transaction.put(key, value, db=db)
        if db is self._table and self._is_due():
            self._die()
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)


def _arm_commit(is_due: Callable[[], bool], die: Callable[[], None], chance: random.Random) -> None:
    """LMDB commits without Python's lock: another thread ends the process while it writes and syncs."""
    from testamur_node.store.environment import Environment

    original = Environment.write

    @contextlib.contextmanager
    def write(self: Any) -> Iterator[Any]:
        begun = threading.Event()

        def kill_soon() -> None:
            begun.wait()
            time.sleep(chance.random() * 0.004)
            die()

        with original(self) as transaction:
            yield transaction
            if is_due():
                threading.Thread(target=kill_soon, daemon=True).start()
                begun.set()
        if begun.is_set():
            time.sleep(60)  # the commit was over first: nobody is told

    Environment.write = write  # type: ignore[method-assign] # this process is made to die in the middle of a write
