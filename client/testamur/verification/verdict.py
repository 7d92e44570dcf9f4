"""What a verification comes to: a value with an outcome, one code, and nine checks that say how it was reached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

__all__ = ["CHECK_NAMES", "AsOf", "CheckResult", "Verdict", "exit_code", "iso"]

CHECK_NAMES = ("document", "signature", "inclusion", "anchor", "issuer", "key", "status", "validity", "trust")
"""In the order that decides (docs/protocol.md 6.1)."""

_EXIT_CODES = {
    "ok": 0,
    **dict.fromkeys(("malformed", "signature_invalid", "altered", "not_anchored"), 3),
    **dict.fromkeys(("revoked", "suspended", "source_revoked"), 4),
    **dict.fromkeys(("expired", "not_yet_valid"), 5),
    **dict.fromkeys(
        (
            "issuer_unknown",
            "issuer_not_recognised",
            "out_of_scope",
            "type_not_in_force",
            "key_not_valid",
            "key_compromised",
        ),
        6,
    ),
    **dict.fromkeys(("chain_unreachable", "stale", "unproven", "wrong_chain", "imported"), 7),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GRAVEST_FIRST = (2, 1, 3, 6, 4, 5, 7)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found."""

    name: str
    """One of CHECK_NAMES."""
    result: str
    """`pass`, `fail`, `unknown` or `skipped`."""
    code: str | None = None
    """Why it failed or is unknown; beside `pass`, a notice such as `issuer_suspended_since`."""
    message: str = ""
    """One English sentence with the facts in it."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same facts for machines: numbers, texts, times in ISO 8601."""

    def to_json(self) -> dict[str, Any]:
        """The object of `verify --json`."""
        plain = {"name": self.name, "result": self.result, "code": self.code, "message": self.message}
        return {**plain, "facts": dict(self.facts)} if self.facts else plain


@dataclass(frozen=True, slots=True)
class AsOf:
    """The state that a verdict rests on."""

    block: int
    """Height of the EVM block."""
    time: datetime
    """When that state was current, in UTC."""
    trust: str
    """`light-client`, `single-signer`, `rpc`, or `bundle` for the evidence in the file."""

    def to_json(self) -> dict[str, Any]:
        """The object of `verify --json`."""
        return {"block": self.block, "time": iso(self.time), "trust": self.trust}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one bundle."""

    outcome: str
    """`valid`, `invalid` or `indeterminate`."""
    code: str
    """`ok` exactly when valid; else why (docs/protocol.md 6)."""
    checks: tuple[CheckResult, ...]
    """All nine, in their order."""
    as_of: AsOf | None = None
    """None where no state could be read."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the credential says, empty unless its signature held; `issuer` is the registry's name, never the file's."""

    @property
    def is_valid(self) -> bool:
        """Whether the credential is genuine and in force, by this policy."""
        return self.outcome == "valid"

    @property
    def exit_code(self) -> int:
        """Process exit code of `testamur verify` for this one bundle."""
        return _EXIT_CODES[self.code]

    def check(self, name: str) -> CheckResult:
        """The result of the check of that name."""
        return self.checks[CHECK_NAMES.index(name)]

    def to_json(self) -> dict[str, Any]:
        """The object of `verify --json`, without `input`."""
        return {
            "outcome": self.outcome,
            "code": self.code,
            "checks": [check.to_json() for check in self.checks],
            "as_of": None if self.as_of is None else self.as_of.to_json(),
            "facts": dict(self.facts),
        }


def exit_code(codes: Iterable[str | int]) -> int:
    """The exit code of a command that judged several files, from verdict codes and exit codes of files it could not
    read: the first that occurs of 2, 1, 3, 6, 4, 5, 7, else 0."""
    found = {_EXIT_CODES[code] if isinstance(code, str) else code for code in codes}
    return next((code for code in _GRAVEST_FIRST if code in found), 0)


@lru_cache(maxsize=1024)  # the credentials of a batch share most of their moments
def iso(moment: datetime | int) -> str:
    """A moment, or seconds since 1970, as ISO 8601 in UTC, whole seconds, `Z`.

    Contracts count in 40 bits, further than a calendar reaches: what lies beyond the year 9999 is told in seconds.
    """
    if isinstance(moment, int):
        try:
            moment = _EPOCH + timedelta(seconds=moment)
        except OverflowError:
            return f"{moment} s after 1970"
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"
