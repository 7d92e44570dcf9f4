"""Chengdu: two institutions found the alliance and issue; a third is registered and not recognised.

chain      a development chain of its own, or the governed chain behind --rpc with the founders' profile
framework  LOFOUC with ten levels and three types of qualification, by vote
agreement  its text's hash adopted by vote, then signed by both founders
issuers    both registered and admitted with a scope each, by vote; keys registered; a status list opened
third      created with accounts of its own, registered with its keys, never admitted
batches    each founder issues a small roster
"""

import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import perf_counter, time
from typing import Any

from testamur.batch.example import example_roster, example_template
from testamur.batch.lists import open_list
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.errors import KeyUnusableError
from testamur.chain.governance import adopt_agreement, document_hash, propose_and_pass, sign_agreement
from testamur.chain.institution import (
    Scope,
    add_signing_keys,
    admit_call,
    create_accounts,
    found_institution,
    register_call,
)
from testamur.credential.template import Template
from testamur.issuer import Issuer
from testamur.profile import Institution, Profile
from testamur.registry import Framework, homepage, levels_in_scope, read_frameworks
from testamur.scenario.node import OwnNode, init_node, start_node
from testamur.scenario.result import ScenarioError, ScenarioResult
from testamur.verification.creation import create_policy

__all__ = ["play", "tables"]

LIST_LOG2SIZE = 17


@cache
def tables() -> dict[str, Any]:
    """The scenario's data: framework, types, scopes, the third institution."""
    return tomllib.loads(_text("chengdu.toml"))


@dataclass(slots=True)
class _Clock:
    """Tells each step to whoever watches, and keeps how long it took."""

    say: Callable[[str], None]
    timings: dict[str, float]

    @contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        self.say(text)
        start = perf_counter()
        yield
        self.timings[name] = perf_counter() - start


