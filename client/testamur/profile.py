"""The profile, `testamur.toml`: which chain, which Directory, whose accounts and keys. Read first by every command.

Paths in the file are relative to it, so that a profile's folder can be moved and backed up as one. Secrets are never in
it, only the places where encrypted ones lie. `testamur-node init` writes the founders' profile; the client adds signing
keys and status lists.
"""

import re
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from testamur.chain.access import NO_ACCESS, Access
from testamur.errors import TestamurError
from testamur.files import replacing
from testamur.foreign import read_toml
from testamur.institution import (
    Accounts,
    Institution,
    SigningKeys,
    StatusListKey,
    institution_of,
    institution_table,
    number_in,
    present,
    text_in,
)

__all__ = [
    "PROFILE_NAME",
    "Accounts",
    "Institution",
    "Profile",
    "ProfileError",
    "SigningKeys",
    "StatusListKey",
    "update_profile",
]

PROFILE_NAME = "testamur.toml"
_VERSION = 1
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class ProfileError(TestamurError):
    """The profile is missing, unreadable or does not hold what was asked."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """What a command needs to know before it talks to a chain."""

    path: Path
    """The file this was read from and is saved to."""
    rpc: str
    chain_id: int
    engine_chain_id: str | None
    """None on a chain without an engine of ours."""
    directory: bytes
    """Address of the Directory, 20 bytes."""
    password_file: str | None = None
    policy: str | None = None
    """Policy file of the verifier that checks what this profile issues."""
    institutions: tuple[Institution, ...] = ()
    default: str | None = None
    """Slug, number or DID of the institution that acts where `--as` says nothing."""
    confirmations: int = 0
    """Blocks above one before it counts as final; 0 where a block is final at once, as on a chain of ours."""
    access: Access = NO_ACCESS
    """What the node at `rpc` is shown, with paths as the file has them."""

    @classmethod
    def load(cls, path: Path) -> "Profile":
        """Read `path`, a file or the folder that holds testamur.toml."""
        file = path / PROFILE_NAME if path.is_dir() else path
        try:
            table = read_toml(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ProfileError(
                f"there is no profile {file}", "run `testamur init --rpc URL`, or name one with --profile FILE"
            ) from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ProfileError(f"the profile {file} cannot be read: {error}") from error
        try:
            return _profile(file.absolute(), table)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            raise ProfileError(f"the profile {file} is not usable: {reason}") from error

    def save(self) -> None:
        """Write the file whole or not at all."""
        import tomli_w

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path) as file:
                file.write(tomli_w.dumps(_table(self)).encode())
        except OSError as error:
            raise ProfileError(f"the profile {self.path} cannot be written: {error.strerror or error}") from error

    def resolve(self, path: str) -> Path:
        """The file that a path in this profile means."""
        return self.path.parent / path

    @property
    def password_path(self) -> Path | None:
        """The password file of its keystores and signing keys."""
        return self.resolve(self.password_file) if self.password_file else None

    @property
    def node_access(self) -> Access:
        """What the node at `rpc` is shown."""
        return Access(**{name: self.resolve(str(path)) for name, path in self.access.given().items()})

    def at(self, url: str) -> "Profile":
        """This profile on the node at `url`, which, if it is another, is not shown what is meant for its own."""
        return self if url == self.rpc else replace(self, rpc=url, access=NO_ACCESS)

    @property
    def state_path(self) -> Path:
        """The folder where the client keeps the nonce queue and other working state of this profile."""
        return self.path.parent / "state"

    def institution(self, who: str | int | None = None) -> Institution:
        """The institution that acts: by number, slug, name or DID; the only one where nothing is said."""
        if who is None:
            who = self.default
        if who is None:
            if len(self.institutions) == 1:
                return self.institutions[0]
            raise ProfileError(
                f"the profile {self.path} holds {len(self.institutions)} institutions", f"say --as {self._choices()}"
            )
        wanted = str(who)
        for institution in self.institutions:
            if wanted in (str(institution.number), institution.slug, institution.name, institution.did):
                return institution
        for institution in self.institutions:
            if any(self._is_account(path, wanted) for path in institution.accounts.files()):
                return institution
        raise ProfileError(f"the profile {self.path} does not act for {wanted!r}", f"say --as {self._choices()}")

    def account_file(self, who: str) -> Path | None:
        """The keystore that `who` names by address, path or file name; None where it names an institution or nobody."""
        for institution in self.institutions:
            if who in (str(institution.number), institution.slug, institution.name, institution.did):
                return None
        paths = (path for institution in self.institutions for path in institution.accounts.files())
        return next((self.resolve(path) for path in paths if self._is_account(path, who)), None)

    def with_institution(self, institution: Institution) -> "Profile":
        """This profile with `institution` in the place of the one of its number, or added."""
        numbers = [known.number for known in self.institutions]
        if institution.number not in numbers:
            return replace(self, institutions=(*self.institutions, institution))
        kept = tuple(institution if known.number == institution.number else known for known in self.institutions)
        return replace(self, institutions=kept)

    def _choices(self) -> str:
        return "|".join(institution.slug for institution in self.institutions) or "INSTITUTION"

    def _is_account(self, path: str, wanted: str) -> bool:
        if wanted in (path, Path(path).name, Path(path).stem):
            return True
        if not _ADDRESS.fullmatch(wanted):
            return False
        from testamur.chain.signer import keystore_address

        return keystore_address(self.resolve(path)) == bytes.fromhex(wanted[2:])


def update_profile(profile: Profile, change: Callable[[Profile], Profile]) -> Profile:
    """Read the profile's file anew, change and save it, while no other process does; what was saved."""
    import sqlite3

    lock = profile.state_path / "profile.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(lock, timeout=30.0, isolation_level=None)) as database:
            database.execute("BEGIN EXCLUSIVE")
            changed = change(Profile.load(profile.path))
            changed.save()
    except (OSError, sqlite3.Error) as error:
        raise ProfileError(f"the profile {profile.path} cannot be changed: {error}") from error
    return changed


