"""Whether a bundle that was just written is good: checks 1 to 7 and 9 of a verdict (docs/protocol.md 2).

The validity period is left out, since an issuer may well write credentials that begin to hold later.
"""

from collections.abc import Callable, Iterable, Iterator

from testamur.verification.bulk import verify_many
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy
from testamur.verification.verdict import Verdict

__all__ = ["acceptance", "fault"]


def acceptance(chain: Chain, policy: Policy) -> Callable[[Iterable[bytes]], Iterator[str | None]]:
    """The check that `issuing.issue` takes: judges bundles as any verifier with that policy would."""

    def check(lines: Iterable[bytes]) -> Iterator[str | None]:
        return (fault(verdict) for verdict in verify_many(lines, chain, policy))

    return check


def fault(verdict: Verdict) -> str | None:
    """The code of the first check, validity aside, that did not pass."""
    for check in verdict.checks:
        if check.name != "validity" and check.result != "pass":
            return check.code or verdict.code
    return None
