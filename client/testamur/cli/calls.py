"""Calls of a proposal from text: `Alliance.setParameter["votingPeriod", 604800]`; `chain.calls` writes them.

Arguments are a JSON array in the order of the contract's function: numbers, true/false, texts, 0x-hex for bytes and
addresses, arrays and objects for structs. A text where 32 bytes are due is padded, as names in the suite are.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from testamur.artifacts import artifact
from testamur.chain.calls import CALLABLE
from testamur.chain.contracts import Call, Suite
from testamur.cli.failure import UsageError
from testamur.foreign import MAX_DEPTH, is_deeper

__all__ = ["parse_call"]

_CALL = re.compile(r"\s*([A-Za-z]+)\.([A-Za-z]+)\s*(\[.*\])\s*", re.DOTALL)


def parse_call(suite: Suite, text: str) -> Call:
    """The call that `Contract.function[arguments]` means, at the address the Directory names."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text[:80]!r} is not Contract.function[arguments]",
            'for example Alliance.setParameter["votingPeriod",604800]',
        )
    contract, function, array = match.groups()
    if contract not in CALLABLE:
        raise UsageError(f"there is no contract {contract}", f"one of {', '.join(CALLABLE)}")
    entry = next((e for e in artifact(contract).abi if e["type"] == "function" and e["name"] == function), None)
    if entry is None:
        raise UsageError(f"{contract} has no function {function}")
    try:
        if is_deeper(array.encode(), MAX_DEPTH):
            raise ValueError("nested too deep")
        values = json.loads(array)
    except ValueError as error:
        raise UsageError(f"the arguments of {contract}.{function} are not a JSON array: {error}") from error
    wanted = entry["inputs"]
    if len(values) != len(wanted):
        names = ", ".join(f"{item['name']} {item['type']}" for item in wanted)
        raise UsageError(f"{contract}.{function} takes {len(wanted)} arguments, not {len(values)}", names or None)
    arguments = [_value(item, value) for item, value in zip(wanted, values, strict=True)]
    return suite.contract(contract).call(function, *arguments)


def _value(item: Mapping[str, Any], value: Any) -> Any:
    kind = str(item["type"])
    if kind.endswith("]"):
        element = {**item, "type": kind[: kind.rindex("[")]}
        return [_value(element, part) for part in _of(kind, value, list)]
    if kind == "tuple":
        parts: Sequence[Any] = (
            [value.get(part["name"]) for part in item["components"]]
            if isinstance(value, dict)
            else _of(kind, value, list)
        )
        return tuple(_value(part, inner) for part, inner in zip(item["components"], parts, strict=True))
    if kind == "string":
        return _of(kind, value, str)
    if kind == "bool":
        return _of(kind, value, bool)
    if kind.startswith(("uint", "int")):
        return _of(kind, value, int)
    text = _of(kind, value, str)
    if kind == "bytes32" and not text.startswith("0x"):
        return text.encode("ascii").ljust(32, b"\0")
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise UsageError(f"{text!r} is not hexadecimal, and a {kind} is needed") from error


def _of(kind: str, value: Any, wanted: type) -> Any:
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise UsageError(f"{value!r} does not fit {kind}")
    return value
