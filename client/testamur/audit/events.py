"""The suite's events, in chain order, decoded, from a node's logs.

Pages are pinned: the newest block is asked once, and each page is a range of blocks below it, so that no event of a
block is lost between pages however many there are.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from testamur.audit.event import Event, EventFilter
from testamur.audit.pages import CONTRACTS, entries, homes, pages
from testamur.audit.register import LEARNED, Register
from testamur.chain.abi import LogEntry
from testamur.chain.contracts import Suite, interface
from testamur.chain.rpc import to_hex
from testamur.errors import TestamurError

__all__ = ["CONTRACTS", "Event", "EventFilter", "RewrittenError", "follow_events", "open_register", "read_events"]


class RewrittenError(TestamurError):
    """The chain left out a block whose events were read already."""

    exit_code = 7


def open_register(suite: Suite, up_to: int) -> Register:
    """Whom events concern, learned from all blocks before `up_to`."""
    operators = suite.contract("Operators")
    register = Register(homes(suite), lambda account: int(operators.read("referenceOf", account)["institution"]))
    topics = [to_hex(interface(contract).topic(name)) for contract, name in LEARNED]
    for logs in pages(suite, register.homes, 0, up_to - 1, topics):
        for contract, entry in entries(suite, register.homes, logs):
            register.learn(contract, entry)
    return register


def read_events(
    suite: Suite,
    wanted: EventFilter,
    from_block: int = 0,
    to_block: int | None = None,
    *,
    register: Register | None = None,
) -> Iterator[Event]:
    """Every event that `wanted` takes, oldest first, up to `to_block` or the block that is the newest now.

    Whom an event concerns and by which name is said as it is known at the end. `register` knows what came before
    `from_block` and learns the rest as it comes; without one the chain is asked.
    """
    last = suite.rpc.block_number() if to_block is None else to_block
    known = register or open_register(suite, last + 1)
    for logs in pages(suite, known.homes, from_block, last):
        yield from _decoded(suite, known, logs, wanted)


def follow_events(
    suite: Suite,
    wanted: EventFilter,
    from_block: int,
    *,
    pause: Callable[[float], None] = time.sleep,
    interval_seconds: float = 1.0,
) -> Iterator[Event]:
    """As `read_events`, and then every new event as its block comes; ends only with its caller.

    Raises RewrittenError where a block that was read is no longer part of the chain: it was rolled back.
    """
    following, seen, register = from_block, None, open_register(suite, suite.rpc.block_number() + 1)
    while True:
        newest = suite.rpc.block_number()
        if seen is not None:
            _require_same(suite, following - 1, seen)
        if newest >= following:
            shown = suite.rpc.block_hash(newest)
            yield from read_events(suite, wanted, following, newest, register=register)
            following, seen = newest + 1, shown
        pause(interval_seconds)


def _require_same(suite: Suite, number: int, seen: bytes) -> None:
    block = suite.rpc.block(number)
    if block is None or block["hash"] != to_hex(seen):
        found = "is gone" if block is None else "has another hash now"
        raise RewrittenError(
            f"block {number}, whose events were read, {found}: the chain was rolled back",
            "what was told since may be undone; tell the alliance, and read the events anew",
        )


def _decoded(suite: Suite, register: Register, logs: list[dict[str, Any]], wanted: EventFilter) -> Iterator[Event]:
    taken: list[tuple[str, LogEntry, tuple[int, ...]]] = []
    for contract, entry in entries(suite, register.homes, logs):
        register.learn(contract, entry)
        institutions = register.concerned(contract, entry)
        if wanted.takes(contract, entry, institutions):
            taken.append((contract, entry, institutions))
    numbers = sorted({entry.block_number for _, entry, _ in taken})
    blocks = suite.rpc.blocks(numbers)
    times = {number: int(block["timestamp"], 16) for number, block in zip(numbers, blocks, strict=True)}
    for contract, entry, institutions in taken:
        yield Event(
            entry.block_number,
            times[entry.block_number],
            entry.index,
            entry.transaction,
            contract,
            entry.address,
            entry.event,
            register.described(contract, entry),
            tuple((number, register.names.get(number, "")) for number in institutions),
        )
