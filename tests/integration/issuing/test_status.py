"""Revoke, suspend, reinstate on a real chain: once, many, again, by mistake, and by the wrong hands."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from testamur.chain.errors import TransactionRevertedError
from testamur.issuer import Issuer
from testamur.profile import Profile
from testamur.status import StatusChange, change_status, revoke
from testamur.status_targets import (
    StatusTargetError,
    Target,
    targets_from_bundles,
    targets_from_indexes,
    targets_from_rows,
)
from testamur.verification.bulk import verify_many
from testamur.verification.connection import Chain

from tests.integration.issuing.alliance import Alliance, Roster

ROWS = 30


@pytest.fixture(scope="module")
def issued(alliance: Alliance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issued")
    alliance.issue(Roster.write(folder, ROWS), folder / "out", per_file=True)
    return folder / "out"


@pytest.fixture
def issuer(alliance: Alliance) -> Iterator[Issuer]:
    with Issuer.open(Profile.load(alliance.home), "cdou", environment={}) as opened:
        yield opened


@pytest.fixture
def files(issued: Path, request: pytest.FixtureRequest) -> list[Path]:
    """Three bundle files that no other test of this module uses."""
    number = list(USERS).index(request.node.originalname)
    return sorted((issued / "bundles").iterdir())[3 * number : 3 * number + 3]


USERS = (
    "test_a_revoked_credential_is_revoked_for_every_verifier_and_its_neighbours_are_not",
    "test_a_suspended_credential_comes_back_when_it_is_reinstated",
    "test_the_same_change_again_is_no_transaction",
    "test_a_revoked_credential_is_neither_suspended_nor_reinstated_and_the_report_says_why",
    "test_rows_and_indexes_name_the_same_credentials_as_their_files",
    "test_an_altered_bundle_costs_nobody_a_credential",
    "test_a_list_of_files_with_one_fault_changes_nothing_and_names_it",
)


def codes(alliance: Alliance, files: list[Path]) -> list[str]:
    with Chain.connect(alliance.profile.rpc) as chain:
        return [verdict.code for verdict in verify_many((f.read_bytes() for f in files), chain, alliance.policy)]


def test_a_revoked_credential_is_revoked_for_every_verifier_and_its_neighbours_are_not(
    alliance: Alliance, issuer: Issuer, files: list[Path]
) -> None:
    before = codes(alliance, files)
    report = issuer.revoke(files[:1], reason=1)
    assert ([item.result for item in report.outcomes], report.exit_code) == (["changed"], 0)
    assert codes(alliance, files) == ["revoked", *before[1:]]
    logs = issuer.connection.contract("StatusRegistry").logs("CredentialRevoked", from_block=report.block or 0)
    (target,) = issuer.find(files[:1])
    assert [event.arguments for event in logs] == [{"list": target.list, "index": target.index, "reason": 1}]


def test_a_suspended_credential_comes_back_when_it_is_reinstated(
    alliance: Alliance, issuer: Issuer, files: list[Path]
) -> None:
    before = codes(alliance, files)
    assert issuer.suspend(files).exit_code == 0
    assert codes(alliance, files) == ["suspended"] * 3
    assert issuer.reinstate(files[:2]).exit_code == 0
    assert codes(alliance, files) == [*before[:2], "suspended"]


def test_the_same_change_again_is_no_transaction(issuer: Issuer, files: list[Path]) -> None:
    issuer.revoke(files[:2])
    nonce = issuer.connection.rpc.nonce
    status = issuer.connection.sender_for(issuer.institution, "status").account.address
    sent = nonce(status)
    again = issuer.revoke(files[:2])
    assert [item.result for item in again.outcomes] == ["already", "already"]
    assert (again.transactions, again.block, again.exit_code) == ((), None, 0)
    assert nonce(status) == sent
    mixed = issuer.revoke(files)
    assert [item.result for item in mixed.outcomes] == ["already", "already", "changed"]


def test_a_revoked_credential_is_neither_suspended_nor_reinstated_and_the_report_says_why(
    alliance: Alliance, issuer: Issuer, files: list[Path]
) -> None:
    issuer.revoke(files[:1])
    mixed = issuer.suspend(files)
    assert [item.result for item in mixed.outcomes] == ["refused", "changed", "changed"]
    assert "for good" in str(mixed.outcomes[0].reason)
    assert mixed.exit_code == 8
    assert issuer.reinstate(files[:1]).exit_code == 10
    assert codes(alliance, files) == ["revoked", "suspended", "suspended"]


def test_rows_and_indexes_name_the_same_credentials_as_their_files(
    issuer: Issuer, issued: Path, files: list[Path]
) -> None:
    by_file = [(target.list, target.index) for target in issuer.find(files)]
    by_row = [(target.list, target.index) for target in issuer.find_rows(issued, [file.stem for file in files])]
    numbers = {number for number, _ in by_file}
    by_index = [
        (target.list, target.index)
        for number in numbers
        for target in issuer.find_indexes(number, [index for _, index in by_file])
    ]
    assert by_file == by_row == by_index
    with pytest.raises(StatusTargetError, match="no such row"):
        targets_from_rows(issued, ["nobody"])
    with pytest.raises(StatusTargetError, match="no run was issued"):
        targets_from_rows(issued / "bundles", ["R1"])


def test_an_altered_bundle_costs_nobody_a_credential(
    alliance: Alliance, issuer: Issuer, files: list[Path], tmp_path: Path
) -> None:
    """Another learner's index in my file, in each of the places where it stands."""
    mine, theirs = (json.loads(file.read_bytes()) for file in files[:2])
    inclusion = {**mine, "inclusion": {**mine["inclusion"], "statusIndex": theirs["inclusion"]["statusIndex"]}}
    credential = {**inclusion, "credential": {**mine["credential"]}}
    credential["credential"]["credentialStatus"] = theirs["credential"]["credentialStatus"]
    swapped = {**mine, "inclusion": theirs["inclusion"]}
    anchor = {**mine, "anchor": {**mine["anchor"], "batchId": "0x" + "00" * 32}}
    chain = {**mine, "anchor": {**mine["anchor"], "chainId": 1}}
    for altered, reason in (
        (inclusion, "altered"),
        (credential, "altered"),
        (swapped, "altered"),
        (anchor, "not recorded"),
        (chain, "chain 1"),
    ):
        file = tmp_path / "altered.json"
        file.write_text(json.dumps(altered))
        with pytest.raises(StatusTargetError, match=reason) as caught:
            issuer.revoke([file])
        assert caught.value.exit_code == 2
    assert "revoked" not in codes(alliance, files)


