"""What belongs to a backup, file by file, with the name that each has in it.

    testamur.toml            the profile, with the names that its files have here
    keys/                    account keystores and signing keys, wherever they lay; encrypted, as they are on disk
    lists/                   keys of status lists: secret, and not encrypted
    policy.toml
    state/                   nonce queue, the register of what was issued, documents of proposals
    <folder> or runs/<n>-…   each run: journal, bundles, holders, report, and the roster and template it was begun with
    deliveries/…             packages that were handed out and still stand where they were written

The runs are those that the profile's register remembers and those that are named. Losing a list's key means opening a
new list (docs/protocol.md 2); losing it *and* the journal means that nobody can say any more whose bit is whose.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from testamur.batch.issued import IssuedRegister
from testamur.batch.journal import JOURNAL_NAME, Journal
from testamur.batch.package import package_path
from testamur.chain.signer import keystore_address
from testamur.errors import TestamurError
from testamur.profile import Accounts, Institution, Profile, SigningKeys

__all__ = ["BackupError", "Contents", "RunEntry", "collect"]

_RUN_FILES: Final = ("batch.json", "bundles.jsonl", "holders.jsonl", "roster.csv", "template.json")
_STATE_DATABASES: Final = ("transactions.db", "issued.db")


class BackupError(TestamurError):
    """The backup cannot be made, is damaged, or would overwrite something."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run in a backup."""

    name: bytes
    """As its journal and the register have it."""
    folder: str
    """In the backup."""
    inputs: Mapping[str, str]
    """`roster` and `template` by their names in the backup, as far as they are in it."""


@dataclass(slots=True)
class Contents:
    """What goes into a backup."""

    profile: Profile
    """As it stands in the backup."""
    files: dict[str, Path] = field(default_factory=dict)
    """Where each file lies now, by its name in the backup."""
    missing: list[str] = field(default_factory=list)
    """What the profile or its register names and is not there."""
    runs: list[RunEntry] = field(default_factory=list)

    def take(self, name: str, path: Path) -> str:
        """Enter a file under `name`, or under another where that is another file's; the name it has."""
        stem, dot, suffix = name.rpartition(".")
        number = 1
        while name in self.files and not _is_same(self.files[name], path):
            number += 1
            name = f"{stem}-{number}.{suffix}" if dot else f"{suffix}-{number}"
        self.files[name] = path
        return name

    def drop_missing(self) -> None:
        """Move files that are not there to `missing`."""
        for name, path in list(self.files.items()):
            if not path.is_file():
                self.missing.append(str(path))
                del self.files[name]


def collect(profile: Profile, runs: Iterable[Path], work: Path, *, with_password: bool) -> Contents:
    """Everything that belongs to a backup; consistent copies of databases are made in `work`."""
    contents = Contents(profile)
    contents.profile = _moved(profile, contents, with_password)
    for path in sorted((profile.path.parent / "keys").glob("*.json")):
        if keystore_address(path) is not None and path not in contents.files.values():
            contents.take(f"keys/{path.name}", path)
    for name in _STATE_DATABASES:
        path = profile.state_path / name
        if path.exists():
            contents.files[f"state/{name}"] = copy_database(path, work / name)
    for path in sorted((profile.state_path / "documents").glob("*.txt")):
        contents.files[f"state/documents/{path.name}"] = path
    _collect_runs(contents, profile, runs, work)
    contents.drop_missing()
    return contents


