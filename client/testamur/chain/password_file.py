"""Password files: their first line, in each way that the programs which wrote key and password may have meant it.

An editor puts a byte-order mark before it or saves it in UTF-16, a shell a blank behind it, an input method full-width
digits into it. A new key is sealed with the line as it stands, without mark and line end; an old one is tried with
the other readings too before it is said not to open.
"""

import unicodedata
from pathlib import Path
from typing import Final

from testamur.chain.errors import KeyUnusableError
from testamur.chain.exposure import complain_of_exposure

__all__ = ["read_password", "read_passwords", "readings_of"]

_MAX_BYTES: Final = 65_536
_MARK: Final = "\ufeff"


def read_password(path: Path | None) -> str:
    """The password in a file: its first line. Raises KeyUnusableError."""
    return read_passwords(path)[0]


def read_passwords(path: Path | None) -> tuple[str, ...]:
    """The readings of a password file, the line as it stands first. Raises KeyUnusableError."""
    if path is None:
        raise KeyUnusableError(
            "no password file is named", "set ETH_PASSWORD to its path, or password_file in testamur.toml"
        )
    complain_of_exposure(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise KeyUnusableError(
            f"the password file {path} cannot be read: {reason}", "check its path, and who may read it"
        ) from error
    if len(data) > _MAX_BYTES:
        raise KeyUnusableError(f"the password file {path} has more than {_MAX_BYTES} bytes", "is it the right file?")
    return readings_of(text.split("\n", 1)[0].rstrip("\r"))


def readings_of(marked: str) -> tuple[str, ...]:
    """What a line that was read or typed may mean as a password, as it stands first."""
    line = marked.removeprefix(_MARK)
    usual = unicodedata.normalize("NFKC", line)
    readings = (line, line.strip(), usual, usual.strip(), unicodedata.normalize("NFC", line), marked, f"{line}\n")
    return tuple(dict.fromkeys(readings))
