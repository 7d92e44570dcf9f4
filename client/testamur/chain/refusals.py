"""What a contract's refusal means and what to do about it: revert bytes to a sentence with its remedy.

The sentences stand in `refusals.toml`, one entry per custom error of the suite; a test holds the list complete.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from testamur.artifacts import error_abis
from testamur.chain.abi import Interface, Refusal
from testamur.chain.errors import RpcError, TransactionRevertedError

__all__ = ["decode_refusal", "refusal_error", "revert_data", "sentences"]

_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_REVERTED = 3
"""The code that geth, anvil and our node give to `execution reverted`."""

_MOMENTS = frozenset(
    {"deadline", "earliest", "effectiveFrom", "from", "latest", "next", "revokedFrom", "since", "to", "until"}
)
"""Names of an error's values that are seconds since 1970 where they are that large: people read a date."""
_EARLIEST_MOMENT = 1_000_000_000
_FOR_EVER = (1 << 40) - 1
"""What a contract writes as the end of what does not end by itself, such as a confirmed freeze."""


@cache
def sentences() -> dict[str, dict[str, str]]:
    """Per error name: `sentence`, with the error's values in braces, and perhaps `advice`."""
    return tomllib.loads(files("testamur.chain").joinpath("refusals.toml").read_text(encoding="utf-8"))


def revert_data(error: RpcError) -> bytes | None:
    """The revert bytes in a node's error: empty where a contract reverted without any, None where none reverted."""
    data = error.data
    if isinstance(data, Mapping):
        data = data.get("data", data.get("result"))
    if isinstance(data, str):
        found = _HEX.search(data)
        if found is not None:
            return bytes.fromhex(found[0][2:])
    return b"" if error.code == _REVERTED or "revert" in error.reason.lower() else None


def decode_refusal(data: bytes) -> Refusal | None:
    """The custom error in revert bytes, of whichever contract of the suite; None where none knows it."""
    return _suite().decode_refusal(data)


def refusal_error(label: str, data: bytes) -> TransactionRevertedError:
    """The error to raise when the call `label` was refused with these revert bytes."""
    refusal = decode_refusal(data)
    if refusal is None:
        reason = f"with {data.hex()}" if data else "without a reason"
        return TransactionRevertedError(f"{label} was refused {reason}", "is it the contract that the profile means?")
    inner = refusal.arguments.get("reason")
    if isinstance(inner, bytes) and inner:
        position = refusal.arguments.get("position", 0)
        nested = refusal_error(f"{label}[{position}]", inner)
        arguments = {**nested.arguments, "position": position}
        return TransactionRevertedError(nested.message, nested.advice, error=nested.error, arguments=arguments)
    entry = sentences().get(refusal.error)
    shown = {name: _shown(name, value) for name, value in refusal.arguments.items()}
    if entry is None:
        what = f"{refusal.error}({', '.join(f'{name}={value}' for name, value in shown.items())})"
        return TransactionRevertedError(
            f"{label} was refused: {what}", error=refusal.error, arguments=refusal.arguments
        )
    advice = entry.get("advice")
    return TransactionRevertedError(
        f"{label} was refused: {entry['sentence'].format(**shown)}",
        advice.format(**shown) if advice else None,
        error=refusal.error,
        arguments=refusal.arguments,
    )


@cache
def _suite() -> Interface:
    return Interface(error_abis())


def _shown(name: str, value: Any) -> str:
    if name in _MOMENTS and isinstance(value, int) and value >= _EARLIEST_MOMENT:
        is_lasting = value >= _FOR_EVER
        return "further notice" if is_lasting else f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, bytes):
        text = value.rstrip(b"\x00")
        return text.decode() if len(value) == 32 and text.isalpha() else "0x" + value.hex()
    return str(value)
