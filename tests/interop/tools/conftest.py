"""Chains that strangers' tools write to: a development chain, and an alliance whose members voted a deploy right."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account
from testamur.artifacts import GENESIS_ADDRESSES

from tests import tooling
from tests.interop.conftest import NodeProcess
from tests.tooling import foundry, output_of

__all__ = ["NOTEBOOK", "Founder", "Writer", "genesis_address"]

NOTEBOOK = Path(__file__).resolve().parent.parent / "data" / "Notebook.json"
"""ABI and bytecode of the contract that every tool deploys."""


@dataclass(frozen=True, slots=True)
class Writer:
    """An account that may deploy on a running chain."""

    url: str
    key: str
    """Private key of the test's account, as the tools take it."""

    @property
    def address(self) -> str:
        return str(Account.from_key(self.key).address)


@dataclass(frozen=True, slots=True)
class Founder:
    """A keystore of a reference alliance, used by cast as an operator would use it."""

    node: NodeProcess
    name: str
    """Stem of the file below keys/."""

    @property
    def keystore(self) -> Path:
        return self.node.home / "keys" / f"{self.name}.json"

    @property
    def password_file(self) -> Path:
        return self.node.home / "keys" / "password"

    @property
    def key(self) -> str:
        password = self.password_file.read_text(encoding="utf-8").strip()
        return "0x" + bytes(Account.decrypt(json.loads(self.keystore.read_text(encoding="utf-8")), password)).hex()

    @property
    def address(self) -> str:
        return str(Account.from_key(self.key).address)

    def send(self, contract: str, signature: str, *arguments: object) -> dict[str, object]:
        """One transaction through cast; its receipt."""
        said = output_of(
            *(foundry("cast"), "send", "--json", "--rpc-url", self.node.rpc),
            *("--keystore", self.keystore, "--password-file", self.password_file),
            *(genesis_address(contract), signature, *arguments),
        )
        receipt: dict[str, object] = json.loads(said.splitlines()[0])  # its poller may log a line while it ends
        assert receipt["status"] == "0x1"
        return receipt


def genesis_address(contract: str) -> str:
    return "0x" + GENESIS_ADDRESSES[contract].hex()


@pytest.fixture(scope="session")
def governed(started: Callable[..., NodeProcess]) -> NodeProcess:
    """A reference alliance whose two members voted, each by cast, that institution 1's ADMIN may create contracts."""
    node = started()
    first, second = Founder(node, "cdou-govern-1"), Founder(node, "uestc-govern-1")
    grant = output_of(
        foundry("cast"), "calldata", "setDeploy(address,bool)", Founder(node, "cdou-admin").address, "true"
    ).strip()
    calls = f"[({genesis_address('Permissions')},{grant})]"
    first.send("Alliance", "propose((address,bytes)[],bytes32)", calls, "0x" + "07" * 32)
    second.send("Alliance", "vote(uint256,bool)", 1, "true")
    second.send("Alliance", "execute(uint256)", 1)
    return node


@pytest.fixture
def anvil() -> Iterator[str]:
    """The address of an anvil of our own: somebody else's EVM chain, with fees."""
    with tooling.anvil() as (url, _process):
        yield url


@pytest.fixture(scope="session", params=["development", "alliance"])
def writer(request: pytest.FixtureRequest) -> Writer:
    """Who deploys, on a chain of either kind."""
    if request.param == "development":
        node: NodeProcess = request.getfixturevalue("development")
        return Writer(node.rpc, "0x" + bytes(Account.create().key).hex())
    node = request.getfixturevalue("governed")
    return Writer(node.rpc, Founder(node, "cdou-admin").key)
