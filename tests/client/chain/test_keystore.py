"""Keystores that others wrote, or damaged: each opens, or the refusal says why; none ends the client."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from testamur.chain.errors import KeyUnusableError
from testamur.chain.password_file import read_passwords
from testamur.chain.signer import Account, account_from_environment, keystore_address, list_keystores
from testamur.chain.signing_key import create_signing_key, load_signing_key, raw_public_key
from testamur.proof.hashing import keccak256

SECRET = bytes(30) + b"\x11\x07"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def write(folder: Path, secret: bytes, password: str = "pw", **changes: Any) -> Path:
    """A keystore as another wallet writes it: no address, and a key as short as it happens to be."""
    salt, iv = bytes(32), bytes(16)
    derived = hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1, dklen=32)
    sealed = Cipher(algorithms.AES(derived[:16]), modes.CTR(iv)).encryptor().update(secret)
    crypto = {
        "cipher": "aes-128-ctr", "cipherparams": {"iv": iv.hex()}, "ciphertext": sealed.hex(), "kdf": "scrypt",
        "kdfparams": {"n": 1024, "r": 8, "p": 1, "dklen": 32, "salt": salt.hex()},
        "mac": keccak256(derived[16:] + sealed).hex(),
    }  # fmt: skip
    content: dict[str, Any] = {"version": 3, "id": "1", "crypto": crypto}
    for place, value in changes.items():
        part: Any = content
        *way, last = place.split("__")
        for step in way:
            part = part[step]
        part[last] = value
    path = folder / "key.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def password_file(folder: Path, content: bytes = b"pw\n") -> Path:
    path = folder / "password"
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("length", [32, 31, 2])
def test_a_key_that_lost_its_leading_zeros_opens_as_the_whole_one(tmp_path: Path, length: int) -> None:
    path = write(tmp_path, SECRET[-length:])
    assert Account.load(path, password_file(tmp_path)).address == Account.from_secret(SECRET).address


@pytest.mark.parametrize("secret", [b"", bytes(32), ORDER.to_bytes(32, "big"), b"\x11" * 33])
def test_what_is_no_private_key_is_refused_as_that(tmp_path: Path, secret: bytes) -> None:
    with pytest.raises(KeyUnusableError, match=r"no private key|holds 33 bytes|not a keystore"):
        Account.load(write(tmp_path, secret), password_file(tmp_path))


def test_a_keystore_without_address_opens_and_is_found_in_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    path, password = write(folder, SECRET), password_file(tmp_path)
    (folder / "notes.txt").write_text("no keystore")
    assert keystore_address(path) is None
    assert list_keystores(folder) == [(path, None)]
    account = account_from_environment({"ETH_KEYSTORE": str(folder), "ETH_PASSWORD": str(password)})
    assert account is not None
    assert account.address == Account.from_secret(SECRET).address


def test_a_keystore_that_names_another_address_is_refused(tmp_path: Path) -> None:
    address = Account.from_secret(SECRET).address
    assert (
        Account.load(write(tmp_path, SECRET, address=address.hex().upper()), password_file(tmp_path)).address == address
    )
    with pytest.raises(KeyUnusableError, match="names the address 0x00"):
        Account.load(write(tmp_path, SECRET, address="00" * 20), password_file(tmp_path))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 1}, {"version": True}, {"crypto": []}, {"crypto__cipher": "aes-256-cbc"}, {"crypto__kdf": "argon2"},
        {"crypto__kdfparams__n": 1 << 40}, {"crypto__kdfparams__r": 1 << 30}, {"crypto__kdfparams__p": 10**9},
        {"crypto__kdfparams__n": "1024"}, {"crypto__kdfparams__n": 1000}, {"crypto__kdfparams__dklen": 1 << 31},
        {"crypto__kdfparams__dklen": 16}, {"crypto__kdfparams": None}, {"crypto__mac": "zz"}, {"crypto__mac": 7},
        {"crypto__cipherparams": {}}, {"crypto__kdf": "pbkdf2"},
        {"crypto__kdf": "pbkdf2", "crypto__kdfparams__c": 1, "crypto__kdfparams__prf": "hmac-md5"},
        {"crypto__kdf": "pbkdf2", "crypto__kdfparams__c": 10**12, "crypto__kdfparams__prf": "hmac-sha256"},
    ],
)  # fmt: skip
def test_what_is_not_the_format_or_asks_for_too_much_is_refused_before_a_key_is_derived(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(KeyUnusableError, match=r"key\.json"):
        Account.load(write(tmp_path, SECRET, **changes), password_file(tmp_path))


@pytest.mark.parametrize(
    "content",
    [b"[" * 200_000, b'{"a":' * 20_000, b'{"version":3,"crypto":' + b"[" * 9 + b"]" * 9 + b"}", b"", b" " * 70_000],
)
def test_nested_brackets_and_endless_files_are_no_keystore(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(content)
    assert keystore_address(path) is None
    with pytest.raises(KeyUnusableError, match="holds no JSON"):
        Account.load(path, password_file(tmp_path))


@pytest.mark.parametrize(
    ("sealed", "content"),
    [
        ("pw1", b"\xef\xbb\xbfpw1\r\n"),
        ("\ufeffpw1", b"\xef\xbb\xbfpw1\n"),
        ("pw1", "pw1\r\n".encode("utf-16")),
        ("pw1", b"pw1  \n"),
        ("pw1\n", b"pw1\n"),
        ("pw1", "ｐｗ１".encode()),
        ("ｐｗ１", "ｐｗ１".encode()),
        ("é", "e\u0301".encode()),
    ],
)
def test_a_password_opens_in_each_way_that_it_may_have_been_meant(tmp_path: Path, sealed: str, content: bytes) -> None:
    path = write(tmp_path, SECRET, sealed)
    assert Account.load(path, password_file(tmp_path, content)).address == Account.from_secret(SECRET).address
    with pytest.raises(KeyUnusableError, match="does not open the keystore"):
        Account.load(path, password_file(tmp_path, b"another"))


def test_a_signing_key_opens_with_the_same_readings(tmp_path: Path) -> None:
    path = tmp_path / "credential.pem"
    key = create_signing_key(path, "口令１")
    assert raw_public_key(load_signing_key(path, password_file(tmp_path, "\ufeff口令１\n".encode()))) == raw_public_key(
        key
    )


def test_a_password_file_is_bounded_and_its_line_comes_first(tmp_path: Path) -> None:
    assert read_passwords(password_file(tmp_path, "口令 １ \nsecond".encode()))[:2] == ("口令 １ ", "口令 １")
    with pytest.raises(KeyUnusableError, match="more than 65536 bytes"):
        read_passwords(password_file(tmp_path, b"x" * 70_000))
