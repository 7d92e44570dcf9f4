"""A validator's Ed25519 key on disk, in the form of CometBFT's priv_validator_key.json, so that either engine reads
it.
"""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from testamur.proof.cometbft import Validator

from testamur_node.documents import read_file, read_json
from testamur_node.errors import NodeError

__all__ = ["ValidatorKey", "ValidatorKeyError"]


class ValidatorKeyError(NodeError):
    """The validator's key cannot be read or written."""


@dataclass(frozen=True, slots=True, repr=False)
class ValidatorKey:
    """The secret with which blocks are signed; it never appears in a repr or a log."""

    private: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> "ValidatorKey":
        """A fresh key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> "ValidatorKey":
        """Read a key file. Raises `ValidatorKeyError`."""
        try:
            data = read_json(read_file(path))
            secret = base64.b64decode(data["priv_key"]["value"], validate=True)
            key = cls(Ed25519PrivateKey.from_private_bytes(secret[:32]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValidatorKeyError(
                f"cannot read the validator key {path}: {error}",
                "see that this user owns it, or restore it from a backup",
            ) from error
        if len(secret) != 64 or secret[32:] != key.public:
            raise ValidatorKeyError(f"{path} holds no Ed25519 key as CometBFT writes it")
        return key

    def save(self, path: Path) -> None:
        """Write a new key file, readable by its owner alone; an existing one is never overwritten."""
        secret = self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()) + self.public
        document = {
            "address": self.validator(1).address.hex().upper(),
            "pub_key": {"type": "tendermint/PubKeyEd25519", "value": base64.b64encode(self.public).decode()},
            "priv_key": {"type": "tendermint/PrivKeyEd25519", "value": base64.b64encode(secret).decode()},
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise ValidatorKeyError(
                f"cannot write the validator key {path}: {error.strerror}",
                "see that there is room and that this user may write there",
            ) from error

    @property
    def public(self) -> bytes:
        """The raw 32-byte public key."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def validator(self, power: int) -> Validator:
        """This key's place in a validator set."""
        return Validator(self.public, power)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature."""
        return self.private.sign(message)
