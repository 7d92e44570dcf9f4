"""A signed batch and the chain: where it stands, sending it, and reading back the record that was written.

The contract that the journal names is asked first. A recorded batch is final, whoever sent it, where its range, scope
and account are in order; one whose counters are
still free is sent (again: a recorded batch id returns at once, so a retry writes nothing twice); one whose counters
another batch took can never be anchored and is prepared anew, and so is one that is void: its credentials are out of
force, so that new ones are no second ones (docs/protocol.md 2).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from testamur.batch.journal import BatchRecord, Journal, Stage
from testamur.batch.leaf import KIND_OWN
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call, Contract, directory_name
from testamur.chain.errors import ChainUnreachableError, TransactionRevertedError
from testamur.chain.transactions import Sender
from testamur.errors import TestamurError
from testamur.profile import Institution

__all__ = ["ForeignRecordError", "Standing", "anchor_call", "anchor_signed", "batch_status", "standing"]

_PER_TRANSACTION = 50
"""Batches in one transaction: about 100,000 gas each."""
_OVERTAKEN = frozenset({"CounterMoved", "CredentialBatchesNotCurrent"})


class ForeignRecordError(TestamurError):
    """The id of a signed batch is recorded with other facts than the run chose, or by an account that is cut off."""

    exit_code = 10


class Standing(Enum):
    """What the chain says about a signed batch."""

    ANCHORED = "anchored"
    OPEN = "open"
    OVERTAKEN = "overtaken"
    """Its counters are taken, or its contracts were replaced: this batch id can never be recorded."""
    VOID = "void"
    """It is recorded and was taken out of force as a whole."""


def standing(connection: Connection, batch: BatchRecord) -> Standing:
    """Where a signed batch stands. Counter first, record second: a batch missing after its counter moved stays so.

    Raises ForeignRecordError where its id is recorded with facts that the run did not choose.
    """
    registry = Contract("StatusRegistry", batch.status_registry, connection.rpc)
    contract = Contract("CredentialBatches", batch.contract, connection.rpc)
    directory = connection.suite.directory
    is_replaced = (
        directory.read("current", directory_name("CredentialBatches")) != batch.contract
        or directory.read("current", directory_name("StatusRegistry")) != batch.status_registry
    )
    has_moved = registry.read("listOf", batch.list)["next"] > batch.first
    record = contract.read("batch", batch.batch_id)
    if record["issuer"]:
        if batch_status(connection, batch) != "active":
            return Standing.VOID
        _require_own(connection, batch, record)
        return Standing.ANCHORED
    return Standing.OVERTAKEN if has_moved or is_replaced else Standing.OPEN


def batch_status(connection: Connection, batch: BatchRecord) -> str:
    """`active`, or what a recorded batch counts as since it was voided: `revoked` or `suspended`."""
    addresses = [contract.address for contract in connection.suite.versions("CredentialBatches")]
    registry = Contract("StatusRegistry", batch.status_registry, connection.rpc)
    found = registry.read("batchStatusOf", addresses.index(batch.contract) + 1, batch.batch_id)
    return "revoked" if found["revoked"] else "suspended" if found["suspended"] else "active"


def _require_own(connection: Connection, batch: BatchRecord, record: Mapping[str, Any]) -> None:
    """A stolen ISSUE key may have anchored the root first, in a scope or range of its own choice.

    Whoever sent a record with the same facts did what the run was about to do; it is taken unless that account is cut
    off, since every credential of the batch would then be judged by the cut-off.
    """
    operator = connection.contract("Operators").read("operator", record["issuer"], record["operatorIndex"])
    is_cut_off = 0 < operator["compromisedSince"] <= record["time"]
    if (record["first"], record["scopeIndex"]) == (batch.first, batch.scope_index) and not is_cut_off:
        return
    raise ForeignRecordError(
        f"batch 0x{batch.batch_id.hex()} is recorded by account 0x{operator['account'].hex()} with first counter "
        f"{record['first']} and scope {record['scopeIndex']}; this run chose {batch.first} and {batch.scope_index}, or "
        "that account is cut off",
        "nothing of this run is in force; find out who holds that account, void the batch (`testamur void`), then run "
        "it again with --resume",
    )


def anchor_call(contract: Contract, batches: Sequence[BatchRecord]) -> Call:
    """The call that anchors signed batches, all or none."""
    if len(batches) == 1:
        batch = batches[0]
        return contract.call("anchor", batch.root, batch.size, batch.list, batch.first, batch.scope_index, KIND_OWN)
    listed = [
        {
            "root": batch.root,
            "size": batch.size,
            "list": batch.list,
            "first": batch.first,
            "scopeIndex": batch.scope_index,
            "kind": KIND_OWN,
        }
        for batch in batches
    ]
    return contract.call("anchorMany", listed)


def anchor_signed(
    connection: Connection,
    institution: Institution,
    journal: Journal,
    is_fit: Callable[[BatchRecord], bool],
    ready: Callable[[], None],
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Bring every signed batch to its record; False where one stands in the journal as prepared again.

    1. what a former process of this account sent is waited for: afterwards nothing is under way
    2. a batch that is recorded is final; one overtaken or voided, or not `is_fit` any more, is prepared anew
    3. `ready` is asked, then the others are sent

    Each change is in the journal before the next step leaves this process.
    """
    sender = connection.sender_for(institution, "issue")
    sender.settle()
    while True:
        waiting: list[BatchRecord] = []
        for batch in journal.batches():
            if batch.stage in (Stage.SIGNED, Stage.SENT):
                found = standing(connection, batch)
                if found is Standing.ANCHORED:
                    journal.store_batches([_recorded(connection, batch, pause)])
                elif found is Standing.OPEN and is_fit(batch):
                    waiting.append(batch)
                else:
                    journal.store_batches([_prepared_anew(batch)])
        if not waiting:
            return all(batch.stage is Stage.FINAL for batch in journal.batches())
        same = [batch for batch in waiting if batch.contract == waiting[0].contract][:_PER_TRANSACTION]
        ready()
        try:
            _send(connection, sender, journal, same)
        except TransactionRevertedError as error:
            if error.error not in _OVERTAKEN:
                raise


def _send(connection: Connection, sender: Sender, journal: Journal, batches: Sequence[BatchRecord]) -> None:
    call = anchor_call(Contract("CredentialBatches", batches[0].contract, connection.rpc), batches)
    transaction = sender.prepare(call)
    journal.store_batches([replace(batch, stage=Stage.SENT, transaction=transaction.hash) for batch in batches])
    sender.broadcast(transaction)
    sender.wait(transaction, call)


def _recorded(connection: Connection, batch: BatchRecord, pause: Callable[[float], None]) -> BatchRecord:
    """The batch with block and transaction as the chain has them."""
    contract = Contract("CredentialBatches", batch.contract, connection.rpc)
    record: dict[str, Any] = contract.read("batch", batch.batch_id)
    block = record["blockNumber"]
    while connection.rpc.block_number() < block + connection.profile.confirmations:
        pause(0.5)
    events = contract.logs("BatchAnchored", batch.batch_id, from_block=block, to_block=block)
    if not events:
        raise ChainUnreachableError(
            f"the node has the record of batch 0x{batch.batch_id.hex()} but not its event in block {block}",
            "ask a node that keeps all logs",
        )
    return replace(batch, stage=Stage.FINAL, block=block, transaction=events[0].transaction)


def _prepared_anew(batch: BatchRecord) -> BatchRecord:
    return BatchRecord(batch.number, Stage.PREPARED, batch.scope_index, batch.size)
