"""Restoring a backup into a fresh folder, which may lie anywhere: on another laptop, on a disk that is mounted there.

Nothing in the archive is believed: names, sizes and hashes are compared with its manifest, and the manifest with what a
backup can be, before a file takes its place. All of it is written below the folder first, then moved in by name, the
profile last: a folder without testamur.toml was not restored.
"""

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, Final

import orjson

from testamur.backup.contents import BackupError, RunEntry
from testamur.backup.writing import MANIFEST, TYPE, VERSION, BackupReport
from testamur.batch.issued import IssuedRegister
from testamur.batch.journal import Journal
from testamur.files import make_private, sync_folder
from testamur.profile import PROFILE_NAME, Profile

__all__ = ["restore"]

_LARGEST_MANIFEST: Final = 1 << 28
_LARGEST_RATIO: Final = 200
"""Of the files to the archive; what people issue is packed to a tenth at most."""
_ALWAYS_FINE: Final = 1 << 24
"""Bytes that are unpacked whatever the ratio."""
_PIECE: Final = 1 << 20
_STAGING: Final = ".restore.partial"
_DEEPEST: Final = 64
"""Folders in each other; a run lies a few below its profile."""
_UNREADABLE = (OSError, KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile, RuntimeError, EOFError)


def restore(
    source: Path, folder: Path, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> BackupReport:
    """Unpack a backup into `folder`, in which nothing of it may stand yet.

    1. the manifest is one of ours, and its names lie below the folder  -> BackupError
    2. the archive holds those files and no others, of those sizes      -> BackupError
    3. nothing stands in their place, and the disk has room              -> BackupError
    4. each is as its hash says, then takes its place; the profile last  -> BackupError, nothing took its place
    """
    staging = folder / _STAGING
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = _read_manifest(source, archive)
            files: dict[str, dict[str, Any]] = manifest["files"]
            _require_sound(source, archive, files)
            heads = sorted({PurePosixPath(name).parts[0] for name in files}, key=lambda name: name == PROFILE_NAME)
            _require_room(source, folder, heads, sum(entry["size"] for entry in files.values()))
            is_new = not folder.exists()
            try:
                if is_new:
                    make_private(folder)
                if staging.is_symlink():
                    staging.unlink()  # nothing is unpacked through a link
                shutil.rmtree(staging, ignore_errors=True)
                make_private(staging)
                for done, (name, entry) in enumerate(files.items(), start=1):
                    _unpack(source, archive, name, entry, staging)
                    progress(done, len(files))
                runs = [_run(run, files) for run in manifest["runs"]]
                _settle(staging, folder, runs)
                for head in heads:
                    (staging / head).rename(folder / head)
                sync_folder(folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
                if is_new and folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
    except BackupError:
        raise
    except _UNREADABLE as error:
        raise BackupError(f"{source} cannot be read as a backup: {error}") from error
    return BackupReport(
        tuple(files), tuple(manifest["missing"]), bool(manifest["password"]), tuple(run.folder for run in runs)
    )


def _read_manifest(source: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if archive.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
        raise BackupError(f"{source} is no backup that this version reads")
    manifest = orjson.loads(archive.read(MANIFEST))
    if manifest.get("type") != TYPE or manifest.get("version") != VERSION:
        raise BackupError(f"{source} is no backup that this version reads")
    for name, entry in manifest["files"].items():
        if not isinstance(entry["size"], int) or entry["size"] < 0 or not isinstance(entry["sha256"], str):
            raise ValueError(name)
    for name, kind in (("missing", str), ("runs", dict)):
        if not isinstance(manifest[name], list) or not all(isinstance(item, kind) for item in manifest[name]):
            raise ValueError(name)
    return dict(manifest)


def _require_sound(source: Path, archive: zipfile.ZipFile, files: dict[str, dict[str, Any]]) -> None:
    """Names that stay below the folder, each once, and entries that are what the manifest says."""
    seen: set[str] = set()
    for name in files:
        parts = name.split("/")
        is_plain = name.isprintable() and "\\" not in name and ":" not in name
        is_ours = parts[0].casefold() != _STAGING and len(parts) <= _DEEPEST and name != MANIFEST
        if not is_plain or not is_ours or not all(part.strip(". ") for part in parts) or name.casefold() in seen:
            raise BackupError(f"{source} names a file outside its folder: {name!r}")
        seen.add(name.casefold())
    if PROFILE_NAME not in files:
        raise BackupError(f"{source} holds no {PROFILE_NAME}")
    entries = archive.infolist()
    if sorted(entry.filename for entry in entries) != sorted([*files, MANIFEST]):
        raise BackupError(f"{source} is damaged: it holds other files than it says")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        is_said = entry.filename == MANIFEST or entry.file_size == files[entry.filename]["size"]
        if kind not in (0, stat.S_IFREG) or not is_said:
            raise BackupError(f"{source} is damaged: {entry.filename} is not what was backed up")
    total = sum(entry.file_size for entry in entries)
    if total > max(_ALWAYS_FINE, _LARGEST_RATIO * source.stat().st_size):
        raise BackupError(f"{source} would unpack to {total} bytes, more than a backup of its size holds")


def _require_room(source: Path, folder: Path, heads: list[str], total: int) -> None:
    if (folder / PROFILE_NAME).exists():
        raise BackupError(f"{folder} holds a profile already", "restore into a fresh folder")
    standing = [head for head in heads if os.path.lexists(folder / head)]
    if standing:
        raise BackupError(f"{folder / standing[0]} is there already", "restore into a fresh folder")
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if shutil.disk_usage(place).free < total:
        raise BackupError(f"{place} has no room for {total} bytes", "make room, or restore to another disk")


def _unpack(source: Path, archive: zipfile.ZipFile, name: str, entry: dict[str, Any], staging: Path) -> None:
    target = staging.joinpath(*name.split("/"))
    for parent in reversed(PurePosixPath(name).parents):  # mkdir's own mode holds for the last of them alone
        (staging / parent).mkdir(mode=0o700, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with (
        archive.open(name) as packed,
        open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        while piece := packed.read(_PIECE):
            size += len(piece)
            if size > entry["size"]:
                break
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if size != entry["size"] or digest.hexdigest() != entry["sha256"]:
        raise BackupError(f"{source} is damaged: {name} is not what was backed up")


def _run(tree: dict[str, Any], files: dict[str, dict[str, Any]]) -> RunEntry:
    run = RunEntry(bytes.fromhex(tree["name"]), str(tree["folder"]), dict(tree["inputs"]))
    if f"{run.folder}/journal.db" not in files or not set(run.inputs.values()) <= set(files):
        raise ValueError(run.folder)
    return run


def _settle(staging: Path, folder: Path, runs: list[RunEntry]) -> None:
    """Tell register and journals where they will lie, so that the next backup finds them."""
    home = folder.absolute()
    register = IssuedRegister(IssuedRegister.of(Profile.load(staging / PROFILE_NAME)).path)
    register.move({run.name: home / run.folder for run in runs})
    for run in runs:
        journal = Journal.open(staging / run.folder)
        if journal is not None:
            try:
                journal.store_inputs({kind: home / name for kind, name in run.inputs.items()})
            finally:
                journal.close()
