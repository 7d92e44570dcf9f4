"""JSON and TOML that others wrote: size and depth are known before any of it is decoded.

A decoder recurses: nested brackets by the thousand end an interpreter, or whoever prints what was decoded. Everything
that a node, a wallet or another program wrote is read here; credentials and bundles have the stricter
`credential.strict`. The node reads what it is handed through here too (`testamur_node.documents`). Every step is linear
in the bytes, whatever they hold.
"""

import re
import tomllib
from typing import Any, Final

import orjson

__all__ = ["MAX_DEPTH", "ForeignJsonError", "is_deeper", "read_json", "read_toml"]

MAX_DEPTH: Final = 64
"""Levels; the deepest answer that the client asks for, a light client's path, has nine."""
_MAX_TOML_CHARACTERS: Final = 4 * 1024 * 1024
"""Of a profile, a policy or an alliance.toml; one with a thousand institutions has 1 MB."""
_MAX_SQUARED_DOTS: Final = 2**22
"""Dots of each line of TOML, squared and added up: a key takes memory that grows with the square of its parts."""
_NOT_BRACKETS: Final = re.compile(rb'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^"{}\[\]]++)++', re.DOTALL)
"""Strings with whatever they hold, and all else but brackets."""
_AS_SQUARE: Final = bytes.maketrans(b"{}", b"[]")


class ForeignJsonError(ValueError):
    """The bytes are not JSON, too many, or nested too deep; the message says which."""


def read_json(data: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """The tree that `data` (UTF-8 JSON, perhaps after a byte-order mark) stands for. Raises ForeignJsonError."""
    if len(data) > max_bytes:
        raise ForeignJsonError(f"{len(data)} bytes, at most {max_bytes}")
    if is_deeper(data, max_depth):
        raise ForeignJsonError(f"nested deeper than {max_depth} levels")
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise ForeignJsonError("not JSON") from error


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a file. Raises tomllib.TOMLDecodeError, whatever it is that makes them none."""
    if len(text) > _MAX_TOML_CHARACTERS:
        raise tomllib.TOMLDecodeError(f"{len(text)} characters, at most {_MAX_TOML_CHARACTERS}")
    if sum(line.count(".") ** 2 for line in text.split("\n")) > _MAX_SQUARED_DOTS:
        raise tomllib.TOMLDecodeError("too many dots in its lines")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("nested too deep") from error
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # a number with more digits than Python reads
        raise tomllib.TOMLDecodeError(str(error)) from error


def is_deeper(data: bytes, max_depth: int) -> bool:
    """Whether brackets outside strings stand in each other for more than `max_depth` levels, as far as a parser reads.

    Pairs of brackets with nothing between them are taken away, a level at a time. Brackets of either kind count alike;
    whether they fit each other, and close, is the parser's to say.
    """
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return False
    left = _NOT_BRACKETS.sub(b"", data).translate(_AS_SQUARE)
    for _ in range(max_depth):
        left = left.replace(b"[]", b"")
    # of brackets that fit, whatever is left is deeper; others lead a parser deeper only where as many are open
    return b"[]" in left or left.count(b"[") > max_depth
