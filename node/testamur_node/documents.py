"""JSON and TOML from outside, bounded in size and depth before a parser reads them (adr/0023).

Every file that a person hands to the node, and every body that a stranger sends, passes here: parsers recurse as deep
as their input does, a list of empty lists takes fifty times its length in memory, and a dotted key of TOML takes memory
that grows with the square of its parts.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from testamur import foreign
from testamur.foreign import is_deeper

from testamur_node.errors import NodeError

__all__ = ["MOST_DEPTH", "MOST_VALUES", "DocumentError", "check_json", "read_file", "read_json", "read_toml"]

MOST_DEPTH = 64
"""Objects and arrays in each other. Of what is read here typed structures, tracers' options and claims nest a few."""
MOST_VALUES = 250_000
"""Of a body: many more than its largest batch or its widest filter has."""
_MOST_FILE_BYTES = 64 << 20
"""More than a genesis with all its code has."""
_MOST_FILE_VALUES = 4_000_000


class DocumentError(NodeError, ValueError):
    """Bytes from outside are not the JSON or TOML they claim to be, or larger or deeper than any that is read."""

    exit_code = 2


def check_json(data: bytes, most_bytes: int = _MOST_FILE_BYTES, most_values: int = _MOST_FILE_VALUES) -> None:
    """Raise `DocumentError` for JSON that is too long, too deep or has too many values; each byte is looked at a few
    times, in C. What is no JSON at all is the parser's to refuse.
    """
    if len(data) > most_bytes:
        raise DocumentError(f"{len(data)} bytes, at most {most_bytes} are read")
    if data.count(b"[") + data.count(b"{") + data.count(b",") > most_values:
        raise DocumentError(f"more than {most_values} values")
    if is_deeper(data, MOST_DEPTH):
        raise DocumentError(f"nested deeper than {MOST_DEPTH}")


def read_file(path: Path, most_bytes: int = _MOST_FILE_BYTES) -> str:
    """The text of a file in UTF-8. Raises `OSError` where it cannot be read, `DocumentError` where it is too long or no
    text.
    """
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise DocumentError(f"{path.name} has more than {most_bytes} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path.name} is not UTF-8: {error.reason} at byte {error.start}") from error


def read_json(text: str | bytes) -> Any:
    """The value that JSON text holds. Raises `DocumentError`."""
    try:
        check_json(text.encode() if isinstance(text, str) else text)
        return json.loads(text)
    except DocumentError:
        raise
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"not JSON: {error}") from error


def read_toml(text: str) -> dict[str, Any]:
    """The tables that TOML text holds. Raises `DocumentError`."""
    try:
        return foreign.read_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(f"not TOML: {error}") from error
