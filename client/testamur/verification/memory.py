"""The newest header that was ever proved of a chain, kept beside the policy (docs/protocol.md 4.5).

A node that shows an older state than it showed before hides what happened since; a signer that signed two headers
at one height keeps two histories; a chain that was rolled back goes on without what it lost. All three can only be
noticed by someone who remembers.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from testamur.proof.hashing import sha256
from testamur.verification.errors import UndecidedError
from testamur.verification.policy import Policy

__all__ = ["Memory", "Seen"]

_T = TypeVar("_T")
_FILE = "newest.sqlite"
_WAIT_SECONDS = 10.0
_SCHEMA = "CREATE TABLE IF NOT EXISTS newest (chain BLOB PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID"
"""A row a chain in a file that several processes may write at once; the entry is an object of JSON."""
_MOST_BLOCKS = 8
"""Blocks that wait for a node to confirm them; with more, those between the first and the newest are dropped."""
_TELL = "do not rely on either, and tell the alliance; once it says what happened: testamur policy refresh --forget"


@dataclass(frozen=True, slots=True)
class Seen:
    """A state that was shown: by a signed engine header, or by a node's word, whose height then is the block's."""

    height: int
    hash: bytes
    block: int
    """EVM height."""
    block_hash: bytes


@dataclass(slots=True)
class Memory:
    """What one policy's verifier remembers: a height and the hash of the engine header there, and EVM blocks."""

    path: Path | None
    """Where it is kept; None keeps it for this process alone."""
    chain: bytes
    """Names the chain and whose word counts there: whatever else its policies ask, they share what was seen."""
    height: int = 0
    hash: bytes = b""
    blocks: dict[int, bytes] = field(default_factory=dict)
    """EVM blocks by number with their hashes, oldest first: the newest that was shown, and before it those that
    came in evidence and that no node has confirmed since."""
    block_before: int = -1
    """The newest EVM block that was shown when this run began; -1 for none. What a run's own files show counts after
    that run, so that their order does not matter."""

    @classmethod
    def of(cls, policy: Policy) -> "Memory":
        """What is remembered for this policy; the checkpoint where nothing is, or where what is cannot be read."""
        signed = (policy.trust, policy.chain_id, policy.engine_chain_id, policy.genesis_hash, policy.solo_key)
        memory = cls(policy.source.with_name(_FILE) if policy.source else None, sha256(repr(signed).encode()))
        if policy.checkpoint is not None:
            memory.height, memory.hash = policy.checkpoint.height, policy.checkpoint.hash
        height, header_hash, blocks = memory._kept()
        if height > memory.height:
            memory.height, memory.hash = height, header_hash
        memory.blocks = blocks
        memory.block_before = memory.newest_block
        return memory

    @property
    def newest_block(self) -> int:
        """The newest EVM block that was ever shown under this policy; -1 for none."""
        return max(self.blocks, default=-1)

    def require_consistent(self, seen: Seen) -> None:
        """Refuse a second header at the remembered height, and a second block of one number. Raises UndecidedError."""
        if seen.height == self.height and seen.hash != self.hash:
            raise UndecidedError(
                "unproven", f"two headers are signed at height {self.height}: the network keeps two histories", _TELL
            )
        if self.blocks.get(seen.block, seen.block_hash) != seen.block_hash:
            raise _replaced(seen.block)

    def require_not_older(self, seen: Seen) -> None:
        """Refuse to take an older header than the remembered one for the present. Raises UndecidedError."""
        if seen.height < self.height:
            raise UndecidedError(
                "stale",
                f"the node shows height {seen.height}, and height {self.height} was proved before",
                "ask another node, or wait until this one has caught up; if every node shows it, the chain was rolled "
                "back, and what came after is lost: ask the alliance",
            )

    def require_of_the_newest_block(self, seen: Seen) -> None:
        """Refuse to take evidence for the present where a later EVM block was shown before this run.

        Headers that carry the same block, heartbeats, do not age it. Raises UndecidedError.
        """
        if seen.block < self.block_before:
            raise UndecidedError(
                "stale",
                f"the evidence is of block {seen.block}, and block {self.block_before} was seen before: a later "
                "revocation would not show in it",
                "connect to a node, or judge it as of its own time with --at evidence",
            )

    def require_followed(self, seen: Seen, hash_of: Callable[[int], bytes]) -> None:
        """Refuse a history that left out a block that was shown before. Raises UndecidedError.

        `hash_of` gives the hash of an EVM block below `seen` in the history that led to it.
        """
        for number, known in self.blocks.items():
            if number < seen.block and hash_of(number) != known:
                raise _replaced(number)

    def remember(self, seen: Seen, *, is_followed: bool) -> None:
        """Keep this state where it is newer. A folder that cannot be written keeps the file as it is.

        `is_followed`: it was shown that the blocks remembered before lead to it, so that they need no more keeping.
        """
        before = self.height, self.blocks
        if seen.height > self.height:
            self.height, self.hash = seen.height, seen.hash
        if seen.block >= self.newest_block:
            waiting = {} if is_followed else dict(list(self.blocks.items())[: _MOST_BLOCKS - 1])
            self.blocks = {**waiting, seen.block: seen.block_hash}
        if (self.height, self.blocks) == before:
            return
        blocks = {str(number): "0x" + known.hex() for number, known in self.blocks.items()}
        self._replace({"height": self.height, "hash": "0x" + self.hash.hex(), "blocks": blocks})

    def forget(self) -> None:
        """Begin anew, on the word of whoever runs this that the alliance rolled its chain back."""
        self.height, self.hash, self.blocks, self.block_before = 0, b"", {}, -1
        self._use(lambda database: database.execute("DELETE FROM newest WHERE chain = ?", (self.chain,)))

    def _replace(self, entry: dict[str, Any]) -> None:
        """Keep an entry, unless another process has seen further in the meantime."""

        def write(database: sqlite3.Connection) -> None:
            database.execute("BEGIN IMMEDIATE")  # between the comparison and the write nobody else writes
            database.execute(_SCHEMA)
            if _read(database, self.chain)[0] <= entry["height"]:
                database.execute("INSERT OR REPLACE INTO newest VALUES (?, ?)", (self.chain, json.dumps(entry)))
            database.execute("COMMIT")

        self._use(write)

    def _kept(self) -> tuple[int, bytes, dict[int, bytes]]:
        """Height, hash and blocks in the file; (0, nothing, none) where it holds none that can be read."""
        if self.path is None or not self.path.exists():
            return _NOTHING
        return self._use(lambda database: _read(database, self.chain)) or _NOTHING

    def _use(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Work on the file; None where it cannot be used. A file that is no database makes way for a new one."""
        if self.path is None:
            return None
        try:
            with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)) as database:
                return work(database)
        except sqlite3.OperationalError:  # locked, read-only, nothing in it yet
            return None
        except sqlite3.DatabaseError:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return None


_NOTHING: tuple[int, bytes, dict[int, bytes]] = (0, b"", {})


def _read(database: sqlite3.Connection, chain: bytes) -> tuple[int, bytes, dict[int, bytes]]:
    row = database.execute("SELECT entry FROM newest WHERE chain = ?", (chain,)).fetchone()
    try:
        entry = json.loads(row[0]) if row else {}
        blocks = {int(number): _bytes(known) for number, known in entry.get("blocks", {}).items()}
        return int(entry["height"]), _bytes(entry["hash"]), dict(sorted(blocks.items()))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return _NOTHING


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _replaced(number: int) -> UndecidedError:
    message = (
        f"block {number} was shown before with another hash: the chain was rolled back and went on otherwise, or the "
        "network keeps two histories; what was revoked or suspended in between may be lost"
    )
    return UndecidedError("unproven", message, _TELL)
