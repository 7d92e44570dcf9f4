"""The recorded conversations of execution-apis: requests with the answers that geth gave."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Conversation", "conversations"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One file."""

    name: str
    is_shape_only: bool
    """Its answers only show what an answer looks like (`speconly`)."""
    exchanges: tuple[tuple[str, Any], ...]
    """(request as JSON, recorded answer)."""


def conversations(vectors: Path) -> list[Conversation]:
    """All of them, those that only read first: what is sent changes what is pending."""
    files = sorted((vectors / "rpc-compat").glob("*/*.io"), key=lambda path: ("sendRaw" in path.parent.name, path))
    return [_read(path) for path in files]


def _read(path: Path) -> Conversation:
    lines = path.read_text(encoding="utf-8").splitlines()
    exchanges = tuple((line[3:], json.loads(lines[at + 1][3:])) for at, line in enumerate(lines) if line[:3] == ">> ")
    assert exchanges, f"{path} holds no conversation"
    is_shape_only = any(line.startswith("// speconly:") for line in lines)
    return Conversation(f"{path.parent.name}/{path.stem}", is_shape_only, exchanges)
