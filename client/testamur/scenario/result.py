"""What a scenario leaves behind, and why one cannot be played."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testamur.errors import TestamurError

__all__ = ["ScenarioError", "ScenarioResult"]


class ScenarioError(TestamurError):
    """The scenario cannot be played here."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The world after the last step."""

    name: str
    out: Path
    profile: Path
    """`testamur.toml` of all institutions of the scenario."""
    policy: Path
    rpc: str
    node_pid: int | None
    """The development chain that was started and goes on running; None where `--rpc` named a chain."""
    agreement: int
    """Version that both founders signed."""
    issued: tuple[Path, ...]
    """A folder per batch, each with bundles.jsonl."""
    unrecognised: int
    """Number of the institution that is registered, not recognised."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds by step."""

    def to_json(self) -> dict[str, Any]:
        """The object of `scenario run --json`."""
        return {
            "scenario": self.name,
            "out": str(self.out),
            "profile": str(self.profile),
            "policy": str(self.policy),
            "rpc": self.rpc,
            "nodePid": self.node_pid,
            "agreement": self.agreement,
            "issued": [str(path) for path in self.issued],
            "unrecognised": self.unrecognised,
            "timings": {name: round(seconds, 3) for name, seconds in self.timings.items()},
        }
