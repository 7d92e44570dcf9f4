"""A profile in one file, and back: what an institution needs to go on issuing and revoking after a lost disk.

    testamur.toml, keystores, signing keys, list keys, nonce queue, policy, and the journals of runs that are named

Keystores and signing keys are encrypted in it as they are on disk; list keys and journals are not, so the file is for
its owner alone (mode 0600) and belongs in a safe place. The password file stays outside unless it is asked for: whoever
has both has everything. Losing a list's key means opening a new list (docs/protocol.md 2); losing it *and* the journal
means that nobody can say any more whose bit is whose.
"""

import hashlib
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import orjson

from testamur.errors import TestamurError
from testamur.profile import Accounts, Institution, Profile, SigningKeys

__all__ = ["BackupError", "BackupReport", "back_up", "restore"]

_MANIFEST = "backup.json"
_PROFILE = "testamur.toml"
_VERSION = 1


class BackupError(TestamurError):
    """The backup cannot be made, is damaged, or would overwrite something."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What is in a backup."""

    files: tuple[str, ...]
    missing: tuple[str, ...]
    """What the profile names and is not there."""
    has_password: bool


def back_up(profile: Profile, target: Path, *, runs: Iterable[Path] = (), with_password: bool = False) -> BackupReport:
    """Write a backup of `profile` and of the journals of `runs` to `target`, which must not exist."""
    names = _Names(profile)
    moved = _moved(profile, names)
    if not with_password:
        names.drop(profile.password_file)
    entries: dict[str, bytes] = {}
    missing: list[str] = []
    for name, path in names.found.items():
        try:
            entries[name] = path.read_bytes()
        except OSError:
            missing.append(str(path))
    queue = profile.state_path / "transactions.db"
    if queue.exists():
        entries["state/transactions.db"] = _database(queue)
    for number, folder in enumerate(runs, 1):
        journal = folder / "journal.db"
        if not journal.exists():
            raise BackupError(f"no run was issued into {folder}")
        entries[f"runs/{number}-{folder.name}/journal.db"] = _database(journal)
        report = folder / "batch.json"
        if report.exists():
            entries[f"runs/{number}-{folder.name}/batch.json"] = report.read_bytes()
    entries[_PROFILE] = _profile_bytes(moved)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(entries.items())}
    manifest = {
        "type": "TestamurBackup",
        "version": _VERSION,
        "files": hashes,
        "missing": missing,
        "password": with_password,
    }
    entries[_MANIFEST] = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    try:
        with open(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in sorted(entries.items()):
                    archive.writestr(name, data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise BackupError(f"{target} exists already", "choose another name: backups are never overwritten") from error
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    return BackupReport(tuple(hashes), tuple(missing), with_password)


def restore(source: Path, folder: Path) -> BackupReport:
    """Unpack a backup into `folder`, which must not hold a profile; every file is compared with its hash first."""
    if (folder / _PROFILE).exists():
        raise BackupError(f"{folder} holds a profile already", "restore into a fresh folder")
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = orjson.loads(archive.read(_MANIFEST))
            if manifest.get("type") != "TestamurBackup" or manifest.get("version") != _VERSION:
                raise BackupError(f"{source} is no backup that this version reads")
            entries = {name: archive.read(name) for name in manifest["files"]}
    except (OSError, KeyError, zipfile.BadZipFile, orjson.JSONDecodeError, RuntimeError) as error:
        raise BackupError(f"{source} cannot be read as a backup: {error}") from error
    for name, data in entries.items():
        if hashlib.sha256(data).hexdigest() != manifest["files"][name]:
            raise BackupError(f"{source} is damaged: {name} is not what was backed up")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise BackupError(f"{source} names a file outside its folder: {name}")
    for name, data in sorted(entries.items(), key=lambda item: item[0] == _PROFILE):  # the profile last
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return BackupReport(tuple(sorted(entries)), tuple(manifest["missing"]), bool(manifest["password"]))


class _Names:
    """Names in the backup for the files of a profile: as in its folder, or below `elsewhere/`."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.found: dict[str, Path] = {}

    def take(self, path: str) -> str:
        target = self._profile.resolve(path)
        folder = self._profile.path.parent
        try:
            name = target.resolve().relative_to(folder.resolve()).as_posix()
        except ValueError:
            place = hashlib.sha256(str(target.parent).encode()).hexdigest()[:8]
            name = f"elsewhere/{place}/{target.name}"
        self.found[name] = target
        return name

    def drop(self, path: str | None) -> None:
        if path is not None:
            target = self._profile.resolve(path)
            self.found = {name: known for name, known in self.found.items() if known != target}


def _moved(profile: Profile, names: _Names) -> Profile:
    """The profile as it stands in the backup, with the names that its files have there."""
    return replace(
        profile,
        password_file=names.take(profile.password_file) if profile.password_file else None,
        policy=names.take(profile.policy) if profile.policy else None,
        institutions=tuple(_moved_institution(item, names) for item in profile.institutions),
    )


def _moved_institution(institution: Institution, names: _Names) -> Institution:
    accounts, signing = institution.accounts, institution.signing

    def single(path: str | None) -> str | None:
        return names.take(path) if path else None

    return replace(
        institution,
        accounts=Accounts(
            govern=tuple(names.take(path) for path in accounts.govern),
            admin=single(accounts.admin),
            issue=single(accounts.issue),
            status=single(accounts.status),
            recovery=single(accounts.recovery),
        ),
        signing=SigningKeys(names.take(signing.credential), names.take(signing.status)) if signing else None,
        lists=tuple(replace(item, key=names.take(item.key)) for item in institution.lists),
    )


def _profile_bytes(profile: Profile) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _PROFILE
        replace(profile, path=path).save()
        return path.read_bytes()


def _database(path: Path) -> bytes:
    """A SQLite file as one consistent whole, whatever writes to it meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        try:
            with closing(sqlite3.connect(path, timeout=5)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            raise BackupError(f"{path} cannot be read: {error}", "wait for the end of the run that uses it") from error
        return copy.read_bytes()
