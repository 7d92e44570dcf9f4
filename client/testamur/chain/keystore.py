"""Keystores of the Web3 Secret Storage Definition, version 3, whoever wrote them: read within bounds, and opened.

Old geth and parity dropped leading zeros of a key before they sealed it; such a key opens, as it does in geth. A file
without `address` opens too, and one whose address is not its key's does not. What it asks of memory and time is
bounded before a key is derived: `kdfparams` are whoever's who wrote the file.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from testamur.chain.errors import KeyUnusableError, WrongPasswordError
from testamur.chain.exposure import complain_of_exposure
from testamur.foreign import ForeignJsonError, read_json

__all__ = ["address_in", "open_keystore", "read_keystore", "unseal"]

_MAX_BYTES: Final = 65_536
_MAX_DEPTH: Final = 8
_ANOTHER: Final = "name another file, or restore this one from a backup"
_MAX_SCRYPT_BYTES: Final = 1 << 30
"""Of memory, 128·n·r; geth's standard takes 256 MiB."""
_MAX_PARALLEL: Final = 16
_MAX_ITERATIONS: Final = 10_000_000
_KEY_BYTES: Final = 32


def read_keystore(path: Path) -> dict[str, Any]:
    """The keystore in a file, its names in lower case as far as they are used here. Raises KeyUnusableError."""
    complain_of_exposure(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise KeyUnusableError(
            f"the keystore {path} cannot be read: {error.strerror or error}", "check its path, and who may read it"
        ) from error
    try:
        found = read_json(data, max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH)
    except ForeignJsonError as error:
        raise KeyUnusableError(f"{path} is not a keystore: it holds no JSON ({error})", _ANOTHER) from error
    content = _lowered(found) if isinstance(found, dict) else {}
    if content.get("version") != 3 or isinstance(content.get("version"), bool):
        raise KeyUnusableError(f"{path} is not a keystore of version 3", _ANOTHER)
    return content


def address_in(content: dict[str, Any]) -> bytes | None:
    """The address that a keystore names in the clear; None where it names none."""
    try:
        address = bytes.fromhex(str(content["address"]).lower().removeprefix("0x"))
    except (KeyError, ValueError):
        return None
    return address if len(address) == 20 else None


def open_keystore(path: Path, passwords: Sequence[str], password_file: Path | None) -> bytes:
    """The 32-byte private key in `path`, opened with the first of `passwords` that fits. Raises KeyUnusableError."""
    content = read_keystore(path)
    for password in passwords:
        if (key := unseal(path, content, password)) is not None:
            return key
    raise WrongPasswordError(
        f"the password in {password_file} does not open the keystore {path}",
        "name the right password file with ETH_PASSWORD or password_file in testamur.toml",
    )


def unseal(path: Path, content: dict[str, Any], password: str) -> bytes | None:
    """The 32-byte private key in what `read_keystore` gave; None where the password does not open it.

    Raises KeyUnusableError for what is no keystore, asks for too much, or holds no key or another than it says.
    """
    from eth_account import Account as Accounts

    _check(path, content)
    try:
        secret = bytes(Accounts.decrypt(content, password))
    except ValueError:
        return None
    except Exception as error:  # whatever eth_keyfile raises for what `_check` let pass
        raise KeyUnusableError(f"{path} is not a keystore of version 3: {error}", _ANOTHER) from error
    return _judged(path, content, secret)


def _judged(path: Path, content: dict[str, Any], secret: bytes) -> bytes:
    """The key with its leading zeros, once it is one and that of the address."""
    from eth_account import Account as Accounts

    if len(secret) > _KEY_BYTES:
        raise KeyUnusableError(f"{path} holds {len(secret)} bytes, a private key has {_KEY_BYTES}", _ANOTHER)
    key = secret.rjust(_KEY_BYTES, b"\0")
    try:
        address = bytes.fromhex(Accounts.from_key(key).address[2:])
    except Exception as error:  # eth_keys raises its own for zero and for what is not below the group's order
        raise KeyUnusableError(f"{path} holds a number that is no private key", _ANOTHER) from error
    named = address_in(content)
    if named is not None and named != address:
        raise KeyUnusableError(
            f"{path} names the address 0x{named.hex()} and holds the key of 0x{address.hex()}",
            "find out which is meant; without its line `address` the file opens",
        )
    return key


def _check(path: Path, content: dict[str, Any]) -> None:
    """Refuse what is not the format, or asks for more memory or time than any wallet does."""
    crypto = content.get("crypto")
    try:
        if not isinstance(crypto, dict):
            raise ValueError("crypto")
        if crypto["cipher"] != "aes-128-ctr":
            raise ValueError("cipher")
        parameters = crypto["kdfparams"]
        for holder, name in (
            (crypto, "ciphertext"),
            (crypto, "mac"),
            (parameters, "salt"),
            (crypto["cipherparams"], "iv"),
        ):
            bytes.fromhex(holder[name].lower().removeprefix("0x"))
        _number(parameters, "dklen", _KEY_BYTES, 64)
        if crypto["kdf"] == "scrypt":
            most = _MAX_SCRYPT_BYTES // 128
            blocks = _number(parameters, "r", 1, most)
            _number(parameters, "n", 2, most // blocks)
            _number(parameters, "p", 1, _MAX_PARALLEL)
        elif crypto["kdf"] == "pbkdf2":
            _number(parameters, "c", 1, _MAX_ITERATIONS)
            if parameters["prf"] != "hmac-sha256":
                raise ValueError("prf")
        else:
            raise ValueError("kdf")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KeyUnusableError(f"{path} is not a keystore of version 3: {error}", _ANOTHER) from error


def _number(parameters: dict[str, Any], name: str, least: int, most: int) -> int:
    value = parameters[name]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} {str(value)[:40]}")
    return value


def _lowered(content: dict[str, Any]) -> dict[str, Any]:
    """Keys in lower case: some wallets write `Crypto` and `KDF`."""
    return {key.lower(): _lowered(value) if isinstance(value, dict) else value for key, value in content.items()}
