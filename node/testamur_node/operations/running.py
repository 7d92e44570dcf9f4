"""Which node runs on a home folder: a small file beside the data, written when ready and removed at the end."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testamur_node.documents import read_file, read_json
from testamur_node.errors import NodeError
from testamur_node.files import replace_file

__all__ = ["RunningNode", "AnnouncementError", "announce", "find"]

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
            writing.write(json.dumps(running.to_json()).encode())
    except OSError as error:
        raise AnnouncementError(
            f"cannot write {file}: {error.strerror}", "see that there is room and that this user owns the home"
        ) from error
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            file.unlink()


def find(home: Path) -> RunningNode | None:
    """The node that runs on `home`, None where none does; a killed one's word is not believed."""
    try:
        said = read_json(read_file(home / _FILE))
        running = RunningNode(
            said["rpc"], said["ws"], said["ipc"], int(said["pid"]), int(said["chainId"]), said["admin"], said["metrics"]
        )
        os.kill(running.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running
