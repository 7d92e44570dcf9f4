"""What becomes of a finished run's rows: taken out one by one, erased on request (`delivery` hands them out).

extract   one row's bundle
erase     one learner's data leaves this folder; the leaf and the status bit stay and say nothing
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from testamur.batch.interruption import InterruptedRunError
from testamur.batch.issued import IssuedRegister
from testamur.batch.journal import Journal, SignedRow
from testamur.batch.output import OutputError
from testamur.errors import TestamurError
from testamur.files import replacing, write_private

__all__ = ["RowError", "drop_lines", "erase", "extract", "finished_rows", "open_finished"]


class RowError(TestamurError):
    """A row is not there, was erased, or its run is not finished."""

    exit_code = 2


def open_finished(folder: Path) -> Journal:
    """The journal of a run that is done."""
    journal = Journal.open(folder)
    if journal is None:
        raise RowError(f"no run was issued into {folder}", "name the folder that `testamur issue --out` wrote")
    if not journal.is_done():
        try:
            raise InterruptedRunError(journal)
        finally:
            journal.close()
    return journal


def extract(folder: Path, row_id: str) -> bytes:
    """The bundle of one row, as it stands in bundles.jsonl."""
    journal = open_finished(folder)
    try:
        return next(line for _, _, line in finished_rows(folder, journal, {row_id}))
    finally:
        journal.close()


def erase(folder: Path, row_ids: Iterable[str], register: IssuedRegister | None = None) -> list[tuple[str, int, int]]:
    """Erase rows; each one's status list and index, which still serve to revoke it.

    `register` is the profile's memory of numbers, which then forgets theirs too.
    """
    wanted = list(row_ids)
    journal = open_finished(folder)
    try:
        places = journal.places()
        missing = [row_id for row_id in wanted if row_id not in places]
        if missing:
            raise RowError(f"there is no row {missing[0]} in {folder}")
        _drop_bundles(folder / "bundles.jsonl", journal, set(wanted))
        for row_id in wanted:
            (folder / "bundles" / f"{row_id}.json").unlink(missing_ok=True)
        drop_lines(folder / "holders.jsonl", set(wanted))
        if register is not None:
            register.release(journal.name, journal.positions(wanted))
        journal.erase(wanted)
        return [(row_id, *places[row_id]) for row_id in wanted]
    except OSError as error:
        raise OutputError(f"{error.filename}: {error.strerror}", "run it again: erasing is safe to repeat") from error
    finally:
        journal.close()


def finished_rows(folder: Path, journal: Journal, wanted: set[str]) -> Iterator[tuple[str, SignedRow, bytes]]:
    """Rows with their lines of bundles.jsonl: all that were not erased, or those wanted."""
    found: set[str] = set()
    with (folder / "bundles.jsonl").open("rb") as lines:
        for row_id, row in journal.signed():
            if not row.credential:
                continue  # erased: its line is gone
            line = lines.readline()
            if not line:
                raise RowError(f"{folder / 'bundles.jsonl'} has fewer lines than the run has rows")
            if not wanted or row_id in wanted:
                found.add(row_id)
                yield row_id, row, line
    if missing := sorted(wanted - found):
        raise RowError(f"there is no row {missing[0]} in {folder}", "row ids stand in the roster's first column")


def drop_lines(path: Path, row_ids: set[str]) -> None:
    """holders.jsonl without the lines of these rows; gone when none is left."""
    if not path.exists():
        return
    kept = [line for line in path.read_bytes().splitlines(True) if orjson.loads(line)["row"] not in row_ids]
    if kept:
        write_private(path, b"".join(kept))
    else:
        path.unlink()


def _drop_bundles(path: Path, journal: Journal, row_ids: set[str]) -> None:
    """bundles.jsonl without the lines of these rows."""
    with path.open("rb") as lines, replacing(path, 0o600) as file:
        for row_id, row in journal.signed():
            if not row.credential:
                continue
            line = lines.readline()
            if row_id not in row_ids:
                file.write(line)
