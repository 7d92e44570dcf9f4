"""A credential as a document: the strict parse, and the facts that later checks read from it.

Data flow: bytes -> `parse` (or a bundle's tree -> `from_tree`) -> `Document` -> `proof.verify`, `batch.leaf`,
`verification`. A Document is the receipt of check 1 of `docs/protocol.md 6`: whoever holds one never meets a missing
key, a wrong type or a second reading of the same bytes again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from testamur.batch.claims import Claims, parse_level
from testamur.credential.budget import spend
from testamur.credential.canonical import CanonicalBytes, canonical_bytes, canonical_nquads
from testamur.credential.contexts import CONTEXT_URLS
from testamur.credential.errors import MalformedError
from testamur.credential.moments import read_moment
from testamur.credential.multibase import base58_decode, decode_key
from testamur.credential.shape import MAX_TOKENS, Kept, Shape, Signature, compile_shape, flatten
from testamur.credential.strict import MAX_DOCUMENT_BYTES, parse_strict, step

__all__ = [
    "CRYPTOSUITE",
    "Document",
    "Labels",
    "from_tree",
    "parse",
    "parse_credits",
    "parse_moment",
    "parse_signature",
]

CRYPTOSUITE: Final = "eddsa-rdfc-2022"

_LIST_URL: Final = re.compile(r"https://[^#?\s]+/v1/status-lists/(0|[1-9][0-9]{0,9})")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_U32: Final = 2**32
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PROOF_KEYS: Final = frozenset({"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"})
_STATUS_KEYS: Final = frozenset({"id", "type", "statusPurpose", "statusListIndex", "statusListCredential"})
_SIGNATURE_BYTES: Final = 64
_SHAPES: Final[Kept[Signature, Shape]] = Kept(64)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the credential says its level is called; check 5 compares this with the registry."""

    framework: str
    code: str
    name: str
    """Of the qualification type."""


@dataclass(frozen=True, slots=True)
class Document:
    """A credential that passed the strict parse. What it says is not yet known to be true."""

    canonical: CanonicalBytes
    """JCS bytes of the whole credential, proof included."""
    id: str
    issuer_did: str
    issuer_name: str | None
    """As the credential says it; shown names come from the registry."""
    verification_method: str
    """`<issuer DID>#<multibase key>`."""
    key: bytes
    """Raw 32-byte Ed25519 key that `verification_method` names."""
    signature: bytes
    """64 bytes."""
    claims: Claims
    labels: Labels
    list: int
    """Status list number, u32."""
    status_index: int
    """u32."""
    valid_from: datetime
    valid_until: datetime | None
    subject_name: str | None
    achievement_name: str
    created: str
    """When the proof says that it was made."""
    nquads: bytes
    """Canonical N-Quads (RDFC-1.0) of the credential without its proof: what the proof signs."""

    @property
    def tree(self) -> dict[str, Any]:
        """The credential as a JSON object of the caller's own, keys in canonical order."""
        tree: dict[str, Any] = orjson.loads(self.canonical)
        return tree


def parse(data: bytes) -> Document:
    """The credential in `data` (UTF-8 JSON, at most 256 KiB). Raises MalformedError, and nothing else."""
    return from_tree(parse_strict(data))


