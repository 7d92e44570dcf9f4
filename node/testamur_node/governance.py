"""What the alliance decided, read from contract storage at one state: permissions, validators, peers, parameters.

Pure functions of a `StateReader`; no EVM runs. Slots are found by name in the compiled storage layout
(docs/protocol.md 4).
"""

from dataclasses import dataclass
from functools import lru_cache

from testamur.artifacts import GENESIS_ADDRESSES, slot
from testamur.artifacts.slots import field, mapping_slot, nested_slot
from testamur.proof.cometbft import Validator
from testamur.proof.hashing import keccak256

from testamur_node.codec import word
from testamur_node.state.reader import StateReader

__all__ = [
    "Permission", "Parameters", "DEFAULT_PARAMETERS", "permission_of", "institution_of", "is_named", "validators_of",
    "peers_of", "parameters_of", "validator_updates", "next_gas_limit",
]  # fmt: skip

_MOST_VALIDATORS = 256
_MOST_PEERS = 1024


@dataclass(frozen=True, slots=True)
class Permission:
    """What an account may do."""

    transact: int
    """How many reasons there are for it to transact; 0 means it may not."""
    deploy: bool


@dataclass(frozen=True, slots=True)
class Parameters:
    """Chain-critical limits."""

    gas_limit: int
    max_block_bytes: int
    max_transaction_bytes: int
    heartbeat_seconds: int
    evidence_max_bytes: int
    evidence_max_age_seconds: int
    evidence_max_age_blocks: int
    """Evidence is too old once it is older in seconds and in blocks."""
    transaction_gas: int
    unnamed_gas: int
    """Per block, for calls of what the Directory does not name."""
    creation_gas: int
    """Per block, for creations."""


DEFAULT_PARAMETERS = Parameters(
    gas_limit=30_000_000,
    max_block_bytes=4_194_304,
    max_transaction_bytes=1_048_576,
    heartbeat_seconds=30,
    evidence_max_bytes=1_048_576,
    evidence_max_age_seconds=365 * 86_400,
    evidence_max_age_blocks=1_100_000,
    transaction_gas=30_000_000,
    unnamed_gas=1_000_000,
    creation_gas=6_000_000,
)
"""Where no Permissions contract speaks: imported chains, and whatever a damaged slot would say."""


def permission_of(state: StateReader, address: bytes) -> Permission:
    """The rights of an account."""
    record = state.storage(_permissions(), mapping_slot(_slot("Permissions", "_accounts"), address))
    return Permission(_field(record, "_accounts.transact"), bool(_field(record, "_accounts.deploy")))


def institution_of(state: StateReader, address: bytes) -> int:
    """The number of the institution an account acts for, 0 for none."""
    record = state.storage(GENESIS_ADDRESSES["Operators"], mapping_slot(_slot("Operators", "_references"), address))
    return field(record, "Operators", "_references.institution")


def is_named(state: StateReader, address: bytes) -> bool:
    """Whether the alliance voted for a contract: its Directory names it, or did."""
    if address in GENESIS_ADDRESSES.values():
        return True
    names = (name.encode().ljust(32, b"\0") for name in GENESIS_ADDRESSES)
    directory = GENESIS_ADDRESSES["Directory"]
    return any(state.storage(directory, nested_slot("Directory", "_wasNamed", name, address)) for name in names)


def validators_of(state: StateReader) -> tuple[Validator, ...]:
    """The validator set in the contract's order."""
    base = _slot("Permissions", "_validatorKeys")
    found: list[Validator] = []
    for key in _array(state, base, _MOST_VALIDATORS):
        record = state.storage(_permissions(), mapping_slot(_slot("Permissions", "_validators"), word(key)))
        power = _field(record, "_validators.power")
        if power:
            found.append(Validator(word(key), power))
    return tuple(found)


def peers_of(state: StateReader) -> tuple[bytes, ...]:
    """The 20-byte ids of the peers that may connect."""
    return tuple(word(item)[12:] for item in _array(state, _slot("Permissions", "_peerIds"), _MOST_PEERS))


def parameters_of(state: StateReader) -> Parameters:
    """The limits, clamped where a slot says something under which no vote could pass any more."""
    first = _slot("Permissions", "_parameters")
    record = state.storage(_permissions(), first)
    if record == 0:
        return DEFAULT_PARAMETERS
    gas = state.storage(_permissions(), first + 1)

    def within(word: int, name: str, lowest: int, highest: int) -> int:
        return min(max(_field(word, f"_parameters.{name}"), lowest), highest)

    return Parameters(
        gas_limit=max(_field(record, "_parameters.gasLimit"), 10_000_000),
        max_block_bytes=max(_field(record, "_parameters.maxBlockBytes"), 262_144),
        max_transaction_bytes=max(_field(record, "_parameters.maxTransactionBytes"), 131_072),
        heartbeat_seconds=within(record, "heartbeatSeconds", 1, 60),
        evidence_max_bytes=_field(record, "_parameters.evidenceMaxBytes"),
        evidence_max_age_seconds=within(record, "evidenceMaxAgeSeconds", 86_400, 3650 * 86_400),
        evidence_max_age_blocks=within(record, "evidenceMaxAgeBlocks", 1000, 1_000_000_000),
        transaction_gas=within(gas, "transactionGas", 10_000_000, 1_000_000_000),
        unnamed_gas=within(gas, "unnamedGas", 100_000, 100_000_000),
        creation_gas=within(gas, "creationGas", 6_000_000, 100_000_000),
    )


def validator_updates(before: tuple[Validator, ...], after: tuple[Validator, ...]) -> tuple[Validator, ...]:
    """What an engine must change to come from one set to the other; power 0 removes.

    An empty target is never handed on: an engine without validators could not even vote for new ones.
    """
    if not after:
        return ()
    old = {validator.key: validator.power for validator in before}
    new = {validator.key: validator.power for validator in after}
    changed = [Validator(key, power) for key, power in sorted(new.items()) if old.get(key) != power]
    return (*changed, *(Validator(key, 0) for key in sorted(old) if key not in new))


def next_gas_limit(parent: int, voted: int) -> int:
    """The next header's gas limit: towards the voted one by less than 1/1024 of the parent's (Yellow Paper 4.4.4)."""
    step = max(parent // 1024 - 1, 0)
    return min(max(voted, parent - step), parent + step)


def _array(state: StateReader, base: int, most: int) -> list[int]:
    length = min(state.storage(_permissions(), base), most)
    first = int.from_bytes(keccak256(word(base)), "big")
    return [state.storage(_permissions(), first + index) for index in range(length)]


def _permissions() -> bytes:
    return GENESIS_ADDRESSES["Permissions"]


def _field(record: int, path: str) -> int:
    return field(record, "Permissions", path)


@lru_cache(maxsize=32)
def _slot(contract: str, variable: str) -> int:
    return slot(contract, variable)
