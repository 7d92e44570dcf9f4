"""Is everything in order to issue? One finding per check, each with its code, the facts, and what to do.

`diagnose` runs all checks of a profile and never raises for what it finds; `testamur.batch.issuing` runs those that a
run depends on before anything is signed. Codes are never translated; the sentences here are English, the rim has the
Chinese.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from testamur.artifacts import CONTRACTS, artifact
from testamur.chain.access import NO_ACCESS, Access
from testamur.chain.connection import Connection
from testamur.chain.contracts import Contract
from testamur.chain.errors import AccessRefusedError, ChainUnreachableError, KeyUnusableError, RpcError
from testamur.chain.institution import IssuerState, KeyUsage, Role, Scope, key_hash
from testamur.chain.rpc import Rpc, to_hex
from testamur.chain.signer import Account
from testamur.chain.signing_key import load_signing_key, raw_public_key
from testamur.errors import TestamurError
from testamur.profile import Institution, Profile
from testamur.proof.cometbft_json import parse_time
from testamur.proof.errors import ProofError

__all__ = [
    "Finding",
    "check_accounts",
    "check_clock",
    "check_code",
    "check_disk",
    "check_issuer",
    "check_lists",
    "check_node",
    "check_role",
    "check_signing_key",
    "diagnose",
    "read_scopes",
]

_SKEW_SECONDS = 10
_STALE_SECONDS = 180
_DAY = 86_400
_ROOM_WARNING = 1_000
_DISK_WARNING_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    code: str
    severity: str
    """`ok`, `warning` or `error`."""
    message: str
    """One English sentence with the facts in it."""
    advice: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0
    """Of a command that cannot go on because of it (docs/protocol.md 6)."""

    def to_json(self) -> dict[str, Any]:
        """One object of `doctor --json`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "advice": self.advice,
            "facts": dict(self.facts),
        }


