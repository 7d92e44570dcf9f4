"""Writing a backup: one zip for its owner alone, whole or not at all, with the hash and size of every file in it.

Keystores and signing keys are encrypted in it as they are on disk; list keys, journals and packages are not, so it
belongs in a safe place. The password file stays outside unless it is asked for: whoever has both has everything.
"""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from testamur.backup.contents import BackupError, Contents, collect
from testamur.profile import PROFILE_NAME, Profile

__all__ = ["MANIFEST", "TYPE", "VERSION", "BackupReport", "back_up"]

MANIFEST: Final = "backup.json"
TYPE: Final = "TestamurBackup"
VERSION: Final = 2
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What is in a backup."""

    files: tuple[str, ...]
    missing: tuple[str, ...]
    """What the profile or its register names and is not there."""
    has_password: bool
    runs: tuple[str, ...]
    """The folder of each run, in the backup."""


def back_up(
    profile: Profile,
    target: Path,
    *,
    runs: Iterable[Path] = (),
    with_password: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> BackupReport:
    """Write a backup of `profile` and its runs to `target`, which must not exist.

    Its runs are those that its register remembers; `runs` names others, and those that were moved since.
    """
    partial = target.with_name(f".{target.name}.partial")
    if target.exists():
        raise BackupError(f"{target} exists already", "choose another name: backups are never overwritten")
    if not target.absolute().parent.is_dir():
        raise BackupError(f"there is no folder {target.absolute().parent}", "make it, or choose another place")
    with tempfile.TemporaryDirectory(prefix=".backup.", dir=target.absolute().parent) as work:  # mode 0700
        contents = collect(profile, runs, Path(work), with_password=with_password)
        (Path(work) / "profile").mkdir()
        moved = Path(work) / "profile" / PROFILE_NAME
        replace(contents.profile, path=moved).save()
        contents.files[PROFILE_NAME] = moved
        try:
            partial.unlink(missing_ok=True)
            with open(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                    files = _write(archive, contents, progress)
                    manifest = _manifest(contents, files, with_password)
                    archive.writestr(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
                file.flush()
                os.fsync(file.fileno())
            partial.rename(target)
        except OSError as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    has_password = with_password and profile.password_file is not None and "keys/password" in files
    return BackupReport(tuple(files), tuple(contents.missing), has_password, tuple(run.folder for run in contents.runs))


def _write(
    archive: zipfile.ZipFile, contents: Contents, progress: Callable[[int, int], None]
) -> dict[str, dict[str, Any]]:
    """Copy every file, a piece at a time; its size and hash as it was copied, by name."""
    written: dict[str, dict[str, Any]] = {}
    for done, (name, path) in enumerate(sorted(contents.files.items()), start=1):
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as entry:
            while piece := source.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                entry.write(piece)
        written[name] = {"sha256": digest.hexdigest(), "size": size}
        progress(done, len(contents.files))
    return written


def _manifest(contents: Contents, files: dict[str, dict[str, Any]], has_password: bool) -> dict[str, Any]:
    return {
        "type": TYPE,
        "version": VERSION,
        "files": files,
        "missing": contents.missing,
        "password": has_password,
        "runs": [{"name": run.name.hex(), "folder": run.folder, "inputs": dict(run.inputs)} for run in contents.runs],
    }
