"""The portable file: a credential, its inclusion proof, the anchor it points at and, if proved, the evidence.

Data flow: `issuing` -> `Bundle` -> `dump` -> a learner's file -> `load` / `parse` -> `verification.verify`. Nothing a
bundle says about chain, contract or root is believed (`docs/protocol.md 5`): the verifier compares `anchor` with the
record it proves itself.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from testamur.batch.claims import Claims
from testamur.batch.inclusion import Anchor, Inclusion
from testamur.batch.leaf import KIND_FOREIGN, KIND_OWN, LeafInput, content, foreign_content
from testamur.batch.patterns import Patterns
from testamur.credential.document import Document, from_tree
from testamur.credential.errors import MalformedError
from testamur.credential.strict import parse_compact, parse_strict, step

__all__ = ["MAX_BUNDLE_BYTES", "Anchor", "Bundle", "Foreign", "Inclusion", "anchor_tree", "inclusion_tree"]

MAX_BUNDLE_BYTES: Final = 8 * 1024 * 1024
"""Greatest bundle; evidence of a large validator set takes most of it."""
_TYPE: Final = "TestamurBundle"
_VERSION: Final = 1
_MAX_PATH: Final = 32
_INCLUSION_KEYS: Final = frozenset(
    {"version", "kind", "issuer", "leafIndex", "size", "path", "salt", "outcomeTag", "holder", "list", "statusIndex"}
)
_ANCHOR_KEYS: Final = frozenset({"chainId", "contract", "batchId", "root", "block"})
_PATTERNS: Final = Patterns()
"""Of what this process parsed; they make reading faster and change nothing of what is read."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a bundle of kind 2 carries in place of a credential: an entry of an imported foreign register."""

    hash: bytes
    """32 bytes, as the foreign register holds it."""
    claims: Claims
    """What the importing authority states about it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A credential (or the hash of a foreign one) with everything that proves it."""

    document: Document | None
    """The credential; None for kind 2."""
    foreign: Foreign | None
    """Kind 2; None for kind 1. Exactly one of the two is there."""
    inclusion: Inclusion
    anchor: Anchor
    evidence: Mapping[str, Any] | None = None
    """Headers and proofs as `batch.evidence` writes them; None where the bundle needs a chain to be judged."""

    @property
    def leaf(self) -> LeafInput:
        """The leaf that this bundle's content gives; its path must lead to the anchored root."""
        inclusion = self.inclusion
        if self.document is not None:
            claims, inner = self.document.claims, content(inclusion.salt, self.document.canonical)
        else:
            assert self.foreign is not None
            claims, inner = self.foreign.claims, foreign_content(inclusion.salt, self.foreign.hash)
        return LeafInput(
            kind=inclusion.kind,
            issuer=inclusion.issuer,
            list=inclusion.list,
            status_index=inclusion.status_index,
            claims=claims,
            outcome_tag=inclusion.outcome_tag,
            holder=inclusion.holder,
            content=inner,
        )

    @staticmethod
    def load(path: str | Path) -> "Bundle":
        """The bundle in a file; a longer file is not read beyond the limit.

        Raises MalformedError for its content, OSError for its path.
        """
        with open(path, "rb") as file:
            return Bundle.parse(file.read(MAX_BUNDLE_BYTES + 1))

    @staticmethod
    def parse(data: bytes) -> "Bundle":
        """The bundle in `data` (UTF-8 JSON). Raises MalformedError, and nothing else."""
        has_evidence = b'"evidence"' in data
        known = None if has_evidence else _PATTERNS.read_like(data)
        if known is not None:
            document, inclusion, anchor = known
            return Bundle(document, None, inclusion, anchor)
        compact = None if has_evidence else parse_compact(data, MAX_BUNDLE_BYTES)
        if compact is not None:
            try:
                bundle = Bundle.from_tree(compact)
            except MalformedError:  # the strict parse says where and why
                pass
            else:
                if bundle.document is not None:
                    _PATTERNS.learn(data, compact, (bundle.document, bundle.inclusion, bundle.anchor))
                return bundle
        return Bundle.from_tree(parse_strict(data, MAX_BUNDLE_BYTES))

    @staticmethod
    def from_tree(tree: Any) -> "Bundle":
        """The bundle that a tree from `parse_strict` or `parse_compact` stands for.

        Raises MalformedError, and nothing else.
        """
        root = _object(tree, "$")
        if root.get("type") != _TYPE:
            raise MalformedError("$.type", f"not {_TYPE}")
        _version(root, "$")
        inclusion = _inclusion(root.get("inclusion"))
        subject = "credential" if inclusion.kind == KIND_OWN else "foreign"
        _keys(root, "$", {"type", "version", subject, "inclusion", "anchor"}, {"evidence"})
        return Bundle(
            document=_document(root["credential"]) if inclusion.kind == KIND_OWN else None,
            foreign=_foreign(root["foreign"]) if inclusion.kind == KIND_FOREIGN else None,
            inclusion=inclusion,
            anchor=_anchor(root["anchor"]),
            evidence=_object(root["evidence"], "$.evidence") if "evidence" in root else None,
        )

    def to_tree(self) -> dict[str, Any]:
        """The JSON object, keys in the order of the format's description."""
        tree: dict[str, Any] = {"type": _TYPE, "version": _VERSION}
        if self.document is not None:
            tree["credential"] = self.document.tree
        if self.foreign is not None:
            tree["foreign"] = {"hash": _hex(self.foreign.hash), "claims": _hex(self.foreign.claims.encode())}
        tree["inclusion"] = inclusion_tree(self.inclusion)
        tree["anchor"] = anchor_tree(self.anchor)
        if self.evidence is not None:
            tree["evidence"] = self.evidence
        return tree

    def dump(self) -> bytes:
        """One line of JSON without its line end."""
        return orjson.dumps(self.to_tree())

    def with_evidence(self, evidence: Mapping[str, Any] | None) -> "Bundle":
        """The same bundle with other evidence."""
        return replace(self, evidence=evidence)