def from_tree(tree: Any) -> Document:
    """The credential that a tree from `parse_strict` or `parse_compact` stands for.

    1. `@context` is exactly the allowed list; every key, type and value is defined where it stands; objects without
       an id are not so much alike that canonicalisation would explode
    2. the shape: credential, issuer, subject, achievement, two status entries, dates
    3. exactly one eddsa-rdfc-2022 proof whose key stands in the issuer's own verification method

    Raises MalformedError, and nothing else.
    """
    root = _object(tree, "$")
    if root.get("@context") != list(CONTEXT_URLS):
        raise MalformedError("$['@context']", f"not exactly {list(CONTEXT_URLS)}")
    canonical = canonical_bytes(root, is_plain=True)
    if len(canonical) > MAX_DOCUMENT_BYTES:
        raise MalformedError("$", f"{len(canonical)} bytes, at most {MAX_DOCUMENT_BYTES}")
    nquads = _nquads(root)
    _require_types(root, "$", ["VerifiableCredential", "OpenBadgeCredential"])
    issuer = _member(root, "$", "issuer")
    _require_types(issuer, "$.issuer", ["Profile"])
    issuer_did = _text(issuer, "$.issuer", "id")
    if not issuer_did.startswith("did:") or any(character in issuer_did for character in "#?/"):
        raise MalformedError("$.issuer.id", "not a DID")
    valid_from, valid_until = _period(root)
    subject = _member(root, "$", "credentialSubject")
    _require_types(subject, "$.credentialSubject", ["AchievementSubject"])
    achievement = _member(subject, "$.credentialSubject", "achievement")
    achievement_path = "$.credentialSubject.achievement"
    _require_types(achievement, achievement_path, ["Achievement"])
    for key in ("id", "description"):
        _text(achievement, achievement_path, key)
    _member(achievement, achievement_path, "criteria")
    level, labels = _level(achievement, achievement_path)
    status_list, status_index = _status(root)
    credits_thousandths = parse_credits(subject.get("creditsEarned", 0))
    proof = _member(root, "$", "proof")
    public_key, signature = _proof(proof, issuer_did)
    return Document(
        canonical=canonical,
        id=_text(root, "$", "id"),
        issuer_did=issuer_did,
        issuer_name=_optional_text(issuer, "$.issuer", "name"),
        verification_method=proof["verificationMethod"],
        key=public_key,
        signature=signature,
        claims=Claims(*level, credits_thousandths, int(valid_until.timestamp()) if valid_until else 0),
        labels=labels,
        list=status_list,
        status_index=status_index,
        valid_from=valid_from,
        valid_until=valid_until,
        subject_name=_subject_name(subject),
        achievement_name=_text(achievement, achievement_path, "name"),
        created=proof["created"],
        nquads=nquads,
    )


def _nquads(root: Mapping[str, Any]) -> bytes:
    tree = {key: item for key, item in root.items() if key != "proof"}
    signature, values = flatten(tree)
    try:
        shape = _SHAPES.get(signature)
    except TypeError:  # a `type` that holds objects: the terms say where
        shape = None
    if shape is None or not shape.accepts(values):
        shape = compile_shape(tree)
        if len(signature) <= MAX_TOKENS:
            _SHAPES.offer(signature, shape)
    rendered = shape.nquads(values)
    if rendered is not None:
        return rendered
    spend(len(shape.quads))
    return canonical_nquads(tree)


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError(path, "not an object")
    return value


