"""What becomes of a finished run's rows: handed out to learners, taken out one by one, erased on request.

deliver   a file or zip per learner: bundle, holder's secret, a note; a list of what was handed out; the secrets are
          then blanked here
extract   one row's bundle
erase     one learner's data leaves this folder; the leaf and the status bit stay and say nothing
"""

import csv
import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from testamur.batch.journal import Journal, SignedRow
from testamur.batch.output import OutputError
from testamur.errors import TestamurError
from testamur.language import LANGUAGES, language

__all__ = ["Delivered", "RowError", "deliver", "erase", "extract", "open_finished"]

_LIST = "delivered.csv"
_HEADS = ("row", "file", "sha256", "holder_secret", "delivered_at")


class RowError(TestamurError):
    """A row is not there, was erased, or its run is not finished."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Delivered:
    """One learner's file."""

    row_id: str
    path: Path
    sha256: str
    """Of the zip, or of the bundle where a folder was written."""
    has_secret: bool
    """Whether the holder's one-time key was in it; not where the roster brought a commitment or it went out before."""


def open_finished(folder: Path) -> Journal:
    """The journal of a run that is done."""
    journal = Journal.open(folder)
    if journal is None:
        raise RowError(f"no run was issued into {folder}", "name the folder that `testamur issue --out` wrote")
    if not journal.is_done():
        journal.close()
        raise RowError(f"the run in {folder} is not finished", "finish it with `testamur issue … --resume`")
    return journal


def deliver(folder: Path, out: Path, row_ids: Iterable[str], *, is_zip: bool, now: datetime) -> list[Delivered]:
    """Write a file per learner into `out` (all rows where none is named) and blank the secrets that went out.

    Files first, then the list, then the blanking: whatever interrupts it, nothing is lost, and a second run writes
    the same files again.
    """
    wanted = set(row_ids)
    journal = open_finished(folder)
    try:
        done: list[Delivered] = []
        _make_private(out)
        for row_id, row, line in _rows(folder, journal, wanted):
            done.append(_write(out, row_id, row, line, is_zip))
        _append_list(out / _LIST, done, now)
        journal.forget_holder_keys(item.row_id for item in done if item.has_secret)
        _drop_lines(folder / "holders.jsonl", {item.row_id for item in done})
    except OSError as error:
        raise OutputError(f"{error.filename or out}: {error.strerror}", "nothing was blanked; run it again") from error
    finally:
        journal.close()
    return done


def extract(folder: Path, row_id: str) -> bytes:
    """The bundle of one row, as it stands in bundles.jsonl."""
    journal = open_finished(folder)
    try:
        return next(line for _, _, line in _rows(folder, journal, {row_id}))
    finally:
        journal.close()


def erase(folder: Path, row_ids: Iterable[str]) -> list[tuple[str, int, int]]:
    """Erase rows; each one's status list and index, which still serve to revoke it."""
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
        _drop_lines(folder / "holders.jsonl", set(wanted))
        journal.erase(wanted)
        return [(row_id, *places[row_id]) for row_id in wanted]
    except OSError as error:
        raise OutputError(f"{error.filename}: {error.strerror}", "run it again: erasing is safe to repeat") from error
    finally:
        journal.close()


def _rows(folder: Path, journal: Journal, wanted: set[str]) -> Iterator[tuple[str, SignedRow, bytes]]:
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


def _write(out: Path, row_id: str, row: SignedRow, line: bytes, is_zip: bool) -> Delivered:
    parts = {f"{row_id}.json": line, "README.txt": _note(row_id, bool(row.one_time_key))}
    if row.one_time_key:
        secret = {
            "type": "TestamurHolder",
            "version": 1,
            "key": "0x" + row.one_time_key.hex(),
            "blind": "0x" + row.blind.hex(),
            "holder": "0x" + row.holder.hex(),
        }
        parts["holder.json"] = orjson.dumps(secret, option=orjson.OPT_INDENT_2) + b"\n"
    if not is_zip:
        target = out / row_id
        _make_private(target)
        for name, data in parts.items():
            _write_private(target / name, data)
        return Delivered(row_id, target, hashlib.sha256(line).hexdigest(), bool(row.one_time_key))
    target = out / f"{row_id}.zip"
    partial = out / f".{row_id}.zip.partial"
    with open(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
    return Delivered(row_id, target, hashlib.sha256(target.read_bytes()).hexdigest(), bool(row.one_time_key))


def _note(row_id: str, has_secret: bool) -> bytes:
    """What the learner should know, in every language of ours."""
    keys = ("deliver.bundle", "deliver.secret") if has_secret else ("deliver.bundle",)
    texts = ["\n".join(language(tag).text(key, row=row_id) for key in keys) for tag in LANGUAGES]
    return ("\n\n".join(texts) + "\n").encode()


def _append_list(path: Path, delivered: Iterable[Delivered], now: datetime) -> None:
    is_new = not path.exists()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(_HEADS)
        time = now.isoformat(timespec="seconds")
        for item in delivered:
            writer.writerow((item.row_id, item.path.name, item.sha256, "yes" if item.has_secret else "no", time))
        file.flush()
        os.fsync(file.fileno())


def _drop_lines(path: Path, row_ids: set[str]) -> None:
    """holders.jsonl without the lines of these rows; gone when none is left."""
    if not path.exists():
        return
    kept = [line for line in path.read_bytes().splitlines(True) if orjson.loads(line)["row"] not in row_ids]
    if kept:
        _write_private(path, b"".join(kept))
    else:
        path.unlink()


def _drop_bundles(path: Path, journal: Journal, row_ids: set[str]) -> None:
    """bundles.jsonl without the lines of these rows."""
    partial = path.with_name(f".{path.name}.partial")
    with path.open("rb") as lines, partial.open("wb") as file:
        for row_id, row in journal.signed():
            if not row.credential:
                continue
            line = lines.readline()
            if row_id not in row_ids:
                file.write(line)
        file.flush()
        os.fsync(file.fileno())
    shutil.copymode(path, partial)
    partial.replace(path)


def _write_private(path: Path, data: bytes) -> None:
    """A file for its owner alone, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _make_private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)
