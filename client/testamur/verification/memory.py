"""The newest header that was ever proved under a policy, kept beside it (docs/protocol.md 4.5).

A node that shows an older state than it showed before hides what happened since; a signer that signed two headers
at one height keeps two histories; a chain that was rolled back goes on without what it lost. All three can only be
noticed by someone who remembers.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testamur.verification.errors import UndecidedError
from testamur.verification.policy import Policy

__all__ = ["Memory", "Seen"]

_FILE = "newest.json"
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
    key: str
    """The policy's fingerprint: several policies may share a folder."""
    height: int = 0
    hash: bytes = b""
    blocks: dict[int, bytes] = field(default_factory=dict)
    """EVM blocks by number with their hashes, oldest first: the newest that was shown, and before it those that
    came in evidence and that no node has confirmed since."""

    @classmethod
    def of(cls, policy: Policy) -> "Memory":
        """What is remembered for this policy; the checkpoint where nothing is, or where what is cannot be read."""
        memory = cls(policy.source.with_name(_FILE) if policy.source else None, policy.fingerprint)
        if policy.checkpoint is not None:
            memory.height, memory.hash = policy.checkpoint.height, policy.checkpoint.hash
        height, header_hash, blocks = memory._kept()
        if height > memory.height:
            memory.height, memory.hash = height, header_hash
        memory.blocks = blocks
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
        if self._kept()[0] > self.height:
            return  # another process has seen further
        blocks = {str(number): "0x" + known.hex() for number, known in self.blocks.items()}
        self._write({"height": self.height, "hash": "0x" + self.hash.hex(), "blocks": blocks})

    def forget(self) -> None:
        """Begin anew, on the word of whoever runs this that the alliance rolled its chain back."""
        self.height, self.hash, self.blocks = 0, b"", {}
        self._write(None)

    def _write(self, entry: dict[str, Any] | None) -> None:
        if self.path is None:
            return
        table = {key: kept for key, kept in self._read().items() if key != self.key}
        if entry is not None:
            table[self.key] = entry
        temporary = self.path.with_name(f"{_FILE}.{os.getpid()}.{id(self):x}.part")
        try:
            temporary.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
            temporary.replace(self.path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            table = json.loads(self.path.read_text(encoding="utf-8")) if self.path else {}
        except (OSError, ValueError, RecursionError):
            return {}
        return table if isinstance(table, dict) else {}

    def _kept(self) -> tuple[int, bytes, dict[int, bytes]]:
        """Height, hash and blocks in the file; (0, nothing, none) where it holds none that can be read."""
        entry = self._read().get(self.key, {})
        try:
            blocks = {int(number): _bytes(known) for number, known in entry.get("blocks", {}).items()}
            return int(entry["height"]), _bytes(entry["hash"]), dict(sorted(blocks.items()))
        except (AttributeError, KeyError, TypeError, ValueError):
            return 0, b"", {}


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _replaced(number: int) -> UndecidedError:
    message = (
        f"block {number} was shown before with another hash: the chain was rolled back and went on otherwise, or the "
        "network keeps two histories; what was revoked or suspended in between may be lost"
    )
    return UndecidedError("unproven", message, _TELL)
