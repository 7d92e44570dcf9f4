"""A Prague EVM in memory: no fees, no signatures, a block whenever the test says so.

Senders are impersonated, so what a test shows about authority rests on the contracts alone. Gas is the whole
transaction's, intrinsic gas and refunds included, as a receipt would show it.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from eth.constants import BLANK_ROOT_HASH
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.state import PragueState
from eth.vm.message import Message
from eth.vm.spoof import SpoofTransaction
from eth_abi.abi import decode, encode
from testamur.artifacts import CONTRACTS, artifact, error_abis
from testamur.proof.hashing import keccak256

__all__ = [
    "CHAIN_ID",
    "SYSTEM",
    "Chain",
    "Event",
    "Receipt",
    "Reverted",
    "canonical_type",
    "refusal",
    "refused",
    "selector",
]

CHAIN_ID = 20260
SYSTEM = bytes.fromhex("ff" * 19 + "fe")
"""Who writes block hashes, docs/protocol.md 4 and EIP-2935."""

_GAS = 30_000_000
_ZERO = b"\0" * 20


class Reverted(Exception):
    """A transaction's refusal, decoded."""

    def __init__(self, name: str, facts: tuple[Any, ...], data: bytes) -> None:
        super().__init__(f"{name}{facts!r}" if name else f"0x{data.hex()}")
        self.name = name
        """The custom error's name, "Panic", or "" where there is none."""
        self.facts = facts
        self.data = data

    @property
    def cause(self) -> "Reverted":
        """The refusal inside one that names a position and a reason."""
        return refusal(self.facts[1]).cause if self.name.endswith("Failed") else self


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log."""

    contract: bytes
    name: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction did."""

    output: Any
    """The function's return value; a tuple where it has several, None where it has none."""
    gas: int
    events: tuple[Event, ...]

    def named(self, name: str) -> list[dict[str, Any]]:
        """The values of each event of that name, in order."""
        return [event.values for event in self.events if event.name == name]


