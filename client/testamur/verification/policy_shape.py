"""The shape of each field of a policy: its type, its size, its bounds. A policy made in a program is held to the same.

A field of another shape is refused rather than read as something near it: `true` is not 1, and a checkpoint whose
hash is cut short matches nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from testamur.verification.errors import PolicyError

__all__ = ["RECREATE", "Checkpoint", "check_shapes"]

RECREATE = "make it again with: testamur policy create"
_MOST_SECONDS = 100 * 366 * 86_400
_ENGINE_CHAIN_ID = re.compile("[!-~]{1,50}")
"""CometBFT's MaxChainIDLen, printable ASCII."""
_URL = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An engine header that the policy's owner has convinced himself of."""

    height: int
    hash: bytes
    """32 bytes."""


def check_shapes(policy: Any) -> None:
    """Refuse a field whose value has another shape than its name promises; None stands for a field left out.

    Raises PolicyError with the field's name and what is due.
    """
    for name, (is_due, due) in _SHAPES.items():
        value = getattr(policy, name)
        if value is not None and not is_due(value):
            raise PolicyError(f"{name} is not {due}", RECREATE)


def _number(lowest: int, highest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _bytes(size: int) -> tuple[Callable[[Any], bool], str]:
    return lambda value: isinstance(value, bytes) and len(value) == size, f"{size} bytes"


def _text(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_institution = _number(1, 2**32 - 1)
_height = _number(1, 2**63 - 1)
_hash, _ = _bytes(32)
_SHAPES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "chain_id": (_number(1, 2**63 - 1), "a number from 1 to 2^63 - 1"),
    "genesis_hash": _bytes(32),
    "directory": _bytes(20),
    "directory_code_hash": _bytes(32),
    "accepted_issuers": (
        lambda value: isinstance(value, frozenset) and bool(value) and all(map(_institution, value)),
        'one institution number or more, each from 1 to 2^32 - 1, or "any"',
    ),
    "engine_chain_id": (_text(_ENGINE_CHAIN_ID), "1 to 50 printable ASCII characters"),
    "solo_key": _bytes(32),
    "min_institutions": (_number(1, 1_000), "a number from 1 to 1000"),
    "checkpoint": (
        lambda value: isinstance(value, Checkpoint) and _height(value.height) and _hash(value.hash),
        "a height from 1 and a hash of 32 bytes",
    ),
    "trust_period_seconds": (_number(1, _MOST_SECONDS), "a number of seconds from 1 to a century"),
    "max_age_seconds": (_number(1, _MOST_SECONDS), "a number of seconds from 1 to a century"),
    "issuer_now": (lambda value: value in ("warn", "required"), "warn or required"),
    "urls": (
        lambda value: isinstance(value, tuple) and all(map(_text(_URL), value)),
        "a list of addresses, each http://HOST:PORT or https://HOST",
    ),
    "confirmations": (_number(0, 2**32 - 1), 'a number of blocks, or "finalized"'),
}
