"""A complaint about secrets that others on this machine can read: passwords, list keys, keystores.

The file is used all the same: whoever could read it has read it. The complaint goes to the log of the name `testamur`
once a file and process; a command tells it on stderr in its reader's language, and Python shows it where nothing else
is set up.
"""

import logging
import os
from pathlib import Path

__all__ = ["LOGGER", "complain_of_exposure"]

LOGGER = logging.getLogger("testamur")
_told: set[Path] = set()
_OTHERS_READ = 0o044


def complain_of_exposure(path: Path) -> None:
    """Say so where the group or everybody can read a secret's file. Nothing on systems without such modes."""
    if os.name != "posix" or path in _told:
        return
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # whoever reads it next tells why it cannot be read
    if mode & _OTHERS_READ:
        _told.add(path)
        LOGGER.warning("others on this machine can read the secret in %s; close it: chmod 600 %s", path, path)
