"""Writes the project's own conformance samples beside this file, from fixed inputs: `python -m tests.vectors.generate`.

Python, Solidity and any other implementation read the same files; `tests/properties/test_vectors.py` compares each with
the code and with a second computation that shares none of it. All byte strings are 0x and lower-case hex.
"""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from testamur.batch.anchor import batch_id
from testamur.batch.bundle import Anchor, Bundle, Inclusion
from testamur.batch.claims import Claims, level_urn
from testamur.batch.leaf import KIND_OWN, LeafInput, content
from testamur.batch.permutation import status_index
from testamur.credential import document
from testamur.credential.canonical import canonical_bytes, canonical_nquads
from testamur.credential.proof import hash_data, proof_options, rfc3339
from testamur.proof.merkle import Tree, leaf_hash
from testamur.verification.verdict import CHECK_NAMES, AsOf, CheckResult, Verdict

from tests.client.credential import sample

FOLDER = Path(__file__).resolve().parent
_CHAIN_ID = 20260
_CONTRACT = bytes.fromhex("000000000000000000000000000000007e570013")
_SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 20, 31, 33, 64, 100)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _bytes32(label: str, number: int = 0) -> bytes:
    return hashlib.sha256(f"testamur vector {label} {number}".encode()).digest()


def leaf(number: int) -> LeafInput:
    """A leaf whose every field depends on `number`."""
    return LeafInput(
        kind=KIND_OWN,
        issuer=1,
        list=1,
        status_index=94567 + number,
        claims=Claims(1, 2, 5, 5101, 118_500 + number, 2_098_454_399),
        outcome_tag=_bytes32("outcome", number),
        holder=_bytes32("holder", number),
        content=_bytes32("content", number),
    )


def leaves() -> list[dict[str, Any]]:
    """Leaves with ordinary and with extreme fields."""
    least = LeafInput(1, 0, 0, 0, Claims(0, 0, 0, 0, 0, 0), bytes(32), bytes(32), bytes(32))
    most = LeafInput(
        *(2, 2**32 - 1, 2**32 - 1, 2**32 - 1),
        Claims(2**32 - 1, 2**32 - 1, 255, 2**16 - 1, 2**32 - 1, 2**40 - 1),
        *[b"\xff" * 32] * 3,
    )
    cases = [least, most, *map(leaf, range(4))]
    return [
        {
            **{key: _hex(value) if isinstance(value, bytes) else value for key, value in asdict(case).items()},
            "claimsEncoded": _hex(case.claims.encode()),
            "leafInput": _hex(case.encode()),
            "leafHash": _hex(leaf_hash(case.encode())),
        }
        for case in cases
    ]


