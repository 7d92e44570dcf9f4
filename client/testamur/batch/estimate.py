"""What a run would do and cost, without doing it: `testamur issue --dry-run`.

Reads the roster, the chain and nothing else; signs and writes nothing.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur.batch.issued import IssuedRegister, keys_of
from testamur.batch.issuing import LARGEST_BATCH, read_inputs
from testamur.batch.journal import RejectedRow
from testamur.batch.lists import read_lists
from testamur.batch.planning import assign_lists
from testamur.batch.preflight import bytes_needed, require_ready
from testamur.chain.connection import Connection
from testamur.profile import Institution

__all__ = ["Estimate", "estimate"]

_GAS_FIRST_BATCH = 140_000
_GAS_NEXT_BATCH = 95_000
_GAS_LIST = 90_000
"""Measured on the committed contracts, rounded up."""
_PER_TRANSACTION = 50


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would come to."""

    rows: int
    """Rows that would be issued."""
    rejected: tuple[RejectedRow, ...]
    batches: tuple[tuple[int, int], ...]
    """Scope index and size of each."""
    lists_to_open: int
    room: int
    """Entries left in the roomiest list before the run; 0 where none is open."""
    transactions: int
    gas: int
    """Upper bound for all transactions."""
    fee_wei: int
    """At the node's price now; 0 on an alliance chain."""
    disk_bytes: int

    def to_json(self) -> dict[str, Any]:
        """The object of `--dry-run --json`."""
        return {
            "rows": self.rows,
            "rejected": [{"line": row.line, "column": row.column, "reason": row.reason} for row in self.rejected],
            "batches": [{"scopeIndex": scope, "size": size} for scope, size in self.batches],
            "listsToOpen": self.lists_to_open,
            "room": self.room,
            "transactions": self.transactions,
            "gas": self.gas,
            "feeWei": self.fee_wei,
            "diskBytes": self.disk_bytes,
        }

    @property
    def exit_code(self) -> int:
        """2 where bad rows would stop the run unless it skips them."""
        return 2 if self.rejected else 0


def estimate(
    connection: Connection,
    institution: Institution,
    roster_path: Path,
    template_path: Path,
    folder: Path,
    *,
    per_file: bool = False,
    is_again: bool = False,
    ignored: Collection[str] = (),
    largest_batch: int = LARGEST_BATCH,
    now: Callable[[], float] = time.time,
) -> Estimate:
    """What `issue` with the same arguments would do; raises what it would raise before signing."""
    inputs = read_inputs(roster_path, template_path, ignored)
    moment = now()
    plan = inputs.plan(connection, institution, int(moment), largest_batch)
    if not is_again:
        rows = {row.id: row for row in inputs.roster.rows}
        keys = keys_of(plan.rows, rows, institution.number, inputs.template)
        IssuedRegister.of(connection.profile).require_new(keys)
    require_ready(connection, institution, inputs.template, folder, len(plan.rows), per_file, moment)
    lists = read_lists(connection, institution)
    is_new = bool(plan.batches) and assign_lists(plan.batches, lists) is None
    anchorings = -(-len(plan.batches) // _PER_TRANSACTION)
    gas = anchorings * _GAS_FIRST_BATCH + (len(plan.batches) - anchorings) * _GAS_NEXT_BATCH + is_new * _GAS_LIST
    return Estimate(
        rows=len(plan.rows),
        rejected=plan.rejected,
        batches=tuple((batch.scope_index, batch.size) for batch in plan.batches),
        lists_to_open=1 if is_new else 0,
        room=max((item.room for item in lists), default=0),
        transactions=anchorings + is_new,
        gas=gas,
        fee_wei=gas * connection.rpc.gas_price(),
        disk_bytes=bytes_needed(len(plan.rows), per_file),
    )
