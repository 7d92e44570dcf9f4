"""Ed25519 keys that sign credentials and status lists: encrypted PKCS#8 files, opened with the profile's password.

One key per usage (docs/protocol.md 3): the one that signs status lists never signs a credential.
"""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from testamur.chain.errors import KeyUnusableError, WrongPasswordError
from testamur.chain.exposure import complain_of_exposure
from testamur.chain.password_file import read_passwords
from testamur.chain.signer import write_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_MAX_BYTES = 65_536
"""Of a key file; one of ours has 300."""

__all__ = ["create_signing_key", "load_signing_key", "raw_public_key"]


def create_signing_key(path: Path, password: str) -> "Ed25519PrivateKey":
    """Write a new key to `path` (mode 0600, never over an existing file)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not password:
        raise KeyUnusableError("the password is empty", "write one into the password file")
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )
    write_secret(path, content)
    return key


def load_signing_key(path: Path, password_file: Path | None) -> "Ed25519PrivateKey":
    """Open the key in `path`; `KeyUnusableError` says what was wrong with it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    passwords = read_passwords(password_file)
    complain_of_exposure(path)
    try:
        content = path.read_bytes()[:_MAX_BYTES]
    except OSError as error:
        raise KeyUnusableError(
            f"the signing key {path} cannot be read: {error.strerror}", "create one with `testamur issuer key add`"
        ) from error
    key = None
    for password in passwords:
        with suppress(ValueError, UnsupportedAlgorithm):
            try:
                key = serialization.load_pem_private_key(content, password.encode())
                break
            except TypeError as error:
                raise KeyUnusableError(
                    f"the signing key {path} is not encrypted", "create a new one and retire it"
                ) from error
    if key is None:
        raise WrongPasswordError(
            f"the password in {password_file} does not open the signing key {path}",
            "name the right password_file in testamur.toml",
        )
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusableError(
            f"{path} holds another kind of key than Ed25519", "create one with `testamur issuer key add`"
        )
    return key


def raw_public_key(key: "Ed25519PrivateKey") -> bytes:
    """The 32-byte public key, as the registry names it."""
    return key.public_key().public_bytes_raw()
