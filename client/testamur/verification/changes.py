"""When and why a credential left force: what the status registry's events say, as a node shows them.

The bits are proved, their dates are not: an event is a node's word, good for telling people, and no check rests on it.
A node is asked for the whole list's events, so that it learns a list and not a learner (ADR 0006).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testamur.chain.rpc import Rpc

__all__ = ["Changes", "Reason", "StatusEvent", "no_changes", "read_changes", "reason_name"]


class Reason(IntEnum):
    """The public reason codes; coarse, so that they say nothing about a person (docs/protocol.md 3)."""

    UNSPECIFIED = 0
    ISSUED_IN_ERROR = 1
    CONDITIONS_NOT_MET = 2
    SUPERSEDED = 3


def reason_name(reason: int) -> str:
    """A reason by its name; one of a later version by its number."""
    names = {known.value: known.name.lower() for known in Reason}
    return names.get(reason, str(reason))


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One change of entries of a list."""

    block: int
    time: int
    """Of its block, seconds since 1970."""
    reason: int
    """As in `Reason`; others are of a later version."""

    def facts(self) -> dict[str, Any]:
        """For a check's facts: `since` in ISO 8601, `reason` by name, `told_by` because it is not proved."""
        from testamur.verification.verdict import iso

        told = {"since": iso(self.time), "reason": reason_name(self.reason)}
        return {**told, "since_block": self.block, "told_by": "node"}


class Changes:
    """The latest change of each entry of one list in one direction."""

    def __init__(self, entries: dict[int, tuple[int, int]], words: dict[int, list[tuple[int, int, int]]], rpc: "Rpc"):
        self._entries = entries
        self._words = words
        self._rpc = rpc
        self._times: dict[int, int] = {}

    def of(self, index: int) -> StatusEvent | None:
        """The latest change of an entry; None where the node shows none."""
        found = [self._entries[index]] if index in self._entries else []
        found += [
            (block, reason) for block, mask, reason in self._words.get(index >> 8, ()) if mask >> (index & 255) & 1
        ]
        if not found:
            return None
        block, reason = max(found)
        if block not in self._times:
            header = self._rpc.block(block)
            if header is None:
                return None
            self._times[block] = int(header["timestamp"], 16)
        return StatusEvent(block, self._times[block], reason)


def no_changes(registry: bytes, number: int, change: str) -> Changes | None:
    """Where there is no node to ask."""
    return None


def read_changes(rpc: "Rpc", block: int, registry: bytes, number: int, change: str) -> Changes | None:
    """The changes of list `number` in the StatusRegistry at an address up to a block; None on any failure.

    `change` is `Revoked` or `Suspended`.
    """
    from testamur.chain.contracts import Contract, interface
    from testamur.chain.rpc import to_hex, to_quantity

    contract, names = Contract("StatusRegistry", registry, rpc), (f"Credential{change}", f"Words{change}")
    request = {
        "address": to_hex(registry),
        "topics": [
            [to_hex(interface("StatusRegistry").topic(name)) for name in names],
            to_hex(number.to_bytes(32, "big")),
        ],
        "fromBlock": "0x0",
        "toBlock": to_quantity(block),
    }
    entries: dict[int, tuple[int, int]] = {}
    words: dict[int, list[tuple[int, int, int]]] = {}
    try:
        for entry in contract.decode_logs(rpc.call("eth_getLogs", request)):
            told, at = entry.arguments, entry.block_number
            if entry.event == names[0]:
                entries[told["index"]] = max(entries.get(told["index"], (0, 0)), (at, told["reason"]))
            elif entry.event == names[1]:
                words.setdefault(told["wordIndex"], []).append((at, told["mask"], told["reason"]))
    except Exception:  # whatever a node takes for events: a date is a courtesy, and no check rests on it
        return None
    return Changes(entries, words, rpc)
