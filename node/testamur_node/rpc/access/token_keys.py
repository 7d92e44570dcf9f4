"""The keys that tokens are checked with, read at start and on SIGHUP: a secret, a public key, or a set of public keys.

Each key has exactly one algorithm, told by its kind and never by the token: a public key can not be used as the secret
of an HMAC, and `none` is nobody's algorithm. What is not such a key keeps the node from starting.
"""

import logging
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from testamur_node.documents import DocumentError, read_json
from testamur_node.errors import NodeError

__all__ = ["Key", "TokenKey", "TokenKeyError", "read_jwks", "read_public_key", "read_secret"]

_log = logging.getLogger(__name__)
Key = OctKey | RSAKey | ECKey | OKPKey
_SECRET = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_LEAST_RSA_BITS = 2_048
_LONGEST_FILE = 1 << 20
_PUBLIC: Mapping[tuple[str, str], tuple[tuple[str, ...], type[RSAKey] | type[ECKey] | type[OKPKey]]] = {
    ("RSA", ""): (("RS256",), RSAKey),
    ("EC", "P-256"): (("ES256",), ECKey),
    ("OKP", "Ed25519"): (("EdDSA", "Ed25519"), OKPKey),
}
"""(kind, curve) of a public key -> the names of its algorithm."""


class TokenKeyError(NodeError):
    """A file does not hold a key that tokens can be checked with."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One key and what it is for."""

    key: Key
    algorithms: tuple[str, ...]
    """The names of its one algorithm: HS256, RS256, ES256, or EdDSA and Ed25519, which are the same."""
    identity: str | None = None
    """`kid` in a key set; None for a key of its own file."""


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LONGEST_FILE:
            raise TokenKeyError(f"{path} is too long for a key file")
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise TokenKeyError(f"cannot read the key file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TokenKeyError(f"{path} holds no key: it is not ASCII text") from error


def read_secret(path: Path) -> TokenKey:
    """A secret of 32 bytes in hex, as geth and Besu keep that of their engine API: HS256."""
    text = _text(path).strip()
    if _SECRET.fullmatch(text) is None:
        raise TokenKeyError(
            f"{path} holds no token secret: 32 bytes in hex", f"make one: openssl rand -hex 32 > {path}"
        )
    if path.stat().st_mode & 0o077:
        _log.warning("the token secret %s can be read by others: chmod 600", path)
    return TokenKey(OctKey.import_key(bytes.fromhex(text.removeprefix("0x"))), ("HS256",))


def read_public_key(path: Path) -> TokenKey:
    """A public key in PEM: RSA from 2048 bits on is RS256, P-256 is ES256, Ed25519 is EdDSA."""
    text = _text(path)
    if "PRIVATE KEY" in text:
        raise TokenKeyError(f"{path} holds a private key", "give the node the public one: openssl pkey -pubout")
    try:
        public = serialization.load_pem_public_key(text.encode())
        encoded = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TokenKeyError(f"{path} holds no public key in PEM: {error}") from error
    for expected, kind in _READ:
        if isinstance(public, expected):
            if isinstance(public, rsa.RSAPublicKey) and public.key_size < _LEAST_RSA_BITS:
                break
            return _public(path, kind.import_key(encoded).as_dict(private=False), None)
    raise TokenKeyError(f"{path} holds a public key of a kind that tokens are not checked with here", _KINDS)


_READ: tuple[tuple[type, type[RSAKey] | type[ECKey] | type[OKPKey]], ...] = (
    (rsa.RSAPublicKey, RSAKey), (ec.EllipticCurvePublicKey, ECKey), (ed25519.Ed25519PublicKey, OKPKey),
)  # fmt: skip
_KINDS = "take RSA (2048 bits or more), P-256 or Ed25519"


def _public(path: Path, fields: Mapping[str, Any], identity: str | None) -> TokenKey:
    """A public key out of the fields of RFC 7517, with the algorithm of its kind."""
    named = f"{path}, key {identity!r}:" if identity is not None else f"{path}:"
    if fields.get("kty") == "oct":
        raise TokenKeyError(f"{named} a shared secret has no place in a key set", "use secret_file for it")
    if {"d", "p", "q"} & set(fields):
        raise TokenKeyError(f"{named} this is a private key", "give the node the public half")
    found = _PUBLIC.get((str(fields.get("kty")), str(fields.get("crv", ""))))
    if found is None:
        raise TokenKeyError(f"{named} tokens are not checked with {fields.get('kty')} {fields.get('crv', '')}", _KINDS)
    algorithms, kind = found
    if fields.get("alg", algorithms[0]) not in algorithms:
        raise TokenKeyError(f"{named} algorithm {fields['alg']!r} is not {algorithms[0]}, the one of this kind of key")
    if fields.get("use", "sig") != "sig":
        raise TokenKeyError(f"{named} the key is for {fields['use']!r}, not for signatures")
    parts = {name: value for name, value in fields.items() if name in ("kty", "crv", "n", "e", "x", "y")}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of a short key, which is refused below
            key = kind.import_key(parts)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenKeyError(f"{named} the key cannot be read: {error}") from error
    if isinstance(key, RSAKey) and key.public_key.key_size < _LEAST_RSA_BITS:
        raise TokenKeyError(f"{named} an RSA key of {key.public_key.key_size} bits is too short", _KINDS)
    return TokenKey(key, algorithms, identity)


def read_jwks(path: Path) -> tuple[TokenKey, ...]:
    """Public keys of a key set (RFC 7517, 5), each with a `kid` of its own."""
    try:
        content = read_json(_text(path))
    except DocumentError as error:
        raise TokenKeyError(f"{path} holds no key set: {error}") from error
    entries = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise TokenKeyError(f"{path} holds no key set", 'it looks like {"keys": [{"kty": …, "kid": …}]}')
    keys = []
    for position, fields in enumerate(entries):
        identity = fields.get("kid")
        if not isinstance(identity, str) or not identity:
            raise TokenKeyError(f"{path}: key {position} has no kid")
        keys.append(_public(path, fields, identity))
    if len({key.identity for key in keys}) != len(keys):
        raise TokenKeyError(f"{path}: two keys have the same kid")
    return tuple(keys)
