"""Which node runs on a home folder: a small file beside the data, written when ready and removed at the end.

A node that halts leaves its last words there instead, in the place that the file has already, so that a full disk does
not keep it from saying so; one that is killed leaves the file as it is. Both can be told from one that runs.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testamur_node.documents import read_file, read_json
from testamur_node.errors import NodeError
from testamur_node.files import replace_file

__all__ = ["RunningNode", "AnnouncementError", "announce", "farewell", "find"]

_FILE = "running.json"


class AnnouncementError(NodeError):
    """No word can be left of a running node, so that `status` and `stop` would not find it."""


@dataclass(frozen=True, slots=True)
class RunningNode:
    """A node process and where it is reached."""

    rpc: str | None
    """URL of HTTP."""
    ws: str | None
    """URL of WebSocket."""
    ipc: str | None
    """Path of the Unix socket."""
    pid: int
    chain_id: int
    admin: str | None = None
    """Path of the operator's Unix socket."""
    metrics: str | None = None
    """URL of the metrics."""
    http: str | None = None
    websocket: str | None = None
    scraped: str | None = None
    """HOST:PORT of the three as they are bound: a URL names this machine where that is every address."""

    def to_json(self) -> dict[str, object]:
        """The object that `start --json` prints."""
        return {
            "rpc": self.rpc,
            "ws": self.ws,
            "ipc": self.ipc,
            "admin": self.admin,
            "metrics": self.metrics,
            "pid": self.pid,
            "chainId": self.chain_id,
        }

    def to_line(self) -> str:
        """The line that `start` prints when ready."""
        places = [place for place in (self.rpc, self.ws, self.ipc) if place is not None]
        return f"ready: chain {self.chain_id} at {', '.join(places) or 'no listener'} (pid {self.pid})"


@contextlib.contextmanager
def announce(home: Path, running: RunningNode) -> Iterator[None]:
    """Leave word of a running node while the block lasts."""
    file = home / _FILE
    try:
        with replace_file(file) as writing:
            bound = {"http": running.http, "ws": running.websocket, "metrics": running.scraped}
            writing.write(json.dumps({**running.to_json(), "bound": bound}).encode())
    except OSError as error:
        raise AnnouncementError(
            f"cannot write {file}: {error.strerror}", "see that there is room and that this user owns the home"
        ) from error
    try:
        yield
    except BaseException as error:
        _leave_word(file, error)
        raise
    with contextlib.suppress(FileNotFoundError):
        file.unlink()


def _leave_word(file: Path, error: BaseException) -> None:
    """Write why the node ends over what the file said, without asking the disk for more room."""
    message, advice = (error.message, error.advice) if isinstance(error, NodeError) else (str(error), None)
    with contextlib.suppress(OSError), file.open("r+b") as writing:
        writing.write(json.dumps({"halted": message, "advice": advice}).encode())
        writing.truncate()


def farewell(home: Path) -> tuple[str, str] | None:
    """Why no node runs on `home` though one was started: (what happened, what to do); None where it ended in peace."""
    try:
        said = read_json(read_file(home / _FILE))
        if "halted" in said:
            return str(said["halted"]), str(
                said["advice"] or "see its log, then begin it again with testamur-node start"
            )
        number, _ = int(said["pid"]), said["rpc"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (
        f"the node on {home} (process {number}) ended without a word: it was killed, or the machine went down",
        "what it acknowledged is on disk: begin it again with testamur-node start, and see testamur-node aside",
    )


def find(home: Path) -> RunningNode | None:
    """The node that runs on `home`, None where none does; a killed one's word is not believed."""
    try:
        said = read_json(read_file(home / _FILE))
        bound = said["bound"]
        running = RunningNode(
            said["rpc"], said["ws"], said["ipc"], int(said["pid"]), int(said["chainId"]), said["admin"],
            said["metrics"], bound["http"], bound["ws"], bound["metrics"],
        )  # fmt: skip
        os.kill(running.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running
