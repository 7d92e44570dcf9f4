"""Calls of a proposal as text that `testamur alliance propose` reads: `Alliance.setParameter["votingPeriod", 604800]`.

Arguments are a JSON array in the order of the contract's function: numbers, true/false, texts, 0x-hex for bytes and
addresses, arrays and objects for structs. 32 bytes that hold an ASCII name are written as that name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testamur.chain.contracts import Suite, interface

__all__ = ["CALLABLE", "DecodedCall", "decode_call", "describe_call", "name_in"]

CALLABLE = (
    "Alliance",
    "Operators",
    "Permissions",
    "Directory",
    "Keys",
    "IssuerRegistry",
    "QualificationFrameworks",
    "CredentialBatches",
    "StatusRegistry",
)
"""What a proposal may call (BlockHistory takes no calls)."""


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """A call to a contract of the suite."""

    contract: str
    function: str
    arguments: dict[str, Any]
    """By the function's own names, in its order."""

    def __str__(self) -> str:
        values = [_shown(value) for value in self.arguments.values()]
        return f"{self.contract}.{self.function}{json.dumps(values, ensure_ascii=False)}"


def decode_call(contract: str, data: bytes) -> DecodedCall | None:
    """Call data to one contract of the suite; None where it calls no function of it."""
    found = interface(contract).decode_call(data)
    return DecodedCall(contract, *found) if found is not None else None


def describe_call(suite: Suite, target: bytes, data: bytes) -> str:
    """A call as text; its bytes where it is not to the suite."""
    for name in CALLABLE:
        if suite.contract(name).address == target and (found := decode_call(name, data)) is not None:
            return str(found)
    return f"0x{target.hex()}[0x{data.hex()}]"


def name_in(word: bytes) -> str | None:
    """The ASCII name that 32 bytes hold, as names in the suite do; None where they are a hash or a number."""
    text = word.rstrip(b"\0")
    is_name = len(word) == 32 and 0 < len(text) < 32 and text.isascii() and text.decode("ascii").isalnum()
    return text.decode("ascii") if is_name else None


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return name_in(value) or "0x" + value.hex()
    if isinstance(value, Mapping):
        return {name: _shown(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(part) for part in value]
    return value
