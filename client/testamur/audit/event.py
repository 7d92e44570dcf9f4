"""One event of the suite, as it is told, and which events are wanted."""

from dataclasses import dataclass
from typing import Any

from testamur.audit.moments import beijing
from testamur.chain.abi import LogEntry
from testamur.chain.rpc import to_hex

__all__ = ["Event", "EventFilter"]


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
    """As the contract says them; each call of a proposal with `call`, its text."""
    institutions: tuple[tuple[int, str], ...] = ()
    """Whom it concerns, by number and registered name ("" where none is registered yet)."""

    def to_json(self) -> dict[str, Any]:
        """One line of `audit events --json`."""
        return {
            "block": self.block,
            "time": self.time,
            "date": beijing(self.time).isoformat(),
            "index": self.index,
            "transaction": to_hex(self.transaction),
            "contract": self.contract,
            "address": to_hex(self.address),
            "event": self.name,
            "institutions": [{"number": number, "name": name} for number, name in self.institutions],
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

    def takes(self, contract: str, entry: LogEntry, institutions: tuple[int, ...] = ()) -> bool:
        """Whether an event that concerns `institutions` passes."""
        if (self.contracts and contract not in self.contracts) or (self.names and entry.event not in self.names):
            return False
        if self.institution is not None and self.institution not in institutions:
            return False
        return self.status_list is None or entry.arguments.get("list") == self.status_list


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
