"""A contract is replaced by vote while a run waits: what was signed for the old one is signed anew for the new one."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from testamur.artifacts.genesis import directory_name
from testamur.chain.connection import Connection
from testamur.chain.deploy import deploy_successor
from testamur.chain.errors import KeyUnusableError
from testamur.chain.governance import document_hash, propose_and_pass
from testamur.doctor import check_code

from tests.integration.issuing.alliance import Alliance, Interrupted, Roster, require_whole, stop_before_anchoring

DOCUMENT = document_hash(b"a new version")
ROWS = 5


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    """An alliance whose contracts may be replaced without harm to other tests."""
    running = Alliance.found(tmp_path_factory.mktemp("own") / "node")
    yield running
    running.stop()


def await_current(connection: Connection, name: str, address: bytes) -> None:
    """Make blocks until the Directory's delay is over: its clock is that of the newest block."""
    sender = connection.sender_for(connection.profile.institution("uestc"), "status")
    nothing = connection.contract("IssuerRegistry").call("isRecognised", 1)
    for _ in range(120):
        if connection.suite.directory.read("current", directory_name(name)) == address:
            return
        sender.send(nothing)
        time.sleep(0.5)
    raise AssertionError(f"{name} is not current yet")


def test_only_an_account_that_may_deploy_creates_a_successor(own: Alliance) -> None:
    with own.connect() as connection:
        sender = connection.sender_for(connection.profile.institution("uestc"), "admin")
        before = connection.suite.directory.read("count", directory_name("CredentialBatches"))
        with pytest.raises(KeyUnusableError, match="deployment not permitted"):
            deploy_successor(connection, sender, "CredentialBatches", DOCUMENT)
        assert connection.suite.directory.read("count", directory_name("CredentialBatches")) == before


@pytest.mark.parametrize("name", ["CredentialBatches", pytest.param("StatusRegistry", marks=pytest.mark.slow)])
def test_a_run_signed_for_a_contract_that_was_replaced_is_signed_anew_and_anchored_once(
    own: Alliance, tmp_path: Path, name: str
) -> None:
    roster, out = Roster.write(tmp_path, ROWS), tmp_path / "out"
    since = own.height() + 1
    with pytest.raises(Interrupted):
        own.issue(roster, out, progress=stop_before_anchoring)
    with own.connect() as connection:
        sender = connection.sender_for(connection.profile.institution("cdou"), "admin")
        permissions = connection.contract("Permissions")
        propose_and_pass(connection, [permissions.call("setDeploy", sender.account.address, True)], DOCUMENT)
        old = connection.contract(name).address
        successor = deploy_successor(connection, sender, name, DOCUMENT)
        assert successor.receipt is not None
        assert successor.address != old
        await_current(connection, name, successor.address)
        connection.suite.refresh()
        assert [finding.code for finding in check_code(connection)] == ["code"], "the same code at another address"
    own.issue(roster, out, is_resumed=True)
    bundles = require_whole(own, out, ROWS, since)
    with own.connect() as connection:
        batches = connection.contract("CredentialBatches").address
        registry = connection.contract("StatusRegistry")
        assert {bundle.anchor.contract for bundle in bundles} == {batches}
        assert {registry.read("listOf", bundle.inclusion.list)["issuer"] for bundle in bundles} == {1}
