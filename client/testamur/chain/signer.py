"""Accounts that sign transactions: keystore v3 files, opened with a password file. No key ever stands in an argument.

`ETH_KEYSTORE` (a file or a folder) and `ETH_PASSWORD` (the path of a password file) mean what they mean to cast.
The format is the Web3 Secret Storage Definition, version 3; files that geth, cast or brownie wrote open here, and the
other way round.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testamur.chain.errors import KeyUnusableError
from testamur.chain.keystore import address_in, open_keystore, read_keystore
from testamur.chain.password_file import read_passwords

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

__all__ = [
    "Account",
    "SignedTransaction",
    "account_from_environment",
    "create_keystore",
    "import_keystore",
    "keystore_address",
    "list_keystores",
    "write_secret",
]


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """What a chain accepts."""

    raw: bytes
    hash: bytes
    """32 bytes; also the name of its receipt."""


@dataclass(frozen=True, slots=True)
class Account:
    """An opened account."""

    address: bytes
    """20 bytes."""
    _key: "LocalAccount" = field(repr=False)

    @classmethod
    def load(cls, keystore: Path, password_file: Path | None) -> "Account":
        """Open `keystore`; `KeyUnusableError` says which of file, format and password was wrong."""
        return cls.from_secret(open_keystore(keystore, read_passwords(password_file), password_file))

    @classmethod
    def from_secret(cls, secret: bytes) -> "Account":
        """The account of a 32-byte private key that is already in memory."""
        from eth_account import Account as Accounts

        key = Accounts.from_key(secret)
        return cls(bytes.fromhex(key.address[2:]), key)

    def sign_transaction(self, fields: Mapping[str, Any]) -> SignedTransaction:
        """Sign the transaction that `fields` describes, with the names JSON-RPC uses and numbers as int."""
        signed = self._key.sign_transaction(dict(fields))
        return SignedTransaction(bytes(signed.raw_transaction), bytes(signed.hash))

    def sign_typed(self, domain: Mapping[str, Any], types: Mapping[str, Any], message: Mapping[str, Any]) -> bytes:
        """The 65-byte EIP-712 signature over `message`; `types` holds its primary type and those it uses."""
        signed = self._key.sign_typed_data(dict(domain), dict(types), dict(message))
        return bytes(signed.signature)


def keystore_address(path: Path) -> bytes | None:
    """The address that a keystore names in the clear; None where it names none or is no keystore."""
    try:
        return address_in(read_keystore(path))
    except KeyUnusableError:
        return None


def list_keystores(folder: Path) -> list[tuple[Path, bytes | None]]:
    """The keystore files of a folder in name order, each with the address that it names, None where it names none."""
    if not folder.is_dir():
        raise KeyUnusableError(f"there is no keystore folder {folder}", "create an account with `testamur account new`")
    found: list[tuple[Path, bytes | None]] = []
    for path in sorted(folder.iterdir()):
        with suppress(KeyUnusableError):
            if path.is_file():
                found.append((path, address_in(read_keystore(path))))
    return found


def create_keystore(path: Path, password: str, *, is_light: bool = False) -> bytes:
    """Write a new account to `path` (mode 0600, never over an existing file); its address."""
    return import_keystore(path, os.urandom(32), password, is_light=is_light)


def import_keystore(path: Path, secret: bytes, password: str, *, is_light: bool = False) -> bytes:
    """Write the account of a 32-byte private key to `path` (mode 0600, never over an existing file); its address.

    `is_light` takes geth's light scrypt cost (4,096 rounds), for development chains and tests.
    """
    from eth_account import Account as Accounts

    if not password:
        raise KeyUnusableError("the password is empty", "write one into the password file")
    try:
        address = bytes.fromhex(Accounts.from_key(secret).address[2:])
        content = Accounts.encrypt(secret, password, kdf="scrypt", iterations=1 << (12 if is_light else 18))
    except ValueError as error:
        raise KeyUnusableError("that is no private key of 32 bytes in range", "give 64 hex digits") from error
    write_secret(path, json.dumps(content).encode() + b"\n")
    return address


def write_secret(path: Path, content: bytes) -> None:
    """Create `path` readable by its owner alone, synced; an existing file is never replaced."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise KeyUnusableError(f"{path} exists already", "choose another path; keys are never overwritten") from error
    except OSError as error:
        raise KeyUnusableError(
            f"{path} cannot be written: {_reason(error)}", "make room or the folder writable"
        ) from error


def account_from_environment(environment: Mapping[str, str], wanted: bytes | None = None) -> Account | None:
    """The account that ETH_KEYSTORE and ETH_PASSWORD name, or None where ETH_KEYSTORE is not set.

    A folder must hold one keystore, or `wanted` must say which address is meant.
    """
    keystore = environment.get("ETH_KEYSTORE")
    if not keystore:
        return None
    password = environment.get("ETH_PASSWORD")
    path = Path(keystore)
    if path.is_dir():
        listed = list_keystores(path)
        found = [file for file, address in listed if address is not None and wanted in (None, address)]
        if not found:  # one that names no address may be the one meant; opened, it shows
            found = [file for file, address in listed if address is None]
        if len(found) != 1:
            raise KeyUnusableError(
                f"the keystore folder {path} holds {len(found)} fitting accounts",
                "name one file with ETH_KEYSTORE, or the account with --as ADDRESS",
            )
        path = found[0]
    return Account.load(path, Path(password) if password else None)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
