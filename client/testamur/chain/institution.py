"""What institutions do and have done to them: founding, registration as issuers, scopes, operators.

What only the Alliance may do is returned as calls for a vote (`governance.propose_and_pass`); what an institution's
ADMIN may do is sent at once.
"""

import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import Any

from testamur.chain.acceptance import DAY, Controllers, accept, creation_call
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.errors import KeyUnusableError
from testamur.chain.governance import propose_and_pass
from testamur.chain.names import fold_name, is_plain
from testamur.chain.password_file import read_password
from testamur.chain.proposals import Proposal
from testamur.chain.signer import Account, create_keystore
from testamur.chain.transactions import Receipt
from testamur.errors import TestamurError
from testamur.profile import Accounts, Institution, Profile
from testamur.proof.hashing import keccak256

__all__ = [
    "ACCEPTED_FOR",
    "IssuerState",
    "Role",
    "Scope",
    "NO_DOCUMENT",
    "add_operator",
    "add_scope_call",
    "admit_call",
    "create_accounts",
    "found_institution",
    "hand_over",
    "open_list_call",
    "own_creation_call",
    "register_calls",
]


ACCEPTED_FOR = 60 * DAY
"""How long an acceptance for a vote holds: votes are waited for."""
NO_DOCUMENT = bytes(32)
"""Where the proposal's own document says it all."""


class UnseenNameError(TestamurError):
    """A name that nobody could read: the registry would refuse it after the vote."""

    exit_code = 2


class Role(IntFlag):
    """What an operator may do for its institution (IOperators)."""

    GOVERN = 1
    ISSUE = 2
    STATUS = 4
    ADMIN = 8
    REVIEW = 16
    """Sits on review panels."""
    RECOGNISE = 32
    """Concludes recognition agreements."""
    AUDIT = 64
    """Writes quality audits."""
    BANK = 128
    """Keeps a credit bank."""


class IssuerState(IntEnum):
    """Where an issuer stands (IIssuerRegistry)."""

    NONE = 0
    APPLIED = 1
    RECOGNISED = 2
    SUSPENDED = 3
    WITHDRAWN = 4


@dataclass(frozen=True, slots=True)
class Scope:
    """What an issuer may issue, where and when."""

    framework: int
    qualification_type: int = 0
    """0: any of the framework."""
    lowest_rank: int = 1
    highest_rank: int = 255
    region: int = 0
    """0: any."""
    from_time: int = 0
    """First second in force; 0 is from the start."""
    to_time: int = 0
    """First second out of force; 0: open."""
    admission: int = 0
    """The admission of its holder that it belongs to; 0: not yet on the chain."""
    parent_institution: int = 0
    """Below whose scope it stands; 0: the Alliance gave it."""
    parent_scope: int = 0
    suspended_by: str = ""
    """`accreditor` or `Alliance`; empty where it is not suspended."""

    def covers(self, framework: int, qualification_type: int, rank: int, region: int, now: int) -> bool:
        """Whether a credential of that level may be anchored under this scope at `now`."""
        return (
            self.framework == framework
            and self.qualification_type in (0, qualification_type)
            and self.lowest_rank <= rank <= self.highest_rank
            and self.region in (0, region)
            and self.is_open(now)
        )

    def is_open(self, now: float) -> bool:
        """Whether its window is open and it is not suspended at `now`."""
        return self.from_time <= now and (self.to_time == 0 or now < self.to_time) and not self.suspended_by

    def as_struct(self) -> dict[str, int]:
        """IScopes.Terms: what is asked for."""
        return {
            "framework": self.framework,
            "qualificationType": self.qualification_type,
            "lowestRank": self.lowest_rank,
            "highestRank": self.highest_rank,
            "region": self.region,
            "from": self.from_time,
            "to": self.to_time,
        }

    @classmethod
    def from_struct(cls, record: dict[str, Any]) -> "Scope":
        """The scope that IScopes.Scope describes."""
        return cls(
            record["framework"],
            record["qualificationType"],
            record["lowestRank"],
            record["highestRank"],
            record["region"],
            record["from"],
            record["to"],
            record.get("admission", 0),
            record.get("parentInstitution", 0),
            record.get("parentScope", 0),
            ("", "accreditor", "Alliance")[record.get("suspension", 0)],
        )


