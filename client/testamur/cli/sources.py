"""Where bundles come from on the command line: files, folders, lines of files, stdin; one input each, in order."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from testamur.batch.bundle import MAX_BUNDLE_BYTES
from testamur.batch.intake import only_bundle, packed_bundles
from testamur.cli.failure import UsageError

__all__ = ["Source", "bundle_files", "sources"]

NOT_BUNDLES = frozenset({"batch.json", "template.json", "holders.jsonl", "holder.json"})
"""What else stands in the folder of a run, or of a package that was handed out."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input: its name, and its bytes or why there are none."""

    name: str
    """The path as it was given; `path:line` for a line of a file, `path:member` in an archive; `-` for stdin."""
    data: bytes | None
    problem: str | None = None


def sources(arguments: Sequence[str]) -> Iterator[Source]:
    """Every input that the arguments mean; a folder without any is a usage error, an argument without any a problem.

    So nothing passes for judged because nothing was there.
    """
    for argument in arguments:
        is_empty = True
        for source in _of(argument):
            is_empty = False
            yield source
        if is_empty:
            yield Source(argument, None, "there is no bundle in it")


def _of(argument: str) -> Iterator[Source]:
    if argument == "-":
        yield from _opened("-", sys.stdin.buffer.read(MAX_BUNDLE_BYTES + 1))
        return
    path = Path(argument)
    if not path.is_dir():
        yield from _file(path)
        return
    found = bundle_files(path)
    if not found:
        raise UsageError(f"there is no bundle in {path}", "a bundle ends in .json or stands in a .jsonl, one a line")
    for file in found:
        yield from _file(file)


def bundle_files(folder: Path) -> list[Path]:
    """The files of a folder that hold bundles, in name order."""
    names = (path for path in folder.iterdir() if path.suffix in (".json", ".jsonl") and path.is_file())
    return sorted((path for path in names if path.name not in NOT_BUNDLES), key=lambda path: path.name)


def _opened(name: str, data: bytes) -> Iterator[Source]:
    """The bundles in an archive, each by its member's name; else the file itself."""
    packed = packed_bundles(data) if data.startswith(b"PK") else []
    if not packed:
        yield Source(name, only_bundle(data))
    for member, content in packed:
        yield Source(f"{name}:{member}", content)


def _file(path: Path) -> Iterator[Source]:
    try:
        with path.open("rb") as file:
            if path.suffix != ".jsonl":
                yield from _opened(str(path), file.read(MAX_BUNDLE_BYTES + 1))
                return
            number = 0
            while line := file.readline(MAX_BUNDLE_BYTES + 1):
                number += 1
                if line.strip():
                    yield Source(f"{path}:{number}", line.rstrip(b"\r\n"))
    except OSError as error:
        yield Source(str(path), None, error.strerror or str(error))
