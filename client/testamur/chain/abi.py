"""The Solidity ABI of one contract: names and values to call data, return data, errors and logs back to values.

Pure; the coding itself is eth_abi's (Solidity documentation, "Contract ABI Specification"). A struct becomes a dict by
component name, numbers int, bytes and addresses bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from testamur.proof.hashing import keccak256

__all__ = ["Interface", "LogEntry", "Refusal"]

_REASON = {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]}
_PANIC = {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A revert, decoded."""

    error: str
    """The custom error's name; `Error` for a reason string, `Panic` for an assertion of the compiler."""
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event, decoded."""

    event: str
    arguments: dict[str, Any]
    """Values by name; an indexed text or bytes value is its hash."""
    address: bytes
    block_number: int
    transaction: bytes
    index: int
    """Position among all logs of the block."""


class Interface:
    """What one contract can be asked, and how it answers."""

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self._entries = entries

    @cached_property
    def _functions(self) -> dict[str, Mapping[str, Any]]:
        """By name, and by full signature where a name is overloaded."""
        found: dict[str, Mapping[str, Any]] = {}
        for entry in self._entries:
            if entry["type"] == "function":
                found.setdefault(entry["name"], entry)
                found[_signature(entry)] = entry
        return found

    @cached_property
    def errors(self) -> dict[bytes, Mapping[str, Any]]:
        """Every error by its 4-byte selector, the compiler's own two included."""
        own = [entry for entry in self._entries if entry["type"] == "error"]
        return {keccak256(_signature(entry).encode())[:4]: entry for entry in (*own, _REASON, _PANIC)}

    @cached_property
    def events(self) -> dict[bytes, Mapping[str, Any]]:
        """Every event by its 32-byte topic."""
        return {keccak256(_signature(entry).encode()): entry for entry in self._entries if entry["type"] == "event"}

    def topic(self, event: str) -> bytes:
        """The first topic of the logs of `event`."""
        for topic, entry in self.events.items():
            if entry["name"] == event:
                return topic
        raise KeyError(f"the contract has no event {event}")

    def encode(self, function: str, arguments: Sequence[object]) -> bytes:
        """The call data of `function`, named alone or by full signature."""
        entry = self._function(function)
        return keccak256(_signature(entry).encode())[:4] + self._encode_values(entry["inputs"], arguments)

    def decode_call(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """The function that call data names, with its arguments by name; None where it is none of this contract's."""
        for entry in self._entries:
            if entry["type"] == "function" and keccak256(_signature(entry).encode())[:4] == data[:4]:
                try:
                    values = _decode(entry["inputs"], data[4:])
                except ValueError:
                    return None
                names = [item["name"] or str(i) for i, item in enumerate(entry["inputs"])]
                return entry["name"], dict(zip(names, values, strict=True))
        return None

    def decode_result(self, function: str, data: bytes) -> Any:
        """What `function` returned: None, the one value, or a dict by name (a tuple where names are missing)."""
        outputs = self._function(function)["outputs"]
        values = _decode(outputs, data)
        if len(values) < 2:
            return values[0] if values else None
        names = [output["name"] for output in outputs]
        return dict(zip(names, values, strict=True)) if all(names) else tuple(values)

    def decode_refusal(self, data: bytes) -> Refusal | None:
        """The error in revert data; None where it is none of this contract's."""
        entry = self.errors.get(data[:4])
        if entry is None:
            return None
        try:
            values = _decode(entry["inputs"], data[4:])
        except ValueError:
            return None
        names = [item["name"] or str(i) for i, item in enumerate(entry["inputs"])]
        return Refusal(entry["name"], dict(zip(names, values, strict=True)))

    def decode_log(self, log: Mapping[str, Any]) -> LogEntry | None:
        """A log as JSON-RPC writes it; None where it is no event of this contract."""
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        entry = self.events.get(topics[0]) if topics else None
        if entry is None:
            return None
        plain = [item for item in entry["inputs"] if not item["indexed"]]
        arguments = dict(
            zip((item["name"] for item in plain), _decode(plain, bytes.fromhex(log["data"][2:])), strict=True)
        )
        indexed = [item for item in entry["inputs"] if item["indexed"]]
        for item, topic in zip(indexed, topics[1:], strict=True):
            is_hashed = item["type"] in ("string", "bytes") or item["type"].endswith("]") or item["type"] == "tuple"
            arguments[item["name"]] = topic if is_hashed else _decode([item], topic)[0]
        return LogEntry(
            entry["name"],
            arguments,
            bytes.fromhex(log["address"][2:]),
            int(log["blockNumber"], 16),
            bytes.fromhex(log["transactionHash"][2:]),
            int(log["logIndex"], 16),
        )

    def _function(self, name: str) -> Mapping[str, Any]:
        try:
            return self._functions[name]
        except KeyError:
            raise KeyError(f"the contract has no function {name}") from None

    def _encode_values(self, items: Sequence[Mapping[str, Any]], values: Sequence[object]) -> bytes:
        from eth_abi.abi import encode

        plain = [_positional(item, value) for item, value in zip(items, values, strict=True)]
        return encode([_type(item) for item in items], plain)


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(_type(item) for item in entry['inputs'])})"


def _type(item: Mapping[str, Any]) -> str:
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(part) for part in item['components'])}){kind.removeprefix('tuple')}"


def _positional(item: Mapping[str, Any], value: Any) -> Any:
    """`value` with structs as tuples in component order."""
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return value
    if kind.endswith("]"):
        element = {**item, "type": kind[: kind.rindex("[")]}
        return [_positional(element, part) for part in value]
    parts = [value[part["name"]] for part in item["components"]] if isinstance(value, Mapping) else value
    return tuple(_positional(part, inner) for part, inner in zip(item["components"], parts, strict=True))


def _decode(items: Sequence[Mapping[str, Any]], data: bytes) -> list[Any]:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        values = decode([_type(item) for item in items], data)
    except (DecodingError, OverflowError) as error:
        raise ValueError(f"{len(data)} bytes do not hold {[_type(item) for item in items]}") from error
    return [_named(item, value) for item, value in zip(items, values, strict=True)]


def _named(item: Mapping[str, Any], value: Any) -> Any:
    kind: str = item["type"]
    if kind.endswith("]"):
        element = {**item, "type": kind[: kind.rindex("[")]}
        return [_named(element, part) for part in value]
    if kind == "tuple":
        components = item["components"]
        return {part["name"]: _named(part, inner) for part, inner in zip(components, value, strict=True)}
    return bytes.fromhex(value[2:]) if kind == "address" else value
