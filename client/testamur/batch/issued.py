"""What a profile issued already, run by run: so that one roster does not become two sets of credentials.

Data flow: `issuing` asks before a run begins (`clashes`), and claims the run's keys before anything is sent (`claim`);
`supersession` releases those of the rows that it corrected. One SQLite file in the profile's state folder, mode 0600;
it holds hashes of numbers, no name. Whoever loses it loses the warning, never a credential.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from testamur.batch.journal import PreparedRow
from testamur.batch.roster import Row
from testamur.credential.normal import identity
from testamur.credential.template import Template
from testamur.errors import TestamurError
from testamur.profile import Profile

__all__ = [
    "Clash",
    "IssuedAlreadyError",
    "IssuedRegister",
    "RegisterError",
    "Replaced",
    "RowKeys",
    "keys_of",
    "row_keys",
]

_NAME: Final = "issued.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS runs (number INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, folder TEXT NOT NULL,
    time INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS claims (key BLOB NOT NULL, run INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (key, run)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claims_of_run ON claims (run, position);
"""
_SLICE: Final = 500
_SHOWN: Final = 5


_MEND: Final = "mend or remove it: without it nothing warns of rows that were issued already"


class RegisterError(TestamurError):
    """The register of what was issued cannot be read or written."""

    exit_code = 2


class IssuedAlreadyError(TestamurError):
    """Rows of a roster that this profile issued before, or is issuing in a run that was not finished."""

    exit_code = 2

    def __init__(self, clashes: Sequence["Clash"], rows: int) -> None:
        first = clashes[0]
        lines = ", ".join(str(clash.line) for clash in clashes[:_SHOWN]) + (" …" if len(clashes) > _SHOWN else "")
        super().__init__(
            f"{len(clashes)} of {rows} rows were issued already: lines {lines}, by the run in {first.folder}",
            "finish a run with --resume and mend a mistake with `testamur supersede`; "
            "say --again where learners shall have a second credential, as after `testamur void`",
        )
        self.clashes = tuple(clashes)
        """One a row, in the roster's order."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A row whose number was issued already."""

    line: int
    """Of the roster, from 1."""
    folder: str
    """Where that run wrote, then."""
    time: int
    """When it claimed the number, seconds."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The rows of a former run that a run corrects: they stand in nobody's way."""

    run: bytes
    """The former run's name."""
    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class RowKeys:
    """The keys of a run's rows, by position."""

    keys: Mapping[int, Sequence[bytes]]
    lines: Mapping[int, int]
    """Each row's line in the roster, from 1."""


def row_keys(row: Row, institution: int, template: Template) -> list[bytes]:
    """What makes this row's credential this one and no other: 32-byte hashes.

    1. a certificate number is one credential of the institution
    2. a student number is one credential of an achievement and level, for a term and period
    3. where there is neither, the row id and the name are, for the same
    4. a brought outcome tag is one outcome, so that a correction is not corrected a second time
    """
    level = row.level
    qualification = (template.achievement.id, level.framework, level.type, level.rank)
    period = (row.term, row.start_date, row.end_date, row.valid_from, row.valid_until)
    found: list[bytes] = []
    if row.certificate_number:
        found.append(_key("certificate", institution, row.certificate_number))
    if row.student_number:
        found.append(_key("student", institution, *qualification, *period, row.student_number))
    if not found:
        found.append(_key("row", institution, *qualification, *period, row.id, row.name))
    if row.outcome_tag:
        found.append(_key("outcome", institution, row.outcome_tag.hex()))
    return found


def keys_of(prepared: Iterable[PreparedRow], rows: Mapping[str, Row], institution: int, template: Template) -> RowKeys:
    """The keys of a run's rows; rows that were erased since have none."""
    known = [(place, rows[place.row_id]) for place in prepared if place.row_id in rows]
    return RowKeys(
        {place.position: row_keys(row, institution, template) for place, row in known},
        {place.position: place.line for place, _ in known},
    )


def _key(*parts: str | int | date | datetime | None) -> bytes:
    return hashlib.sha256("\x1f".join(_normal(part) for part in parts).encode()).digest()


