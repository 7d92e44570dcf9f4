"""Who fills a status list: its holder alone, and what a run does where another account was faster."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from testamur.batch.anchoring import ForeignRecordError
from testamur.batch.journal import Journal
from testamur.batch.leaf import KIND_OWN
from testamur.chain.connection import Connection
from testamur.chain.errors import TransactionRevertedError
from testamur.chain.institution import Role, add_operator, hand_over
from testamur.chain.password_file import read_password
from testamur.chain.signer import Account, create_keystore
from testamur.voids import BatchChange, change_batches, find_batches

from tests.integration.issuing.alliance import Alliance, Interrupted, Roster, require_whole, stop_before_anchoring

ROWS = 3


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    """An alliance whose lists may change hands without harm to other tests."""
    running = Alliance.found(tmp_path_factory.mktemp("own") / "node")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def colleague(own: Alliance) -> Account:
    """A second ISSUE account of the issuer."""
    with own.connect() as connection:
        profile = connection.profile
        path = profile.resolve("keys/cdou/issue-2.json")
        create_keystore(path, read_password(profile.password_path), is_light=True)
        account = connection.account(str(path))
        add_operator(connection, own.issuer, account, Role.ISSUE)
        return account


def lists_of(folder: Path) -> set[int]:
    """The status lists that a finished run filled."""
    return {batch["list"] for batch in json.loads((folder / "batch.json").read_bytes())["batches"]}


def anchor_as(connection: Connection, account: Account, *arguments: object) -> None:
    connection.sender(account).send(connection.contract("CredentialBatches").call("anchor", *arguments))


def test_a_list_that_was_handed_over_takes_its_new_holder_alone_and_the_profile_opens_another(
    own: Alliance, colleague: Account, tmp_path: Path
) -> None:
    roster = Roster.write(tmp_path, ROWS)
    own.issue(roster, tmp_path / "first")
    [number] = lists_of(tmp_path / "first")
    with own.connect() as connection:
        with pytest.raises(TransactionRevertedError, match=f"status list {number} is filled by operator") as caught:
            anchor_as(connection, colleague, b"\x07" * 32, 1, number, ROWS, 1, KIND_OWN)
        assert "issuer hand-over" in str(caught.value.advice)
        hand_over(connection, own.issuer, number, colleague.address)
        anchor_as(connection, colleague, b"\x07" * 32, 1, number, ROWS, 1, KIND_OWN)
    since = own.height() + 1
    own.issue(roster, tmp_path / "second")
    assert number not in lists_of(tmp_path / "second")
    require_whole(own, tmp_path / "second", ROWS, since)


@pytest.mark.parametrize("scope", [2, 1])
def test_a_batch_recorded_with_other_facts_is_not_taken_for_the_runs_own(
    own: Alliance, colleague: Account, tmp_path: Path, scope: int
) -> None:
    """A stolen ISSUE key anchors the root that it saw first: in another scope, or rightly, and is cut off then."""
    roster, out = Roster.write(tmp_path, ROWS), tmp_path / "out"
    with pytest.raises(Interrupted):
        own.issue(roster, out, progress=stop_before_anchoring)
    journal = Journal.open(out)
    assert journal is not None
    [batch] = journal.batches()
    journal.close()
    with own.connect() as connection:
        admin = connection.sender_for(own.issuer, "admin")
        operators = connection.contract("Operators")
        thief = Account.from_secret(bytes([scope]) * 32)
        add_operator(connection, own.issuer, thief, Role.ISSUE)
        hand_over(connection, own.issuer, batch.list, thief.address)
        anchor_as(connection, thief, batch.root, batch.size, batch.list, batch.first, scope, KIND_OWN)
        if scope == batch.scope_index:
            since = int((connection.rpc.block() or {})["timestamp"], 16) - 1
            admin.send(operators.call("markOperatorCompromised", thief.address, since))
    with pytest.raises(ForeignRecordError, match=f"scope {scope}; this run chose") as caught:
        own.issue(roster, out, is_resumed=True)
    assert caught.value.exit_code == 10
    assert not (out / "bundles.jsonl").exists()
    with own.connect() as connection:  # only once that batch is void are the rows salted anew
        found = find_batches(connection, own.issuer, ["0x" + batch.batch_id.hex()])
        assert [target.id for target in found] == [batch.batch_id]
        change_batches(connection, own.issuer, BatchChange.VOID, found, 1)
    since = own.height() + 1
    own.issue(roster, out, is_resumed=True)
    require_whole(own, out, ROWS, since)


def test_a_batch_that_a_colleague_anchored_with_the_same_facts_is_final(
    own: Alliance, colleague: Account, tmp_path: Path
) -> None:
    roster, out = Roster.write(tmp_path, ROWS), tmp_path / "out"
    with pytest.raises(Interrupted):
        own.issue(roster, out, progress=stop_before_anchoring)
    journal = Journal.open(out)
    assert journal is not None
    [batch] = journal.batches()
    journal.close()
    since = own.height() + 1
    with own.connect() as connection:
        hand_over(connection, own.issuer, batch.list, colleague.address)
        anchor_as(connection, colleague, batch.root, batch.size, batch.list, batch.first, batch.scope_index, KIND_OWN)
    assert own.issue(roster, out, is_resumed=True).state == "issued"
    require_whole(own, out, ROWS, since)
