"""Which of a home's secrets others than its owner can read: keys, and the password that opens them."""

import stat
from pathlib import Path

from testamur_node.node import VALIDATOR_KEY

__all__ = ["readable_by_others"]


def readable_by_others(home: Path) -> tuple[str, ...]:
    """Their paths from `home`, in order: of the validator's key and of what lies in keys/."""
    secrets = (home / VALIDATOR_KEY, *sorted((home / "keys").glob("*")))
    return tuple(
        path.relative_to(home).as_posix()
        for path in secrets
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    )
