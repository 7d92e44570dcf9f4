"""The files that a run leaves: bundles, holders' secrets, the report; each whole or not at all, and read back.

    bundles.jsonl          a bundle a line, in roster order
    bundles/<row id>.json  the same one by one, on request
    holders.jsonl          each learner's one-time key and blind, until they are delivered
    batch.json             the batches, counts and rejected rows

All of them are for the issuer alone: mode 0600, in folders of mode 0700 where they are made here. A file is written
under another name, synced and renamed; what stands under its own name is complete.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

from testamur.batch.bundle import Anchor, Inclusion, anchor_tree, inclusion_tree
from testamur.batch.journal import BatchRecord, Journal, RejectedRow, SignedRow
from testamur.batch.leaf import KIND_OWN
from testamur.errors import TestamurError
from testamur.files import make_private, replacing, sync_folder, write_private
from testamur.proof.merkle import Tree

__all__ = [
    "OutputError",
    "ReadBackError",
    "await_visible",
    "compare_files",
    "read_back",
    "remove_partial",
    "report_tree",
    "write_bundles",
    "write_files",
    "write_holders",
    "write_report",
]

_SLICE = 500
_NOT_YET = frozenset({"not_anchored", "unproven", "stale"})
_VISIBLE_ATTEMPTS = 40
_OUT_OF_FORCE = frozenset({"revoked", "suspended"})
_UNDECIDED = frozenset({"chain_unreachable", "stale", "unproven", "wrong_chain"})


class OutputError(TestamurError):
    """An output file cannot be written."""

    exit_code = 2


class ReadBackError(TestamurError):
    """A written bundle does not verify: a defect, or a chain that changed underneath."""

    exit_code = 1

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        listed = [f"{row_id}: {code}" for row_id, code in failures[:5]]
        if len(failures) > 5:
            listed.append(f"{len(failures) - 5} more of them")
        super().__init__(
            f"{len(failures)} written bundles did not verify: {'; '.join(listed)}",
            "do not hand them out; say --resume to write and check them again",
        )
        self.failures = tuple(failures)
        """Row id and code of each."""
        if {code for _, code in failures} <= _UNDECIDED:
            self.exit_code = 7


def remove_partial(folder: Path) -> None:
    """Remove what a killed run was writing when it ended."""
    for path in folder.glob(".*partial"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def write_bundles(
    folder: Path, journal: Journal, chain_id: int, progress: Callable[[int], None] = lambda done: None
) -> None:
    """Write bundles.jsonl from the journal, in roster order."""
    batches, issuer = journal.batches(), journal.facts().institution
    trees = {batch.number: Tree(journal.leaf_hashes(batch.number)) for batch in batches}
    anchors = {batch.number: orjson.dumps(anchor_tree(_anchor(batch, chain_id))) for batch in batches}
    for batch in batches:
        if trees[batch.number].root != batch.root:
            raise OutputError(f"the journal {journal.path} is damaged: batch {batch.number} has another root")
    with _replacing(folder / "bundles.jsonl") as file:
        for done, (_, row) in enumerate(_kept(journal), start=1):
            batch = batches[row.batch]
            inclusion = Inclusion(
                kind=KIND_OWN,
                issuer=issuer,
                leaf_index=row.leaf_index,
                size=batch.size,
                path=trees[row.batch].path(row.leaf_index),
                salt=row.salt,
                outcome_tag=row.outcome_tag,
                holder=row.holder,
                list=batch.list,
                status_index=row.status_index,
            )
            file.write(
                b'{"type":"TestamurBundle","version":1,"credential":'
                + row.credential
                + b',"inclusion":'
                + orjson.dumps(inclusion_tree(inclusion))
                + b',"anchor":'
                + anchors[row.batch]
                + b"}\n"
            )
            if done % _SLICE == 0:
                progress(done)


def write_files(folder: Path, journal: Journal) -> None:
    """Write each line of bundles.jsonl to bundles/<row id>.json as well; the folder appears when it is complete."""
    partial = folder / ".bundles-partial"
    target = folder / "bundles"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        make_private(partial)
        with (folder / "bundles.jsonl").open("rb") as lines:
            for (row_id, _), line in zip(_kept(journal), lines, strict=True):
                write_private(partial / f"{row_id}.json", line)
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
        sync_folder(folder)
    except OSError as error:
        raise _explain(target, error) from error


def compare_files(folder: Path, journal: Journal) -> None:
    """Read bundles/<row id>.json back: each holds its line of bundles.jsonl, and nothing else is there."""
    try:
        with (folder / "bundles.jsonl").open("rb") as lines:
            names = []
            for (row_id, _), line in zip(_kept(journal), lines, strict=True):
                names.append(f"{row_id}.json")
                if (folder / "bundles" / names[-1]).read_bytes() != line:
                    raise ReadBackError([(row_id, "malformed")])
        if sorted(os.listdir(folder / "bundles")) != sorted(names):
            raise ReadBackError([(str(folder / "bundles"), "holds other files")])
    except OSError as error:
        raise _explain(folder / "bundles", error) from error


def write_holders(folder: Path, journal: Journal) -> int:
    """Write holders.jsonl for the rows whose one-time key was made here; how many those are."""
    count = 0
    secrets = [(row_id, row) for row_id, row in journal.signed() if row.one_time_key]
    if not secrets:
        return 0
    with _replacing(folder / "holders.jsonl") as file:
        for row_id, row in secrets:
            entry = {
                "row": row_id,
                "key": "0x" + row.one_time_key.hex(),
                "blind": "0x" + row.blind.hex(),
                "holder": "0x" + row.holder.hex(),
            }
            file.write(orjson.dumps(entry) + b"\n")
            count += 1
    return count


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """Write batch.json."""
    with _replacing(folder / "batch.json") as file:
        file.write(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")


def report_tree(
    batches: Iterable[BatchRecord], rejected: Iterable[RejectedRow], rows: int, issued: int
) -> dict[str, Any]:
    """The content of batch.json."""
    listed = list(rejected)
    return {
        "version": 1,
        "batches": [
            {
                "batchId": "0x" + batch.batch_id.hex(),
                "root": "0x" + batch.root.hex(),
                "size": batch.size,
                "list": batch.list,
                "transaction": "0x" + batch.transaction.hex(),
                "block": batch.block,
            }
            for batch in batches
        ],
        "rows": rows,
        "issued": issued,
        "rejected": [{"line": item.line, "column": item.column, "reason": item.reason} for item in listed],
    }


def read_back(
    folder: Path,
    journal: Journal,
    check: Callable[[Iterable[bytes]], Iterable[str | None]],
    progress: Callable[[int], None] = lambda done: None,
    *,
    is_resumed: bool = False,
) -> tuple[tuple[str, str], ...]:
    """Judge every line of bundles.jsonl as it stands on disk; `check` gives None or the code of what is wrong.

    Returns row id and code of what was taken out of force since a resumed run anchored it: that is no fault of the
    files. In a run of one go nobody can have done so, and it is one.
    """
    failures: list[tuple[str, str]] = []
    out_of_force: list[tuple[str, str]] = []
    path = folder / "bundles.jsonl"

    def lines() -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from file

    try:
        rows = _kept(journal)
        for done, code in enumerate(check(lines()), start=1):
            row_id, _ = next(rows, ("a line too many", None))
            if code is not None:
                (out_of_force if is_resumed and code in _OUT_OF_FORCE else failures).append((row_id, code))
            if done % _SLICE == 0:
                progress(done)
        failures += [(row_id, "not written") for row_id, _ in rows]
    except OSError as error:
        raise _explain(path, error) from error
    if failures:
        raise ReadBackError(failures)
    return tuple(out_of_force)


def await_visible(
    folder: Path, check: Callable[[Iterable[bytes]], Iterable[str | None]], pause: Callable[[float], None]
) -> None:
    """Wait until a verifier can see the last batch: its header is signed one block after it was written."""
    with (folder / "bundles.jsonl").open("rb") as file:
        line = file.readline()
    for _ in range(_VISIBLE_ATTEMPTS):
        if next(iter(check([line]))) not in _NOT_YET:
            return
        pause(0.5)


def _kept(journal: Journal) -> Iterator[tuple[str, SignedRow]]:
    """The signed rows whose content was not erased since."""
    return ((row_id, row) for row_id, row in journal.signed() if row.credential)


def _anchor(batch: BatchRecord, chain_id: int) -> Anchor:
    return Anchor(chain_id, batch.contract, batch.batch_id, batch.root, batch.block)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file for the issuer alone that takes the name `path` when it is complete and on disk. Raises OutputError."""
    try:
        with replacing(path, 0o600) as file:
            yield file
    except OSError as error:
        raise _explain(path, error) from error


def _explain(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written: {error.strerror or error}",
        "nothing of the run is lost; make room or the folder writable, then say --resume",
    )
