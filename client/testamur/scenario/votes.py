"""What the founders of the Chengdu scenario decide: framework, agreement, who is admitted and who only registered.

Each decision is a motion that is carried whole; what a chain has already is not decided again.
"""

import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import time
from typing import Any

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.governance import document_hash
from testamur.chain.institution import (
    IssuerState,
    Scope,
    add_scope_call,
    admit_call,
    create_accounts,
    own_creation_call,
    register_calls,
)
from testamur.profile import Institution
from testamur.registry import read_frameworks
from testamur.scenario.rounds import Motion, carry

__all__ = ["tables", "vote"]


@cache
def tables() -> dict[str, Any]:
    """The scenario's data: framework, types, scopes, the third institution."""
    return tomllib.loads(_text("chengdu.toml"))


def vote(connection: Connection, out: Path) -> int:
    """All decisions of the founders; the version of the agreement. The profile holds the third institution then."""
    text = _text("agreement-chengdu.md").encode()
    (out / "agreement.md").write_bytes(text)
    number, defining = _framework(connection)
    third = _third(connection)
    adopting = connection.contract("Alliance").call("adoptAgreement", document_hash(text), int(time()))
    motions = [
        *([Motion(f"Framework {tables()['framework']['name']}".encode(), defining)] if defining else []),
        Motion(text, (adopting,)),
        *(
            Motion(f"Admit {institution.name}".encode(), _admission(connection, institution, _scope(number, position)))
            for position, institution in enumerate(connection.profile.institutions, 1)
        ),
        Motion(f"Register {third.name}".encode(), _registration(connection, third)),
    ]
    receipts = carry(connection, motions)
    connection.profile = connection.profile.with_institution(third)
    connection.profile.save()
    alliance = connection.contract("Alliance")
    events = [entry for receipt in receipts for entry in alliance.decode_logs(receipt.logs)]
    return next(int(entry.arguments["version"]) for entry in events if entry.event == "AgreementAdopted")


def _framework(connection: Connection) -> tuple[int, tuple[Call, ...]]:
    """The framework's number, and the calls that define it where the chain does not have it yet."""
    table = tables()["framework"]
    existing = read_frameworks(connection.suite)
    for known in existing:
        if known.name == table["name"]:
            return known.number, ()
    number = max((known.number for known in existing), default=0) + 1
    contract = connection.contract("QualificationFrameworks")
    levels = [
        {
            "rank": rank,
            "ladder": 1,
            "blank": False,
            "code": table["code"].format(rank=rank),
            "label": table["label"].format(rank=rank),
        }
        for rank in range(1, table["levels"] + 1)
    ]
    kinds = (
        contract.call("addType", number, kind["number"], kind["name"], kind["lowest"], kind["highest"], 0, 0)
        for kind in tables()["type"]
    )
    adding = contract.call("addFramework", number, table["name"], table["direction"], table["legal_basis"])
    return number, (adding, contract.call("addLevels", number, levels), *kinds)


def _scope(framework: int, position: int) -> Scope:
    kind, ranks, region = tables()["founders"][str(position)]["scope"].split(":")
    lowest, highest = ranks.split("-")
    return Scope(framework, int(kind), int(lowest), int(highest), int(region))


def _admission(connection: Connection, institution: Institution, scope: Scope) -> tuple[Call, ...]:
    """Register and admit an institution, or what of it is still to do."""
    registry = connection.contract("IssuerRegistry")
    state = registry.read("issuer", institution.number)["state"]
    if state == IssuerState.NONE:
        registering = register_calls(connection, institution.number, institution.name, institution.did)
        return *registering, admit_call(connection, institution.number, [scope])
    if state == IssuerState.APPLIED:
        return (admit_call(connection, institution.number, [scope]),)
    return (add_scope_call(connection, institution.number, scope),)


def _third(connection: Connection) -> Institution:
    """The third institution with accounts of its own, as it will stand in the profile."""
    table = tables()["third"]
    number = connection.contract("Operators").read("institutionCount") + 1
    accounts = create_accounts(connection.profile, f"keys/{table['slug']}", is_light=True)
    accounts = replace(accounts, issue=None, status=None)  # its ADMIN has not made them operators
    return Institution(number, table["name"], table["slug"], table["did"], table["region"], accounts)


def _registration(connection: Connection, third: Institution) -> tuple[Call, ...]:
    """Create the third institution and enter it in the register; nobody admits it."""
    creating = own_creation_call(connection, third.number, third.accounts)
    return creating, *register_calls(connection, third.number, third.name, third.did)


def _text(name: str) -> str:
    return files("testamur.scenario").joinpath(name).read_text(encoding="utf-8")