class Chain:
    """One test's chain. `fork` gives another that starts where this one stands."""

    def __init__(self, timestamp: int) -> None:
        self.number = 0
        self.timestamp = timestamp
        self._kinds: dict[bytes, str] = {}
        self._db = MemoryDB()
        self._state = self._at(BLANK_ROOT_HASH)

    def fork(self) -> "Chain":
        """A copy that shares nothing with this chain."""
        self._state.persist()
        copy = Chain.__new__(Chain)
        copy.number, copy.timestamp, copy._kinds = self.number, self.timestamp, dict(self._kinds)
        copy._db = MemoryDB(dict(self._db.kv_store))
        copy._state = copy._at(self._state.state_root)
        return copy

    def mine(self, seconds: int = 1) -> None:
        """Begin the next block, `seconds` later."""
        self._state.persist()
        self.number += 1
        self.timestamp += seconds
        self._state = self._at(self._state.state_root)

    def construct(self, kind: str, address: bytes, init_code: bytes) -> None:
        """Run a constructor at a given address, as a genesis does."""
        message = Message(
            gas=_GAS, to=b"", sender=SYSTEM, value=0, data=b"", code=init_code, create_address=address, is_static=False
        )
        context = self._state.get_transaction_context(self._spoof(SYSTEM, _ZERO, b""))
        computation = self._state.computation_class.apply_create_message(self._state, message, context)
        if computation.is_error:
            raise refusal(computation.output)
        self._kinds[address] = kind

    def deploy(self, kind: str, sender: bytes, types: Sequence[str], values: Sequence[Any]) -> bytes:
        """Create a contract by a transaction; its address."""
        init_code = artifact(kind).bytecode + encode(types, values)
        return self.create(kind, sender, init_code)

    def create(self, kind: str, sender: bytes, init_code: bytes) -> bytes:
        computation = self._state.apply_transaction(self._spoof(sender, b"", init_code))
        if computation.is_error:
            raise refusal(computation.output)
        address: bytes = computation.msg.storage_address
        self._kinds[address] = kind
        return address

    def gas_of_creation(self, sender: bytes, init_code: bytes) -> int:
        """What the transaction takes that creates a contract."""
        computation = self._state.apply_transaction(self._spoof(sender, b"", init_code))
        if computation.is_error:
            raise refusal(computation.output)
        return int(_GAS - computation.get_gas_remaining())

    def send(self, sender: bytes, to: bytes, function: str, *args: Any) -> Receipt:
        """One transaction that calls `function`; Reverted where it is refused."""
        entry = _function(self._kinds[to], function)
        self._state.lock_changes()  # what an earlier transaction warmed is cold again
        return self._run(sender, to, _call_data(entry, args), entry)

    def send_raw(self, sender: bytes, to: bytes, data: bytes) -> Receipt:
        """One transaction with that data; its output stays undecoded."""
        self._state.lock_changes()
        return self._run(sender, to, data, None)

    def call(self, to: bytes, function: str, *args: Any) -> Any:
        """What a view returns, leaving no trace."""
        entry = _function(self._kinds[to], function)
        snapshot = self._state.snapshot()
        try:
            return self._run(_ZERO, to, _call_data(entry, args), entry).output
        finally:
            self._state.revert(snapshot)

    def data(self, to: bytes, function: str, *args: Any) -> bytes:
        """The call's data, e.g. for a proposal."""
        return _call_data(_function(self._kinds[to], function), args)

    def storage(self, address: bytes, slot: int) -> int:
        """The word in a storage slot."""
        value: int = self._state.get_storage(address, slot)
        return value

    def store(self, address: bytes, slot: int, value: int) -> None:
        """Put a word into a storage slot: what would else take ten thousand transactions."""
        self._state.set_storage(address, slot, value)

    def code(self, address: bytes) -> bytes:
        code: bytes = self._state.get_code(address)
        return code

    def _at(self, state_root: bytes) -> PragueState:
        context = ExecutionContext(
            coinbase=_ZERO,
            timestamp=self.timestamp,
            block_number=self.number,
            difficulty=0,
            mix_hash=keccak256(self.number.to_bytes(8, "big")),
            gas_limit=_GAS,
            prev_hashes=(),
            chain_id=CHAIN_ID,
            base_fee_per_gas=0,
            excess_blob_gas=0,
        )
        return PragueState(AtomicDB(self._db), context, state_root)

    def _spoof(self, sender: bytes, to: bytes, data: bytes) -> Any:
        nonce = self._state.get_nonce(sender)
        plain = PragueVM.create_unsigned_transaction(nonce=nonce, gas_price=0, gas=_GAS, to=to, value=0, data=data)
        return SpoofTransaction(plain, from_=sender, y_parity=0, r=1, s=1)

    def _run(self, sender: bytes, to: bytes, data: bytes, entry: dict[str, Any] | None) -> Receipt:
        transaction = self._spoof(sender, to, data)
        computation = self._state.apply_transaction(transaction)
        if computation.is_error:
            raise refusal(computation.output)
        used = _GAS - computation.get_gas_remaining()
        used -= min(computation.get_gas_refund(), used // 5)
        events = tuple(self._event(*log) for log in computation.get_log_entries())
        return Receipt(_output(entry, computation.output), used + computation.data_floor_gas, events)

    def _event(self, address: bytes, topics: Sequence[int], data: bytes) -> Event:
        entry = _events(self._kinds[address])[topics[0]]
        rest = [topic.to_bytes(32, "big") for topic in topics[1:]]
        plain = [item for item in entry["inputs"] if not item["indexed"]]
        decoded = iter(_decoded(plain, data))
        indexed = iter(rest)
        values = {
            item["name"]: _decoded([item], next(indexed))[0] if item["indexed"] else next(decoded)
            for item in entry["inputs"]
        }
        return Event(address, entry["name"], values)


def refusal(data: bytes) -> Reverted:
    """Decode the data of a revert."""
    if data[:4] == bytes.fromhex("4e487b71"):
        return Reverted("Panic", decode(["uint256"], data[4:]), data)
    entry = _errors().get(data[:4])
    if entry is None:
        return Reverted("", (), data)
    return Reverted(entry["name"], _decoded(entry["inputs"], data[4:]), data)


@contextmanager
def refused(name: str, *facts: Any) -> Iterator[None]:
    """The block ends with that custom error at the bottom, and with these facts where any are given."""
    with pytest.raises(Reverted) as caught:
        yield
    cause = caught.value.cause
    assert (cause.name, cause.facts if facts else ()) == (name, facts)


def canonical_type(item: dict[str, Any]) -> str:
    """The type as signatures and codecs spell it."""
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(canonical_type(part) for part in item["components"]) + ")" + kind.removeprefix("tuple")


def selector(entry: dict[str, Any]) -> bytes:
    """keccak256 of the signature; functions and errors use its first four bytes."""
    return keccak256(f"{entry['name']}({','.join(canonical_type(item) for item in entry['inputs'])})".encode())


def _call_data(entry: dict[str, Any], args: Sequence[Any]) -> bytes:
    return selector(entry)[:4] + encode([canonical_type(item) for item in entry["inputs"]], args)


def _output(entry: dict[str, Any] | None, data: bytes) -> Any:
    if entry is None:
        return data
    if not entry["outputs"]:
        return None
    values = _decoded(entry["outputs"], data)
    return values[0] if len(values) == 1 else tuple(values)


def _decoded(items: Sequence[dict[str, Any]], data: bytes) -> tuple[Any, ...]:
    """ABI-encoded values: structs as dicts by member name, addresses as bytes."""
    values = decode([canonical_type(item) for item in items], data)
    return tuple(_named(item, value) for item, value in zip(items, values, strict=True))


def _named(item: dict[str, Any], value: Any) -> Any:
    if item["type"].endswith("[]"):
        return [_named({**item, "type": item["type"].removesuffix("[]")}, each) for each in value]
    if item["type"] == "tuple":
        return {part["name"]: _named(part, each) for part, each in zip(item["components"], value, strict=True)}
    return bytes.fromhex(value[2:]) if item["type"] == "address" else value


def _abi(kind: str) -> list[dict[str, Any]]:
    if kind in CONTRACTS:
        return artifact(kind).abi
    abi: list[dict[str, Any]] = json.loads(Path(__file__).with_name(f"{kind}.json").read_text("utf-8"))["abi"]
    return abi


@cache
def _function(kind: str, name: str) -> dict[str, Any]:
    (entry,) = (item for item in _abi(kind) if item["type"] == "function" and item["name"] == name)
    return entry


@cache
def _events(kind: str) -> dict[int, dict[str, Any]]:
    return {int.from_bytes(selector(item), "big"): item for item in _abi(kind) if item["type"] == "event"}


@cache
def _errors() -> dict[bytes, dict[str, Any]]:
    return {selector(entry)[:4]: entry for entry in error_abis()}
