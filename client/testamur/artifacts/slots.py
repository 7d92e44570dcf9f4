"""Where a record stands in storage and how its slot is unpacked, by the compiler's own layout.

Proofs and the node read contracts by slot. `mapping_slot` walks to a record; `field` and `record` take its words apart.
A path names a state variable and a struct's member: `"_batches.issuer"`. Mappings and arrays on the way are implied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from testamur.artifacts import artifact, slot
from testamur.proof.hashing import keccak256

__all__ = ["Place", "array_slot", "field", "mapping_slot", "members", "nested_slot", "place", "record"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands within its record."""

    word: int
    """Which of the record's slots, from 0."""
    offset: int
    """Bytes from the slot's low end."""
    size: int
    """Bytes."""


def mapping_slot(base: int, key: int | bytes) -> int:
    """The slot of `mapping[key]`: keccak256(key in 32 bytes ‖ base).

    An int is a number key; 20 bytes are an address (padded left), 32 bytes are bytes32. Shorter `bytesN` keys are
    padded right, as Solidity does: pass them so padded.
    """
    if isinstance(key, int):
        padded = key.to_bytes(32, "big")
    elif len(key) in (20, 32):
        padded = key.rjust(32, b"\0")
    else:
        raise ValueError(f"a mapping key of {len(key)} bytes: pad a bytesN key on the right to 32")
    return int.from_bytes(keccak256(padded + base.to_bytes(32, "big")), "big")


def array_slot(base: int, index: int, words: int = 1) -> int:
    """The first slot of entry `index` of a dynamic array whose entries take `words` slots each."""
    return (int.from_bytes(keccak256(base.to_bytes(32, "big")), "big") + index * words) % 2**256


def nested_slot(contract: str, variable: str, *keys: int | bytes) -> int:
    """The slot of `variable[key][key]…`, e.g. `nested_slot("StatusRegistry", "_revoked", list, word)`."""
    at = slot(contract, variable)
    for key in keys:
        at = mapping_slot(at, key)
    return at


def field(word: int, contract: str, path: str) -> int:
    """The value at `path` in the slot's `word`, as an unsigned number; the word is the one that `place` names."""
    where = place(contract, path)
    return (word >> (8 * where.offset)) & ((1 << (8 * where.size)) - 1)


def record(contract: str, variable: str, words: Sequence[int]) -> dict[str, int]:
    """Every member of the struct that `variable` holds, from its slots' words in order."""
    return {
        name: field(words[where.word], contract, f"{variable}.{name}") for name, where in members(contract, variable)
    }


@cache
def members(contract: str, variable: str) -> tuple[tuple[str, Place], ...]:
    """The members of the struct that `variable` holds, in order."""
    types = artifact(contract).storage_layout["types"]
    kind = types[_value_type(contract, variable)]
    if "members" not in kind:
        raise KeyError(f"{contract}.{variable} holds no struct")
    return tuple(
        (entry["label"], Place(int(entry["slot"]), entry["offset"], int(types[entry["type"]]["numberOfBytes"])))
        for entry in kind["members"]
    )


@cache
def place(contract: str, path: str) -> Place:
    """Where the value at `path` stands within its record."""
    variable, _, member = path.partition(".")
    if not member:
        entry = _entry(contract, variable)
        size = int(artifact(contract).storage_layout["types"][_value_type(contract, variable)]["numberOfBytes"])
        return Place(0, entry["offset"], size)
    for name, where in members(contract, variable):
        if name == member:
            return where
    raise KeyError(f"{contract}.{variable} has no member {member!r}")


def _entry(contract: str, variable: str) -> dict[str, Any]:
    for entry in artifact(contract).storage_layout["storage"]:
        if entry["label"] == variable:
            found: dict[str, Any] = entry
            return found
    raise KeyError(f"{contract} has no state variable {variable!r}")


def _value_type(contract: str, variable: str) -> str:
    """The type that is left when mappings and dynamic arrays are peeled off."""
    types = artifact(contract).storage_layout["types"]
    name: str = _entry(contract, variable)["type"]
    while (kind := types[name])["encoding"] in ("mapping", "dynamic_array"):
        name = kind.get("value", kind.get("base"))
    return name
