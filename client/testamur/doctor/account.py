"""Whether an institution's accounts are named, open, and have the roles that the profile gives them."""

from testamur.chain.connection import Connection, lacking_account_advice
from testamur.chain.contracts import Contract
from testamur.chain.errors import KeyUnusableError, WrongPasswordError
from testamur.chain.institution import Role
from testamur.chain.rpc import to_hex
from testamur.chain.signer import Account
from testamur.doctor.finding import Finding, ok
from testamur.profile import Institution

__all__ = ["check_accounts", "check_role"]


def check_accounts(connection: Connection, institution: Institution) -> list[Finding]:
    """`missing_account`, `wrong_password`, `unreadable_keystore`, `missing_role`: whether the accounts that issuing and
    revoking take are named, and each account opens and has the role that the profile gives it.

    Opening a keystore is dear on purpose (scrypt): a password that does not open one is not tried on the others.
    """
    accounts, number = institution.accounts, institution.number
    found = _missing(connection, institution)
    named = [*((path, Role.GOVERN) for path in accounts.govern)]
    named += [
        (path, role)
        for path, role in ((accounts.admin, Role.ADMIN), (accounts.issue, Role.ISSUE), (accounts.status, Role.STATUS))
        if path
    ]
    for path, role in named:
        facts = {"keystore": path, "institution": number}
        try:
            account = connection.account(path)
        except WrongPasswordError as error:
            return [*found, Finding("wrong_password", "error", error.message, error.advice, facts, 9)]
        except KeyUnusableError as error:
            found.append(Finding("unreadable_keystore", "error", error.message, error.advice, facts, 9))
            continue
        found += _role_findings(connection, institution, account, role)
    return found or [ok("accounts", institution, f"{len(named)} accounts open and have their roles")]


def _missing(connection: Connection, institution: Institution) -> list[Finding]:
    """The accounts without which nothing is issued, and nothing revoked."""
    if connection.is_account_given:  # ETH_KEYSTORE acts for whichever role is asked
        return []
    number, found = institution.number, []
    for role, severity in (("issue", "error"), ("status", "warning")):
        if getattr(institution.accounts, role) is None:
            message = f"the profile names no {role} account for institution {number}"
            advice = lacking_account_advice(role, connection.profile.path.name)
            facts = {"institution": number, "role": role.upper()}
            found.append(Finding("missing_account", severity, message, advice, facts, 9))
    return found


def check_role(connection: Connection, institution: Institution, role: str) -> list[Finding]:
    """The same for the one account that will act, which may come from ETH_KEYSTORE: `issue`, `status` or another."""
    account = connection.sender_for(institution, role).account
    return _role_findings(connection, institution, account, Role[role.upper()])


def _role_findings(connection: Connection, institution: Institution, account: Account, role: Role) -> list[Finding]:
    known = connection.contract("Operators").read("roleOf", account.address)
    facts = {"account": to_hex(account.address), "role": role.name, "institution": institution.number}
    if known["institution"] == institution.number and known["roles"] & role:
        permission = Contract("Permissions", connection.contract("Permissions").address, connection.rpc)
        if permission.read("account", account.address)["transact"]:
            return []
        message = f"{to_hex(account.address)} may not send transactions on this chain"
        return [Finding("missing_role", "error", message, "ask the institution's ADMIN to add it again", facts, 9)]
    return [
        Finding(
            "missing_role",
            "error",
            f"{to_hex(account.address)} does not act as {role.name} for institution {institution.number}",
            "let the institution's ADMIN add it, or correct testamur.toml",
            facts,
            9,
        )
    ]
