"""Which credentials a status change means: from bundle files, rows of a run, or list and indexes to places in lists.

A bundle file is believed only as far as the chain confirms it: what was altered must not cost another learner the
credential. All problems are told at once, before anything is sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur.batch.anchor import batch_id
from testamur.batch.bundle import Bundle
from testamur.batch.interruption import InterruptedRunError
from testamur.batch.journal import Journal
from testamur.chain.connection import Connection
from testamur.chain.contracts import Contract, directory_name
from testamur.chain.status_lists import may_keep
from testamur.credential.document import Document, parse
from testamur.credential.errors import MalformedError
from testamur.errors import TestamurError
from testamur.profile import Institution
from testamur.proof.merkle import leaf_hash, verify_inclusion

__all__ = [
    "StatusTargetError",
    "Subject",
    "Target",
    "exit_code_of",
    "targets_from_bundles",
    "targets_from_indexes",
    "targets_from_rows",
]


def exit_code_of(results: Sequence[str]) -> int:
    """0 when nothing that was asked for was `refused`; else 10 when all was, 8 when some was."""
    refused = results.count("refused")
    return 0 if not refused else 10 if refused == len(results) else 8


class StatusTargetError(TestamurError):
    """Some of the credentials named cannot be found or are not this issuer's; nothing was changed."""

    exit_code = 2

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        listed = [f"{source}: {reason}" for source, reason in problems[:5]]
        if len(problems) > 5:
            listed.append(f"{len(problems) - 5} more of them")
        super().__init__(
            f"nothing was changed: {'; '.join(listed)}", "mend or leave out what is named, and run it again"
        )
        self.problems = tuple(problems)
        """What was named, and why it cannot be used."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose credential a target is, as it says."""

    name: str | None
    certificate: str | None
    """Its certificate number."""
    level: str
    """Code and name of the qualification."""
    achievement: str

    @classmethod
    def of(cls, document: Document) -> "Subject":
        """Whose a credential is."""
        number = document.tree["credentialSubject"].get("licenseNumber")
        level = f"{document.labels.code} {document.labels.name}"
        certificate = number if isinstance(number, str) else None
        return cls(document.subject_name, certificate, level, document.achievement_name)


@dataclass(frozen=True, slots=True)
class Target:
    """One credential's place in a status list."""

    list: int
    index: int
    source: str
    """How the user named it: a file, a row id, or list and index."""
    subject: Subject | None = None
    """Whose it is; None where it is named by its place alone, or was erased."""


def targets_from_bundles(connection: Connection, institution: Institution, paths: Iterable[Path]) -> list[Target]:
    """The places of the credentials in bundle files (`.json`, or a bundle a line in `.jsonl`).

    A bundle counts only when it leads to a batch of this issuer that is recorded on the chain: an altered file must
    not cost another learner the credential.
    """
    targets: list[Target] = []
    problems: list[tuple[str, str]] = []
    recorded: dict[tuple[bytes, bytes], dict[str, Any]] = {}
    for source, data in _read(paths, problems):
        try:
            bundle = Bundle.parse(data)
        except MalformedError as error:
            problems.append((source, error.message))
            continue
        inclusion, anchor = bundle.inclusion, bundle.anchor
        known = (anchor.contract, anchor.batch_id)
        if known not in recorded:
            recorded[known] = _record(connection, anchor.contract, anchor.batch_id)
        fault = _fault(connection, institution, bundle, recorded[known])
        if fault:
            problems.append((source, fault))
        else:
            subject = Subject.of(bundle.document) if bundle.document is not None else None
            targets.append(Target(inclusion.list, inclusion.status_index, source, subject))
    if problems:
        raise StatusTargetError(problems)
    return targets


def targets_from_rows(folder: Path, row_ids: Iterable[str]) -> list[Target]:
    """The places of rows that a run issued into `folder`, by row id, from its journal."""
    journal = Journal.open(folder)
    if journal is None:
        raise StatusTargetError([(str(folder), "no run was issued into this folder")])
    wanted = list(row_ids)
    try:
        places = journal.places()
        if not places:
            raise InterruptedRunError(journal)  # nothing of it is known to stand on the chain
        subjects = {row_id: Subject.of(parse(data)) for row_id, data in journal.credentials(wanted)}
    finally:
        journal.close()
    missing = [(row_id, "no such row was issued here") for row_id in wanted if row_id not in places]
    if missing:
        raise StatusTargetError(missing)
    return [Target(*places[row_id], row_id, subjects.get(row_id)) for row_id in wanted]


def targets_from_indexes(list_number: int, indexes: Iterable[int], folder: Path | None = None) -> list[Target]:
    """Places named by list and index; whose they are is known where they are rows of the run in `folder`."""
    wanted = list(indexes)
    subjects: dict[int, Subject] = {}
    journal = Journal.open(folder) if folder is not None and folder.is_dir() else None
    if journal is not None:
        try:
            rows = {index: row_id for row_id, (number, index) in journal.places().items() if number == list_number}
            for index in wanted:
                for _, data in journal.credentials([rows[index]] if index in rows else []):
                    subjects[index] = Subject.of(parse(data))
        finally:
            journal.close()
    return [Target(list_number, index, f"list {list_number} index {index}", subjects.get(index)) for index in wanted]


def _read(paths: Iterable[Path], problems: list[tuple[str, str]]) -> Iterable[tuple[str, bytes]]:
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            problems.append((str(path), error.strerror or str(error)))
            continue
        if not data.strip():
            problems.append((str(path), "there is no bundle in it"))
        elif path.suffix == ".jsonl":
            yield from ((f"{path}:{i}", line) for i, line in enumerate(data.splitlines(), start=1) if line.strip())
        else:
            yield str(path), data


def _record(connection: Connection, contract: bytes, batch_id: bytes) -> dict[str, Any]:
    """The record of a batch, if that contract is or was the Directory's; else an empty one."""
    directory = connection.suite.directory
    name = directory_name("CredentialBatches")
    count = directory.read("count", name)
    versions = directory.read_many("entry", [(name, number) for number in range(1, count + 1)])
    if all(entry["target"] != contract for entry in versions):
        return {"issuer": 0}
    record: dict[str, Any] = Contract("CredentialBatches", contract, connection.rpc).read("batch", batch_id)
    return record


def _fault(connection: Connection, institution: Institution, bundle: Bundle, record: dict[str, Any]) -> str | None:
    inclusion, anchor = bundle.inclusion, bundle.anchor
    if anchor.chain_id != connection.profile.chain_id:
        return f"it is anchored on chain {anchor.chain_id}"
    if not record["issuer"]:
        return "its batch is not recorded on this chain"
    root_id = batch_id(
        anchor.chain_id, anchor.contract, inclusion.kind, record["issuer"], record["list"], record["size"], anchor.root
    )
    path_holds = verify_inclusion(
        leaf_hash(bundle.leaf.encode()), inclusion.leaf_index, inclusion.size, inclusion.path, anchor.root
    )
    document = bundle.document
    if (
        root_id != anchor.batch_id
        or not path_holds
        or (inclusion.issuer, inclusion.list, inclusion.size) != (record["issuer"], record["list"], record["size"])
        or (document is not None and (document.list, document.status_index) != (inclusion.list, inclusion.status_index))
    ):
        return "it was altered: it does not lead to its batch"
    if record["issuer"] != institution.number and not may_keep(connection.suite, institution.number, inclusion.list):
        return f"it is institution {record['issuer']}'s credential"
    return None
