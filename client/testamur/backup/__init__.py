"""A profile and its runs in one file, and back: what an institution needs to go on after a lost disk.

`contents` says what belongs to it, `writing` puts it into the file, `restoring` takes it out.
"""

from testamur.backup.contents import BackupError
from testamur.backup.restoring import restore
from testamur.backup.writing import BackupReport, back_up

__all__ = ["BackupError", "BackupReport", "back_up", "restore"]
