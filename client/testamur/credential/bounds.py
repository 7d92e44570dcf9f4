"""What a JSON text may cost, decided before it is parsed (`docs/protocol.md 1.2`): its depth and its number of values.

Data flow: bytes of a credential, bundle or request body -> `check_bounds` -> `strict.parse_strict`. Each step here is
one pass of C over the bytes, and none looks back, so that the time per byte is the same for every text. The steps are
right as far as a parser reads: up to the first byte that is not JSON, where it stops.
"""

from itertools import accumulate
from typing import Final

from testamur.credential.errors import MalformedError

__all__ = ["MAX_DEPTH", "MAX_VALUES", "blank_escapes", "check_bounds"]

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 2**18
"""Values of one document, each of which costs a parser time and memory: evidence of 8 MiB with the signatures of nine
thousand validators, twice, has as many."""
_MAX_QUOTES: Final = 4 * MAX_VALUES
"""Two for each value and two for its key."""
_BRACKETS: Final = b"[]{}"
_OTHERS: Final = bytes(sorted(set(range(256)) - set(_BRACKETS)))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def check_bounds(data: bytes) -> None:
    """Refuse a text of more than `MAX_VALUES` values or `MAX_DEPTH` levels. Raises MalformedError."""
    plain = blank_escapes(data)
    if plain.count(b'"') > _MAX_QUOTES:
        raise _too_many()
    # without escapes every second part between quotes is a string
    outside = b"".join(plain.split(b'"')[::2])
    brackets = outside.translate(None, _OTHERS)
    opening = brackets.count(b"[") + brackets.count(b"{")
    if 1 + opening + outside.count(b",") > MAX_VALUES:  # a value is the first, or follows a bracket or a comma
        raise _too_many()
    if opening > MAX_DEPTH and max(accumulate(map(_STEPS.__getitem__, brackets))) > MAX_DEPTH:
        raise MalformedError("$", f"nested deeper than {MAX_DEPTH} levels")


def blank_escapes(data: bytes) -> bytes:
    """`data` with spaces in place of escaped backslashes and quotes: each quote left begins or ends a string."""
    return data.replace(rb"\\", b"  ").replace(rb"\"", b"  ") if b"\\" in data else data


def _too_many() -> MalformedError:
    return MalformedError("$", f"more than {MAX_VALUES} values")
