"""What each institution has done, in numbers: lists, batches, credentials, and how many of them are out of force."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testamur.audit.completeness import Audit

__all__ = ["InstitutionStats", "stats_of"]


@dataclass(frozen=True, slots=True)
class InstitutionStats:
    """One institution's numbers at the block of the audit."""

    institution: int
    name: str
    lists: int
    batches: int
    credentials: int
    revoked: int
    suspended: int
    void: int
    """Batches that are out of force as a whole."""

    def to_json(self) -> dict[str, Any]:
        """One line of `audit stats --json`."""
        return {
            "institution": self.institution,
            "name": self.name,
            "lists": self.lists,
            "batches": self.batches,
            "credentials": self.credentials,
            "revoked": self.revoked,
            "suspended": self.suspended,
            "void": self.void,
        }


def stats_of(audit: Audit, names: Mapping[int, str]) -> list[InstitutionStats]:
    """The numbers of each institution that has a list or a registered name, in number order."""
    found = []
    for number in sorted({account.institution for account in audit.lists.values()} | names.keys()):
        own = [account for account in audit.lists.values() if account.institution == number]
        found.append(
            InstitutionStats(
                number,
                names.get(number, ""),
                len(own),
                sum(account.batches for account in own),
                sum(account.issued for account in own),
                sum(account.count("revoked") for account in own),
                sum(account.count("suspended") for account in own),
                sum(account.void for account in own),
            )
        )
    return found
