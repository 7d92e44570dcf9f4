"""Void whole batches, or put them into force again: from ids, files and run folders to slots on the chain.

1. every batch must be recorded, and its list kept by this institution  -> StatusTargetError, nothing sent
2. a run that was issued in several batches is named whole: its rows share their outcomes
3. what is so already is told and not sent; one transaction a batch
4. the slots are read again: the report says for each batch what is true now
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from testamur.batch.bundle import Bundle
from testamur.batch.journal import Journal, Stage
from testamur.chain.connection import Connection
from testamur.chain.contracts import Contract
from testamur.chain.errors import TransactionRevertedError
from testamur.chain.rpc import to_hex
from testamur.chain.status_lists import may_keep
from testamur.profile import Institution
from testamur.status_targets import StatusTargetError, exit_code_of, targets_from_bundles
from testamur.verification.changes import reason_name
from testamur.verification.verdict import iso

__all__ = [
    "BatchChange",
    "BatchOutcome",
    "BatchReport",
    "BatchTarget",
    "change_batches",
    "find_batches",
    "recorded_batch",
    "void_facts",
    "void_status",
]

_ID = re.compile(r"0x[0-9a-fA-F]{64}")


class BatchChange(StrEnum):
    """What is done to whole batches."""

    VOID = "void"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class BatchTarget:
    """One recorded batch."""

    id: bytes
    version: int
    """Version of CredentialBatches in the Directory that recorded it."""
    list: int
    size: int
    time: int
    """When it was recorded, seconds."""
    registry: bytes
    """Address of the StatusRegistry that keeps its list."""
    source: str
    """How the user named it."""


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of one batch."""

    target: BatchTarget
    result: str
    """`changed`, `already`, or `refused`."""
    reason: str | None = None
    """Why it was refused, one clause."""
    revoked_from: int | None = None
    """From when on a void batch counts as revoked, seconds; until then a GOVERN lifts it. None where it is in force."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a change came to, batch by batch."""

    change: BatchChange
    outcomes: tuple[BatchOutcome, ...]
    transactions: tuple[bytes, ...]
    block: int | None
    """The last block that changed something; None where nothing had to change."""

    @property
    def exit_code(self) -> int:
        """0 when every batch is as was asked for; else 10 when none, 8 when some are."""
        return exit_code_of([outcome.result for outcome in self.outcomes])

    def to_json(self) -> dict[str, Any]:
        """One object for `--json`."""
        return {
            "change": str(self.change),
            "batches": [
                {
                    "batchId": to_hex(outcome.target.id),
                    "size": outcome.target.size,
                    "list": outcome.target.list,
                    "source": outcome.target.source,
                    "result": outcome.result,
                    "reason": outcome.reason,
                    "revokedFrom": None if outcome.revoked_from is None else iso(outcome.revoked_from),
                }
                for outcome in self.outcomes
            ],
            "transactions": [to_hex(name) for name in self.transactions],
            "block": self.block,
        }


def find_batches(connection: Connection, institution: Institution, named: Iterable[str]) -> list[BatchTarget]:
    """The batches that are meant by ids (`0x` and 64 digits), folders of runs and bundle files, each once.

    A run's folder means all its recorded batches, and so does a bundle or an id of a batch of the run in the bundle's
    own folder. Raises StatusTargetError with everything that cannot be used.
    """
    problems: list[tuple[str, str]] = []
    found: dict[bytes, BatchTarget] = {}
    for source, batch_id in _named(connection, institution, named, problems):
        if batch_id in found:
            continue
        target = recorded_batch(connection, batch_id, source)
        fault = "no such batch is recorded on this chain" if target is None else None
        if target is not None and not may_keep(connection.suite, institution.number, target.list):
            fault = f"institution {institution.number} does not keep its status list {target.list}"
        if fault is not None or target is None:
            problems.append((source, str(fault)))
        else:
            found[batch_id] = target
    if problems:
        raise StatusTargetError(problems)
    return list(found.values())


def recorded_batch(connection: Connection, batch_id: bytes, source: str) -> BatchTarget | None:
    """The batch of that id in whichever version of CredentialBatches; None where none has recorded it."""
    if len(batch_id) != 32:
        return None
    for version, contract in enumerate(connection.suite.versions("CredentialBatches"), start=1):
        record = contract.read("batch", batch_id)
        if record["issuer"]:
            registry = connection.suite.versions("StatusRegistry")[record["statusVersion"] - 1].address
            facts = (record["list"], record["size"], record["time"])
            return BatchTarget(batch_id, version, *facts, registry, source)
    return None


