"""Why a verifier cannot start, and why it cannot decide.

`UndecidedError` never leaves this package: `verify` turns it into an `indeterminate` verdict with the same code.
"""

from testamur.errors import TestamurError

__all__ = ["PolicyError", "UndecidedError"]


class PolicyError(TestamurError):
    """There is no policy, or it lacks a pin that its trust needs."""

    exit_code = 2


class UndecidedError(TestamurError):
    """Something that a check needs cannot be known, or not in the way the policy demands."""

    exit_code = 7

    def __init__(self, code: str, message: str, advice: str | None = None) -> None:
        super().__init__(message, advice)
        self.code = code
        """chain_unreachable, stale, unproven or wrong_chain (docs/protocol.md 6)."""

    @property
    def sentence(self) -> str:
        """What is not known, and what to do about it, as a check of a verdict says it."""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.message[:1].upper()}{self.message[1:]}{advice}."
