"""The proof, step by step against the vector of the W3C Recommendation, and one byte away from it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from testamur.credential import document
from testamur.credential.canonical import canonical_nquads
from testamur.credential.contexts import shipped_contexts
from testamur.credential.multibase import base58_decode, base58_encode, decode_key, encode_key
from testamur.credential.proof import hash_data, options_hash, proof_options, sign, signature_holds, verify

from tests.client.credential import sample


class _W3C:
    def __init__(self, vectors: Path) -> None:
        folder = vectors / "w3c-eddsa"
        self.steps = folder / "eddsa-rdfc-2022"
        example = json.loads((folder / "contexts" / "credentials-examples-v2.json").read_text())
        self.contexts = {**shipped_contexts(), "https://www.w3.org/ns/credentials/examples/v2": example["@context"]}
        self.unsigned: dict[str, Any] = json.loads((folder / "unsigned.json").read_text())
        self.options: dict[str, Any] = json.loads((self.steps / "proofConfigDataInt.json").read_text())
        keys = json.loads((folder / "keyPair.json").read_text())
        secret = base58_decode(keys["privateKeyMultibase"][1:], 34)
        assert secret is not None
        self.key = Ed25519PrivateKey.from_private_bytes(secret[2:])
        self.public_key_text: str = keys["publicKeyMultibase"]

    def text(self, name: str) -> str:
        return (self.steps / name).read_text().strip()


@pytest.fixture
def w3c(vectors: Path) -> _W3C:
    return _W3C(vectors)


def test_canonical_document_and_options_are_those_of_the_recommendation(w3c: _W3C) -> None:
    assert canonical_nquads(w3c.unsigned, w3c.contexts).decode() == (w3c.steps / "canonDocDataInt.txt").read_text()
    assert canonical_nquads(w3c.options, w3c.contexts).decode() == (w3c.steps / "proofCanonDataInt.txt").read_text()


def test_hashes_signature_and_multibase_are_those_of_the_recommendation(w3c: _W3C) -> None:
    options = {key: value for key, value in w3c.options.items() if key != "@context"}
    message = hash_data(w3c.unsigned, options, w3c.contexts)
    assert message.hex() == w3c.text("combinedHashDataInt.txt")
    assert message[:32].hex() == w3c.text("proofHashDataInt.txt")
    assert message[32:].hex() == w3c.text("docHashDataInt.txt")
    signature = w3c.key.sign(message)
    assert signature.hex() == w3c.text("sigHexDataInt.txt")
    assert "z" + base58_encode(signature) == w3c.text("sigBTC58DataInt.txt")
    key = decode_key(w3c.public_key_text)
    assert key == w3c.key.public_key().public_bytes_raw()
    assert signature_holds(key, signature, message)


def test_the_recommendations_signature_fails_after_a_change_of_any_value(w3c: _W3C) -> None:
    options = {key: value for key, value in w3c.options.items() if key != "@context"}
    signature = bytes.fromhex(w3c.text("sigHexDataInt.txt"))
    key = w3c.key.public_key().public_bytes_raw()
    for name in ("id", "name", "description", "issuer", "validFrom"):
        changed = {**w3c.unsigned, name: w3c.unsigned[name][:-1] + "X"}
        assert not signature_holds(key, signature, hash_data(changed, options, w3c.contexts)), name
    for name in ("created", "verificationMethod"):
        altered = {**options, name: options[name][:-1] + "9"}
        assert not signature_holds(key, signature, hash_data(w3c.unsigned, altered, w3c.contexts)), name


def test_a_signed_credential_verifies_and_one_letter_less_does_not() -> None:
    tree = sample.signed()
    assert verify(document.from_tree(tree))
    changed = copy.deepcopy(tree)
    changed["credentialSubject"]["identifier"][0]["identityHash"] = "李花"
    assert not verify(document.from_tree(changed))


def test_another_key_of_the_same_issuer_does_not_verify() -> None:
    tree = sample.signed()
    other = Ed25519PrivateKey.from_private_bytes(b"\7" * 32).public_key().public_bytes_raw()
    tree["proof"]["verificationMethod"] = f"{sample.DID}#{encode_key(other)}"
    assert not verify(document.from_tree(tree))


def test_each_bit_of_the_signature_counts() -> None:
    tree = sample.signed()
    signature = document.from_tree(tree).signature
    for bit in range(0, 512, 37):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        tree["proof"]["proofValue"] = "z" + base58_encode(bytes(flipped))
        assert not verify(document.from_tree(tree))


def test_a_key_of_small_order_signs_nothing() -> None:
    """Under the neutral point as key, (R = neutral, S = 0) would fit every message."""
    neutral = b"\1" + bytes(31)
    assert not signature_holds(neutral, neutral + bytes(32), b"any message")


def test_a_scalar_beyond_the_group_order_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    signature = sample.KEY.sign(b"message")
    scalar = int.from_bytes(signature[32:], "little") + order
    assert signature_holds(sample.PUBLIC_KEY, signature, b"message")
    assert not signature_holds(sample.PUBLIC_KEY, signature[:32] + scalar.to_bytes(32, "little"), b"message")


def test_the_options_hash_of_a_batch_is_that_of_pyoxigraph() -> None:
    options = {"@context": sample.unsigned()["@context"], **proof_options("2026-07-01T00:00:00Z", sample.METHOD)}
    from hashlib import sha256

    assert options_hash("2026-07-01T00:00:00Z", sample.METHOD) == sha256(canonical_nquads(options)).digest()


def test_signing_is_deterministic() -> None:
    assert sign(sample.unsigned(), sample.KEY, sample.METHOD, sample.CREATED) == sample.signed()
