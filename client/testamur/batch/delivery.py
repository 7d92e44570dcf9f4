"""Handing out: a package per learner, once. What was handed out is never written over, and what is missing is told.

Data flow: journal + bundles.jsonl -> `package` -> OUT/<row id>.zip or a folder -> delivered.csv -> the journal, which
remembers the package and blanks the secret in one transaction -> holders.jsonl loses its line. Whatever interrupts it,
no secret is lost: a second run finds the packages that were written, takes them for what they are, and completes.
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from testamur.batch.journal import BatchRecord, DeliveryRecord, Journal, SignedRow
from testamur.batch.output import OutputError
from testamur.batch.package import package_digest, package_files, package_holds, package_path, write_package
from testamur.batch.rows import drop_lines, finished_rows, open_finished
from testamur.files import make_private

__all__ = ["DeliveryReport", "Package", "PackageState", "Places", "deliver"]

_LIST: Final = "delivered.csv"
_HEADS: Final = ("row", "file", "sha256", "holder_secret", "delivered_at")

Places = Sequence[tuple[int, int]]
"""Status list and index of credentials."""


class PackageState(StrEnum):
    """What became of a row."""

    DELIVERED = "delivered"
    STANDS = "stands"
    """It was handed out into this folder before, and is there."""
    REVOKED = "revoked"
    """Left out."""
    GONE = "gone"
    """Its secret was handed out elsewhere and is not here any more."""
    OCCUPIED = "occupied"
    """Something else stands where it would."""


@dataclass(frozen=True, slots=True)
class Package:
    """One row's."""

    row_id: str
    path: Path
    state: PackageState
    sha256: str | None = None
    """Of the zip, or of the bundle where a folder was written; None where there is none."""
    has_secret: bool = False
    """Whether the holder's one-time key is in it; not where the roster brought a commitment."""
    reason: str | None = None
    """Why there is none, one clause."""

    def to_json(self) -> dict[str, Any]:
        """A line of `deliver --json`."""
        return {
            "row": self.row_id,
            "path": str(self.path),
            "state": str(self.state),
            "sha256": self.sha256,
            "holderSecret": self.has_secret,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a delivery came to, row by row in the roster's order."""

    packages: tuple[Package, ...]

    def of(self, *states: PackageState) -> list[Package]:
        """The packages in one of these states."""
        return [package for package in self.packages if package.state in states]

    @property
    def exit_code(self) -> int:
        """0 where every row asked for has its package in the folder, else 8 (docs/protocol.md 6)."""
        return 0 if len(self.of(PackageState.DELIVERED, PackageState.STANDS)) == len(self.packages) else 8


def deliver(
    folder: Path,
    out: Path,
    row_ids: Iterable[str],
    *,
    is_zip: bool,
    now: datetime,
    are_revoked: Callable[[Places], Sequence[bool]],
    is_void: Callable[[BatchRecord], bool] = lambda batch: False,
    prove: Callable[[Iterable[bytes]], Iterator[bytes]] = iter,
    page: str | None = None,
    with_revoked: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> DeliveryReport:
    """Write a package per row (all rows where none is named) into `out`, and blank the secrets that went out.

    `are_revoked` and `is_void` ask the chain, the latter for whole batches; `prove` adds evidence to bundles, one after
    another; `page` is named in the note.
    """
    wanted = set(row_ids)
    journal = open_finished(folder)
    try:
        make_private(out)
        positions = {row_id: row.position for row_id, row, _ in finished_rows(folder, journal, wanted)}
        places = journal.places()
        revoked = dict(zip(positions, are_revoked([places[row_id] for row_id in positions]), strict=True))
        for batch in filter(is_void, journal.batches()):
            revoked |= {row.row_id: True for row in journal.rows(batch.number) if row.row_id in revoked}
        delivery = _Delivery(out, is_zip, now, page, _handed_out(journal))
        # which rows get a package is decided before the first is made: evidence costs more than all the rest
        packages: dict[str, Package] = {}
        for row_id, row, line in finished_rows(folder, journal, wanted):
            packages[row_id] = delivery.look(row_id, row, line, revoked[row_id] and not with_revoked)
        due = {row_id for row_id, package in packages.items() if package.sha256 is None and package.reason is None}
        if due:
            lines = (line for _, _, line in finished_rows(folder, journal, due))
            writing = zip(finished_rows(folder, journal, due), prove(lines), strict=True)
            for done, ((row_id, row, _), bundle) in enumerate(writing, start=1):
                packages[row_id] = delivery.write(row_id, row, bundle, revoked[row_id])
                progress(done, len(due))
        _append_list(out / _LIST, packages.values(), now)
        journal.store_deliveries(
            DeliveryRecord(
                positions[row_id], delivery.place, is_zip, str(item.sha256), item.has_secret, int(now.timestamp())
            )
            for row_id, item in packages.items()
            if item.state is PackageState.DELIVERED
        )
        blank = {row_id for row_id, row in journal.signed() if not row.one_time_key}
        drop_lines(folder / "holders.jsonl", blank)
    except OSError as error:
        raise OutputError(
            f"{error.filename or out}: {error.strerror}", "no secret was lost; run it again, it goes on"
        ) from error
    finally:
        journal.close()
    return DeliveryReport(tuple(packages.values()))


def _handed_out(journal: Journal) -> Mapping[int, DeliveryRecord]:
    """The delivery that a row's secret went out with, by position."""
    return {item.position: item for item in journal.deliveries() if item.has_secret}


@dataclass(frozen=True, slots=True)
class _Delivery:
    out: Path
    is_zip: bool
    now: datetime
    page: str | None
    handed_out: Mapping[int, DeliveryRecord]

    @property
    def place(self) -> str:
        return str(self.out.resolve())

    def look(self, row_id: str, row: SignedRow, line: bytes, is_left_out: bool) -> Package:
        """The row's package as it stands, why there is none, or one that is due: without a digest and a reason."""
        path = package_path(self.out, row_id, self.is_zip)
        known = self.handed_out.get(row.position)
        has_secret = bool(row.one_time_key) or known is not None
        if is_left_out:
            return Package(row_id, path, PackageState.REVOKED, reason="it is revoked; --revoked includes it")
        if path.exists() or path.is_symlink():
            if not package_holds(path, row_id, row, line, has_secret):
                return Package(row_id, path, PackageState.OCCUPIED, reason=f"{path} is there and is not its package")
            is_new = bool(row.one_time_key)  # written, and the run that wrote it ended before it was remembered
            state = PackageState.DELIVERED if is_new else PackageState.STANDS
            return Package(row_id, path, state, package_digest(path, row_id), has_secret)
        if known is not None:
            day = datetime.fromtimestamp(known.time, UTC).date().isoformat()
            reason = f"its secret went to {known.folder} on {day} and is with the learner alone"
            return Package(row_id, path, PackageState.GONE, reason=reason)
        return Package(row_id, path, PackageState.DELIVERED, has_secret=has_secret)

    def write(self, row_id: str, row: SignedRow, bundle: bytes, is_revoked: bool) -> Package:
        path = package_path(self.out, row_id, self.is_zip)
        digest = write_package(path, package_files(row_id, row, bundle, self.page, is_revoked))
        return Package(row_id, path, PackageState.DELIVERED, digest, bool(row.one_time_key))


def _append_list(path: Path, packages: Iterable[Package], now: datetime) -> None:
    """Add the packages that the list does not name yet."""
    listed: set[tuple[str, str]] = set()
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            listed = {(row["file"], row["sha256"]) for row in csv.DictReader(file)}
    is_new = not listed and not path.exists()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(_HEADS)
        time = now.isoformat(timespec="seconds")
        for item in packages:
            if item.sha256 is not None and (item.path.name, item.sha256) not in listed:
                writer.writerow((item.row_id, item.path.name, item.sha256, "yes" if item.has_secret else "no", time))
        file.flush()
        os.fsync(file.fileno())
