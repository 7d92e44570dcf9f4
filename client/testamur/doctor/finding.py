"""What one check of the doctor found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from testamur.profile import Institution

__all__ = ["Finding", "ok"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    code: str
    severity: str
    """`ok`, `warning` or `error`."""
    message: str
    """One English sentence with the facts in it."""
    advice: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0
    """Of a command that cannot go on because of it (docs/protocol.md 6)."""

    def to_json(self) -> dict[str, Any]:
        """One object of `doctor --json`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "advice": self.advice,
            "facts": dict(self.facts),
        }


def ok(code: str, institution: Institution, message: str) -> Finding:
    """A check of an institution that found nothing wrong."""
    return Finding(code, "ok", message, facts={"institution": institution.number})
