"""The compiled contracts: ABI, code and storage layout, as data shipped in the wheel.

`tools/compile.py` writes the JSON files beside this one; the node's genesis, the deploy script, typed calls and storage
proofs all read them through here. Nothing but the standard library is imported.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["CONTRACTS", "GENESIS_ADDRESSES", "Artifact", "artifact", "error_abis", "slot"]

GENESIS_ADDRESSES: dict[str, bytes] = {
    name: bytes.fromhex(f"{0x7E570000 + number:040x}")
    for name, number in {
        "Directory": 0x01,
        "Alliance": 0x02,
        "Operators": 0x03,
        "Permissions": 0x04,
        "BlockHistory": 0x05,
        "Keys": 0x06,
        "IssuerRegistry": 0x11,
        "QualificationFrameworks": 0x12,
        "CredentialBatches": 0x13,
        "StatusRegistry": 0x14,
    }.items()
}
"""Where each contract stands on a chain of our own, from genesis on: 20 bytes."""

CONTRACTS: tuple[str, ...] = tuple(GENESIS_ADDRESSES)
"""The names of all contracts, as the Directory and the artifacts know them."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    """Creation code, without the constructor's arguments."""
    deployed_bytecode: bytes
    """Runtime code with zeros where immutables go."""
    immutable_references: tuple[tuple[int, int], ...]
    """(start, length) of each such place, in order."""
    immutables: Mapping[str, tuple[tuple[int, int], ...]]
    """`Contract.variable` -> (start, length) of each place that holds it."""
    storage_layout: dict[str, Any]
    """As the compiler gives it, without its syntax node numbers: {"storage": […], "types": {…}}."""


@cache
def artifact(name: str) -> Artifact:
    """The compiled contract `name`; KeyError for a name that is none of CONTRACTS."""
    if name not in GENESIS_ADDRESSES:
        raise KeyError(f"no contract is called {name!r}; there are {', '.join(CONTRACTS)}")
    data = json.loads(resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    immutables = {
        variable: tuple((place["start"], place["length"]) for place in places)
        for variable, places in data["immutableReferences"].items()
    }
    return Artifact(
        name=name,
        abi=data["abi"],
        bytecode=bytes.fromhex(data["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(data["deployedBytecode"].removeprefix("0x")),
        immutable_references=tuple(sorted(place for places in immutables.values() for place in places)),
        immutables=immutables,
        storage_layout=data["storageLayout"],
    )


def slot(contract: str, variable: str) -> int:
    """The storage slot of a state variable, e.g. `slot("CredentialBatches", "_batches")`."""
    for entry in artifact(contract).storage_layout["storage"]:
        if entry["label"] == variable:
            return int(entry["slot"])
    raise KeyError(f"{contract} has no state variable {variable!r}")


@cache
def error_abis() -> tuple[dict[str, Any], ...]:
    """The ABI of every custom error of the suite, once each: a revert may come from a contract further down."""
    errors: dict[str, dict[str, Any]] = {}
    for name in CONTRACTS:
        for entry in artifact(name).abi:
            if entry["type"] == "error":
                types = ",".join(item["type"] for item in entry["inputs"])
                errors[f"{entry['name']}({types})"] = entry
    return tuple(errors.values())
