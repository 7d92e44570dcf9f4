"""An institution's staff on the chain: who acts for it from which account, and what stays behind when somebody leaves.

The institution's ADMIN gives and takes ISSUE and STATUS, and what the institution has a mandate for (IOperators).
GOVERN, ADMIN and recovery accounts are controllers: they change with a delay (`replaceControllers`), or at once by a
vote of the Alliance.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from testamur.batch.lists import load_list_key
from testamur.chain.connection import Connection
from testamur.chain.errors import KeyUnusableError
from testamur.chain.institution import Role, add_operator, hand_over
from testamur.chain.signer import Account, keystore_address
from testamur.chain.transactions import Receipt
from testamur.profile import Accounts, Institution, Profile, update_profile

__all__ = [
    "GIVEN",
    "SERVING",
    "ListAccess",
    "Operator",
    "grant",
    "hand_lists_over",
    "list_access",
    "operators_of",
    "retire",
    "roles_of",
]

SERVING = {"issue": Role.ISSUE, "status": Role.STATUS}
"""The roles of those who issue, by the name that the profile has for them."""
GIVEN = {**SERVING, "review": Role.REVIEW, "recognise": Role.RECOGNISE, "audit": Role.AUDIT, "bank": Role.BANK}
"""The roles that an ADMIN gives and takes; those beyond SERVING need the institution's mandate, given by vote."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An account that acts for an institution now."""

    address: bytes
    """20 bytes."""
    roles: Role


@dataclass(frozen=True, slots=True)
class ListAccess:
    """Which of an institution's status lists can be issued into from this profile."""

    usable: tuple[int, ...]
    """Their keys are here; whoever issues elsewhere needs a copy of them, and to be their holder."""
    closed: tuple[int, ...]
    """Their keys are not: nothing more is issued into them, but their credentials can still be revoked."""


def roles_of(connection: Connection, address: bytes) -> tuple[int, Role]:
    """The institution that an account belongs to (0: none) and the roles it has now."""
    record = connection.contract("Operators").read("roleOf", address)
    return record["institution"], Role(record["roles"])


def operators_of(connection: Connection, institution: int) -> list[Operator]:
    """Every account that acts for the institution now, in the order in which they were added."""
    operators = connection.contract("Operators")
    count = operators.read("institutionOf", institution)["operatorCount"]
    entries = operators.read_many("operator", [(institution, index) for index in range(1, count + 1)])
    return [Operator(bytes(entry["account"]), Role(entry["roles"])) for entry in entries if not entry["until"]]


def list_access(connection: Connection, institution: Institution) -> ListAccess:
    """Which lists of the institution, of all that the chain has, a clerk with this profile can issue into."""
    own = _lists_of(connection, institution)
    usable = set()
    for item in institution.lists:
        try:
            load_list_key(connection.profile.resolve(item.key))
        except KeyUnusableError:
            continue
        usable.add(item.number)
    return ListAccess(
        tuple(number for number in own if number in usable), tuple(number for number in own if number not in usable)
    )


def hand_lists_over(connection: Connection, institution: Institution, former: bytes, account: bytes) -> list[int]:
    """Hand the lists that `former` fills to `account`, one transaction of the ADMIN each; their numbers."""
    index = connection.contract("Operators").read("referenceOf", former)["index"]
    held = [number for number, holder in _lists_of(connection, institution).items() if holder == index]
    for number in held:
        hand_over(connection, institution, number, account)
    return held


def _lists_of(connection: Connection, institution: Institution) -> dict[int, int]:
    """The institution's lists, of all that the chain has, each with the operator index of its holder."""
    registry = connection.contract("StatusRegistry")
    numbers = range(1, registry.read("nextList"))
    records = registry.read_many("listOf", [(number,) for number in numbers])
    return {
        number: record["holder"]
        for number, record in zip(numbers, records, strict=True)
        if record["issuer"] == institution.number
    }


def grant(
    connection: Connection,
    institution: Institution,
    account: Account,
    keystore: Path,
    roles: Role,
    instead_of: bytes | None = None,
) -> Receipt:
    """Give an account its roles: it signs its acceptance, the ADMIN sends it.

    The profile names it where it named nobody for the role, or the account `instead_of`.
    """
    receipt = add_operator(connection, institution, account, roles)
    profile = connection.profile
    named = _as_named(profile, keystore)

    def taken(accounts: Accounts) -> Accounts:
        given = [name for name, role in SERVING.items() if role in roles]
        for name in given:
            if _is_free(profile, getattr(accounts, name), instead_of):
                accounts = _with_account(accounts, name, named)
        return accounts

    _change_accounts(connection, institution.number, taken)
    return receipt


def retire(connection: Connection, institution: Institution, address: bytes, stolen_since: int | None) -> Receipt:
    """Take an account's roles, now; with `stolen_since` (seconds) what it anchored from then on is not valid.

    The profile no longer names it.
    """
    operators = connection.contract("Operators")
    if stolen_since is None:
        call = operators.call("retireOperator", address)
    else:
        call = operators.call("markOperatorCompromised", address, stolen_since)
    receipt = connection.sender_for(institution, "admin").send(call)
    profile = connection.profile

    def left(accounts: Accounts) -> Accounts:
        for name in SERVING:
            path = getattr(accounts, name)
            if path and keystore_address(profile.resolve(path)) == address:
                accounts = _with_account(accounts, name, None)
        return accounts

    _change_accounts(connection, institution.number, left)
    return receipt


def _with_account(accounts: Accounts, name: str, path: str | None) -> Accounts:
    return replace(accounts, issue=path) if name == "issue" else replace(accounts, status=path)


def _is_free(profile: Profile, path: str | None, instead_of: bytes | None) -> bool:
    return path is None or (instead_of is not None and keystore_address(profile.resolve(path)) == instead_of)


def _change_accounts(connection: Connection, number: int, change: Callable[[Accounts], Accounts]) -> None:
    def changed(profile: Profile) -> Profile:
        institution = profile.institution(number)
        return profile.with_institution(replace(institution, accounts=change(institution.accounts)))

    saved = update_profile(connection.profile, changed)
    connection.profile = replace(connection.profile, institutions=saved.institutions)


def _as_named(profile: Profile, keystore: Path) -> str:
    """A path as the profile writes it: relative to its folder where it lies below."""
    folder, path = profile.path.parent.resolve(), keystore.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