def copy_database(path: Path, target: Path) -> Path:
    """A SQLite file as one consistent whole at `target`, whatever writes to it meanwhile."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=5)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise BackupError(f"{path} cannot be read: {error}", "wait for the end of the run that uses it") from error
    return target


def _collect_runs(contents: Contents, profile: Profile, named: Iterable[Path], work: Path) -> None:
    folders: dict[bytes, tuple[Path, Path]] = {}
    listed = list(named)
    for folder in listed:
        if not (folder / JOURNAL_NAME).exists():
            raise BackupError(f"no run was issued into {folder}")
    known = IssuedRegister.of(profile).folders()
    for number, folder in enumerate([*listed, *known.values()], start=1):
        if (folder / JOURNAL_NAME).exists():
            copy = copy_database(folder / JOURNAL_NAME, work / str(number) / JOURNAL_NAME)
            journal = Journal.open(copy.parent)
            if journal is not None:
                folders.setdefault(journal.name, (folder, copy.parent))
                journal.close()
    contents.missing += [str(folder) for name, folder in known.items() if name not in folders]
    for number, (folder, copy) in enumerate(folders.values(), start=1):
        _collect_run(contents, profile, folder, copy, number)


def _collect_run(contents: Contents, profile: Profile, folder: Path, copy: Path, number: int) -> None:
    journal = Journal.open(copy)
    assert journal is not None  # it was opened a moment ago
    try:
        home = _within(profile, folder) or f"runs/{number}-{folder.name}"
        contents.files[f"{home}/{JOURNAL_NAME}"] = copy / JOURNAL_NAME
        for path in [*(folder / name for name in _RUN_FILES), *sorted((folder / "bundles").glob("*.json"))]:
            if path.is_file():
                contents.files[f"{home}/{path.relative_to(folder).as_posix()}"] = path
        inputs: dict[str, str] = {}
        for kind, path in journal.inputs().items():
            if path.is_file():
                inputs[kind] = contents.take(_within(profile, path) or f"{home}/inputs/{path.name}", path)
            elif not journal.is_done():
                contents.missing.append(str(path))  # a finished run asks for it no more
        contents.runs.append(RunEntry(journal.name, home, inputs))
        _collect_deliveries(contents, profile, journal, number)
    finally:
        journal.close()


def _collect_deliveries(contents: Contents, profile: Profile, journal: Journal, number: int) -> None:
    """Packages that still stand where they were written: nobody else may have them yet."""
    row_ids = journal.row_ids()
    outs: dict[str, int] = {}
    for item in journal.deliveries():
        out, place = Path(item.folder), outs.setdefault(item.folder, len(outs) + 1)
        home = _within(profile, out) or f"deliveries/{number}-{place}-{out.name}"
        path = package_path(out, row_ids[item.position], item.is_zip)
        for file in [path, *_files(path), out / "delivered.csv"]:
            if file.is_file():
                contents.files[f"{home}/{file.relative_to(out).as_posix()}"] = file


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.iterdir() if path.is_file())) if folder.is_dir() else iter(())


def _within(profile: Profile, path: Path) -> str | None:
    """The path from the profile's folder on; None for one that lies elsewhere, or is that folder."""
    try:
        inside = path.resolve().relative_to(profile.path.parent.resolve()).as_posix()
    except ValueError:
        return None
    return None if inside == "." else inside


def _is_same(one: Path, other: Path) -> bool:
    return one == other or (one.exists() and other.exists() and one.samefile(other))


def _moved(profile: Profile, contents: Contents, with_password: bool) -> Profile:
    """The profile as it stands in the backup, with the names that its files have there."""
    password = profile.password_file
    if password is not None:
        path = profile.resolve(password)
        password = contents.take("keys/password", path) if with_password else "keys/password"
    return replace(
        profile,
        password_file=password,
        policy=contents.take("policy.toml", profile.resolve(profile.policy)) if profile.policy else None,
        institutions=tuple(_moved_institution(profile, item, contents) for item in profile.institutions),
    )


def _moved_institution(profile: Profile, institution: Institution, contents: Contents) -> Institution:
    accounts, signing = institution.accounts, institution.signing

    def key(path: str) -> str:
        target = profile.resolve(path)
        inside = _within(profile, target)
        return contents.take(inside if inside and inside.startswith("keys/") else f"keys/{target.name}", target)

    def single(path: str | None) -> str | None:
        return key(path) if path else None

    return replace(
        institution,
        accounts=Accounts(
            govern=tuple(key(path) for path in accounts.govern),
            admin=single(accounts.admin),
            issue=single(accounts.issue),
            status=single(accounts.status),
            recovery=single(accounts.recovery),
        ),
        signing=SigningKeys(key(signing.credential), key(signing.status)) if signing else None,
        lists=tuple(
            replace(item, key=contents.take(f"lists/{Path(item.key).name}", profile.resolve(item.key)))
            for item in institution.lists
        ),
    )
