"""The suite's events, in chain order, decoded, from a node's logs.

Pages are pinned: the newest block is asked once, and each page is a range of blocks below it, so that no event of a
block is lost between pages however many there are. A page that the node finds too large is halved. Contracts that the
Directory named earlier are read too: history does not end with a successor.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from testamur.chain.abi import LogEntry
from testamur.chain.contracts import Suite, directory_name, interface
from testamur.chain.errors import RpcError
from testamur.chain.rpc import to_hex, to_quantity

__all__ = ["CONTRACTS", "Event", "EventFilter", "follow_events", "read_events"]

CONTRACTS = (
    "Alliance",
    "Operators",
    "Permissions",
    "IssuerRegistry",
    "QualificationFrameworks",
    "StatusRegistry",
    "CredentialBatches",
)
"""Whose events there are, besides the Directory's own."""
_PAGE_BLOCKS = 5_000
_INSTITUTION = ("institution", "issuer", "authority", "custodian")


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    block: int
    time: int
    """Unix seconds of its block."""
    index: int
    """Position among all logs of its block."""
    transaction: bytes
    contract: str
    address: bytes
    name: str
    arguments: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """One line of `audit events --json`."""
        return {
            "block": self.block,
            "time": self.time,
            "index": self.index,
            "transaction": to_hex(self.transaction),
            "contract": self.contract,
            "address": to_hex(self.address),
            "event": self.name,
            "arguments": _plain(self.arguments),
        }


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; empty means all."""

    contracts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    institution: int | None = None
    """Events that concern this institution, in whichever role."""
    status_list: int | None = None

    def takes(self, contract: str, entry: LogEntry) -> bool:
        """Whether an event passes."""
        if (self.contracts and contract not in self.contracts) or (self.names and entry.event not in self.names):
            return False
        concerned = [entry.arguments[name] for name in _INSTITUTION if name in entry.arguments]
        if self.institution is not None and self.institution not in concerned:
            return False
        return self.status_list is None or entry.arguments.get("list") == self.status_list


def read_events(suite: Suite, wanted: EventFilter, from_block: int = 0, to_block: int | None = None) -> Iterator[Event]:
    """Every event that `wanted` takes, oldest first, up to `to_block` or the block that is the newest now."""
    last = suite.rpc.block_number() if to_block is None else to_block
    homes = _homes(suite)
    start, size = from_block, _PAGE_BLOCKS
    while start <= last:
        end = min(start + size - 1, last)
        try:
            logs = _logs(suite, list(homes), start, end)
        except RpcError:
            if start == end:
                raise
            size = max(1, (end - start + 1) // 2)
            continue
        yield from _decoded(suite, homes, logs, wanted)
        start, size = end + 1, min(size * 2, _PAGE_BLOCKS)


def follow_events(
    suite: Suite,
    wanted: EventFilter,
    from_block: int,
    *,
    pause: Callable[[float], None] = time.sleep,
    interval_seconds: float = 1.0,
) -> Iterator[Event]:
    """As `read_events`, and then every new event as its block comes; ends only with its caller."""
    following = from_block
    while True:
        newest = suite.rpc.block_number()
        if newest >= following:
            yield from read_events(suite, wanted, following, newest)
            following = newest + 1
        pause(interval_seconds)


def _homes(suite: Suite) -> dict[bytes, str]:
    """Each address that is or was a contract of the suite, with its name."""
    homes = {suite.directory.address: "Directory"}
    for name in CONTRACTS:
        key = directory_name(name)
        count = suite.directory.read("count", key)
        for entry in suite.directory.read_many("entry", [(key, version) for version in range(1, count + 1)]):
            homes[entry["target"]] = name
    return homes


def _logs(suite: Suite, addresses: list[bytes], start: int, end: int) -> list[dict[str, Any]]:
    request = {
        "address": [to_hex(address) for address in addresses],
        "fromBlock": to_quantity(start),
        "toBlock": to_quantity(end),
    }
    return suite.rpc.find_logs(request)


def _decoded(suite: Suite, homes: dict[bytes, str], logs: list[dict[str, Any]], wanted: EventFilter) -> Iterator[Event]:
    entries: list[tuple[str, LogEntry]] = []
    for log in logs:
        contract = homes.get(bytes.fromhex(log["address"][2:]))
        if contract is None:
            raise suite.rpc.nonsense("eth_getLogs", log)
        try:
            entry = interface(contract).decode_log(log)
        except ValueError as error:
            raise suite.rpc.nonsense("eth_getLogs", log) from error
        if entry is not None and wanted.takes(contract, entry):
            entries.append((contract, entry))
    numbers = sorted({entry.block_number for _, entry in entries})
    blocks = suite.rpc.blocks(numbers)
    times = {number: int(block["timestamp"], 16) for number, block in zip(numbers, blocks, strict=True)}
    for contract, entry in entries:
        yield Event(
            entry.block_number,
            times[entry.block_number],
            entry.index,
            entry.transaction,
            contract,
            entry.address,
            entry.event,
            entry.arguments,
        )


def _plain(value: Any) -> Any:
    """Bytes as hex, numbers beyond 2^53 as text: what every JSON reader reads alike."""
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value >= 2**53:
        return hex(value)
    return value
