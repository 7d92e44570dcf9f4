"""What every command is given: its way to speak, and the profile it works with, read only when it is asked for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from testamur.cli.failure import UsageError
from testamur.cli.terminal import Terminal

if TYPE_CHECKING:
    from testamur.chain.connection import Connection
    from testamur.profile import Institution, Profile

__all__ = ["PROFILE_NAME", "Session"]

PROFILE_NAME = "testamur.toml"


@dataclass(frozen=True, slots=True)
class Session:
    """One run of one command. A flag beats a TESTAMUR_* variable, which beats the profile."""

    terminal: Terminal
    """Where results and notes go."""
    profile_path: Path | None
    """`--profile`, else TESTAMUR_PROFILE; None means the folder the command runs in."""
    acting: str | None
    """`--as`: an institution's number, slug or DID, or an account's address."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def profile_file(self) -> Path:
        """Where the profile stands, whether it exists or not."""
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
        from testamur.chain.rpc import Rpc

        profile, environment = self.profile(), dict(self.environment)
        keystore = profile.account_file(self.acting) if self.acting else None
        if keystore is not None:
            environment["ETH_KEYSTORE"] = str(keystore)
            if profile.password_path is not None:
                environment["ETH_PASSWORD"] = str(profile.password_path)
        if url := environment.get("TESTAMUR_RPC"):
            connection = Connection(profile, Rpc(url), environment=environment)
            connection.check_chain()
            return connection
        return Connection.open(profile, environment=environment)

    def institution(self, profile: "Profile") -> "Institution":
        """Who acts: `--as`, else the only institution of the profile."""
        return profile.institution(self.acting)

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
