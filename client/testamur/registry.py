"""The register as people read it: institutions and frameworks with their names, scopes and keys.

The contracts keep hashes of texts and put the texts themselves into events; here the two are joined. What is read is
shown to people and served by the API; a verdict never rests on it (it proves slots, `testamur.verification`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from testamur.chain.contracts import Contract, Suite
from testamur.chain.errors import ChainUnreachableError
from testamur.chain.institution import Scope
from testamur.chain.keyring import KeyRecord, read_dids, read_keys
from testamur.errors import TestamurError
from testamur.proof.hashing import keccak256

if TYPE_CHECKING:
    from testamur.credential.template import Level

__all__ = [
    "STATES",
    "Framework",
    "IssuerRecord",
    "LevelRecord",
    "NoScopeError",
    "QualificationType",
    "UnknownIssuerError",
    "did_document",
    "find_institution",
    "first_did",
    "homepage",
    "levels_in_scope",
    "read_framework",
    "read_frameworks",
    "read_issuer",
    "read_issuers",
    "record_json",
]

STATES = ("none", "applied", "recognised", "suspended", "withdrawn")


class UnknownIssuerError(TestamurError):
    """No institution of that number or DID is registered."""

    exit_code = 6


class NoScopeError(TestamurError):
    """An institution may not issue anything now."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class IssuerRecord:
    """An institution of the register."""

    number: int
    name: str
    state: str
    """One of STATES."""
    since: int
    first_recognised: int
    dids: tuple[str, ...]
    """In use, in the order in which it got them."""
    past_dids: tuple[str, ...]
    """Those that ended."""
    admission: int
    """How often it was admitted; scopes of another admission than the present one are dead."""
    accreditor: int
    """The institution that vouched for the present admission; 0: the Alliance."""
    scopes: tuple[Scope, ...]
    """The chain numbers them from 1, in this order."""
    keys: tuple[KeyRecord, ...]


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level of a framework; ranks compare within one ladder only, higher is higher."""

    rank: int
    ladder: int
    code: str
    label: str
    is_blank: bool
    """The source leaves it empty."""


@dataclass(frozen=True, slots=True)
class QualificationType:
    """A kind of qualification that a framework knows."""

    number: int
    name: str
    lowest_rank: int
    highest_rank: int
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Framework:
    """A qualification framework."""

    number: int
    name: str
    direction: str
    """Of the labels: `not stated`, `rising` or `falling`."""
    legal_basis: str
    levels: tuple[LevelRecord, ...]
    types: tuple[QualificationType, ...]


def find_institution(suite: Suite, who: str) -> int:
    """The number behind a number or a DID."""
    if who.isascii() and who.isdigit():
        return int(who)
    number = int(suite.contract("Keys").read("did", keccak256(who.encode()))["institution"])
    if number == 0:
        raise UnknownIssuerError(f"no institution is registered as {who}", "list them with `testamur issuer list`")
    return number


def read_issuers(suite: Suite) -> list[IssuerRecord]:
    """All registered institutions, in number order, at one block."""
    block = suite.rpc.block_number()
    numbers = sorted({entry.arguments["institution"] for entry in _events(suite, "IssuerRegistered", block)})
    return [_read(suite, number, block) for number in numbers]


def read_issuer(suite: Suite, number: int) -> IssuerRecord:
    """One institution; `UnknownIssuerError` where there is none."""
    return _read(suite, number, suite.rpc.block_number())


def _read(suite: Suite, number: int, block: int) -> IssuerRecord:
    registry = suite.contract("IssuerRegistry")
    record: dict[str, Any] = registry.read("issuer", number, block=block)
    if record["state"] == 0:
        raise UnknownIssuerError(f"institution {number} is not registered", "list them with `testamur issuer list`")
    topic = number.to_bytes(32, "big")
    registered = suite.logs("IssuerRegistry", "IssuerRegistered", topic, to_block=block)
    renamed = suite.logs("IssuerRegistry", "IssuerRenamed", topic, to_block=block)
    if not registered:
        raise ChainUnreachableError(
            f"the node at {suite.rpc.url} does not return the events of institution {number}",
            "ask a node that keeps them",
        )
    names = [entry.arguments["name"] for entry in (*registered, *renamed)]
    scopes = registry.read_many("scope", [(number, i) for i in range(1, record["scopes"] + 1)], block)
    dids = read_dids(suite, number, block)
    now = int((suite.rpc.block(block) or {"timestamp": "0x0"})["timestamp"], 16)
    return IssuerRecord(
        number=number,
        name=next((name for name in names if keccak256(name.encode()) == record["nameHash"]), ""),
        state=STATES[record["state"]],
        since=record["since"],
        first_recognised=record["firstRecognised"],
        dids=tuple(did.text for did in dids if not 0 < did.until <= now),
        past_dids=tuple(did.text for did in dids if 0 < did.until <= now),
        admission=record["admission"],
        accreditor=record["accreditor"],
        scopes=tuple(Scope.from_struct(scope) for scope in scopes),
        keys=tuple(read_keys(suite, number, block)),
    )


def read_frameworks(suite: Suite) -> list[Framework]:
    """All frameworks, in number order."""
    contract = suite.contract("QualificationFrameworks")
    added = contract.logs("FrameworkAdded")
    return [_framework(contract, entry.arguments) for entry in sorted(added, key=lambda e: e.arguments["framework"])]


def read_framework(suite: Suite, number: int) -> Framework | None:
    """One framework, or None where there is none of that number."""
    contract = suite.contract("QualificationFrameworks")
    added = contract.logs("FrameworkAdded", number.to_bytes(32, "big"))
    return _framework(contract, added[0].arguments) if added else None


def _framework(contract: Contract, event: Mapping[str, Any]) -> Framework:
    topic = int(event["framework"]).to_bytes(32, "big")
    levels = [entry.arguments for entry in contract.logs("LevelAdded", topic)]
    types = [entry.arguments for entry in contract.logs("TypeAdded", topic)]
    ends = {entry.arguments["number"]: entry.arguments["to"] for entry in contract.logs("TypeEnded", topic)}
    return Framework(
        number=event["framework"],
        name=event["name"],
        direction=("not stated", "rising", "falling")[event["direction"]],
        legal_basis=event["legalBasis"],
        levels=tuple(
            LevelRecord(level["rank"], level["ladder"], level["code"], level["label"], level["blank"])
            for level in sorted(levels, key=lambda level: (level["ladder"], level["rank"]))
        ),
        types=tuple(
            QualificationType(
                kind["number"],
                kind["name"],
                kind["lowestRank"],
                kind["highestRank"],
                kind["from"],
                ends.get(kind["number"], kind["to"]),
            )
            for kind in sorted(types, key=lambda kind: kind["number"])
        ),
    )


def _events(suite: Suite, name: str, block: int) -> list[Any]:
    return suite.logs("IssuerRegistry", name, to_block=block)


def levels_in_scope(suite: Suite, number: int, region: int) -> list["Level"]:
    """Levels that an institution may issue now, one a scope: the highest rank of the scope's first type.

    `region` is the institution's own, for scopes that hold everywhere.
    """
    from testamur.credential.document import Labels
    from testamur.credential.template import Level

    now = int((suite.rpc.block() or {"timestamp": "0x0"})["timestamp"], 16)
    levels: dict[str, Level] = {}
    record = read_issuer(suite, number)
    for scope in record.scopes:
        if scope.admission != record.admission:
            continue
        framework = read_framework(suite, scope.framework)
        kinds = framework.types if framework is not None else ()
        kind = next((kind for kind in kinds if scope.qualification_type in (0, kind.number)), None)
        if framework is None or kind is None:
            continue
        ranks = [level for level in framework.levels if kind.lowest_rank <= level.rank <= kind.highest_rank]
        for level in reversed(ranks):
            place = scope.region or region
            if not level.is_blank and scope.covers(framework.number, kind.number, level.rank, place, now):
                labels = Labels(framework.name, level.code, kind.name)
                levels[level.code] = Level(level.code, framework.number, kind.number, level.rank, place, labels)
                break
    if not levels:
        raise NoScopeError(
            f"institution {number} has no scope in force",
            f"the alliance adds one: `testamur issuer admit {number} --scope F:TYPE:LOW-HIGH:REGION`",
        )
    return list(levels.values())


def first_did(record: IssuerRecord) -> str:
    """The DID in use that an institution got first; `UnknownIssuerError` where none is in use."""
    if not record.dids:
        raise UnknownIssuerError(
            f"institution {record.number} has no DID in use",
            "the alliance gives it one: `testamur alliance propose 'Keys.addDid[NUMBER, \"DID\"]'`",
        )
    return record.dids[0]


def homepage(did: str) -> str:
    """The `https://…` behind a did:web, below which an institution names its achievements."""
    if did.startswith("did:web:"):
        return "https://" + did.removeprefix("did:web:").replace(":", "/")
    return f"https://example.org/{did}"


def did_document(record: IssuerRecord, did: str) -> dict[str, Any]:
    """What an institution publishes under `did` (W3C DID Core 1.0): its keys that are in use, by usage.

    Credential keys stand under assertionMethod. A verdict of ours never reads it: keys are proved on the chain; the
    document serves verifiers that know nothing of the chain.
    """
    from testamur.credential.multibase import encode_key

    methods = [
        {
            "id": f"{did}#{encode_key(key.key)}",
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": encode_key(key.key),
        }
        for key in record.keys
        if not key.compromised_since
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "alsoKnownAs": [other for other in record.dids if other != did],
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def record_json(record: IssuerRecord) -> dict[str, Any]:
    """An institution as `--json` and the API write it."""
    return {
        "id": record.number,
        "name": record.name,
        "state": record.state,
        "since": record.since,
        "firstRecognised": record.first_recognised or None,
        "dids": list(record.dids),
        "pastDids": list(record.past_dids),
        "admission": record.admission,
        "accreditor": record.accreditor or None,
        "scopes": [
            {
                "index": index,
                "framework": scope.framework,
                "type": scope.qualification_type,
                "lowestRank": scope.lowest_rank,
                "highestRank": scope.highest_rank,
                "region": scope.region,
                "from": scope.from_time,
                "to": scope.to_time or None,
                "admission": scope.admission,
                "parent": {"institution": scope.parent_institution, "scope": scope.parent_scope}
                if scope.parent_institution
                else None,
                "suspendedBy": scope.suspended_by or None,
            }
            for index, scope in enumerate(record.scopes, 1)
        ],
        "keys": [
            {
                "keyHash": "0x" + key.hash.hex(),
                "key": "0x" + key.key.hex(),
                "usage": key.usage,
                "since": key.since,
                "until": key.until or None,
                "compromisedSince": key.compromised_since or None,
                "clearings": key.clearings,
            }
            for key in record.keys
        ],
    }
