"""Which transaction was being executed when the node died, and those that it died of twice: they are set aside.

A transaction that ends the process that executes it would be proposed again after each start, and the chain would stand
still for ever. So the executor notes which one it has in hand; whoever finds such a note at start counts a
death against it. After the first death it is only suspected, and cleared by the block that holds it. After the second
it is set aside: neither proposed nor taken again until an operator lets it back.

The note outlives the process, not the machine: a power cut is no transaction's fault. Each suspect is a file of its
own, and nobody keeps in memory what the files say, so that a command may change them beside a running node.
"""

import contextlib
import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testamur_node.documents import read_file, read_json
from testamur_node.errors import NodeError
from testamur_node.files import replace_file
from testamur_node.pool import Pool

__all__ = ["HAND_FILE", "Aside", "InHand", "NotAsideError", "SetAsideError", "Suspect", "suspect"]

_log = logging.getLogger(__name__)
HAND_FILE = "in-hand"
_FOLDER = "aside"
_DEATHS = 2
"""After so many a transaction is set aside."""
_NOTHING = bytes(32)


class SetAsideError(NodeError):
    """The transaction was set aside: the node died of it twice."""


class NotAsideError(NodeError):
    """There is no such transaction among those that the node died of."""

    exit_code = 2


class InHand:
    """The note, as the executor writes it: 32 bytes that are written over, so that a full disk keeps nobody from it."""

    def __init__(self, path: Path) -> None:
        self._file: int | None = None
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._file, _NOTHING, 0)
        except OSError as error:
            _log.warning("cannot note in %s what is being executed: %s", path, error.strerror)

    def take(self, transaction_hash: bytes) -> None:
        """This transaction comes next."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._file, transaction_hash, 0)

    def lay_down(self) -> None:
        """None is being executed."""
        self.take(_NOTHING)

    @staticmethod
    def forget(path: Path) -> None:
        """At start, once the note was read: it counts once."""
        with contextlib.suppress(OSError), path.open("r+b") as file:
            file.write(_NOTHING)

    @staticmethod
    def left_in(path: Path) -> bytes | None:
        """The hash that a process noted and did not come to lay down."""
        try:
            noted = path.read_bytes()[:32]
        except OSError:
            return None
        return noted if len(noted) == 32 and noted != _NOTHING else None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A transaction that was in hand when the node died."""

    hash: bytes
    deaths: int
    sender: bytes
    raw: bytes
    """Empty where the pool no longer had it."""

    @property
    def is_aside(self) -> bool:
        """Whether it is out of the question until an operator lets it back."""
        return self.deaths >= _DEATHS

    def to_json(self) -> dict[str, object]:
        """One entry of `aside --json`, and the file."""
        return {
            "hash": "0x" + self.hash.hex(),
            "deaths": self.deaths,
            "from": "0x" + self.sender.hex(),
            "raw": "0x" + self.raw.hex(),
        }


class Aside:
    """The suspects of one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / _FOLDER

    def count_death(self, digest: bytes, sender: bytes, raw: bytes) -> Suspect:
        """The node died with this transaction in hand. Raises `OSError` where the disk refuses to remember it."""
        before = self._read(self._file(digest))
        suspect = Suspect(digest, (before.deaths if before else 0) + 1, sender, raw or (before.raw if before else b""))
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with replace_file(self._file(digest)) as file:
            file.write(json.dumps(suspect.to_json()).encode())
        return suspect

    def holds(self, digest: bytes) -> bool:
        """Whether this transaction is set aside."""
        suspect = self._read(self._file(digest))
        return suspect is not None and suspect.is_aside

    def all(self) -> list[Suspect]:
        """Every suspect, those set aside among them, by hash."""
        return [found for path in self._paths(".json") if (found := self._read(path)) is not None]

    def clear(self, hashes: Iterable[bytes]) -> None:
        """Blocks hold these now: they were not at fault."""
        suspected = {path.stem for path in self._paths(".json")}
        for digest in hashes if suspected else ():
            if digest.hex() in suspected:
                with contextlib.suppress(OSError):
                    self._file(digest).unlink()

    def let_back(self, digest: bytes) -> Suspect:
        """Have the node take it again, at once where it runs, else at its next start. Raises `NotAsideError`."""
        suspect = self._read(self._file(digest))
        if suspect is None:
            raise NotAsideError(
                f"0x{digest.hex()} is neither set aside nor suspected", "testamur-node aside lists them"
            )
        self._file(digest).rename(self._file(digest).with_suffix(".back"))
        return suspect

    def returning(self) -> Iterator[Suspect]:
        """Those that an operator has let back since; each is told once."""
        for path in self._paths(".back"):
            suspect = self._read(path)
            with contextlib.suppress(OSError):
                path.unlink()
            if suspect is not None and suspect.raw:
                yield suspect

    def _file(self, digest: bytes) -> Path:
        return self._folder / f"{digest.hex()}.json"

    def _paths(self, suffix: str) -> list[Path]:
        try:
            names = sorted(os.listdir(self._folder))
        except OSError:
            return []
        return [self._folder / name for name in names if name.endswith(suffix)]

    @staticmethod
    def _read(path: Path) -> Suspect | None:
        try:
            said = read_json(read_file(path))
            parts = (bytes.fromhex(said[name].removeprefix("0x")) for name in ("hash", "from", "raw"))
            digest, sender, raw = parts
            return Suspect(digest, int(said["deaths"]), sender, raw)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def suspect(digest: bytes, aside: Aside, pool: Pool) -> None:
    """At start: the last process died with this transaction in hand. After the second time the pool is rid of it."""
    waiting = pool.get(digest)
    sender, raw = (waiting.sender, waiting.raw) if waiting is not None else (bytes(20), b"")
    try:
        suspected = aside.count_death(digest, sender, raw)
    except OSError as error:
        _log.error("cannot remember that the node died executing 0x%s: %s", digest.hex(), error.strerror)
        return
    if not suspected.is_aside:
        _log.warning("the node died while it executed 0x%s: tried once more, then set aside", digest.hex())
        return
    pool.remove(digest)
    _log.error(
        "0x%s is set aside, since the node died %d times while it executed it; testamur-node aside lets it back",
        digest.hex(), suspected.deaths,
    )  # fmt: skip