def play(out: Path, *, rpc: str | None, founders: Path | None, rows: int, say: Callable[[str], None]) -> ScenarioResult:
    """Play the scenario into `out`; see the head of this file for its steps."""
    clock = _Clock(say, {})
    profile_path = out / "testamur.toml"
    if profile_path.exists():
        raise ScenarioError(f"{out} holds a profile already", "choose a fresh folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    node = None
    with clock.step("chain", "starting the chain"):
        if rpc is None or founders is None:
            node = _own_node(out)
            rpc, founders = node.rpc, node.home / "testamur.toml"
        profile = _profile(Profile.load(founders), rpc, profile_path)
    try:
        result = _found(profile, rows, clock)
    except BaseException:
        if node is not None:
            node.stop()
        raise
    return replace(result, node_pid=node.pid if node else None)


def _own_node(out: Path) -> OwnNode:
    init_node(out / "node", is_development=True)
    return start_node(out / "node")


def _profile(founders: Profile, rpc: str, path: Path) -> Profile:
    """The founders' profile, saved at `path` with its key files where they are."""
    if len(founders.institutions) < 2:
        raise ScenarioError(
            f"{founders.path} holds {len(founders.institutions)} institutions, chengdu needs two founders",
            "name the profile that `testamur-node init` wrote",
        )

    def moved(name: str | None) -> str | None:
        if name is None:
            return None
        target = founders.resolve(name).absolute()
        inside = target.is_relative_to(path.parent.absolute())
        return Path(os.path.relpath(target, path.parent.absolute())).as_posix() if inside else str(target)

    institutions = []
    for institution in founders.institutions[:2]:
        accounts = institution.accounts
        institutions.append(
            replace(
                institution,
                accounts=replace(
                    accounts,
                    govern=tuple(str(moved(name)) for name in accounts.govern),
                    admin=moved(accounts.admin),
                    issue=moved(accounts.issue),
                    status=moved(accounts.status),
                    recovery=moved(accounts.recovery),
                ),
                signing=None,
                lists=(),
            )
        )
    profile = replace(
        founders,
        path=path.absolute(),
        rpc=rpc,
        password_file=moved(founders.password_file),
        policy="policy.toml",
        institutions=tuple(institutions),
        default=institutions[0].slug,
    )
    profile.save()
    return profile


def _found(profile: Profile, rows: int, clock: _Clock) -> ScenarioResult:
    out = profile.path.parent
    with Connection.open(profile) as connection:
        with clock.step("framework", "voting on the qualification framework"):
            framework = _framework(connection)
        with clock.step("agreement", "adopting and signing the agreement"):
            agreement = _agreement(connection, out)
        with clock.step("admission", "admitting both founders by vote"):
            _admit(connection, framework)
        with clock.step("keys", "registering signing keys, opening status lists"):
            for institution in connection.profile.institutions:
                _equip(connection, institution)
        with clock.step("third", "registering a third institution, without recognition"):
            third = _third(connection)
        with clock.step("policy", "writing the verifiers' policy"):
            _policy(connection, out / "policy.toml")
        with clock.step("issue", "issuing a batch each"):
            founding = connection.profile.institutions[:2]
            issued = tuple(_issue(connection, institution.number, out, rows) for institution in founding)
    return ScenarioResult(
        name="chengdu",
        out=out,
        profile=profile.path,
        policy=out / "policy.toml",
        rpc=profile.rpc,
        node_pid=None,
        agreement=agreement,
        issued=issued,
        unrecognised=third.number,
        timings=clock.timings,
    )


def _pass(connection: Connection, calls: list[Call], reason: str) -> None:
    """Carry calls by the votes of both founders."""
    proposal, receipt = propose_and_pass(connection, calls, document_hash(reason.encode()))
    if receipt is None:
        raise KeyUnusableError(
            f"proposal {proposal.id} has {proposal.yes} yes, too few of this alliance's members",
            "the scenario needs a chain whose members are the two founders of the profile",
        )


def _framework(connection: Connection) -> Framework:
    table = tables()["framework"]
    existing = read_frameworks(connection.suite)
    for known in existing:
        if known.name == table["name"]:
            return known
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
    calls = [
        contract.call("addFramework", number, table["name"], table["direction"], table["legal_basis"]),
        contract.call("addLevels", number, levels),
        *(
            contract.call("addType", number, kind["number"], kind["name"], kind["lowest"], kind["highest"], 0, 0)
            for kind in tables()["type"]
        ),
    ]
    _pass(connection, calls, f"Framework {table['name']}")
    return next(known for known in read_frameworks(connection.suite) if known.number == number)


def _agreement(connection: Connection, out: Path) -> int:
    text = _text("agreement-chengdu.md").encode()
    (out / "agreement.md").write_bytes(text)
    version = adopt_agreement(connection, document_hash(text), int(time()))
    alliance = connection.contract("Alliance")
    for institution in connection.profile.institutions:
        sign_agreement(alliance, connection.sender_for(institution, "govern"), version)
    return version


def _admit(connection: Connection, framework: Framework) -> None:
    registry = connection.contract("IssuerRegistry")
    for position, institution in enumerate(connection.profile.institutions, 1):
        state = registry.read("issuer", institution.number)["state"]
        calls = []
        if state == 0:
            calls.append(register_call(connection, institution.number, institution.name, institution.did))
        if state in (0, 1):
            calls.append(admit_call(connection, institution.number, [_scope(framework, position)]))
        else:
            calls.append(registry.call("addScope", institution.number, _scope(framework, position).as_struct()))
        _pass(connection, calls, f"Admit {institution.name}")


def _scope(framework: Framework, position: int) -> Scope:
    kind, ranks, region = tables()["founders"][str(position)]["scope"].split(":")
    lowest, highest = ranks.split("-")
    return Scope(framework.number, int(kind), int(lowest), int(highest), int(region))


def _equip(connection: Connection, institution: Institution) -> None:
    institution = add_signing_keys(connection, institution, f"keys/{institution.slug}")
    open_list(connection, institution, LIST_LOG2SIZE)


def _third(connection: Connection) -> Institution:
    table = tables()["third"]
    profile = connection.profile
    taken = {known.slug for known in profile.institutions}
    slug = table["slug"] if table["slug"] not in taken else f"{table['slug']}-2"
    accounts = create_accounts(profile, f"keys/{slug}", is_light=True)
    founded, _, receipt = found_institution(
        connection,
        Institution(0, table["name"], slug, table["did"], table["region"], accounts),
        document_hash(f"Create {table['name']}".encode()),
    )
    if receipt is None:
        raise KeyUnusableError("the vote on the third institution waits for other members")
    _pass(
        connection, [register_call(connection, founded.number, founded.name, founded.did)], f"Register {founded.name}"
    )
    connection.profile = connection.profile.with_institution(founded)
    connection.profile.save()
    return add_signing_keys(connection, founded, f"keys/{slug}")


def _policy(connection: Connection, path: Path) -> None:
    create_policy(connection.rpc, connection.profile.directory).write(path)


def _issue(connection: Connection, number: int, out: Path, rows: int) -> Path:
    """Write template and roster for an institution and issue them; the folder of the batch."""
    issuer = Issuer(connection, connection.profile.institution(number))
    institution = issuer.institution
    folder = out / institution.slug
    folder.mkdir()
    levels = levels_in_scope(connection.suite, number, institution.region)
    template = example_template(levels, institution.name, homepage(institution.did))
    (folder / "template.json").write_bytes(template)
    (folder / "roster.csv").write_bytes(example_roster(Template.parse(template), rows, seed=number))
    report = issuer.issue(folder / "roster.csv", folder / "template.json", folder / "batch")
    if report.exit_code:
        raise ScenarioError(f"{len(report.rejected)} rows of the roster of {institution.name} were rejected")
    return folder / "batch"


def _text(name: str) -> str:
    return files("testamur.scenario").joinpath(name).read_text(encoding="utf-8")