def inclusion_tree(inclusion: Inclusion) -> dict[str, Any]:
    """The JSON object `inclusion`."""
    return {
        "version": _VERSION,
        "kind": inclusion.kind,
        "issuer": inclusion.issuer,
        "leafIndex": inclusion.leaf_index,
        "size": inclusion.size,
        "path": [_hex(part) for part in inclusion.path],
        "salt": _hex(inclusion.salt),
        "outcomeTag": _hex(inclusion.outcome_tag),
        "holder": _hex(inclusion.holder),
        "list": inclusion.list,
        "statusIndex": inclusion.status_index,
    }


def anchor_tree(anchor: Anchor) -> dict[str, Any]:
    """The JSON object `anchor`."""
    return {
        "chainId": anchor.chain_id,
        "contract": _hex(anchor.contract),
        "batchId": _hex(anchor.batch_id),
        "root": _hex(anchor.root),
        "block": anchor.block,
    }


def _document(tree: Any) -> Document:
    try:
        return from_tree(tree)
    except MalformedError as error:
        raise MalformedError("$.credential" + error.path[1:], error.reason) from error


def _inclusion(value: Any) -> Inclusion:
    path = "$.inclusion"
    tree = _object(value, path)
    _version(tree, path)
    _keys(tree, path, _INCLUSION_KEYS)
    inclusion = Inclusion(
        kind=_number(tree, path, "kind", 8),
        issuer=_number(tree, path, "issuer", 32),
        leaf_index=_number(tree, path, "leafIndex", 32),
        size=_number(tree, path, "size", 32),
        path=_path(tree["path"], "$.inclusion.path"),
        salt=_bytes(tree, path, "salt", 32),
        outcome_tag=_bytes(tree, path, "outcomeTag", 32),
        holder=_bytes(tree, path, "holder", 32),
        list=_number(tree, path, "list", 32),
        status_index=_number(tree, path, "statusIndex", 32),
    )
    if inclusion.kind not in (KIND_OWN, KIND_FOREIGN):
        raise MalformedError(step(path, "kind"), "neither 1 (own) nor 2 (imported)")
    return inclusion


def _path(value: Any, path: str) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > _MAX_PATH:
        raise MalformedError(path, f"not an array of at most {_MAX_PATH} hashes")
    return tuple(_bytes(value, path, index, 32) for index in range(len(value)))


def _anchor(value: Any) -> Anchor:
    path = "$.anchor"
    tree = _object(value, path)
    _keys(tree, path, _ANCHOR_KEYS)
    return Anchor(
        chain_id=_number(tree, path, "chainId", 53),
        contract=_bytes(tree, path, "contract", 20),
        batch_id=_bytes(tree, path, "batchId", 32),
        root=_bytes(tree, path, "root", 32),
        block=_number(tree, path, "block", 40),
    )


def _foreign(value: Any) -> Foreign:
    path = "$.foreign"
    tree = _object(value, path)
    _keys(tree, path, {"hash", "claims"})
    claims = Claims.decode(_bytes(tree, path, "claims", 32))
    if claims is None:
        raise MalformedError(step(path, "claims"), "not 32 bytes of claims with zeros after the last field")
    return Foreign(_bytes(tree, path, "hash", 32), claims)


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError(path, "not an object")
    return value


def _version(tree: Mapping[str, Any], path: str) -> None:
    version = tree.get("version")
    if version is not _VERSION and (type(version) is not int or version != _VERSION):
        raise MalformedError(step(path, "version"), f"not {_VERSION}: this software does not know that version")


def _keys(tree: Mapping[str, Any], path: str, required: Set[str], optional: Set[str] = frozenset()) -> None:
    if tree.keys() == required:
        return
    if missing := required - tree.keys():
        raise MalformedError(step(path, min(missing)), "missing")
    if extra := tree.keys() - required - optional:
        raise MalformedError(step(path, min(extra)), "not a key of this format")


def _number(tree: Mapping[str, Any], path: str, key: str, bits: int) -> int:
    value = tree[key]
    if type(value) is not int or value < 0 or value >> bits:
        raise MalformedError(step(path, key), f"not an unsigned integer of {bits} bits")
    return value


def _bytes(tree: Any, path: str, key: str | int, size: int) -> bytes:
    value = tree[key]
    if isinstance(value, str) and len(value) == 2 + 2 * size:
        try:
            data = bytes.fromhex(value[2:])
        except ValueError:
            data = b""
        if _hex(data) == value:  # fromhex also takes capitals and spaces
            return data
    raise MalformedError(step(path, key), f"not 0x and {size} bytes in lower-case hex")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
