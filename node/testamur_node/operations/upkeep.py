"""Looking after a home's data: verify, prune, compact, copy a running node, blocks in and out as files."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from testamur_node.application import Application
from testamur_node.chain.block import Block, encode_block
from testamur_node.codec import DecodingError
from testamur_node.engine.key import ValidatorKey
from testamur_node.errors import NodeError
from testamur_node.execution.pyevm import PyEvm
from testamur_node.execution.threads import Workers
from testamur_node.files import new_file
from testamur_node.genesis import Genesis
from testamur_node.importing import InvalidBlockError, blocks_in, import_block
from testamur_node.node import DATA_FOLDER, GENESIS_FILE, VALIDATOR_KEY
from testamur_node.operations.initialise import new_folder
from testamur_node.progress import Progress, unseen
from testamur_node.store import maintenance
from testamur_node.store.environment import DATA, Environment, StoreError
from testamur_node.store.store import Store
from testamur_node.store.structure import structure_problem
from testamur_node.store.verification import problems_of

__all__ = [
    "UpkeepError", "Imported", "load_genesis", "opened", "verify", "prune", "compact", "back_up", "restore",
    "export_chain", "import_chain", "import_blocks",
]  # fmt: skip

_SETTINGS = ("alliance.toml", "node.toml")
_SECONDS_A_COMMIT = 1.0
"""Imported blocks are synced to disk together, at least so often: what a crash costs can be imported again."""
Result = TypeVar("Result")


class UpkeepError(NodeError):
    """The command cannot do this to this home."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought."""

    blocks: int
    head: int
    head_hash: bytes
    seconds: float


def load_genesis(home: Path) -> Genesis:
    """The genesis of a home."""
    return Genesis.load(home / GENESIS_FILE)


@contextlib.contextmanager
def opened(home: Path) -> Iterator[Application]:
    """The chain of a home without engine and listeners; refused while a node runs on it."""
    genesis = load_genesis(home)
    store = Store.open(home / DATA_FOLDER)
    try:
        yield Application(genesis, store, PyEvm(genesis.spec, store.read_node))
    finally:
        store.close()


def _on_large_stack(job: Callable[[], Result]) -> Result:
    """Run what executes blocks where deep calls have room."""
    workers = Workers(1, "import")
    try:
        return workers.run(job)
    finally:
        workers.close()


def verify(home: Path, progress: Progress = unseen) -> Iterator[str]:
    """Read and recompute every record of a home, running or stopped; one sentence for each that is wrong."""
    genesis = load_genesis(home)
    key = ValidatorKey.load(home / VALIDATOR_KEY) if (home / VALIDATOR_KEY).exists() else None
    data = home / DATA_FOLDER
    is_there = (data / DATA).exists()
    problem = structure_problem(data) if is_there else None
    if problem is not None:
        yield problem  # LMDB would stumble over it
        return
    try:
        environment = Environment(data, writes=False)
    except StoreError as error:
        if not is_there:
            raise
        yield error.message  # a table that is not there
        return
    with contextlib.closing(environment):
        if not any(environment.statistics().values()):
            raise StoreError(f"{data} holds no block yet", "start the node or import, either begins the chain")
        yield from problems_of(environment, genesis.hash, key, progress)


def prune(home: Path, keep: int, progress: Progress = unseen) -> int:
    """Drop the states of all but the newest `keep` blocks of a stopped node; how many nodes went."""
    with opened(home) as application:
        return maintenance.prune(application.store, keep, progress)


def compact(home: Path) -> tuple[int, int]:
    """Rewrite a stopped node's data without free space; (bytes before, after)."""
    load_genesis(home)
    return maintenance.compact(home / DATA_FOLDER)


def _carry(source: Path, target: Path, has_key: bool) -> None:
    """Copy what a home holds beside its data; founders' keystores are the client's to back up."""
    for name in (GENESIS_FILE, *_SETTINGS, *((VALIDATOR_KEY,) if has_key else ())):
        if (source / name).exists():
            (target / name).parent.mkdir(mode=0o700, exist_ok=True)
            shutil.copy2(source / name, target / name)


def _head_of(home: Path) -> int:
    store = Store.open(home / DATA_FOLDER, writes=False)
    try:
        return store.head_number or 0
    finally:
        store.close()


