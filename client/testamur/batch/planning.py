"""Which rows go into which batch, and which counters of which list a batch takes. Pure.

A batch has one scope and at most `max_leaves` rows; rows that no scope of the issuer covers are rejected here, before
anything is signed (docs/protocol.md 2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from testamur.batch.journal import BatchRecord, PreparedRow, RejectedRow, Stage
from testamur.batch.roster import Row
from testamur.chain.institution import Scope

__all__ = ["LARGEST_LOG2", "SMALLEST_LOG2", "OpenList", "Plan", "assign_lists", "plan_batches", "size_for"]

SMALLEST_LOG2 = 17
LARGEST_LOG2 = 24
"""Bounds of a status list (IStatusRegistry.openList)."""


@dataclass(frozen=True, slots=True)
class OpenList:
    """A status list of this profile as it stands on the chain."""

    number: int
    log2size: int
    next: int
    """Counter that the next batch begins with."""
    key: bytes
    """32 bytes, secret."""

    @property
    def room(self) -> int:
        """Counters left."""
        return (1 << self.log2size) - self.next


@dataclass(frozen=True, slots=True)
class Plan:
    """Batches without their lists, the rows in them, and the rows that no scope covers."""

    batches: tuple[BatchRecord, ...]
    rows: tuple[PreparedRow, ...]
    rejected: tuple[RejectedRow, ...]


def plan_batches(rows: Sequence[Row], scopes: Mapping[int, Scope], now: int, max_leaves: int) -> Plan:
    """Sort rows into batches by the first scope in force that covers them, in roster order."""
    covering: dict[tuple[int, int, int, int], int | None] = {}
    by_scope: dict[int, list[Row]] = {}
    rejected: list[RejectedRow] = []
    for row in rows:
        level = (row.level.framework, row.level.type, row.level.rank, row.level.region)
        if level not in covering:
            fitting = [index for index, scope in scopes.items() if scope.covers(*level, now)]
            covering[level] = min(fitting, default=None)
        scope_index = covering[level]
        if scope_index is None:
            rejected.append(RejectedRow(row.line, "", f"no scope of the issuer in force covers level {row.level.key}"))
        else:
            by_scope.setdefault(scope_index, []).append(row)
    batches: list[BatchRecord] = []
    chosen: dict[str, int] = {}
    for scope_index, members in by_scope.items():
        for start in range(0, len(members), max_leaves):
            part = members[start : start + max_leaves]
            chosen.update((row.id, len(batches)) for row in part)
            batches.append(BatchRecord(len(batches), Stage.PREPARED, scope_index, len(part)))
    kept = [row for row in rows if row.id in chosen]
    prepared = tuple(PreparedRow(i, row.id, row.line, chosen[row.id]) for i, row in enumerate(kept))
    return Plan(tuple(batches), prepared, tuple(rejected))


def assign_lists(batches: Sequence[BatchRecord], lists: Sequence[OpenList]) -> list[BatchRecord] | None:
    """The batches with list and first counter, each in the first list with room; None where a list must be opened."""
    room = {item.number: item.next for item in lists}
    assigned: list[BatchRecord] = []
    for batch in batches:
        for item in lists:
            first = room[item.number]
            if first + batch.size <= 1 << item.log2size:
                room[item.number] = first + batch.size
                assigned.append(replace(batch, list=item.number, log2size=item.log2size, first=first))
                break
        else:
            return None
    return assigned


def size_for(rows: int) -> int:
    """The log2 size of a new list that is to hold `rows`, within the contract's bounds."""
    return min(max(SMALLEST_LOG2, (rows - 1).bit_length()), LARGEST_LOG2)