def _normal(part: str | int | date | datetime | None) -> str:
    """One form of what people write in several: full-width digits, letter case and blanks make no other number."""
    if isinstance(part, (date, datetime)):
        return part.isoformat()
    return identity("" if part is None else str(part))


class IssuedRegister:
    """The register of one profile. Every method opens the file for itself and leaves it closed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, profile: Profile) -> "IssuedRegister":
        """The register in a profile's state folder; the file comes with the first claim."""
        return cls(profile.state_path / _NAME)

    def require_new(self, rows: RowKeys, replaced: Replaced | None = None) -> None:
        """Raise IssuedAlreadyError for rows with a key that a run claimed."""
        if not self.path.exists():
            return
        with self._open() as database:
            found = _clashes(database, rows, replaced)
        if found:
            raise IssuedAlreadyError(found, len(rows.keys))

    def claim(
        self,
        name: bytes,
        folder: Path,
        time: int,
        rows: RowKeys,
        *,
        is_again: bool = False,
        replaced: Replaced | None = None,
    ) -> None:
        """Write down that the run `name` issues these keys, or raise IssuedAlreadyError; whole or not at all."""
        with self._open() as database:
            if database.execute("SELECT 1 FROM runs WHERE name = ?", (name,)).fetchone() is not None:
                return  # claimed before it was interrupted
            if not is_again and (found := _clashes(database, rows, replaced)):
                raise IssuedAlreadyError(found, len(rows.keys))
            database.execute(
                "INSERT INTO runs (name, folder, time) VALUES (?, ?, ?)", (name, str(folder.absolute()), time)
            )
            [run] = database.execute("SELECT number FROM runs WHERE name = ?", (name,)).fetchone()
            database.executemany(
                "INSERT OR IGNORE INTO claims VALUES (?, ?, ?)",
                ((key, run, position) for position, listed in rows.keys.items() for key in listed),
            )

    def folders(self) -> dict[bytes, Path]:
        """Where each run that claimed something wrote, by the run's name."""
        if not self.path.exists():
            return {}
        with self._open() as database:
            return {name: Path(folder) for name, folder in database.execute("SELECT name, folder FROM runs")}

    def move(self, folders: Mapping[bytes, Path]) -> None:
        """Remember that runs lie elsewhere now."""
        if self.path.exists():
            with self._open() as database:
                database.executemany(
                    "UPDATE runs SET folder = ? WHERE name = ?", [(str(path), name) for name, path in folders.items()]
                )

    def release(self, name: bytes, positions: Iterable[int]) -> None:
        """Forget the keys of rows that were corrected, or erased."""
        if not self.path.exists():
            return
        with self._open() as database:
            database.executemany(
                "DELETE FROM claims WHERE run = (SELECT number FROM runs WHERE name = ?) AND position = ?",
                [(name, position) for position in positions],
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One exclusive transaction: two runs of one roster at a time do not both pass."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(self.path, timeout=60.0, isolation_level=None)) as database:
                database.execute("PRAGMA synchronous = FULL")
                database.execute("PRAGMA secure_delete = ON")
                database.execute("BEGIN EXCLUSIVE")
                for statement in _SCHEMA.split(";")[:-1]:
                    database.execute(statement)
                yield database
                database.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise RegisterError(f"the register {self.path} cannot be used: {error}", _MEND) from error


def _clashes(database: sqlite3.Connection, rows: RowKeys, replaced: Replaced | None) -> list[Clash]:
    position_of = {key: position for position, listed in rows.keys.items() for key in listed}
    runs = {number: row for number, *row in database.execute("SELECT number, name, folder, time FROM runs")}
    found: dict[int, Clash] = {}
    wanted = list(position_of)
    for start in range(0, len(wanted), _SLICE):
        part = wanted[start : start + _SLICE]
        statement = f"SELECT key, run, position FROM claims WHERE key IN ({','.join('?' * len(part))})"
        for key, run, position in database.execute(statement, part):
            owner, folder, time = runs[run]
            if replaced is None or owner != replaced.run or position not in replaced.positions:
                mine = position_of[key]
                found[mine] = Clash(rows.lines[mine], folder, time)
    return [found[position] for position in sorted(found)]
