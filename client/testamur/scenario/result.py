"""What a scenario leaves behind."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testamur.scenario.node import OwnNode

__all__ = ["ScenarioResult"]


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The world after the last step."""

    name: str
    out: Path
    profile: Path
    """`testamur.toml` of all institutions of the scenario."""
    policy: Path
    rpc: str
    node: OwnNode | None
    """The development chain that was started and still runs; None where `--rpc` named a chain."""
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
            "nodePid": self.node.pid if self.node else None,
            "agreement": self.agreement,
            "issued": [str(path) for path in self.issued],
            "unrecognised": self.unrecognised,
            "timings": {name: round(seconds, 3) for name, seconds in self.timings.items()},
        }
