"""Tokens made by hand from RFC 7515, with `cryptography` alone: the node's library does not judge its own work."""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

__all__ = ["PrivateKey", "base64url", "forged", "new_key", "public_pem", "signed"]

PrivateKey = bytes | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")


def new_key(algorithm: str) -> PrivateKey:
    """A key of the kind that an algorithm signs with."""
    if algorithm == "HS256":
        return hashlib.sha256(b"a secret of these tests").digest()
    if algorithm == "RS256":
        return rsa.generate_private_key(65_537, 2_048)
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()


def public_pem(key: PrivateKey) -> bytes:
    """The public half as `openssl pkey -pubout` writes it."""
    assert not isinstance(key, bytes)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _signature(algorithm: str, key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, bytes):
        return hmac.digest(key, message, "sha256")
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return key.sign(message)


def signed(algorithm: str, key: PrivateKey, claims: dict[str, Any], **header: Any) -> str:
    """A token; `header` adds to `alg` and `typ`, or replaces them."""
    head = base64url(json.dumps({"alg": algorithm, "typ": "JWT", **header}).encode())
    message = f"{head}.{base64url(json.dumps(claims).encode())}"
    return f"{message}.{base64url(_signature(algorithm, key, message.encode()))}"


def forged(token: str, **claims: Any) -> str:
    """A token with other claims under the old signature."""
    head, body, signature = token.split(".")
    old = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"{head}.{base64url(json.dumps({**old, **claims}).encode())}.{signature}"