def change_batches(
    connection: Connection,
    institution: Institution,
    change: BatchChange,
    targets: Sequence[BatchTarget],
    reason: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> BatchReport:
    """Void every batch (with STATUS), or lift its voiding (with GOVERN); see the head of this file for the steps."""
    wanted = [target for target in targets if _holds(change, void_status(connection, target)) is False]
    receipts, failures = [], {}
    sender = (
        connection.sender_for(institution, "status" if change is BatchChange.VOID else "govern") if wanted else None
    )
    for done, target in enumerate(wanted):
        assert sender is not None  # there is one where something is wanted
        registry = Contract("StatusRegistry", target.registry, connection.rpc)
        if change is BatchChange.VOID:
            call = registry.call("voidBatch", target.version, target.id, target.size, reason)
        else:
            call = registry.call("liftVoid", target.version, target.id)
        try:
            receipts.append(sender.send(call))
        except TransactionRevertedError as error:
            if len(targets) == 1:
                raise
            failures[target.id] = str(error)
        progress(done + 1, len(wanted))
    outcomes = []
    for target in targets:
        if target not in wanted:
            outcomes.append(BatchOutcome(target, "already"))
        elif _holds(change, void_status(connection, target)):
            outcomes.append(BatchOutcome(target, "changed"))
        else:
            reason_told = failures.get(target.id, "another program changed it back")
            outcomes.append(BatchOutcome(target, "refused", reason_told))
    if change is BatchChange.VOID:
        outcomes = [replace(item, revoked_from=_revoked_from(connection, item.target)) for item in outcomes]
    block = receipts[-1].block_number if receipts else None
    return BatchReport(change, tuple(outcomes), tuple(receipt.transaction for receipt in receipts), block)


def void_status(connection: Connection, target: BatchTarget) -> str:
    """`active`, or what a whole batch counts as now: `revoked` or `suspended`."""
    registry = Contract("StatusRegistry", target.registry, connection.rpc)
    found = registry.read("batchStatusOf", target.version, target.id)
    return "revoked" if found["revoked"] else "suspended" if found["suspended"] else "active"


def _revoked_from(connection: Connection, target: BatchTarget) -> int | None:
    """From when on the batch counts as revoked; None where it is not void."""
    if void_status(connection, target) == "active":
        return None
    found = Contract("StatusRegistry", target.registry, connection.rpc).read("voidOf", target.version, target.id)
    return int(found["revokedFrom"])


def void_facts(connection: Connection, target: BatchTarget) -> dict[str, Any]:
    """Since when and why a void batch is out of force, as a check's facts say it."""
    found = Contract("StatusRegistry", target.registry, connection.rpc).read("voidOf", target.version, target.id)
    told = {"since": iso(found["since"]), "reason": reason_name(found["reason"])}
    return {**told, "of": "batch", "revoked_from": iso(found["revokedFrom"])}


def _holds(change: BatchChange, status: str) -> bool:
    return (status != "active") == (change is BatchChange.VOID)


def _named(
    connection: Connection, institution: Institution, named: Iterable[str], problems: list[tuple[str, str]]
) -> Iterator[tuple[str, bytes]]:
    """Each batch id with how it was named."""
    for name in named:
        path = Path(name)
        if _ID.fullmatch(name):
            yield name, bytes.fromhex(name[2:])
        elif path.is_dir():
            ids = _of_run(path)
            if not ids:
                problems.append((name, "no run recorded a batch from this folder"))
            yield from ((name, batch_id) for batch_id in ids)
        else:
            yield from _of_file(connection, institution, path, problems)


def _of_file(
    connection: Connection, institution: Institution, path: Path, problems: list[tuple[str, str]]
) -> Iterator[tuple[str, bytes]]:
    """The batches of a bundle, or of a `.jsonl` of bundles, and their fellows of the run in the same folder.

    A bundle counts only where it leads to its batch: an altered one must not cost other learners their credentials.
    """
    try:
        targets_from_bundles(connection, institution, [path])
    except StatusTargetError as error:
        problems += error.problems
        return
    data = path.read_bytes()
    lines = data.splitlines() if path.suffix == ".jsonl" else [data]
    ids = dict.fromkeys(Bundle.parse(line).anchor.batch_id for line in lines if line.strip())
    for folder in (path.parent, path.parent.parent):
        fellows = _of_run(folder)
        if ids.keys() & set(fellows):
            ids |= dict.fromkeys(fellows)
    yield from ((str(path), batch_id) for batch_id in ids)


def _of_run(folder: Path) -> list[bytes]:
    """The batches that a run signed into a folder and that may stand on the chain."""
    journal = Journal.open(folder)
    if journal is None:
        return []
    try:
        return [batch.batch_id for batch in journal.batches() if batch.stage in (Stage.SENT, Stage.FINAL)]
    finally:
        journal.close()
