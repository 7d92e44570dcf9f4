"""Looking after a store: prune old states, compact the file, copy it while a node runs.

Pruning marks what the kept states reach and sweeps the rest; blocks, receipts and logs stay. A copy is LMDB's own
snapshot in a read transaction: it blocks nobody and is consistent.
"""

import shutil
from pathlib import Path

import lmdb

from testamur_node.files import sync
from testamur_node.progress import Progress, unseen
from testamur_node.state.reachable import reachable
from testamur_node.state.trie import EMPTY_ROOTS
from testamur_node.store.environment import DATA, Environment, StoreError
from testamur_node.store.store import Store

__all__ = ["prune", "compact", "copy_store"]

_SWEEP_BATCH = 100_000
"""Deletions per write transaction."""


def prune(store: Store, keep: int, progress: Progress = unseen) -> int:
    """Drop the states of all but the newest `keep` blocks; returns how many nodes went. A crash midway leaves garbage
    only, which the next prune takes."""
    head = store.head_number
    if head is None or keep < 1:
        raise StoreError(f"cannot keep the newest {keep} states: at least one must stay")
    first = max(head - keep + 1, 0)
    kept: set[bytes] = set(EMPTY_ROOTS)
    for number in range(first, head + 1):
        progress("finding what stays", number - first, head + 1 - first)
        header = store.header(number)
        if header is not None:
            reachable([header.state_root], store.read_node, kept)
    environment, looked_at, removed = store.environment, 0, 0
    count = environment.statistics()["nodes"]
    with environment.write() as transaction:
        if first:
            previous = int.from_bytes(store.meta("pruned") or b"", "big")
            transaction.put(b"pruned", max(first, previous).to_bytes(8, "big"), db=environment.tables["meta"])
    after: bytes | None = b""
    while after is not None:
        with environment.write() as transaction:
            cursor = transaction.cursor(environment.tables["nodes"])
            walking, swept = cursor.set_range(after), 0
            while walking and swept < _SWEEP_BATCH:
                progress("dropping the rest", looked_at, count)
                looked_at += 1
                if cursor.key() in kept:
                    walking = cursor.next()
                else:
                    walking = cursor.delete()  # steps on to the next key
                    swept += 1
            after = cursor.key() if walking else None
            removed += swept
    return removed


def compact(folder: Path) -> tuple[int, int]:
    """Rewrite a stopped node's store without its free pages; (bytes before, after). The old file stays until the new
    one is synced; who reads the old one (a backup, say) must end first.
    """
    environment = Environment(folder)
    data, fresh = folder / DATA, folder / "compacting"
    try:
        before = data.stat().st_size
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        environment.lmdb.copy(str(fresh), compact=True)
        sync(fresh / DATA)
        environment.replace(fresh / DATA)
        return before, data.stat().st_size
    except (OSError, lmdb.Error) as error:
        raise StoreError(
            f"cannot compact {folder}: {error}", "the old file stays; it and the new one need room"
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        environment.close()


def copy_store(environment: Environment, target: Path) -> None:
    """A consistent copy of an open store in the new folder `target`, compacted on the way. A node that runs meanwhile,
    in this process or another, is not disturbed.
    """
    try:
        target.mkdir(parents=True)
        environment.lmdb.copy(str(target), compact=True)
        sync(target / DATA)
    except (OSError, lmdb.Error) as error:
        raise StoreError(f"cannot copy {environment.folder} to {target}: {error}", "see that there is room") from error
