"""The newest header that was ever proved under a policy, kept beside it (docs/protocol.md 4.5).

A node that shows an older state than it showed before hides what happened since; a signer that signed two headers
at one height keeps two histories. Both can only be noticed by someone who remembers.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur.proof.finality import FinalState
from testamur.verification.errors import UndecidedError
from testamur.verification.policy import Policy

__all__ = ["Memory"]

_FILE = "newest.json"


@dataclass(slots=True)
class Memory:
    """What one policy's verifier remembers: a height and the hash of the engine header there."""

    path: Path | None
    """Where it is kept; None keeps it for this process alone."""
    key: str
    """The policy's fingerprint: several policies may share a folder."""
    height: int = 0
    hash: bytes = b""

    @classmethod
    def of(cls, policy: Policy) -> "Memory":
        """What is remembered for this policy; the checkpoint where nothing is, or where what is cannot be read."""
        memory = cls(policy.source.with_name(_FILE) if policy.source else None, policy.fingerprint)
        if policy.checkpoint is not None:
            memory.height, memory.hash = policy.checkpoint.height, policy.checkpoint.hash
        height, header_hash = memory._kept()
        if height > memory.height:
            memory.height, memory.hash = height, header_hash
        return memory

    def require_consistent(self, state: FinalState) -> None:
        """Refuse a second header at the remembered height. Raises UndecidedError."""
        if state.engine_height == self.height and state.engine_hash != self.hash:
            raise UndecidedError(
                "unproven",
                f"two headers are signed at height {self.height}: the network keeps two histories",
                "do not rely on either, and tell the alliance",
            )

    def require_not_older(self, state: FinalState) -> None:
        """Refuse to take an older header than the remembered one for the present. Raises UndecidedError."""
        if state.engine_height < self.height:
            raise UndecidedError(
                "stale",
                f"the node shows height {state.engine_height}, and height {self.height} was proved before",
                "ask another node, or wait until this one has caught up",
            )

    def remember(self, state: FinalState) -> None:
        """Keep this header where it is newer. A folder that cannot be written keeps the file as it is."""
        if state.engine_height <= self.height:
            return
        self.height, self.hash = state.engine_height, state.engine_hash
        if self.path is None:
            return
        table = self._read()
        if self._kept()[0] > self.height:
            return  # another process has seen further
        table[self.key] = {"height": self.height, "hash": "0x" + self.hash.hex()}
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
        except (OSError, ValueError):
            return {}
        return table if isinstance(table, dict) else {}

    def _kept(self) -> tuple[int, bytes]:
        """Height and hash in the file; (0, nothing) where it holds none that can be read."""
        entry = self._read().get(self.key, {})
        try:
            return int(entry["height"]), bytes.fromhex(entry["hash"].removeprefix("0x"))
        except (AttributeError, KeyError, TypeError, ValueError):
            return 0, b""
