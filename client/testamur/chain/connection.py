"""A profile's chain, opened: one RPC connection, the suite's contracts, and senders for the profile's accounts.

Everything that changes the chain goes through here, so that the chain id is compared before anything is signed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from testamur.chain.access import Access
from testamur.chain.contracts import Contract, Suite
from testamur.chain.errors import KeyUnusableError, WrongChainError
from testamur.chain.nonces import NonceQueue
from testamur.chain.rpc import Rpc
from testamur.chain.signer import Account, account_from_environment, keystore_address
from testamur.chain.transactions import Sender
from testamur.profile import Institution, Profile

__all__ = ["Connection", "lacking_account_advice"]


class Connection:
    """Use as a context manager, or `close` it."""

    def __init__(
        self,
        profile: Profile,
        rpc: Rpc,
        *,
        environment: Mapping[str, str] = os.environ,
        timeout_seconds: float = 120.0,
    ) -> None:
        self.profile = profile
        self.rpc = rpc
        self.suite = Suite(rpc, profile.directory)
        self._environment = environment
        self._timeout_seconds = timeout_seconds
        self._accounts: dict[Path, Account] = {}
        self._queue: NonceQueue | None = None

    @classmethod
    def open(
        cls,
        profile: Profile,
        *,
        access: Access | None = None,
        environment: Mapping[str, str] = os.environ,
        timeout_seconds: float = 120.0,
    ) -> "Connection":
        """Connect, and refuse a node of another chain. `access` is what the node is shown, where it is not what the
        environment and the profile say.
        """
        if access is None:
            access = Access.of_environment(environment).over(profile.node_access)
        rpc = Rpc(profile.rpc, access=access)
        connection = cls(profile, rpc, environment=environment, timeout_seconds=timeout_seconds)
        try:
            connection.check_chain()
        except BaseException:
            rpc.close()
            raise
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets."""
        self.rpc.close()

    def check_chain(self) -> None:
        """Refuse a node whose chain id is not the profile's."""
        chain_id = self.rpc.chain_id()
        if chain_id != self.profile.chain_id:
            raise WrongChainError(
                f"the node at {self.rpc.url} serves chain {chain_id}, the profile is for {self.profile.chain_id}",
                "check rpc and chain_id in testamur.toml",
            )

    def contract(self, name: str) -> Contract:
        """The contract that the Directory names now."""
        return self.suite.contract(name)

    @property
    def is_account_given(self) -> bool:
        """Whether ETH_KEYSTORE names the account that acts, whatever the profile says."""
        return bool(self._environment.get("ETH_KEYSTORE"))

    def account(self, keystore: str | Path) -> Account:
        """The account of a keystore of the profile, opened once."""
        path = self.profile.resolve(str(keystore))
        if path not in self._accounts:
            password = self.profile.password_path
            if password is None and "ETH_PASSWORD" in self._environment:
                password = Path(self._environment["ETH_PASSWORD"])
            self._accounts[path] = Account.load(path, password)
        return self._accounts[path]

    def address_for(self, institution: Institution, role: str) -> bytes:
        """The address that acts as an institution's `role`, without opening its keystore where that names it."""
        keystore = getattr(institution.accounts, role)
        if isinstance(keystore, str) and "ETH_KEYSTORE" not in self._environment:
            named = keystore_address(self.profile.resolve(keystore))
            if named is not None:
                return named
        return self.sender_for(institution, role).account.address

    def sender(self, account: Account) -> Sender:
        """A sender with the profile's nonce queue."""
        if self._queue is None:
            self._queue = NonceQueue(self.profile.state_path / "transactions.db", self.rpc.block_hash(0))
        return Sender(
            self.rpc,
            account,
            self._queue,
            chain_id=self.profile.chain_id,
            confirmations=self.profile.confirmations,
            timeout_seconds=self._timeout_seconds,
        )

    def sender_for(self, institution: Institution, role: str) -> Sender:
        """The sender of an institution's `govern`, `admin`, `issue`, `status` or `recovery` account.

        ETH_KEYSTORE comes before the profile's account.
        """
        account = account_from_environment(self._environment)
        if account is None:
            value = getattr(institution.accounts, role)
            keystore = (value[0] if value else None) if isinstance(value, tuple) else value
            if keystore is None:
                raise KeyUnusableError(
                    f"the profile names no {role} account for institution {institution.number}",
                    lacking_account_advice(role, self.profile.path.name),
                )
            account = self.account(keystore)
        return self.sender(account)


def lacking_account_advice(role: str, profile: str) -> str:
    """What to do where a profile names no account for a role; `account grant` gives only issue and status."""
    if role not in ("issue", "status"):
        return f"add it to [institution.accounts] in {profile}, or set ETH_KEYSTORE"
    return (
        f"give the role to an account: `testamur account grant NAME --role {role}`; one that has it goes into "
        f"[institution.accounts] of {profile}, or set ETH_KEYSTORE"
    )
