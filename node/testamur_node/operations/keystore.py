"""Encrypted account keys: Web3 Secret Storage version 3, as geth, cast and eth_account read it."""

import hashlib
import hmac
import json
import os
import secrets
import uuid
from pathlib import Path

import coincurve
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from testamur.proof.hashing import keccak256

from testamur_node.documents import read_json
from testamur_node.errors import NodeError

__all__ = ["KeystoreError", "new_key", "address_of", "encrypt", "decrypt", "write_secret"]

_N, _R, _P = 4_096, 8, 6
"""geth's light scrypt: 4 MB and some 20 ms a key; the password is random, so it bears no guessing."""


class KeystoreError(NodeError):
    """A key file is not one, or the password does not open it."""


def new_key() -> bytes:
    """A fresh secp256k1 private key."""
    secret: bytes = coincurve.PrivateKey().secret
    return secret


def address_of(key: bytes) -> bytes:
    """The account of a private key."""
    public: bytes = coincurve.PrivateKey(key).public_key.format(compressed=False)
    return keccak256(public[1:])[12:]


def _aes(key: bytes, initial: bytes, payload: bytes) -> bytes:
    encryptor = Cipher(AES(key), CTR(initial)).encryptor()
    return encryptor.update(payload) + encryptor.finalize()


def encrypt(key: bytes, password: str) -> str:
    """The key file's text."""
    salt, initial = secrets.token_bytes(32), secrets.token_bytes(16)
    derived = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=32)
    sealed = _aes(derived[:16], initial, key)
    return json.dumps(
        {
            "address": address_of(key).hex(),
            "crypto": {
                "cipher": "aes-128-ctr",
                "cipherparams": {"iv": initial.hex()},
                "ciphertext": sealed.hex(),
                "kdf": "scrypt",
                "kdfparams": {"dklen": 32, "n": _N, "r": _R, "p": _P, "salt": salt.hex()},
                "mac": keccak256(derived[16:32] + sealed).hex(),
            },
            "id": str(uuid.uuid4()),
            "version": 3,
        }
    )


def decrypt(text: str, password: str) -> bytes:
    """The private key in a key file that `encrypt` wrote."""
    try:
        crypto = read_json(text)["crypto"]
        parameters = crypto["kdfparams"]
        derived = hashlib.scrypt(
            password.encode(),
            salt=bytes.fromhex(parameters["salt"]),
            n=parameters["n"],
            r=parameters["r"],
            p=parameters["p"],
            dklen=parameters["dklen"],
            maxmem=1 << 30,
        )
        sealed = bytes.fromhex(crypto["ciphertext"])
        if not hmac.compare_digest(keccak256(derived[16:32] + sealed).hex(), crypto["mac"]):
            raise KeystoreError("the password does not open this key file")
        return _aes(derived[:16], bytes.fromhex(crypto["cipherparams"]["iv"]), sealed)
    except (KeyError, TypeError, ValueError) as error:
        raise KeystoreError(f"not a keystore of version 3 with scrypt: {error}") from error


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