def test_a_list_of_files_with_one_fault_changes_nothing_and_names_it(
    alliance: Alliance, issuer: Issuer, files: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "torn.json").write_bytes(files[0].read_bytes()[:-40])
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(StatusTargetError, match="there is no bundle in it"):
        issuer.revoke([tmp_path / "empty.jsonl"])  # nobody is revoked, and that is no success
    with pytest.raises(StatusTargetError) as caught:
        issuer.revoke([*files, tmp_path / "torn.json", tmp_path / "missing.json"])
    assert {Path(source).name for source, _ in caught.value.problems} == {"missing.json", "torn.json"}
    assert "revoked" not in codes(alliance, files)


def test_bundles_in_lines_are_named_by_file_and_line(alliance: Alliance, issued: Path) -> None:
    with alliance.connect() as connection:
        targets = targets_from_bundles(connection, alliance.issuer, [issued / "bundles.jsonl"])
    assert len(targets) == ROWS
    assert targets[4].source.endswith("bundles.jsonl:5")


def test_another_institution_cannot_touch_the_list(alliance: Alliance, issued: Path) -> None:
    with alliance.connect() as connection:
        stranger = connection.profile.institution("uestc")
        with pytest.raises(StatusTargetError, match="institution 1's credential"):
            targets_from_bundles(connection, stranger, [issued / "bundles.jsonl"])
        with pytest.raises(TransactionRevertedError, match="no STATUS operator") as caught:
            revoke(connection, stranger, targets_from_indexes(1, [5]), 0)
    assert caught.value.exit_code == 10
    assert caught.value.error == "StatusRegistryNotKeeper"


def test_many_are_changed_in_whole_words(alliance: Alliance) -> None:
    """Six hundred places in two hundred and fifty words, in three transactions."""
    places = random.Random(5).sample(range(250 * 256), 600)
    targets = [Target(1, index, str(index)) for index in places]
    with alliance.connect() as connection:
        suspended = change_status(connection, alliance.issuer, StatusChange.SUSPEND, targets, 2)
        assert suspended.exit_code == 0
        assert len(suspended.transactions) == 3
        registry = connection.contract("StatusRegistry")
        words = registry.read("words", 1, 0, 512)["suspended"]
        assert all(words[index >> 8] >> (index & 255) & 1 for index in places)
        reinstated = change_status(connection, alliance.issuer, StatusChange.REINSTATE, targets, 2)
        assert reinstated.exit_code == 0


@pytest.mark.parametrize(("list_number", "index"), [(1, 1 << 17), (1, -1), (4_000_000, 0)])
def test_a_place_that_does_not_exist_is_told_before_anything_is_sent(
    alliance: Alliance, list_number: int, index: int
) -> None:
    with alliance.connect() as connection, pytest.raises(StatusTargetError, match=r"no such index|no status list"):
        revoke(connection, alliance.issuer, targets_from_indexes(list_number, [3, index]), 0)


def test_a_reason_that_is_none_is_refused(alliance: Alliance) -> None:
    with alliance.connect() as connection, pytest.raises(TransactionRevertedError, match="no reason 4"):
        revoke(connection, alliance.issuer, targets_from_indexes(1, [77_777]), 4)
