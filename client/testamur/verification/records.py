"""What the registry holds, as values: one class for each record that a check reads."""

from dataclasses import dataclass, field

from testamur.batch.claims import Claims

__all__ = [
    "APPLIED",
    "RECOGNISED",
    "Batch",
    "Contract",
    "Did",
    "Framework",
    "Issuer",
    "Key",
    "Level",
    "Operator",
    "Origin",
    "QualificationType",
    "SUSPENDED",
    "Scope",
    "StatusList",
    "Void",
    "WITHDRAWN",
]

APPLIED, RECOGNISED, SUSPENDED, WITHDRAWN = 1, 2, 3, 4
"""States of an issuer; 0 is none."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of a contract, as the Directory names it."""

    name: str
    version: int
    """From 1."""
    address: bytes
    since: int
    """Second from which it is the current one."""
    layout: int
    """Number of the storage layout that its slots follow."""
    code_hash: bytes
    """keccak-256 that its code must have."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The record of an anchoring: evidence that the contract found everything in order then."""

    issuer: int
    operator_index: int
    scope_index: int
    list: int
    size: int
    first: int
    time: int
    """Timestamp of the anchoring block, seconds."""
    block: int
    kind: int
    status_version: int
    """Version of StatusRegistry that holds the list."""
    id: bytes = field(kw_only=True)
    version: int = field(kw_only=True)
    """Version of CredentialBatches that holds this record."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An institution's standing."""

    state: int
    """0 none, 1 applied, 2 recognised, 3 suspended, 4 withdrawn."""
    since: int
    """When it came into that state."""
    first_recognised: int
    name_hash: bytes
    """keccak-256 of its registered name in UTF-8."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an issuer may award."""

    framework: int
    qualification_type: int
    """0: any."""
    lowest_rank: int
    highest_rank: int
    region: int
    """0: any."""
    since: int
    until: int
    """First second out of force; 0: open."""
    admission: int
    """The admission of its holder that it belongs to."""
    parent_institution: int
    """0: the Alliance gave it."""
    parent_scope: int
    depth: int
    suspension: int
    """0 none, 1 by the accreditor, 2 by the Alliance: as of now, and no word on the anchoring."""

    def covers(self, claims: Claims) -> bool:
        """Whether it covers what a credential claims, whenever."""
        return (
            self.framework == claims.framework
            and self.qualification_type in (0, claims.type)
            and self.lowest_rank <= claims.rank <= self.highest_rank
            and self.region in (0, claims.region)
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """How a scope came about."""

    created_at: int
    operator_index: int
    """Of the parent's institution; 0: by vote."""
    suspended_since: int


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key of an institution."""

    institution: int
    usage: int
    """1 credentials, 2 status lists."""
    operator_index: int
    """Of the ADMIN that added it."""
    since: int
    until: int
    """First second out of use, past or planned; 0: none."""
    compromised_since: int
    """0: nobody says so."""
    clearings: int
    """How often a vote moved the cut-off later or took it away."""
    cleared_at: int
    """The last time; 0: never."""


@dataclass(frozen=True, slots=True)
class Did:
    """A DID of an institution."""

    institution: int
    since: int
    until: int
    """First second out of use, past or planned; 0: none."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An account that acts, or acted, for an institution."""

    account: bytes
    roles: int
    until: int
    compromised_since: int
    """0: never said so, or cleared."""
    clearings: int = 0
    """How often a vote moved the cut-off later or took it away; it stands in a slot of its own."""
    cleared_at: int = 0
    """The last time; 0: never."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A qualification framework."""

    name_hash: bytes


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a framework."""

    ladder: int
    is_blank: bool
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class QualificationType:
    """A type of qualification in a framework."""

    lowest_rank: int
    highest_rank: int
    since: int
    until: int
    """First second out of force; 0: open."""
    name_hash: bytes


@dataclass(frozen=True, slots=True)
class StatusList:
    """A status list's record."""

    issuer: int
    log2size: int
    opened_at: int


@dataclass(frozen=True, slots=True)
class Void:
    """A whole batch's voiding: it was taken out of force by the institution that keeps its list."""

    since: int
    revoked_from: int
    """It counts as suspended before this second, as revoked from it on."""
    reason: int
    """As in `Reason`."""