def _member(parent: Mapping[str, Any], path: str, key: str) -> dict[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise MalformedError(step(path, key), "not an object")
    return value


def _text(parent: Mapping[str, Any], path: str, key: str) -> str:
    value = parent.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedError(step(path, key), "missing, or not text")
    return value


def _optional_text(parent: Mapping[str, Any], path: str, key: str) -> str | None:
    return _text(parent, path, key) if key in parent else None


def _require_types(value: Mapping[str, Any], path: str, types: list[str]) -> None:
    if value.get("type") != types:
        raise MalformedError(step(path, "type"), f"not exactly {types}")


def _period(root: Mapping[str, Any]) -> tuple[datetime, datetime | None]:
    valid_from = _moment(root, "$", "validFrom")
    valid_until = _moment(root, "$", "validUntil") if "validUntil" in root else None
    if valid_until is not None and valid_until <= valid_from:
        raise MalformedError("$.validUntil", "not after validFrom")
    return valid_from, valid_until


def _moment(parent: Mapping[str, Any], path: str, key: str) -> datetime:
    text = _text(parent, path, key)
    moment = parse_moment(text)
    if moment is None:
        raise MalformedError(step(path, key), "not a time of whole seconds after 1970 with its offset (RFC 3339)")
    return moment


def parse_moment(text: str) -> datetime | None:
    """The time that RFC 3339 text of whole seconds after 1970 states, in UTC; None for any other text."""
    moment = read_moment(text) if "." not in text else None
    return moment if moment is not None and moment > _EPOCH else None


def _level(achievement: Mapping[str, Any], path: str) -> tuple[tuple[int, int, int, int], Labels]:
    alignments = achievement.get("alignment")
    here = f"{path}.alignment"
    found: tuple[tuple[int, int, int, int], Labels] | None = None
    for index, item in enumerate(alignments if isinstance(alignments, list) else []):
        at = f"{here}[{index}]"
        url = _text(_object(item, at), at, "targetUrl")
        if not url.lower().startswith("urn:testamur:"):
            continue
        level = parse_level(url)
        if level is None:
            raise MalformedError(f"{at}.targetUrl", "not urn:testamur:framework:F:type:T:rank:R:region:G")
        if found is not None:
            raise MalformedError(at, "a second level")
        labels = Labels(*(_text(item, at, key) for key in ("targetFramework", "targetCode", "targetName")))
        found = level, labels
    if found is None:
        raise MalformedError(here, "no alignment states the level")
    return found


def parse_credits(value: Any) -> int:
    """Thousandths; exact, since the strict parse lets no number pass that a double does not hold."""
    thousandths = round(value * 1000) if isinstance(value, int | float) else -1
    if thousandths / 1000 != value or not 0 <= thousandths < _U32:
        raise MalformedError("$.credentialSubject.creditsEarned", "not 0 to 4294967.295 with at most 3 decimals")
    return thousandths


def _status(root: Mapping[str, Any]) -> tuple[int, int]:
    entries = root.get("credentialStatus")
    path = "$.credentialStatus"
    if not isinstance(entries, list) or len(entries) != 2:
        raise MalformedError(path, "not the two entries, revocation and suspension")
    places: list[tuple[str, str]] = []
    for index, purpose in enumerate(("revocation", "suspension")):
        at = f"{path}[{index}]"
        entry = _object(entries[index], at)
        if entry.get("type") != "BitstringStatusListEntry":
            raise MalformedError(f"{at}.type", "not BitstringStatusListEntry")
        if entry.get("statusPurpose") != purpose:
            raise MalformedError(f"{at}.statusPurpose", f"not {purpose}")
        if extra := entry.keys() - _STATUS_KEYS:
            raise MalformedError(step(at, min(extra)), "not a key of a status entry")
        places.append((_text(entry, at, "statusListCredential"), _text(entry, at, "statusListIndex")))
    (url, index_text), other = places
    if other != places[0]:
        raise MalformedError(f"{path}[1]", "names another place than the first entry")
    match = _LIST_URL.fullmatch(url)
    if match is None or int(match[1]) >= _U32:
        raise MalformedError(f"{path}[0].statusListCredential", "not https://…/v1/status-lists/<number>")
    if not _INDEX.fullmatch(index_text) or int(index_text) >= _U32:
        raise MalformedError(f"{path}[0].statusListIndex", "not a decimal index")
    return int(match[1]), int(index_text)


def _proof(proof: Mapping[str, Any], issuer_did: str) -> tuple[bytes, bytes]:
    if difference := proof.keys() ^ _PROOF_KEYS:
        raise MalformedError(step("$.proof", min(difference)), "missing from the proof, or not a key of it")
    for key, wanted in (
        ("type", "DataIntegrityProof"),
        ("cryptosuite", CRYPTOSUITE),
        ("proofPurpose", "assertionMethod"),
    ):
        if proof[key] != wanted:
            raise MalformedError(step("$.proof", key), f"not {wanted}")
    _moment(proof, "$.proof", "created")
    method = _text(proof, "$.proof", "verificationMethod")
    did, _, fragment = method.partition("#")
    key_bytes = decode_key(fragment)
    if did != issuer_did or key_bytes is None:
        raise MalformedError("$.proof.verificationMethod", "not <issuer.id>#<multibase Ed25519 key>")
    if issuer_did.startswith("did:key:") and issuer_did != f"did:key:{fragment}":
        raise MalformedError("$.proof.verificationMethod", "not the key that the did:key is")
    signature = parse_signature(_text(proof, "$.proof", "proofValue"))
    if signature is None:
        raise MalformedError("$.proof.proofValue", "not a base58btc multibase value of 64 bytes")
    return key_bytes, signature


def parse_signature(text: str) -> bytes | None:
    """The 64 bytes of a `proofValue`; None for any other text."""
    return base58_decode(text[1:], _SIGNATURE_BYTES) if text.startswith("z") else None


def _subject_name(subject: Mapping[str, Any]) -> str | None:
    items = subject.get("identifier")
    for item in items if isinstance(items, list) else ():  # the contexts let a number or a truth stand here
        if isinstance(item, dict) and item.get("identityType") == "name" and item.get("hashed") is False:
            return _text(item, "$.credentialSubject.identifier", "identityHash")
    return None
