"""What every command is given: its way to speak, and the profile it works with, read only when it is asked for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from testamur.cli.failure import UsageError
from testamur.cli.terminal import Terminal

if TYPE_CHECKING:
    from testamur.chain.access import Access
    from testamur.chain.connection import Connection
    from testamur.chain.rpc import Rpc
    from testamur.profile import Institution, Profile

__all__ = ["Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """One run of one command. A flag beats a TESTAMUR_* variable, which beats the profile."""

    terminal: Terminal
    """Where results and notes go."""
    profile_path: Path | None
    """`--profile`, else TESTAMUR_PROFILE; None means the folder the command runs in."""
    acting: str | None
    """`--as`: an institution's number, slug or DID, or an account's address."""
    shown: "Access"
    """`--token-file`, `--tls-certificate`, `--tls-key`, `--tls-ca`, or their variables: for every node of this run."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def profile_file(self) -> Path:
        """Where the profile stands, whether it exists or not."""
        from testamur.profile import PROFILE_NAME

        return self.profile_path or Path(PROFILE_NAME)

    def has_profile(self) -> bool:
        """Whether there is a profile to read (one that was named must exist)."""
        return self.profile_path is not None or self.profile_file.is_file()

    def profile(self) -> "Profile":
        """The profile of this run."""
        from testamur.profile import Profile

        if not self.profile_file.is_file():
            raise UsageError(
                f"no profile at {self.profile_file}",
                "run the command in a folder with testamur.toml, name one with --profile, or make one with "
                "`testamur init --rpc URL`",
            )
        return Profile.load(self.profile_file)

    def connection(self) -> "Connection":
        """The chain of the profile, opened; use as a context manager.

        Where `--as` names an account, that account signs, as ETH_KEYSTORE would.
        """
        from testamur.chain.connection import Connection

        profile, environment = self.profile(), dict(self.environment)
        keystore = profile.account_file(self.acting) if self.acting else None
        if keystore is not None:
            environment["ETH_KEYSTORE"] = str(keystore)
            if profile.password_path is not None:
                environment["ETH_PASSWORD"] = str(profile.password_path)
        profile = profile.at(environment.get("TESTAMUR_RPC") or profile.rpc)
        return Connection.open(profile, access=self.access_to(profile.rpc), environment=environment)

    def node(self, url: str) -> "Rpc":
        """A connection to the node at `url`."""
        from testamur.chain.rpc import Rpc

        return Rpc(url, access=self.access_to(url))

    def access_to(self, url: str) -> "Access":
        """What the node at `url` is shown, read once so that a bad file is told: the flags, else the profile's where it
        is the profile's node."""
        access = self.shown
        if self.profile_file.is_file():
            access = access.over(self.profile().at(url).node_access)
        access.check()
        return access

    def institution(self, profile: "Profile") -> "Institution":
        """Who acts: `--as`, else the only institution of the profile."""
        return profile.institution(self.acting)

    def registered(self, connection: "Connection", who: str) -> int:
        """The number of a registered institution: given itself, by DID, or by the slug or name that the profile has.

        Errors: `UnknownIssuerError` where neither the register nor the profile knows it.
        """
        from testamur.registry import find_institution

        for known in connection.profile.institutions:
            if who in (known.slug, known.name):
                return known.number
        return find_institution(connection.suite, who)

    def policy_file(self, wanted: Path | None) -> Path:
        """`--policy`, else TESTAMUR_POLICY, else the profile's."""
        if wanted is not None:
            return wanted
        if self.has_profile():
            profile = self.profile()
            if profile.policy:
                return profile.resolve(profile.policy)
        raise UsageError(
            "there is no policy to judge by", "name one with --policy, or make one: testamur policy create"
        )