def back_up(home: Path, target: Path, *, has_key: bool = True) -> int:
    """Copy a home, running or stopped, as of one moment; the height of the copy."""
    load_genesis(home)
    with new_folder(target) as folder:
        with contextlib.closing(Environment(home / DATA_FOLDER, writes=False)) as environment:
            maintenance.copy_store(environment, folder / DATA_FOLDER)
        _carry(home, folder, has_key)
        return _head_of(folder)


def restore(backup: Path, home: Path, progress: Progress = unseen) -> int:
    """Verify a backup and make a new home of it; its height."""
    problem = next(verify(backup, progress), None)
    if problem is not None:
        raise UpkeepError(f"the backup {backup} is damaged: {problem}", "take another backup")
    with new_folder(home) as folder:
        (folder / DATA_FOLDER).mkdir()
        shutil.copyfile(backup / DATA_FOLDER / "data.mdb", folder / DATA_FOLDER / "data.mdb")
        _carry(backup, folder, has_key=True)
        return _head_of(folder)


def export_chain(home: Path, target: Path, progress: Progress = unseen) -> int:
    """Write the blocks after genesis to a new file, as geth's export does; how many."""
    load_genesis(home)
    store = Store.open(home / DATA_FOLDER, writes=False)
    try:
        with new_file(target) as file:
            head = store.head_number or 0
            for number in range(1, head + 1):
                progress("exporting blocks", number, head)
                block = store.block(number)
                if block is None:
                    raise UpkeepError(f"block {number} is not in the store", "run testamur-node verify-db")
                file.write(encode_block(block))
        return head
    except OSError as error:
        raise UpkeepError(
            f"cannot write {target}: {error.strerror}", "see that there is room and choose a new name"
        ) from error
    finally:
        store.close()


def import_chain(home: Path, genesis: Path, blocks: Path, progress: Progress = unseen) -> Imported:
    """Bring another network's chain in, its genesis.json first; a home that has that genesis goes on."""
    begun = Genesis.load(genesis)
    if not (home / GENESIS_FILE).exists():
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new_file(home / GENESIS_FILE) as file:
                file.write(genesis.read_bytes())
        except OSError as error:
            raise UpkeepError(
                f"cannot bring {genesis} into {home}: {error.strerror}",
                "see that there is room and that this user may write there",
            ) from error
    elif load_genesis(home).hash != begun.hash:
        raise UpkeepError(f"{home} holds another chain than {genesis} begins", "choose another folder with --home")
    return import_blocks(home, blocks, progress)


def import_blocks(home: Path, blocks: Path, progress: Progress = unseen) -> Imported:
    """Bring blocks of this very chain in; those it has are passed over."""
    return _on_large_stack(lambda: _import(home, blocks, progress))


def _import(home: Path, blocks: Path, progress: Progress) -> Imported:
    began, count = time.monotonic(), 0
    with opened(home) as application:
        try:
            source, more = blocks_in(blocks, progress), True
            while more:
                with application.store.environment.together():
                    brought, more, refusal = _import_for(application, source, blocks, _SECONDS_A_COMMIT)
                count += brought
                if refusal is not None:
                    raise refusal
        except (OSError, DecodingError) as error:
            raise UpkeepError(
                f"cannot read {blocks}: {error}", "blocks before it were kept; import a whole file to go on"
            ) from error
        head = application.head
        return Imported(count, head.number, head.hash, time.monotonic() - began)


def _import_for(
    application: Application, source: Iterator[Block], blocks: Path, seconds: float
) -> tuple[int, bool, NodeError | OSError | None]:
    """Bring blocks in for so long; (how many, whether more may come, what refused the next: those before it stay)."""
    until, count = time.monotonic() + seconds, 0
    try:
        for block in source:
            if block.number > application.head.number:
                import_block(application, block)
                count += 1
            else:
                known = application.store.header(block.number)
                if known is None or known.hash != block.hash:
                    raise InvalidBlockError(f"block {block.number} of {blocks} is another than the one this home has")
            if time.monotonic() > until:
                return count, True, None
    except (InvalidBlockError, OSError, DecodingError) as error:
        return count, False, error
    return count, False, None
