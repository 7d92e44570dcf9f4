"""One learner's package: the bundle, the holder's secret, a note. Written once, whole, and never over another.

<row id>.zip, or a folder <row id>
    <row id>.json   the bundle, with evidence where there is some
    holder.json     the one-time key and blind, where the issuer made them
    README.txt      what the learner should know, in every language of ours
"""

import errno
import hashlib
import os
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson

from testamur.batch.journal import SignedRow
from testamur.files import make_private, sync_folder, write_private
from testamur.language import LANGUAGES, language

__all__ = ["package_digest", "package_files", "package_holds", "package_path", "write_package"]

_HOLDER: Final = "holder.json"
_LARGEST: Final = 32 * 1024 * 1024
"""Of a file in a package that is read: what is longer is none of ours."""


def package_path(out: Path, row_id: str, is_zip: bool) -> Path:
    """Where a row's package stands in `out`."""
    return out / (f"{row_id}.zip" if is_zip else row_id)


def package_files(row_id: str, row: SignedRow, bundle: bytes, page: str | None, is_revoked: bool) -> dict[str, bytes]:
    """The files of a row's package by name; `page` is the address of a verification page, where one is known."""
    notes = ["bundle"]
    notes += ["evidence"] if b'"evidence":' in bundle else []
    notes += ["page"] if page else ["no_page"]
    notes += ["secret"] if row.one_time_key else []
    notes += ["revoked"] if is_revoked else []
    texts = [
        "\n".join(language(tag).text(f"deliver.{key}", row=row_id, page=page) for key in notes) for tag in LANGUAGES
    ]
    files = {f"{row_id}.json": bundle.rstrip(b"\n") + b"\n", "README.txt": ("\n\n".join(texts) + "\n").encode()}
    if row.one_time_key:
        secret = {
            "type": "TestamurHolder",
            "version": 1,
            "key": "0x" + row.one_time_key.hex(),
            "blind": "0x" + row.blind.hex(),
            "holder": "0x" + row.holder.hex(),
        }
        files[_HOLDER] = orjson.dumps(secret, option=orjson.OPT_INDENT_2) + b"\n"
    return files


def write_package(path: Path, files: Mapping[str, bytes]) -> str:
    """Write a package to `path`, which must not exist; SHA-256 of the zip, or of the bundle in a folder, in hex."""
    partial = path.with_name(f".{path.name}.partial")
    if partial.is_dir():
        shutil.rmtree(partial)
    partial.unlink(missing_ok=True)
    if path.suffix != ".zip":
        make_private(partial)
        for name, data in files.items():
            write_private(partial / name, data)
        sync_folder(partial)
        digest = hashlib.sha256(files[f"{path.name}.json"]).hexdigest()
    else:
        with open(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in files.items():
                    archive.writestr(name, data)
            file.flush()
            os.fsync(file.fileno())
        digest = hashlib.sha256(partial.read_bytes()).hexdigest()
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    partial.rename(path)
    sync_folder(path.parent)
    return digest


def package_holds(path: Path, row_id: str, row: SignedRow, line: bytes, has_secret: bool) -> bool:
    """Whether a package that stands is this row's and lacks nothing: its bundle, and the secret where it had one."""
    try:
        bundle = orjson.loads(_member(path, f"{row_id}.json"))
        secret = orjson.loads(_member(path, _HOLDER)) if has_secret else None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return False
    if not isinstance(bundle, dict) or _bare(bundle) != _bare(orjson.loads(line)):
        return False
    if not has_secret:
        return True
    wanted = {"holder": "0x" + row.holder.hex()}
    if row.one_time_key:
        wanted |= {"key": "0x" + row.one_time_key.hex(), "blind": "0x" + row.blind.hex()}
    return isinstance(secret, dict) and all(secret.get(key) == value for key, value in wanted.items())


def package_digest(path: Path, row_id: str) -> str:
    """What `write_package` returned for a package that stands."""
    with suppress(IsADirectoryError, PermissionError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return hashlib.sha256(_member(path, f"{row_id}.json")).hexdigest()


def _bare(bundle: Mapping[str, object]) -> dict[str, object]:
    """A bundle's members without its evidence, which is another each time it is made."""
    return {key: value for key, value in bundle.items() if key != "evidence"}


def _member(path: Path, name: str) -> bytes:
    if path.is_dir():
        return (path / name).read_bytes()
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(name).file_size > _LARGEST:
            raise ValueError(name)
        return archive.read(name)
