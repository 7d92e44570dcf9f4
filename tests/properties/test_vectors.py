"""The committed samples are what the code gives, and what a second computation that shares no code with it gives."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak
from pyld import jsonld
from testamur.batch.bundle import Bundle
from testamur.credential.contexts import shipped_contexts
from testamur.proof.merkle import leaf_hash, verify_inclusion

from tests.vectors import generate

FOLDER = Path(generate.FOLDER)


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def _bytes(text: str) -> bytes:
    assert text.startswith("0x")
    return bytes.fromhex(text[2:])


@pytest.mark.parametrize(("name", "content"), generate.samples().items())
def test_a_sample_is_what_the_code_gives_today(name: str, content: Any) -> None:
    assert (FOLDER / name).read_text("utf-8") == generate.text(content)


def _plain_leaf(case: dict[str, Any]) -> bytes:
    claims = case["claims"]
    widths = {"framework": 4, "type": 4, "rank": 1, "region": 2, "credits_thousandths": 4, "valid_until": 5}
    packed = b"".join(claims[name].to_bytes(width, "big") for name, width in widths.items()) + bytes(12)
    numbers = b"".join(case[name].to_bytes(4, "big") for name in ("issuer", "list", "status_index"))
    return (
        bytes([1, case["kind"]])
        + numbers
        + packed
        + b"".join(_bytes(case[n]) for n in ("outcome_tag", "holder", "content"))
    )


def test_leaves_follow_the_layout_written_out_by_hand() -> None:
    for case in _read("leaf.json"):
        assert _bytes(case["leafInput"]) == _plain_leaf(case)
        assert _bytes(case["leafHash"]) == hashlib.sha256(b"\0" + _plain_leaf(case)).digest()


def _plain_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1 as it is written, by recursion."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + _plain_root(leaves[:split]) + _plain_root(leaves[split:])).digest()


def _plain_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162 2.1.3.1 as it is written, by recursion."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*_plain_path(index, leaves[:split]), _plain_root(leaves[split:])]
    return [*_plain_path(index - split, leaves[split:]), _plain_root(leaves[:split])]


def test_roots_and_paths_are_those_of_rfc_9162_by_recursion() -> None:
    for case in _read("tree.json"):
        leaves = [generate.leaf(number).encode() for number in range(case["size"])]
        assert _bytes(case["root"]) == _plain_root(leaves)
        for proof in case["inclusion"]:
            path = [_bytes(part) for part in proof["path"]]
            assert path == _plain_path(proof["index"], leaves)
            leaf = leaf_hash(leaves[proof["index"]])
            assert verify_inclusion(leaf, proof["index"], case["size"], path, _bytes(case["root"]))
            for wrong in range(case["size"]):
                if wrong != proof["index"]:
                    assert not verify_inclusion(leaf, wrong, case["size"], path, _bytes(case["root"]))


def test_batch_ids_are_keccak_of_the_abi_encoding() -> None:
    types = ["uint256", "address", "uint8", "uint32", "uint32", "uint32", "bytes32"]
    seen = set()
    for case in _read("batch-id.json"):
        values = [case["chainId"], case["contract"], case["kind"], case["issuer"], case["list"], case["size"]]
        assert _bytes(case["batchId"]) == keccak(abi_encode(types, [*values, _bytes(case["root"])]))
        seen.add(case["batchId"])
    assert len(seen) == 6


def test_the_canonical_credential_is_what_pyld_rfc8785_and_plain_hashing_give() -> None:
    case = _read("canonical.json")
    contexts = shipped_contexts()

    def load(url: str, options: object) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": {"@context": contexts[url]}}

    settings = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    options = {"@context": case["unsigned"]["@context"], **case["proofOptions"]}
    assert jsonld.normalize(case["unsigned"], settings) == case["documentNQuads"]
    assert jsonld.normalize(options, settings) == case["proofNQuads"]
    hashes = [hashlib.sha256(case[name].encode()).digest() for name in ("proofNQuads", "documentNQuads")]
    assert _bytes(case["hashData"]) == b"".join(hashes)
    key = Ed25519PrivateKey.from_private_bytes(_bytes(case["privateKey"]))
    assert _bytes(case["signature"]) == key.sign(b"".join(hashes))
    assert case["jcs"].encode() == rfc8785.dumps(case["signed"])
    assert _bytes(case["jcsHash"]) == hashlib.sha256(case["jcs"].encode()).digest()


def test_the_bundle_leads_from_its_credential_to_its_root() -> None:
    case = _read("bundle.json")
    bundle = Bundle.parse(json.dumps(case["bundle"]).encode())
    inclusion, anchor = bundle.inclusion, bundle.anchor
    assert bundle.leaf.encode() == _bytes(case["leafInput"])
    inner = hashlib.sha256(rfc8785.dumps(case["bundle"]["credential"])).digest()
    assert _bytes(case["leafInput"])[-32:] == hashlib.sha256(inclusion.salt + inner).digest()
    leaf = _bytes(case["leafHash"])
    assert verify_inclusion(leaf, inclusion.leaf_index, inclusion.size, inclusion.path, anchor.root)
    assert not verify_inclusion(leaf, 0, inclusion.size, inclusion.path, anchor.root)