def register_calls(connection: Connection, number: int, name: str, did: str) -> list[Call]:
    """The calls that enter an institution as an issuer, state applied, and give it a DID; for a vote."""
    normal = unicodedata.normalize("NFC", name)
    if not is_plain(normal):
        raise UnseenNameError(f"{name!r} holds what cannot be seen, or nothing else", "write the name anew, by hand")
    folded = keccak256(fold_name(normal).encode())
    return [
        connection.contract("IssuerRegistry").call("register", number, normal, folded),
        connection.contract("Keys").call("addDid", number, did),
    ]


def admit_call(connection: Connection, number: int, scopes: Sequence[Scope], document: bytes = NO_DOCUMENT) -> Call:
    """The call that recognises an issuer with its scopes, under a document of 32 bytes; for a vote."""
    registry = connection.contract("IssuerRegistry")
    return registry.call("admit", number, [scope.as_struct() for scope in scopes], document)


def add_scope_call(connection: Connection, number: int, scope: Scope, document: bytes = NO_DOCUMENT) -> Call:
    """The call that adds a scope to an issuer's present admission; for a vote."""
    return connection.contract("IssuerRegistry").call("addScope", number, scope.as_struct(), document)


def open_list_call(connection: Connection, log2size: int) -> Call:
    """The call that opens a status list of 2^log2size entries; by an ISSUE account."""
    return connection.contract("StatusRegistry").call("openList", log2size)


def hand_over(connection: Connection, institution: Institution, number: int, account: bytes) -> Receipt:
    """Let another ISSUE account of the institution fill status list `number`; by its ADMIN."""
    call = connection.contract("StatusRegistry").call("handOver", number, account)
    return connection.sender_for(institution, "admin").send(call)


def create_accounts(profile: Profile, folder: str, *, is_light: bool = False) -> Accounts:
    """Write keystores for every role below `folder` of the profile, under its password."""
    password = read_password(profile.password_path)
    names = ("govern-1", "govern-2", "admin", "issue", "status", "recovery")
    paths = {name: f"{folder}/{name}.json" for name in names}
    for path in paths.values():
        create_keystore(profile.resolve(path), password, is_light=is_light)
    return Accounts(
        govern=(paths["govern-1"], paths["govern-2"]),
        admin=paths["admin"],
        issue=paths["issue"],
        status=paths["status"],
        recovery=paths["recovery"],
    )


def own_creation_call(connection: Connection, number: int, accounts: Accounts) -> Call:
    """The call that creates institution `number` of accounts whose keystores are here: each of them accepts."""
    assert accounts.admin is not None
    assert accounts.recovery is not None
    govern = [connection.account(path) for path in accounts.govern]
    admin, recovery = connection.account(accounts.admin), connection.account(accounts.recovery)
    chosen = Controllers(tuple(account.address for account in govern), (admin.address,), recovery.address)
    places = zip([*govern, admin, recovery], chosen.places(), strict=True)
    given = [accept(connection, account, number, role, seconds=ACCEPTED_FOR) for account, (_, role) in places]
    return creation_call(connection, number, chosen, given)


def found_institution(
    connection: Connection, institution: Institution, document: bytes
) -> tuple[Institution, Proposal, Receipt | None]:
    """Create an institution by vote, with its GOVERN, ADMIN and recovery accounts; its number follows from the chain.

    The receipt is None where the proposal still waits, for other members or for its delay; the number then holds
    once it is executed.
    """
    operators = connection.contract("Operators")
    number = operators.read("institutionCount") + 1
    accounts = institution.accounts
    if accounts.admin is None or accounts.recovery is None or len(accounts.govern) < 2:
        raise KeyUnusableError("an institution needs two GOVERN accounts, an ADMIN and a recovery account")
    call = own_creation_call(connection, number, accounts)
    proposal, receipt = propose_and_pass(connection, [call], document)
    return replace(institution, number=number), proposal, receipt


def add_operator(
    connection: Connection,
    institution: Institution,
    account: Account,
    roles: Role,
    *,
    now: Callable[[], float] = time.time,
) -> Receipt:
    """Let `account` act for the institution; it signs its acceptance (EIP-712), the ADMIN sends it."""
    operators = connection.contract("Operators")
    given = accept(connection, account, institution.number, int(roles), now=now)
    sender = connection.sender_for(institution, "admin")
    return sender.send(operators.call("addOperator", account.address, int(roles), given.deadline, given.signature))
