"""Another password for a key file: the same key, encrypted anew, in the place of the old file whole or not at all."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from testamur.chain.errors import KeyUnusableError
from testamur.chain.keystore import read_keystore, unseal
from testamur.files import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

__all__ = ["change_keystore_password", "change_signing_key_password"]

_STRONG = 1 << 18
"""geth's scrypt cost, for files that name none."""


def change_keystore_password(path: Path, old: Sequence[str], new: str) -> bool:
    """Encrypt the keystore anew under `new`, at the cost it had; False where it opens with `new` already.

    `old` are the readings of the old password (`password_file`). `KeyUnusableError` where neither it nor `new` opens
    the file, or it cannot be replaced.
    """
    from eth_account import Account as Accounts

    content = read_keystore(path)
    for password in old:
        if (secret := unseal(path, content, password)) is not None:
            break
    else:
        if unseal(path, content, new) is not None:
            return False
        raise _refused(path)
    if password == new:
        return False
    _demand(new)
    cost = content["crypto"]["kdfparams"].get("n", _STRONG)
    _replace(path, json.dumps(Accounts.encrypt(secret, new, kdf="scrypt", iterations=cost)).encode() + b"\n")
    return True


def change_signing_key_password(path: Path, old: Sequence[str], new: str) -> bool:
    """Encrypt the signing key anew under `new`; False where it opens with `new` already. Arguments as above."""
    from cryptography.hazmat.primitives import serialization

    content = _bytes(path)
    for password in old:
        if (key := _opened(content, password)) is not None:
            break
    else:
        if _opened(content, new) is not None:
            return False
        raise _refused(path)
    if password == new:
        return False
    _demand(new)
    encryption = serialization.BestAvailableEncryption(new.encode())
    _replace(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return True


def _opened(content: bytes, password: str) -> "PrivateKeyTypes | None":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    with suppress(ValueError, TypeError, UnsupportedAlgorithm):  # what is no encrypted key is none that it opens
        return serialization.load_pem_private_key(content, password.encode())
    return None


def _replace(path: Path, content: bytes) -> None:
    try:
        write_private(path, content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KeyUnusableError(f"{path} cannot be written: {reason}", "make room or the folder writable") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise KeyUnusableError(
            f"the key file {path} cannot be read: {reason}", "check its path, and who may read it"
        ) from error


def _demand(password: str) -> None:
    if not password:
        raise KeyUnusableError("the new password is empty", "write one into the new password file")


def _refused(path: Path) -> KeyUnusableError:
    return KeyUnusableError(
        f"the old password does not open {path}",
        "name the file of the right one with --password-file; a lost password is never found again: "
        "see docs/tutorials/lost-keys.md",
    )
