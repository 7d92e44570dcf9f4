"""An institution as a profile has it: its accounts, keys and lists, and the table that they are in `testamur.toml`.

Paths are as the file has them, relative to it; `Profile.resolve` says which files they mean.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Accounts",
    "Institution",
    "SigningKeys",
    "StatusListKey",
    "institution_of",
    "institution_table",
    "number_in",
    "present",
    "text_in",
]


@dataclass(frozen=True, slots=True)
class Accounts:
    """Keystore files of one institution's operators, by role."""

    govern: tuple[str, ...] = ()
    """GOVERN: votes and signs agreements; at least two for a member."""
    admin: str | None = None
    """ADMIN: handles operators and signing keys."""
    issue: str | None = None
    """ISSUE: opens lists and anchors batches."""
    status: str | None = None
    """STATUS: revokes, suspends, reinstates."""
    recovery: str | None = None
    """The account that replaces the controllers when they are lost."""

    def files(self) -> list[str]:
        """All of them."""
        single = (self.admin, self.issue, self.status, self.recovery)
        return [*self.govern, *(path for path in single if path)]


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Encrypted PKCS#8 files of one institution's Ed25519 keys; the profile's password opens both."""

    credential: str
    """Signs credentials."""
    status: str
    """Signs exported status lists, never a credential."""


@dataclass(frozen=True, slots=True)
class StatusListKey:
    """A status list that this profile opened."""

    number: int
    """Its number on the chain."""
    log2size: int
    """It has 2^log2size entries."""
    key: str
    """File with the 32-byte key, in hex, that maps counters to status indexes; without it the list takes no more."""


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution that this profile acts for."""

    number: int
    """Its number on the chain, from 1."""
    name: str
    slug: str
    """Short name for paths and `--as`."""
    did: str
    region: int = 0
    """First digits of its administrative division code (GB/T 2260); 0 where none applies."""
    accounts: Accounts = field(default_factory=Accounts)
    signing: SigningKeys | None = None
    lists: tuple[StatusListKey, ...] = ()
    service: str | None = None
    """Address of its published status lists, `https://…` without a slash at the end; None: as its did:web says."""

    @property
    def service_url(self) -> str:
        """The base of `…/v1/status-lists/<list>`: `service`, else the domain and path of its did:web."""
        if self.service is not None:
            return self.service
        if not self.did.startswith("did:web:"):
            return "https://status-lists.invalid"
        domain, *path = self.did.removeprefix("did:web:").split(":")
        return "https://" + "/".join([domain.replace("%3A", ":"), *path])

    @property
    def page_url(self) -> str | None:
        """Where its verification page is served, beside its status lists; None where its DID names no domain."""
        url = self.service_url
        return None if url.endswith(".invalid") else f"{url}/"


def institution_of(table: dict[str, Any]) -> Institution:
    """The institution of a profile's `[[institution]]`. Raises KeyError, TypeError, ValueError or AttributeError."""
    accounts = table.get("accounts", {})
    signing = table.get("signing")
    return Institution(
        number=number_in(table, "number"),
        name=text_in(table, "name"),
        slug=text_in(table, "slug"),
        did=text_in(table, "did"),
        region=number_in(table, "region") if "region" in table else 0,
        accounts=Accounts(
            govern=tuple(accounts.get("govern", ())),
            admin=accounts.get("admin"),
            issue=accounts.get("issue"),
            status=accounts.get("status"),
            recovery=accounts.get("recovery"),
        ),
        signing=SigningKeys(text_in(signing, "credential"), text_in(signing, "status")) if signing else None,
        lists=tuple(
            StatusListKey(number_in(entry, "number"), number_in(entry, "log2size"), text_in(entry, "key"))
            for entry in table.get("list", [])
        ),
        service=table.get("service"),
    )


def institution_table(institution: Institution) -> dict[str, Any]:
    """What `institution_of` reads."""
    accounts, signing = institution.accounts, institution.signing
    return present(
        number=institution.number,
        name=institution.name,
        slug=institution.slug,
        did=institution.did,
        region=institution.region,
        service=institution.service,
        accounts=present(
            govern=list(accounts.govern),
            admin=accounts.admin,
            issue=accounts.issue,
            status=accounts.status,
            recovery=accounts.recovery,
        ),
        signing={"credential": signing.credential, "status": signing.status} if signing else None,
        list=[{"number": item.number, "log2size": item.log2size, "key": item.key} for item in institution.lists],
    )


def text_in(table: dict[str, Any], name: str) -> str:
    """An entry that is text. Raises KeyError or ValueError."""
    value = table[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text")
    return value


def number_in(table: dict[str, Any], name: str) -> int:
    """An entry that is a whole number from 0. Raises KeyError or ValueError."""
    value = table[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is not a whole number from 0")
    return value


def present(**entries: Any) -> dict[str, Any]:
    """A table without the entries that say nothing: TOML has no null."""
    return {name: value for name, value in entries.items() if value is not None and value != []}