def _profile(path: Path, table: dict[str, Any]) -> Profile:
    if table["version"] != _VERSION:
        raise ValueError(f"version {table['version']!r}; this client reads version {_VERSION}")
    directory = table["directory"]
    if not isinstance(directory, str) or not _ADDRESS.fullmatch(directory):
        raise ValueError(f"directory {directory!r} is no address")
    institutions = tuple(institution_of(entry) for entry in table.get("institution", []))
    if len({institution.number for institution in institutions}) != len(institutions):
        raise ValueError("two institutions have one number")
    return Profile(
        path=path,
        rpc=text_in(table, "rpc"),
        chain_id=number_in(table, "chain_id"),
        engine_chain_id=table.get("engine_chain_id"),
        directory=bytes.fromhex(directory[2:]),
        password_file=table.get("password_file"),
        policy=table.get("policy"),
        institutions=institutions,
        confirmations=number_in(table, "confirmations") if "confirmations" in table else 0,
        default=table.get("default"),
        access=_access(table.get("access", {})),
    )


def _access(table: dict[str, Any]) -> Access:
    known = [item.name for item in fields(Access)]
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise ValueError(f"there is no {unknown[0]!r} in [access], there are {', '.join(known)}")
    return Access(**{name: Path(text_in(table, name)) for name in table})


def _table(profile: Profile) -> dict[str, Any]:
    return present(
        version=_VERSION,
        rpc=profile.rpc,
        chain_id=profile.chain_id,
        engine_chain_id=profile.engine_chain_id,
        password_file=profile.password_file,
        directory="0x" + profile.directory.hex(),
        policy=profile.policy,
        confirmations=profile.confirmations or None,
        default=profile.default,
        access={name: path.as_posix() for name, path in profile.access.given().items()} or None,
        institution=[institution_table(institution) for institution in profile.institutions],
    )
