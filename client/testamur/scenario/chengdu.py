"""Chengdu: two institutions found the alliance and issue; a third is registered and not recognised.

chain      a development chain of its own, or the governed chain behind --rpc with the founders' profile
votes      the framework LOFOUC with ten levels and three types of qualification; the agreement, by its text's hash;
           each founder registered and admitted with a scope; the third institution created and registered
signing    both founders sign the agreement; signing keys are registered; each founder opens a status list
batches    each founder issues a small roster
"""

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from testamur.batch.example import example_roster, example_template
from testamur.batch.permutation import KEY_BYTES
from testamur.chain.access import NO_ACCESS, Access
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.institution import open_list_call
from testamur.chain.keys import KeyUsage
from testamur.chain.password_file import read_password
from testamur.chain.signer import write_secret
from testamur.chain.signing_key import create_signing_key, raw_public_key
from testamur.chain.transactions import Sender
from testamur.credential.template import Template
from testamur.issuer import Issuer
from testamur.profile import Profile, SigningKeys, StatusListKey
from testamur.registry import homepage, levels_in_scope
from testamur.scenario.errors import ScenarioError
from testamur.scenario.node import OwnNode, init_node, start_node
from testamur.scenario.result import ScenarioResult
from testamur.scenario.rounds import deliver
from testamur.scenario.votes import vote
from testamur.verification.creation import create_policy

__all__ = ["play"]

LIST_LOG2SIZE = 17


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


def play(
    out: Path,
    *,
    rpc: str | None,
    founders: Path | None,
    rows: int,
    say: Callable[[str], None],
    access: Access = NO_ACCESS,
) -> ScenarioResult:
    """Play the scenario into `out`; see the head of this file for its steps. `access` is what the node at `rpc` is
    shown."""
    clock = _Clock(say, {})
    profile_path = out / "testamur.toml"
    if profile_path.exists():
        raise ScenarioError(
            f"{out} holds a profile already", "choose a fresh folder with --out; one that a killed run left may go"
        )
    out.mkdir(parents=True, exist_ok=True)
    node, before = None, {path.name for path in out.iterdir()}
    with clock.step("chain", "starting the chain"):
        if rpc is None or founders is None:
            node = _own_node(out)
            rpc, founders, access = node.rpc, node.home / "testamur.toml", NO_ACCESS
        profile = _profile(Profile.load(founders).at(rpc), access, profile_path)
    try:
        result = _found(profile, rows, clock)
    except BaseException:
        if node is not None:
            node.stop()
            _clear(out, before)
        raise
    return replace(result, node=node)


def _clear(out: Path, before: Collection[str]) -> None:
    """Take away what a failed run has left on a chain of its own, so that the next may begin in the same folder."""
    for path in out.iterdir():
        if path.name not in before:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _own_node(out: Path) -> OwnNode:
    init_node(out / "node", is_development=True)
    return start_node(out / "node")


def _profile(founders: Profile, access: Access, path: Path) -> Profile:
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
        access=access.over(founders.node_access).beside(path.parent),
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
        with clock.step("votes", "voting: framework, agreement, both founders admitted, a third only registered"):
            version = vote(connection, out)
        with clock.step("signing", "signing the agreement, registering keys, opening status lists"):
            _sign_and_equip(connection, version)
        with clock.step("policy", "writing the verifiers' policy"):
            create_policy(connection.rpc, profile.directory).write(out / "policy.toml")
        with clock.step("issue", "issuing a batch each"):
            founders = connection.profile.institutions[:2]
            issued = tuple(_issue(connection, institution.number, out, rows) for institution in founders)
            _lay_ready(out, founders[0].slug, rows)
    return ScenarioResult(
        name="chengdu",
        out=out,
        profile=profile.path,
        policy=out / "policy.toml",
        rpc=profile.rpc,
        node=None,
        agreement=version,
        issued=issued,
        unrecognised=connection.profile.institutions[2].number,
        timings=clock.timings,
    )


def _sign_and_equip(connection: Connection, version: int) -> None:
    """Agreement, signing keys and status lists, in one block; the profile knows the keys and lists then."""
    profile = connection.profile
    password = read_password(profile.password_path)
    alliance, keys = connection.contract("Alliance"), connection.contract("Keys")
    pairs: list[tuple[Sender, Call]] = []
    for position, institution in enumerate(profile.institutions):
        signing = SigningKeys(f"keys/{institution.slug}/credential.pem", f"keys/{institution.slug}/status.pem")
        for path, usage in ((signing.credential, KeyUsage.CREDENTIAL), (signing.status, KeyUsage.STATUS)):
            key = raw_public_key(create_signing_key(profile.resolve(path), password))
            pairs.append((connection.sender_for(institution, "admin"), keys.call("addKey", key, int(usage))))
        lists: tuple[StatusListKey, ...] = ()
        if position < 2:
            pairs.append((connection.sender_for(institution, "govern"), alliance.call("signAgreement", version)))
            path = f"lists/{institution.slug}.key"
            write_secret(profile.resolve(path), secrets.token_hex(KEY_BYTES).encode() + b"\n")
            pairs.append((connection.sender_for(institution, "issue"), open_list_call(connection, LIST_LOG2SIZE)))
            lists = (StatusListKey(0, LIST_LOG2SIZE, path),)
        profile = profile.with_institution(replace(institution, signing=signing, lists=lists))
    receipts = deliver(pairs)
    statuses = connection.contract("StatusRegistry")
    for entry in (entry for receipt in receipts for entry in statuses.decode_logs(receipt.logs)):
        institution = profile.institution(entry.arguments["issuer"])
        opened = replace(institution.lists[0], number=entry.arguments["list"])
        profile = profile.with_institution(replace(institution, lists=(opened,)))
    profile.save()
    connection.profile = profile


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


def _lay_ready(out: Path, slug: str, rows: int) -> None:
    """A template and a roster that nobody has issued yet, for the first try by hand."""
    template = (out / slug / "template.json").read_bytes()
    (out / "template.json").write_bytes(template)
    (out / "roster.csv").write_bytes(example_roster(Template.parse(template), rows, seed=rows + 7))
