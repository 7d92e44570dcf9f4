"""The one proof of a credential: a Data Integrity proof of suite eddsa-rdfc-2022.

What is signed: `SHA-256(canonical N-Quads of the proof without its value) ‖ SHA-256(canonical N-Quads of the
credential without its proof)` ("Data Integrity EdDSA Cryptosuites" 3.2). Signatures are judged by OpenSSL alone, since
libraries differ on crafted ones (`docs/protocol.md 1`).
"""

import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from testamur.credential.canonical import canonical_nquads
from testamur.credential.contexts import CONTEXT_URLS, ContextSet
from testamur.credential.document import CRYPTOSUITE, Document
from testamur.credential.multibase import base58_encode, encode_key
from testamur.credential.nquads import Quads, compile_quads

__all__ = [
    "hash_data",
    "options_hash",
    "proof_options",
    "rfc3339",
    "sign",
    "signature_holds",
    "verification_method",
    "verify",
]

_SMALL_ORDER_KEYS: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""Points of order 8 and less, also in their non-canonical encodings: under such a key one signature fits any text."""


def verify(document: Document) -> bool:
    """Whether the key that the credential names made its signature. Says nothing about whose key that is."""
    options = options_hash(document.created, document.verification_method)
    return signature_holds(document.key, document.signature, options + sha256(document.nquads).digest())


def sign(tree: Mapping[str, Any], private_key: Ed25519PrivateKey, verification_method: str, created: datetime) -> Any:
    """`tree` (a credential without proof) with its proof, made by `private_key` at `created` (an aware time)."""
    options = proof_options(rfc3339(created), verification_method)
    signature = private_key.sign(hash_data(tree, options))
    return {**tree, "proof": {**options, "proofValue": "z" + base58_encode(signature)}}


def verification_method(did: str, public_key: bytes) -> str:
    """The name under which a raw 32-byte key of `did` signs: `<did>#z6Mk…`."""
    return f"{did}#{encode_key(public_key)}"


def hash_data(tree: Mapping[str, Any], options: Mapping[str, Any], contexts: ContextSet | None = None) -> bytes:
    """The 64 bytes that are signed for `tree` (without proof) under proof `options` (without value)."""
    options = {"@context": tree["@context"], **options}
    return _sha256_nquads(options, contexts) + _sha256_nquads(tree, contexts)


def signature_holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` is by the raw Ed25519 `key`; never for a key of small order."""
    public_key = _public_key(key)
    if public_key is None:
        return False
    try:
        public_key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def rfc3339(moment: datetime) -> str:
    """`moment` in UTC, whole seconds, as `2026-06-30T16:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def proof_options(created: str, verification_method: str) -> dict[str, str]:
    """A proof without its value."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }


@functools.lru_cache(maxsize=256)
def options_hash(created: str, verification_method: str) -> bytes:
    """SHA-256 of the canonical N-Quads of a proof's options, the same for a whole batch."""
    rendered = _options_quads().render((created, verification_method))
    assert rendered is not None, "one blank node cannot share its hash"
    return sha256(rendered).digest()


@functools.cache
def _options_quads() -> Quads:
    def place(values: Sequence[Any]) -> Any:
        return {"@context": list(CONTEXT_URLS), **proof_options(*values)}

    return compile_quads(("created", "method"), place)


def _sha256_nquads(tree: Mapping[str, Any], contexts: ContextSet | None) -> bytes:
    return sha256(canonical_nquads(tree, contexts)).digest()


@functools.lru_cache(maxsize=1024)
def _public_key(key: bytes) -> Ed25519PublicKey | None:
    return None if key in _SMALL_ORDER_KEYS else Ed25519PublicKey.from_public_bytes(key)
