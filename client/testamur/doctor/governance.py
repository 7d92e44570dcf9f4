"""Whether an institution can still decide and be recovered: its controllers, its signature, its validators."""

from collections.abc import Sequence
from typing import Any

from testamur.chain.connection import Connection, lacking_account_advice
from testamur.chain.rpc import to_hex
from testamur.doctor.finding import Finding, ok
from testamur.profile import Institution

__all__ = ["check_controllers", "check_membership"]


def check_controllers(connection: Connection, institution: Institution) -> list[Finding]:
    """`lone_govern`, `no_admin`, `recovery_elsewhere`, `may_not_transact`: whether one lost key leaves the institution
    a way back that this profile can go. `check_control` looks at what the chain says alone."""
    acting = connection.contract("Operators").read("controllers", institution.number)
    found = [] if connection.is_account_given else _reachable(connection, institution, len(acting["govern"]))
    found += _barred(connection, institution, acting)
    number = institution.number
    return found or [ok("controllers", institution, f"institution {number} has its controllers and a way back")]


def check_membership(connection: Connection, institution: Institution) -> list[Finding]:
    """`unsigned_agreement`, `no_validator`, `key_exchange`: whether a member signed what holds, and takes part in what
    makes the chain trustworthy. An institution that is no member has nothing to do here."""
    alliance, number = connection.contract("Alliance"), institution.number
    if not alliance.read("isMember", number):
        return [ok("membership", institution, f"institution {number} is no member and votes on nothing")]
    found: list[Finding] = []
    version = alliance.read("agreementCount")
    if version and not alliance.read("signed", version, number):
        found.append(
            Finding(
                "unsigned_agreement",
                "warning",
                f"institution {number} has not signed version {version} of the agreement",
                f"read it, and sign it with `testamur alliance sign {version}`",
                {"institution": number, "version": version},
            )
        )
    found += _validating(connection, number)
    return found or [
        ok("membership", institution, f"institution {number} signed the agreement, and nothing waits for it")
    ]


def _reachable(connection: Connection, institution: Institution, acting: int) -> list[Finding]:
    """Which of the controllers' keys the profile lacks."""
    accounts, number, found = institution.accounts, institution.number, []
    profile, facts = connection.profile.path.name, {"institution": institution.number}
    named = len(accounts.govern)
    if named < 2:
        found.append(
            Finding(
                "lone_govern",
                "warning",
                f"the profile names {named} of the {acting} GOVERN accounts of institution {number}",
                f"know who holds a second one, or add it to [institution.accounts] in {profile}: two confirm a freeze "
                "and cancel what two asked for",
                {**facts, "named": named, "acting": acting},
            )
        )
    if accounts.admin is None:
        message = f"the profile names no admin account for institution {number}"
        found.append(
            Finding(
                "no_admin", "warning", message, lacking_account_advice("admin", profile), {**facts, "role": "ADMIN"}
            )
        )
    if accounts.recovery is None:
        message = f"the profile names no recovery account for institution {number}"
        advice = "be sure that somebody keeps it, in another place than the other keys"
        found.append(Finding("recovery_elsewhere", "warning", message, advice, facts))
    return found


def _barred(connection: Connection, institution: Institution, acting: dict[str, Any]) -> list[Finding]:
    """The controllers that may send no transaction, so that they cannot do what they are for."""
    permissions, number, found = connection.contract("Permissions"), institution.number, []
    for account in (*acting["govern"], *acting["admin"], acting["recovery"]):
        if any(account) and not permissions.read("account", account)["transact"]:
            shown = to_hex(account)
            message = f"{shown} controls institution {number} and may not send transactions"
            advice = "replace it with `testamur account request`"
            found.append(
                Finding("may_not_transact", "warning", message, advice, {"institution": number, "account": shown})
            )
    return found


def _validating(connection: Connection, number: int) -> list[Finding]:
    """Whether the member validates where others do, and whether a key of its is being exchanged."""
    permissions = connection.contract("Permissions")
    validators: Sequence[dict[str, Any]] = permissions.read("validators")
    own = [entry["key"] for entry in validators if entry["institution"] == number]
    others = {entry["institution"] for entry in validators} - {number}
    found: list[Finding] = []
    if not own and len(others) > 1:
        count = len(others)
        found.append(
            Finding(
                "no_validator",
                "warning",
                f"{count} institutions validate, and institution {number} does not: the chain is as they sign it",
                "run a validator, and let the members vote it in with Permissions.setValidator",
                {"institution": number, "validating": sorted(others)},
            )
        )
    for key in own:
        exchange = permissions.read("exchange", key)
        if exchange["state"]:
            old, new = to_hex(key), to_hex(exchange["newKey"])
            found.append(
                Finding(
                    "key_exchange",
                    "warning",
                    f"the validator {old} of institution {number} is to give way to {new}",
                    "unless it was you, let a GOVERN or ADMIN account cancel it: Permissions.cancelExchange",
                    {"institution": number, "key": old, "new_key": new},
                )
            )
    return found