def diagnose(
    profile: Profile, access: Access = NO_ACCESS, *, now: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """Every check of a profile, as it is made; a node that cannot be asked ends the checks that need one. `access` goes
    before what the profile says.
    """
    yield check_disk(profile.path.parent)
    rpc = Rpc(profile.rpc, access=access.over(profile.node_access), attempts=2, timeout_seconds=10.0)
    with Connection(profile, rpc) as connection:
        node = check_node(connection)
        yield node
        if node.severity == "error":
            return
        yield from _each(lambda: [check_clock(rpc, profile, now())])
        yield from _each(lambda: check_code(connection))
        for institution in profile.institutions:
            yield from _each(partial(check_accounts, connection, institution))
            yield from _each(partial(check_issuer, connection, institution, now()))
            yield from _each(partial(check_signing_key, connection, institution))
            yield from _each(partial(check_lists, connection, institution))


def _each(check: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    """A check's findings, or what kept it from being made as a finding of its own."""
    try:
        return check()
    except (ChainUnreachableError, RpcError) as error:
        return [Finding("chain_unreachable", "error", error.message, error.advice, exit_code=7)]
    except TestamurError as error:
        return [Finding("check_failed", "error", error.message, error.advice, exit_code=error.exit_code)]


def check_disk(folder: Path, needed_bytes: int = 0) -> Finding:
    """`disk_full`: whether the folder's disk holds what is needed, with some room to spare."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    facts = {"free_bytes": free, "needed_bytes": needed_bytes, "folder": str(folder)}
    if free < needed_bytes:
        return Finding(
            "disk_full",
            "error",
            f"{free // 10**6} MB are free at {folder}, {needed_bytes // 10**6} MB are needed",
            "free some space or choose another folder",
            facts,
            2,
        )
    if free < needed_bytes + _DISK_WARNING_BYTES:
        return Finding(
            "disk_full", "warning", f"only {free // 10**6} MB are free at {folder}", "free some space", facts
        )
    return Finding("disk", "ok", f"{free // 10**6} MB are free", facts=facts)


def check_node(connection: Connection) -> Finding:
    """`access_refused`, `chain_unreachable`, `wrong_chain`: whether the profile's node answers for the profile's chain
    and Directory."""
    profile, rpc = connection.profile, connection.rpc
    try:
        chain_id = rpc.chain_id()
        has_directory = bool(rpc.code(profile.directory))
    except AccessRefusedError as error:
        said = {"rpc": profile.rpc, "said": error.message}
        return Finding("access_refused", "error", error.message, error.advice, said, 7)
    except (ChainUnreachableError, RpcError) as error:
        return Finding("chain_unreachable", "error", error.message, error.advice, {"rpc": profile.rpc}, 7)
    facts = {"rpc": profile.rpc, "chain_id": chain_id, "expected": profile.chain_id}
    if chain_id != profile.chain_id:
        return Finding(
            "wrong_chain",
            "error",
            f"the node at {profile.rpc} serves chain {chain_id}, the profile is for {profile.chain_id}",
            "correct rpc or chain_id in testamur.toml",
            facts,
            2,
        )
    if not has_directory:
        return Finding(
            "wrong_chain",
            "error",
            f"no contract stands at the Directory's address {to_hex(profile.directory)}",
            "correct directory in testamur.toml, or run `testamur deploy`",
            facts,
            2,
        )
    return Finding("node", "ok", f"the node at {profile.rpc} serves chain {chain_id}", facts=facts)


def check_clock(rpc: Rpc, profile: Profile, now: float) -> Finding:
    """`stale_node`, `clock`: how the newest time of the chain stands to this computer's clock.

    A chain of ours signs a header at least once a minute; elsewhere only a node that says it is catching up is stale.
    """
    if profile.engine_chain_id is None:
        if rpc.call("eth_syncing"):
            return Finding("stale_node", "warning", f"the node at {rpc.url} is still catching up", "wait for its end")
        return Finding("clock", "ok", "the node is not catching up")
    proof = rpc.call("testamur_finalityProof", "latest")
    try:
        latest = parse_time(proof["signedHeader"]["header"]["time"]) / 1e9
    except (KeyError, TypeError, ProofError) as error:
        raise rpc.nonsense("testamur_finalityProof", proof) from error
    facts = {"age_seconds": round(now - latest), "limit_seconds": _STALE_SECONDS}
    if latest > now + _SKEW_SECONDS:
        return Finding(
            "clock",
            "error",
            f"the chain's newest header is {latest - now:.0f} s ahead of this computer's clock",
            "set the clock, with NTP for good",
            facts,
            7,
        )
    if now - latest > _STALE_SECONDS:
        return Finding(
            "stale_node",
            "warning",
            f"the newest signed header is {now - latest:.0f} s old; a working chain signs one a minute",
            "is the node cut off, the chain halted, or this computer's clock ahead?",
            facts,
        )
    return Finding("clock", "ok", f"the newest signed header is {max(0, round(now - latest))} s old", facts=facts)


def check_code(connection: Connection) -> list[Finding]:
    """`unknown_code`: whether each contract that the Directory names runs the code that this client was built with."""
    found: list[Finding] = []
    addresses = {name: connection.contract(name).address for name in CONTRACTS}
    codes = connection.rpc.codes(list(addresses.values()))
    for (name, address), code in zip(addresses.items(), codes, strict=True):
        if _without_immutables(name, code) != _without_immutables(name, None):
            found.append(
                Finding(
                    "unknown_code",
                    "warning",
                    f"{name} at {to_hex(address)} runs code that this client does not know",
                    "update the client; if that does not help, ask the alliance what was deployed",
                    {"contract": name, "address": to_hex(address)},
                )
            )
    return found or [Finding("code", "ok", f"{len(addresses)} contracts run the code this client knows")]


def check_accounts(connection: Connection, institution: Institution) -> list[Finding]:
    """`unreadable_keystore`, `missing_role`: whether each account opens and has the role that the profile gives it."""
    found: list[Finding] = []
    accounts = institution.accounts
    named = [*((path, Role.GOVERN) for path in accounts.govern)]
    named += [
        (path, role)
        for path, role in ((accounts.admin, Role.ADMIN), (accounts.issue, Role.ISSUE), (accounts.status, Role.STATUS))
        if path
    ]
    for path, role in named:
        try:
            account = connection.account(path)
        except KeyUnusableError as error:
            facts = {"keystore": path, "institution": institution.number}
            found.append(Finding("unreadable_keystore", "error", error.message, error.advice, facts, 9))
            continue
        found += _role_findings(connection, institution, account, role)
    return found or [_ok("accounts", institution, f"{len(named)} accounts open and have their roles")]


def check_role(connection: Connection, institution: Institution, role: str) -> list[Finding]:
    """The same for the one account that will act, which may come from ETH_KEYSTORE: `issue`, `status` or another."""
    account = connection.sender_for(institution, role).account
    return _role_findings(connection, institution, account, Role[role.upper()])


def check_issuer(connection: Connection, institution: Institution, now: float) -> list[Finding]:
    """`not_recognised`, `expired_scope`: whether the institution may issue now, and in which scopes."""
    registry = connection.contract("IssuerRegistry")
    number = institution.number
    record = registry.read("issuer", number)
    state = IssuerState(record["state"])
    facts = {"institution": number, "state": state.name.lower()}
    if state is not IssuerState.RECOGNISED:
        return [
            Finding(
                "not_recognised",
                "error",
                f"institution {number} is {state.name.lower()}, not recognised as an issuer",
                f"the Alliance admits it: `testamur issuer admit {number} --scope F:TYPE:LOW-HIGH:REGION`",
                facts,
                6,
            )
        ]
    scopes = read_scopes(connection, number)
    open_scopes = [scope for scope in scopes.values() if scope.from_time <= now and not 0 < scope.to_time <= now]
    if not open_scopes:
        return [
            Finding(
                "expired_scope",
                "error",
                f"none of the {len(scopes)} scopes of institution {number} is in force",
                "ask the Alliance for a new scope",
                facts,
                6,
            )
        ]
    ending = [scope.to_time for scope in open_scopes if scope.to_time and scope.to_time < now + 30 * _DAY]
    if len(ending) == len(open_scopes):
        days = int((max(ending) - now) // _DAY)
        message = f"the last scope of institution {number} ends in {days} days"
        return [Finding("expired_scope", "warning", message, "ask the Alliance for a new scope in time", facts)]
    return [_ok("issuer", institution, f"institution {number} is recognised with {len(open_scopes)} scopes in force")]


def check_signing_key(connection: Connection, institution: Institution) -> list[Finding]:
    """`unreadable_key`, `key_unknown`, `key_retired`, `key_compromised`: whether the signing keys open and count."""
    number, signing, profile = institution.number, institution.signing, connection.profile
    if signing is None:
        return [
            Finding(
                "key_unknown",
                "error",
                f"the profile has no signing keys for institution {number}",
                "create them with `testamur issuer key add`",
                {"institution": number},
                9,
            )
        ]
    found: list[Finding] = []
    for path, usage in ((signing.credential, KeyUsage.CREDENTIAL), (signing.status, KeyUsage.STATUS)):
        facts = {"institution": number, "key": path, "usage": usage.name.lower()}
        try:
            key = raw_public_key(load_signing_key(profile.resolve(path), profile.password_path))
        except KeyUnusableError as error:
            found.append(Finding("unreadable_key", "error", error.message, error.advice, facts, 9))
            continue
        record = connection.contract("IssuerRegistry").read("key", key_hash(key))
        if (record["institution"], record["usage"]) != (number, usage):
            message = f"the key {path} is not registered for {usage.name.lower()} use of institution {number}"
            advice = "register it with `testamur issuer key add`"
            found.append(Finding("key_unknown", "error", message, advice, facts, 6))
        elif record["compromisedSince"]:
            message = f"the key {path} was marked as compromised"
            found.append(Finding("key_compromised", "error", message, "create and register a new key", facts, 6))
        elif record["until"]:
            message = f"the key {path} was retired"
            found.append(Finding("key_retired", "error", message, "create and register a new key", facts, 6))
    return found or [_ok("keys", institution, "the signing keys open, are registered and in use")]


def check_lists(connection: Connection, institution: Institution) -> list[Finding]:
    """`unreadable_list_key`, `list_full`: whether a status list of this profile has room."""
    from testamur.batch.lists import read_lists

    facts = {"institution": institution.number, "lists": [item.number for item in institution.lists]}
    try:
        lists = read_lists(connection, institution)
    except KeyUnusableError as error:
        return [Finding("unreadable_list_key", "error", error.message, error.advice, facts, 9)]
    room = max((item.room for item in lists), default=0)
    if not lists:
        return [_ok("lists", institution, "no status list is open yet; issuing opens one")]
    if room < _ROOM_WARNING:
        message = f"the status lists of institution {institution.number} have room for {room} more"
        return [
            Finding("list_full", "warning", message, "nothing: issuing opens another list", {**facts, "room": room})
        ]
    return [_ok("lists", institution, f"a status list has room for {room} more")]


def read_scopes(connection: Connection, number: int) -> dict[int, Scope]:
    """The scopes of an institution by their index, from 1."""
    registry = connection.contract("IssuerRegistry")
    count = registry.read("issuer", number)["scopes"]
    records = registry.read_many("scope", [(number, index) for index in range(1, count + 1)])
    return {index: Scope.from_struct(record) for index, record in enumerate(records, start=1)}


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


def _without_immutables(name: str, code: bytes | None) -> bytes:
    """Runtime code with zeros where the constructor wrote values; the artifact's own where none is given."""
    known = artifact(name)
    plain = bytearray(known.deployed_bytecode if code is None else code)
    for start, length in known.immutable_references:
        plain[start : start + length] = bytes(length)
    return bytes(plain)


def _ok(code: str, institution: Institution, message: str) -> Finding:
    return Finding(code, "ok", message, facts={"institution": institution.number})
