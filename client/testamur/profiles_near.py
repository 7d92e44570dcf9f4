"""Other profiles on this computer that use the same key files: looked for where offices keep them.

There is no list of profiles: a profile is a file in a folder. Looked at are `*.toml` beside the profile, in the folders
of the key files and of their parents, and in the folders next to the profile's own.
"""

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from testamur.profile import Profile, ProfileError

__all__ = ["key_files", "profiles_near"]

_MAX_FOLDERS: Final = 500
_MAX_BYTES: Final = 1024 * 1024


def key_files(profile: Profile) -> tuple[list[Path], list[Path]]:
    """Every keystore and every signing key that a profile names and that is here."""
    keystores: list[str] = []
    keys: list[str] = []
    for institution in profile.institutions:
        keystores += institution.accounts.files()
        if institution.signing is not None:
            keys += [institution.signing.credential, institution.signing.status]
    return (
        [path for path in map(profile.resolve, dict.fromkeys(keystores)) if path.is_file()],
        [path for path in map(profile.resolve, dict.fromkeys(keys)) if path.is_file()],
    )


def profiles_near(own: Path, files: Collection[Path]) -> Iterator[Profile]:
    """The readable profiles, except `own`, that name one of `files`."""
    wanted = {file.resolve() for file in files}
    home = own.resolve().parent
    folders = dict.fromkeys([home, *(parent for file in wanted for parent in (file.parent, file.parent.parent))])
    try:
        beside = [path for path in islice(home.parent.iterdir(), _MAX_FOLDERS) if path.is_dir()]
    except OSError:
        beside = []
    for folder in dict.fromkeys([*folders, *beside]):
        for path in _toml_files(folder):
            if path.resolve() == own.resolve():
                continue
            try:
                profile = Profile.load(path)
                named = {file.resolve() for kind in key_files(profile) for file in kind}
            except (ProfileError, OSError):
                continue
            if named & wanted:
                yield profile


def _toml_files(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(islice(folder.glob("*.toml"), _MAX_FOLDERS))
                if path.is_file() and path.stat().st_size <= _MAX_BYTES]  # fmt: skip
    except OSError:
        return []
