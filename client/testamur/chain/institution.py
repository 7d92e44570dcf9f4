"""What institutions do and have done to them: founding, registration as issuers, scopes, operators, signing keys.

What only the Alliance may do is returned as calls for a vote (`governance.propose_and_pass`); what an institution's
ADMIN may do is sent at once.
"""

import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import Any

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.errors import KeyUnusableError
from testamur.chain.governance import Proposal, propose_and_pass
from testamur.chain.password_file import read_password
from testamur.chain.signer import Account, create_keystore
from testamur.chain.signing_key import create_signing_key, load_signing_key, raw_public_key
from testamur.chain.transactions import Receipt
from testamur.chain.typed import domain_of
from testamur.profile import Accounts, Institution, Profile, SigningKeys, update_profile
from testamur.proof.hashing import keccak256

__all__ = [
    "IssuerState",
    "KeyUsage",
    "Role",
    "Scope",
    "add_key",
    "add_operator",
    "add_signing_keys",
    "admit_call",
    "create_accounts",
    "found_institution",
    "fold_name",
    "hand_over",
    "key_hash",
    "mark_key_compromised",
    "open_list_call",
    "register_call",
    "retire_key",
]


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


class KeyUsage(IntEnum):
    """What a signing key signs (IIssuerRegistry)."""

    CREDENTIAL = 1
    STATUS = 2


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

    def covers(self, framework: int, qualification_type: int, rank: int, region: int, now: int) -> bool:
        """Whether a credential of that level may be anchored under this scope at `now`."""
        return (
            self.framework == framework
            and self.qualification_type in (0, qualification_type)
            and self.lowest_rank <= rank <= self.highest_rank
            and self.region in (0, region)
            and self.from_time <= now
            and (self.to_time == 0 or now < self.to_time)
        )

    def as_struct(self) -> dict[str, int]:
        """IIssuerRegistry.Scope."""
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
        """The scope that IIssuerRegistry.Scope describes."""
        return cls(
            record["framework"],
            record["qualificationType"],
            record["lowestRank"],
            record["highestRank"],
            record["region"],
            record["from"],
            record["to"],
        )


def fold_name(name: str) -> str:
    """A name with its look-alikes made equal: NFKC, case folded, without spaces, marks of punctuation and controls."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] not in "ZPC")


def key_hash(key: bytes) -> bytes:
    """The name of a raw 32-byte Ed25519 public key in the registry: its keccak-256."""
    if len(key) != 32:
        raise ValueError(f"an Ed25519 public key has 32 bytes, not {len(key)}")
    return keccak256(key)


def register_call(connection: Connection, number: int, name: str, did: str) -> Call:
    """The call that enters an institution as an issuer, state applied; for a vote."""
    registry = connection.contract("IssuerRegistry")
    normal = unicodedata.normalize("NFC", name)
    return registry.call("register", number, normal, keccak256(fold_name(normal).encode()), did)


def admit_call(connection: Connection, number: int, scopes: Sequence[Scope]) -> Call:
    """The call that recognises an issuer with its scopes; for a vote."""
    registry = connection.contract("IssuerRegistry")
    return registry.call("admit", number, [scope.as_struct() for scope in scopes])


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


def found_institution(
    connection: Connection, institution: Institution, document: bytes
) -> tuple[Institution, Proposal, Receipt | None]:
    """Create an institution by vote, with its GOVERN, ADMIN and recovery accounts; its number follows from the chain.

    The receipt is None where the vote still waits for other members; the number then holds once they have executed it.
    """
    operators = connection.contract("Operators")
    number = operators.read("institutionCount") + 1
    accounts = institution.accounts
    if accounts.admin is None or accounts.recovery is None or len(accounts.govern) < 2:
        raise KeyUnusableError("an institution needs two GOVERN accounts, an ADMIN and a recovery account")
    opened = {path: connection.account(path).address for path in (*accounts.govern, accounts.admin, accounts.recovery)}
    call = operators.call(
        "createInstitution",
        number,
        [opened[path] for path in accounts.govern],
        [opened[accounts.admin]],
        opened[accounts.recovery],
    )
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
    deadline = int(now()) + 3600
    signature = account.sign_typed(
        domain_of(connection, "Operators"),
        {
            "Acceptance": [
                {"name": "account", "type": "address"},
                {"name": "institution", "type": "uint32"},
                {"name": "roles", "type": "uint16"},
                {"name": "deadline", "type": "uint256"},
            ]
        },
        {
            "account": account.address,
            "institution": institution.number,
            "roles": int(roles),
            "deadline": deadline,
        },
    )
    sender = connection.sender_for(institution, "admin")
    return sender.send(operators.call("addOperator", account.address, int(roles), deadline, signature))


def add_signing_keys(connection: Connection, institution: Institution, folder: str) -> Institution:
    """Create both signing keys where the profile has none, register those the chain does not know, save the profile.

    Safe to repeat: a key that is registered already is left alone.
    """
    profile = connection.profile
    signing = institution.signing
    if signing is None:
        signing = SigningKeys(f"{folder}/credential.pem", f"{folder}/status.pem")
        password = read_password(profile.password_path)
        for path in (signing.credential, signing.status):
            if not profile.resolve(path).exists():
                create_signing_key(profile.resolve(path), password)
        institution = replace(institution, signing=signing)
        changed = update_profile(profile, lambda current: current.with_institution(institution))
        connection.profile = replace(profile, institutions=changed.institutions)
    for path, usage in ((signing.credential, KeyUsage.CREDENTIAL), (signing.status, KeyUsage.STATUS)):
        key = raw_public_key(load_signing_key(profile.resolve(path), profile.password_path))
        record = connection.contract("IssuerRegistry").read("key", key_hash(key))
        if record["institution"] == 0:
            add_key(connection, institution, key, usage)
    return institution


def add_key(connection: Connection, institution: Institution, key: bytes, usage: KeyUsage) -> Receipt:
    """Register a raw Ed25519 public key; by the institution's ADMIN."""
    call = connection.contract("IssuerRegistry").call("addKey", key, int(usage))
    return connection.sender_for(institution, "admin").send(call)


def retire_key(connection: Connection, institution: Institution, key: bytes) -> Receipt:
    """End a key's use, now; what it signed before stays valid."""
    call = connection.contract("IssuerRegistry").call("retireKey", key_hash(key))
    return connection.sender_for(institution, "admin").send(call)


def mark_key_compromised(connection: Connection, institution: Institution, key: bytes, since: int) -> Receipt:
    """Say since when a key was in wrong hands: what was anchored from then on is not valid. It only moves earlier."""
    call = connection.contract("IssuerRegistry").call("markKeyCompromised", key_hash(key), since)
    return connection.sender_for(institution, "admin").send(call)
