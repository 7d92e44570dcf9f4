"""Whether the disk holds what is to be written."""

import shutil
from pathlib import Path

from testamur.doctor.finding import Finding

__all__ = ["check_disk"]

_DISK_WARNING_BYTES = 200_000_000


def check_disk(folder: Path, needed_bytes: int = 0) -> Finding:
    """`disk_full`: whether the folder's disk holds what is needed, with some room to spare."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    facts = {"free_bytes": free, "needed_bytes": needed_bytes, "folder": str(folder)}
    if free < needed_bytes:
        return Finding(
            "disk_full",
            "error",
            f"{free // 10**6} MB are free at {folder}, {needed_bytes // 10**6} MB are needed",
            "free some space or choose another folder",
            facts,
            2,
        )
    if free < needed_bytes + _DISK_WARNING_BYTES:
        return Finding(
            "disk_full", "warning", f"only {free // 10**6} MB are free at {folder}", "free some space", facts
        )
    return Finding("disk", "ok", f"{free // 10**6} MB are free", facts=facts)
