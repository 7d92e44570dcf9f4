"""The files that tokens are checked with: what is a key, and what keeps the node from starting."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from testamur_node.rpc.access.token_keys import TokenKeyError, read_jwks, read_public_key, read_secret
from testamur_node.rpc.access.tokens import TokenError, TokenRules, principal_of

from tests.node.access.tokens import base64url, new_key, public_pem, signed

CLAIMS: dict[str, Any] = {"sub": "alice", "exp": 1_000, "permissions": ["eth"]}


def written(folder: Path, content: str | bytes | object) -> Path:
    file = folder / "key"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize("text", ["ab" * 32, "0x" + "AB" * 32, "  " + "0f" * 32 + "\n\n"])
def test_a_secret_is_32_bytes_in_hex_as_geth_keeps_it(tmp_path: Path, text: str) -> None:
    assert read_secret(written(tmp_path, text)).algorithms == ("HS256",)


@pytest.mark.parametrize(
    "text", ["", "ab" * 31, "ab" * 33, "secret", "0x" + "zz" * 32, "ab" * 32 + " " + "ab" * 32, "é" * 64]
)
def test_another_secret_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TokenKeyError):
        read_secret(written(tmp_path, text))


def test_a_secret_that_others_can_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = written(tmp_path, "ab" * 32)
    file.chmod(0o600)
    read_secret(file)
    assert caplog.text == ""
    file.chmod(0o640)
    read_secret(file)
    assert "chmod 600" in caplog.text
    assert "abab" not in caplog.text


@pytest.mark.parametrize("read", [read_secret, read_public_key, read_jwks])
def test_a_file_that_is_not_there_or_endless_is_told(tmp_path: Path, read: Any) -> None:
    with pytest.raises(TokenKeyError, match="cannot read"):
        read(tmp_path / "nothing")
    with pytest.raises(TokenKeyError, match="cannot read"):
        read(tmp_path)
    with pytest.raises(TokenKeyError, match="too long"):
        read(written(tmp_path, "a" * (2 << 20)))


def test_a_private_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    key = new_key("ES256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(TokenKeyError, match="-pubout"):
        read_public_key(written(tmp_path, pem))
    assert read_public_key(written(tmp_path, public_pem(key))).algorithms == ("ES256",)


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65_537, 1_024), ec.generate_private_key(ec.SECP384R1()),
            ec.generate_private_key(ec.SECP256K1()), ed448.Ed448PrivateKey.generate()],
    ids=["rsa1024", "p384", "secp256k1", "ed448"],
)  # fmt: skip
def test_a_key_of_another_kind_is_refused(tmp_path: Path, key: Any) -> None:
    with pytest.raises(TokenKeyError, match="2048"):
        read_public_key(written(tmp_path, public_pem(key)))


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b"\xff"]
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TokenKeyError, match="holds no"):
        read_public_key(written(tmp_path, content))


SHORT = rsa.generate_private_key(65_537, 2_040).public_key().public_numbers().n.to_bytes(255, "big")
RSA, EC, OKP = RSAKey.generate_key(2_048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")


def public(key: Any, **more: object) -> dict[str, object]:
    return {**key.as_dict(private=False), **more}


GOOD = {
    "keys": [public(RSA, kid="1"), public(EC, kid="2", alg="ES256", use="sig"), public(OKP, kid="3", alg="Ed25519")]
}


def test_a_key_set_has_a_key_for_each_kid(tmp_path: Path) -> None:
    keys = read_jwks(written(tmp_path, GOOD))
    assert [(key.identity, key.algorithms[0]) for key in keys] == [("1", "RS256"), ("2", "ES256"), ("3", "EdDSA")]
    rules = TokenRules(keys)
    for kid, key, algorithm in (("1", RSA, "RS256"), ("2", EC, "ES256"), ("3", OKP, "EdDSA")):
        made = signed(algorithm, key.private_key, CLAIMS, kid=kid)  # type: ignore[attr-defined]
        assert principal_of(rules, made, 0).name == "token:alice"
        assert principal_of(rules, signed(algorithm, key.private_key, CLAIMS), 0).name == "token:alice"  # type: ignore[attr-defined]
        for other in {"1", "2", "3", "4", "", "../1"} - {kid}:
            with pytest.raises(TokenError, match="not accepted"):
                principal_of(rules, signed(algorithm, key.private_key, CLAIMS, kid=other), 0)  # type: ignore[attr-defined]


def test_without_a_kid_a_token_must_fit_one_key_alone(tmp_path: Path) -> None:
    other = ECKey.generate_key("P-256")
    rules = TokenRules(read_jwks(written(tmp_path, {"keys": [public(EC, kid="a"), public(other, kid="b")]})))
    assert principal_of(rules, signed("ES256", other.private_key, CLAIMS, kid="b"), 0).is_known
    with pytest.raises(TokenError, match="not accepted"):
        principal_of(rules, signed("ES256", other.private_key, CLAIMS), 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no key set"), ("[]", "no key set"), ({}, "no key set"), ({"keys": []}, "no key set"),
        ({"keys": {}}, "no key set"), ({"keys": ["a"]}, "no key set"), ({"keys": [{}]}, "no kid"),
        ({"keys": [public(EC)]}, "no kid"), ({"keys": [public(EC, kid="")]}, "no kid"),
        ({"keys": [public(EC, kid="1"), public(RSA, kid="1")]}, "same kid"),
        ({"keys": [{**RSA.as_dict(private=True), "kid": "1"}]}, "private"),
        ({"keys": [{**OctKey.import_key(b"s" * 32).as_dict(private=True), "kid": "1"}]}, "shared secret"),
        ({"keys": [public(RSA, kid="1", alg="HS256")]}, "is not RS256"),
        ({"keys": [public(RSA, kid="1", alg="none")]}, "is not RS256"),
        ({"keys": [public(EC, kid="1", alg="RS256")]}, "is not ES256"),
        ({"keys": [public(EC, kid="1", use="enc")]}, "not for signatures"),
        ({"keys": [public(ECKey.generate_key("P-384"), kid="1")]}, "not checked with EC P-384"),
        ({"keys": [public(OKPKey.generate_key("X25519"), kid="1")]}, "not checked with OKP X25519"),
        ({"keys": [public(EC, kid="1", x="AAAA")]}, "cannot be read"),
        ({"keys": [public(RSA, kid="1", n=5)]}, "cannot be read"),
        ({"keys": [{"kty": "RSA", "kid": "1"}]}, "cannot be read"),
        ({"keys": [{"kty": "RSA", "n": base64url(SHORT), "e": "AQAB", "kid": "1"}]}, "too short"),
    ],
)  # fmt: skip
def test_a_key_set_that_is_none_is_refused(tmp_path: Path, content: object, reason: str) -> None:
    with pytest.raises(TokenKeyError, match=reason):
        read_jwks(written(tmp_path, content))