def trees() -> list[dict[str, Any]]:
    """Trees of several sizes over the first leaves, with the inclusion path of some of their leaves."""
    result = []
    for size in _SIZES:
        tree = Tree([leaf_hash(leaf(number).encode()) for number in range(size)])
        indexes = sorted({0, 1 % size, size // 2, size - 1})
        paths = [{"index": index, "path": [_hex(part) for part in tree.path(index)]} for index in indexes]
        result.append({"size": size, "root": _hex(tree.root), "inclusion": paths})
    return result


def batch_ids() -> list[dict[str, Any]]:
    """Batch ids, one part changed at a time."""
    base = {"chainId": _CHAIN_ID, "kind": 1, "issuer": 7, "list": 3, "size": 1000}
    changes: list[dict[str, Any]] = [{}, {"chainId": 1}, {"kind": 2}, {"issuer": 8}, {"list": 4}, {"size": 999}]
    cases = []
    for change in changes:
        parts = {**base, **change}
        name = batch_id(
            *(parts["chainId"], _CONTRACT, parts["kind"], parts["issuer"], parts["list"], parts["size"]),
            _bytes32("root"),
        )
        cases.append({**parts, "contract": _hex(_CONTRACT), "root": _hex(_bytes32("root")), "batchId": _hex(name)})
    return cases


def status_indexes() -> list[dict[str, Any]]:
    """Counters and the indexes they are mapped to."""
    key = _bytes32("list key")
    counters = (0, 1, 2, 1000, 2**17 - 1)
    return [
        {"key": _hex(key), "log2size": bits, "counter": counter, "index": status_index(key, counter, bits)}
        for bits in (17, 18, 24)
        for counter in counters
    ]


def canonical() -> dict[str, Any]:
    """One credential in all its forms, from JSON to the signature."""
    unsigned = sample.unsigned()
    options = proof_options(rfc3339(sample.CREATED), sample.METHOD)
    signed = sample.signed()
    message = hash_data(unsigned, options)
    return {
        "privateKey": _hex(sample.KEY.private_bytes_raw()),
        "publicKey": _hex(sample.PUBLIC_KEY),
        "unsigned": unsigned,
        "documentNQuads": canonical_nquads(unsigned).decode(),
        "proofOptions": options,
        "proofNQuads": canonical_nquads({"@context": unsigned["@context"], **options}).decode(),
        "hashData": _hex(message),
        "signature": _hex(sample.KEY.sign(message)),
        "signed": signed,
        "jcs": canonical_bytes(signed).decode(),
        "jcsHash": _hex(hashlib.sha256(canonical_bytes(signed)).digest()),
        "levelUrn": level_urn(1, 2, 5, 5101),
    }


def bundle() -> dict[str, Any]:
    """A bundle without evidence: the sample credential as leaf 1 of a batch of 3."""
    own = document.from_tree(sample.signed())
    salt = _bytes32("salt")
    own_leaf = replace(
        leaf(1),
        issuer=1,
        claims=own.claims,
        list=own.list,
        status_index=own.status_index,
        content=content(salt, own.canonical),
    )
    encoded = [leaf(0).encode(), own_leaf.encode(), leaf(2).encode()]
    tree = Tree([leaf_hash(item) for item in encoded])
    name = batch_id(_CHAIN_ID, _CONTRACT, KIND_OWN, 1, own.list, 3, tree.root)
    inclusion = Inclusion(
        kind=KIND_OWN,
        issuer=1,
        leaf_index=1,
        size=3,
        path=tree.path(1),
        salt=salt,
        outcome_tag=own_leaf.outcome_tag,
        holder=own_leaf.holder,
        list=own.list,
        status_index=own.status_index,
    )
    anchor = Anchor(_CHAIN_ID, _CONTRACT, name, tree.root, 42)
    return {
        "bundle": Bundle(document=own, foreign=None, inclusion=inclusion, anchor=anchor).to_tree(),
        "leafInput": _hex(encoded[1]),
        "leafHash": _hex(leaf_hash(encoded[1])),
    }


def verdicts() -> list[dict[str, Any]]:
    """What `testamur verify --json` writes beside `input`: one verdict of each outcome."""
    as_of = AsOf(42, datetime(2026, 7, 2, 8, 0, tzinfo=UTC), "single-signer")
    passed = [CheckResult(name, "pass") for name in CHECK_NAMES]
    revoked = list(passed)
    revoked[6] = CheckResult("status", "fail", "revoked", "revoked in list 3 at index 94567")
    offline = [*passed[:3], *(CheckResult(name, "unknown", "chain_unreachable") for name in CHECK_NAMES[3:])]
    return [
        Verdict("valid", "ok", tuple(passed), as_of).to_json(),
        Verdict("invalid", "revoked", tuple(revoked), as_of).to_json(),
        Verdict("indeterminate", "chain_unreachable", tuple(offline)).to_json(),
    ]


def samples() -> dict[str, Any]:
    """File name -> content."""
    return {
        "leaf.json": leaves(),
        "tree.json": trees(),
        "batch-id.json": batch_ids(),
        "status-index.json": status_indexes(),
        "canonical.json": canonical(),
        "bundle.json": bundle(),
        "verdict.json": verdicts(),
    }


def text(content: Any) -> str:
    """A sample as its file holds it."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for name, content_ in samples().items():
        (FOLDER / name).write_text(text(content_), encoding="utf-8")
