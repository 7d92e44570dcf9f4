"""Issuing against a real node: what it writes, what it refuses, and how it goes on after trouble."""

import json
import os
import resource
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account as Accounts
from testamur.batch.estimate import estimate
from testamur.batch.interruption import InterruptedRunError
from testamur.batch.issuing import RosterError, issue
from testamur.batch.journal import JournalError
from testamur.batch.output import ReadBackError
from testamur.batch.preflight import NotReadyError
from testamur.batch.rows import erase
from testamur.chain.connection import Connection
from testamur.chain.errors import ChainUnreachableError, KeyUnusableError, WrongChainError
from testamur.chain.keys import KeyUsage, add_key, key_hash, retire_key
from testamur.chain.password_file import read_password
from testamur.chain.signing_key import create_signing_key, load_signing_key, raw_public_key
from testamur.errors import TestamurError
from testamur.issuer import Issuer
from testamur.profile import Profile, update_profile
from testamur.proof.hashing import keccak256

from tests.integration.issuing.alliance import (
    ASSOCIATE,
    BACHELOR,
    DOCTOR,
    Alliance,
    Interrupted,
    Roster,
    next_counter,
    require_whole,
    stop_before_anchoring,
)

ROWS = 9


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    return Roster.write(tmp_path, ROWS)


def test_a_roster_becomes_bundles_in_its_order_that_verify(alliance: Alliance, roster: Roster, out: Path) -> None:
    since = alliance.height() + 1
    report = alliance.issue(roster, out, per_file=True)
    assert (report.state, report.issued, report.exit_code) == ("issued", ROWS, 0)
    bundles = require_whole(alliance, out, ROWS, since)
    ids = [line.split(",")[0] for line in roster.csv.read_text(encoding="utf-8-sig").splitlines()[1:]]
    names = [line.split(",")[1] for line in roster.csv.read_text(encoding="utf-8-sig").splitlines()[1:]]
    assert [bundle.document.subject_name for bundle in bundles if bundle.document] == names
    lines = (out / "bundles.jsonl").read_bytes().splitlines(keepends=True)
    assert [(out / "bundles" / f"{row_id}.json").read_bytes() for row_id in ids] == lines
    assert sorted(path.name for path in (out / "bundles").iterdir()) == sorted(f"{row_id}.json" for row_id in ids)


def test_the_report_names_batch_transaction_and_block(alliance: Alliance, roster: Roster, out: Path) -> None:
    alliance.issue(roster, out)
    (batch,) = json.loads((out / "batch.json").read_bytes())["batches"]
    with alliance.connect() as connection:
        receipt = connection.rpc.receipt(bytes.fromhex(batch["transaction"][2:]))
        record = connection.contract("CredentialBatches").read("batch", bytes.fromhex(batch["batchId"][2:]))
    assert receipt is not None
    assert int(receipt["blockNumber"], 16) == batch["block"] == record["blockNumber"]
    assert (record["size"], record["list"]) == (batch["size"], batch["list"]) == (ROWS, batch["list"])


def test_each_learner_has_a_one_time_key_in_a_private_file(alliance: Alliance, roster: Roster, out: Path) -> None:
    alliance.issue(roster, out)
    path = out / "holders.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((out / "journal.db").stat().st_mode) == 0o600
    holders = [json.loads(line) for line in path.read_bytes().splitlines()]
    bundles = [json.loads(line) for line in (out / "bundles.jsonl").read_bytes().splitlines()]
    for holder, bundle in zip(holders, bundles, strict=True):
        address = bytes.fromhex(Accounts.from_key(holder["key"]).address[2:])
        commitment = keccak256(address + bytes.fromhex(holder["blind"][2:]))
        assert bundle["inclusion"]["holder"] == holder["holder"] == "0x" + commitment.hex()
        assert holder["key"] not in json.dumps(bundle)


def test_leaf_order_is_not_roster_order(alliance: Alliance, tmp_path: Path, out: Path) -> None:
    roster = Roster.write(tmp_path, 40)
    alliance.issue(roster, out)
    bundles = [json.loads(line)["inclusion"] for line in (out / "bundles.jsonl").read_bytes().splitlines()]
    assert [bundle["leafIndex"] for bundle in bundles] != list(range(40))
    assert sorted(bundle["leafIndex"] for bundle in bundles) == list(range(40))
    assert [bundle["statusIndex"] for bundle in bundles] != sorted(bundle["statusIndex"] for bundle in bundles)


def test_rows_with_another_scope_go_into_a_batch_of_their_own_in_one_transaction(
    alliance: Alliance, tmp_path: Path, out: Path
) -> None:
    roster = Roster.write(tmp_path, ROWS, levels=(ASSOCIATE, BACHELOR))
    since = alliance.height() + 1
    report = alliance.issue(roster, out)
    require_whole(alliance, out, ROWS, since)
    assert sorted(batch.scope_index for batch in report.batches) == [1, 2]
    assert len({batch.transaction for batch in report.batches}) == 1


def test_a_large_roster_is_several_batches_in_one_transaction(alliance: Alliance, roster: Roster, out: Path) -> None:
    since = alliance.height() + 1
    report = alliance.issue(roster, out, largest_batch=4)
    require_whole(alliance, out, ROWS, since)
    assert [batch.size for batch in report.batches] == [4, 4, 1]
    assert len({batch.transaction for batch in report.batches}) == 1


def test_bad_rows_stop_the_run_before_anything_is_signed(alliance: Alliance, roster: Roster, out: Path) -> None:
    lines = roster.csv.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace(lines[3].split(",")[1], "")
    lines[5] = lines[5].split(",")[0]
    roster.csv.write_text("\n".join(lines) + "\n", encoding="utf-8")
    since = alliance.height() + 1
    report = alliance.issue(roster, out)
    assert (report.state, report.exit_code, report.issued) == ("rejected", 2, 0)
    assert sorted({row.line for row in report.rejected}) == [4, 6]
    assert [path.name for path in out.iterdir()] == ["batch.json"], "only the report is written"
    assert json.loads((out / "batch.json").read_bytes())["rejected"][0]["line"] == 4
    assert alliance.anchored(since) == []

    skipped = alliance.issue(roster, out, skip_bad=True)
    assert (skipped.state, skipped.exit_code) == ("issued", 8)
    require_whole(alliance, out, ROWS - 2, since)
    resumed = alliance.issue(roster, out, is_resumed=True, skip_bad=True)
    assert (resumed.state, resumed.exit_code, len(resumed.rejected)) == ("already", 0, len(skipped.rejected))


def test_a_level_that_no_scope_covers_is_a_bad_row(alliance: Alliance, tmp_path: Path, out: Path) -> None:
    roster = Roster.write(tmp_path, ROWS, levels=(ASSOCIATE, DOCTOR))
    report = alliance.issue(roster, out)
    assert report.exit_code == 2
    assert all("no scope" in row.reason for row in report.rejected)


def test_a_folder_with_a_journal_must_be_resumed_and_a_finished_run_stays_as_it_is(
    alliance: Alliance, roster: Roster, out: Path
) -> None:
    since = alliance.height() + 1
    first = alliance.issue(roster, out, is_resumed=True)
    assert first.state == "issued", "resuming without a journal starts"
    with pytest.raises(JournalError, match="holds the journal of a run") as caught:
        alliance.issue(roster, out)
    assert caught.value.exit_code == 2
    written = (out / "bundles.jsonl").read_bytes()
    again = alliance.issue(roster, out, is_resumed=True)
    assert (again.state, again.exit_code, again.issued) == ("already", 0, ROWS)
    assert (out / "bundles.jsonl").read_bytes() == written
    require_whole(alliance, out, ROWS, since)


def test_an_interrupted_run_says_how_far_it_is_and_how_to_go_on(alliance: Alliance, roster: Roster, out: Path) -> None:
    def unread(lines: Iterable[bytes]) -> Iterable[str | None]:
        raise Interrupted

    steps: tuple[tuple[dict[str, object], str], ...] = (
        ({"progress": stop_before_anchoring}, "9 rows are signed, and nothing was sent"),
        ({"check": unread}, "all its 9 credentials stand on the chain, and not all its files"),
    )
    for options, words in steps:
        with pytest.raises(Interrupted):
            alliance.issue(roster, out, is_resumed=True, **options)
        for ask in (lambda: alliance.issue(roster, out), lambda: erase(out, ["S000001"])):
            with pytest.raises(InterruptedRunError, match=words) as caught:
                ask()
            assert "--resume" in str(caught.value.advice)
    assert alliance.issue(roster, out, is_resumed=True).state == "issued"


def test_lost_files_of_a_finished_run_are_written_again(alliance: Alliance, roster: Roster, out: Path) -> None:
    since = alliance.height() + 1
    alliance.issue(roster, out)
    written = (out / "bundles.jsonl").read_bytes()
    (out / "bundles.jsonl").unlink()
    alliance.issue(roster, out, is_resumed=True)
    assert (out / "bundles.jsonl").read_bytes() == written
    require_whole(alliance, out, ROWS, since)


def test_what_was_erased_does_not_come_back_with_lost_files(alliance: Alliance, roster: Roster, out: Path) -> None:
    alliance.issue(roster, out)
    lines = (out / "bundles.jsonl").read_bytes().splitlines()
    erase(out, [roster.csv.read_text(encoding="utf-8").splitlines()[3].split(",")[0]])
    (out / "bundles.jsonl").unlink()
    alliance.issue(roster, out, is_resumed=True)
    assert (out / "bundles.jsonl").read_bytes().splitlines() == lines[:2] + lines[3:]


def test_a_run_is_resumed_only_with_what_it_was_begun_with(alliance: Alliance, roster: Roster, out: Path) -> None:
    alliance.issue(roster, out)
    roster.csv.write_bytes(roster.csv.read_bytes() + b"\n")
    with pytest.raises(RosterError, match="another roster") as caught:
        alliance.issue(roster, out, is_resumed=True)
    assert caught.value.exit_code == 2


def test_a_bundle_that_does_not_verify_fails_the_run_and_resuming_mends_it(
    alliance: Alliance, roster: Roster, out: Path
) -> None:
    since = alliance.height() + 1

    def harsh(lines: Iterable[bytes]) -> Iterable[str | None]:
        return ("altered" if i == 3 else None for i, _ in enumerate(lines))

    with pytest.raises(ReadBackError, match="1 written bundles did not verify") as caught:
        alliance.issue(roster, out, check=harsh)
    assert caught.value.exit_code == 1
    assert len(caught.value.failures) == 1
    assert alliance.issue(roster, out, is_resumed=True).state == "issued"
    require_whole(alliance, out, ROWS, since)


def test_a_file_changed_after_writing_is_noticed(alliance: Alliance, roster: Roster, out: Path) -> None:
    """The check reads what stands on disk, not what was meant."""

    def tampering(lines: Iterable[bytes]) -> Iterable[str | None]:
        changed = (line.replace(b"targetName", b"targetname") for line in lines)
        return alliance.check()(changed)

    with pytest.raises(ReadBackError, match="malformed"):
        alliance.issue(roster, out, check=tampering)


def test_another_batch_that_was_first_makes_the_run_sign_anew_and_anchor_once(
    alliance: Alliance, roster: Roster, tmp_path: Path
) -> None:
    """CounterMoved: signed for counters that another run then took."""
    alliance.issue(roster, tmp_path / "opening")
    since, before = alliance.height() + 1, next_counter(alliance, 1)
    interrupted = tmp_path / "interrupted"

    with pytest.raises(Interrupted):
        alliance.issue(roster, interrupted, progress=stop_before_anchoring)
    alliance.issue(roster, tmp_path / "overtaking")
    assert next_counter(alliance, 1) == before + ROWS
    alliance.issue(roster, interrupted, is_resumed=True)
    assert next_counter(alliance, 1) == before + 2 * ROWS
    assert len(alliance.anchored(since)) == 2
    indexes = [
        json.loads(line)["inclusion"]["statusIndex"]
        for folder in ("interrupted", "overtaking")
        for line in (tmp_path / folder / "bundles.jsonl").read_bytes().splitlines()
    ]
    assert len(set(indexes)) == 2 * ROWS


def test_a_run_that_waited_while_its_key_was_replaced_signs_anew(alliance: Alliance, roster: Roster, out: Path) -> None:
    """What a retired key signed would be anchored too late to be valid."""
    since = alliance.height() + 1
    with pytest.raises(Interrupted):
        alliance.issue(roster, out, progress=stop_before_anchoring)
    with alliance.connect() as connection:
        issuer, profile = alliance.issuer, connection.profile
        signing = issuer.signing
        assert signing is not None
        old = load_signing_key(profile.resolve(signing.credential), profile.password_path)
        password = read_password(profile.password_path)
        new = create_signing_key(connection.profile.resolve("keys/cdou/second.pem"), password)
        add_key(connection, issuer, raw_public_key(new), KeyUsage.CREDENTIAL)
        retire_key(connection, issuer, key_hash(raw_public_key(old)))
        with pytest.raises(NotReadyError, match="retired") as caught:
            alliance.issue(roster, out, is_resumed=True)
        assert caught.value.exit_code == 6
        changed = replace(issuer, signing=replace(signing, credential="keys/cdou/second.pem"))
        update_profile(connection.profile, lambda profile: profile.with_institution(changed))
    alliance.issue(roster, out, is_resumed=True)
    bundles = require_whole(alliance, out, ROWS, since)
    assert {bundle.document.key for bundle in bundles if bundle.document} == {raw_public_key(new)}


@pytest.mark.parametrize("largest", [0, -1, (1 << 24) + 1])
def test_a_batch_size_that_no_list_can_hold_is_a_mistake_of_the_caller(
    alliance: Alliance, roster: Roster, out: Path, largest: int
) -> None:
    with pytest.raises(ValueError, match="largest_batch"):
        alliance.issue(roster, out, largest_batch=largest)


def test_two_runs_of_one_profile_at_once_both_finish(alliance: Alliance, roster: Roster, tmp_path: Path) -> None:
    alliance.issue(roster, tmp_path / "opening")
    since, before = alliance.height() + 1, next_counter(alliance, 1)
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            try:
                alliance.issue(roster, tmp_path / f"out-{number}")
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    assert [os.WEXITSTATUS(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    assert next_counter(alliance, 1) == before + 3 * ROWS
    assert len(set(alliance.anchored(since))) == len(alliance.anchored(since)) == 3
    lines = [line for n in range(3) for line in (tmp_path / f"out-{n}" / "bundles.jsonl").read_bytes().splitlines()]
    assert list(alliance.check()(lines)) == [None] * (3 * ROWS)


def test_a_dead_node_is_told_and_the_run_goes_on_when_it_is_back(alliance: Alliance, roster: Roster, out: Path) -> None:
    since = alliance.height() + 1

    def cut_the_power(stage: str, done: int, total: int) -> None:
        if stage == "anchoring":
            alliance.kill()

    try:
        with pytest.raises(ChainUnreachableError) as caught:
            alliance.issue(roster, out, progress=cut_the_power)
        assert caught.value.exit_code == 7
    finally:
        alliance.restart()
    alliance.issue(roster, out, is_resumed=True)
    require_whole(alliance, out, ROWS, since)


@pytest.mark.parametrize(
    "limit", [4_000, 70_000, *(pytest.param(bytes_, marks=pytest.mark.slow) for bytes_ in (40_000, 110_000))]
)
def test_a_full_disk_stops_the_run_clearly_and_resuming_finishes_it(
    alliance: Alliance, tmp_path: Path, out: Path, limit: int
) -> None:
    """RLIMIT_FSIZE refuses what a full file system refuses, in a child of its own."""
    roster = Roster.write(tmp_path, 30)
    alliance.issue(roster, tmp_path / "opening")
    since = alliance.height() + 1
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            alliance.issue(roster, out)
        except TestamurError as error:
            os._exit(50 + error.exit_code)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 52
    if out.is_dir():
        assert not (out / "batch.json").exists()
    alliance.issue(roster, out, is_resumed=True)
    require_whole(alliance, out, 30, since)


def test_an_output_folder_that_cannot_be_made_is_told(alliance: Alliance, roster: Roster, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TestamurError, match=r"cannot be (made|written)") as caught:
        alliance.issue(roster, tmp_path / "file" / "out")
    assert caught.value.exit_code == 2


def test_an_institution_that_is_not_recognised_cannot_issue(alliance: Alliance, roster: Roster, out: Path) -> None:
    with alliance.connect() as connection, pytest.raises(NotReadyError, match="not recognised") as caught:
        issue(connection, connection.profile.institution("uestc"), roster.csv, roster.template, out, alliance.check())
    assert caught.value.exit_code == 6
    assert not out.exists()


def test_labels_that_the_registry_does_not_have_are_refused_before_signing(
    alliance: Alliance, tmp_path: Path, out: Path
) -> None:
    wrong = replace(ASSOCIATE, labels=replace(ASSOCIATE.labels, name="大专"))
    with pytest.raises(NotReadyError, match="typeName '大专' is not what the registry holds"):
        alliance.issue(Roster.write(tmp_path, 3, levels=(wrong,)), out)
    assert not out.exists()


def test_an_account_without_the_role_is_refused_before_signing(alliance: Alliance, roster: Roster, out: Path) -> None:
    keys = alliance.home / "keys"
    environment = {"ETH_KEYSTORE": str(keys / "cdou-admin.json"), "ETH_PASSWORD": str(keys / "password")}
    with (
        Connection.open(Profile.load(alliance.home), environment=environment) as connection,
        pytest.raises(NotReadyError, match="does not act as ISSUE") as caught,
    ):
        issue(connection, alliance.issuer, roster.csv, roster.template, out, alliance.check())
    assert caught.value.exit_code == 9
    assert not out.exists()


def test_a_wrong_password_is_refused_before_signing(alliance: Alliance, roster: Roster, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong\n")
    profile = replace(Profile.load(alliance.home), password_file=str(tmp_path / "wrong"))
    with (
        Connection.open(profile, environment={}) as connection,
        pytest.raises(KeyUnusableError, match="does not open") as caught,
    ):
        issue(connection, alliance.issuer, roster.csv, roster.template, tmp_path / "out", alliance.check())
    assert caught.value.exit_code == 9


def test_a_node_of_another_chain_is_refused(alliance: Alliance) -> None:
    profile = replace(Profile.load(alliance.home), chain_id=1)
    with pytest.raises(WrongChainError, match="serves chain 20260, the profile is for 1"):
        Connection.open(profile, environment={})


def test_a_dry_run_tells_what_it_would_do_and_does_nothing(alliance: Alliance, tmp_path: Path, out: Path) -> None:
    roster = Roster.write(tmp_path, ROWS, levels=(ASSOCIATE, BACHELOR))
    height = alliance.height()
    with alliance.connect() as connection:
        told = estimate(connection, alliance.issuer, roster.csv, roster.template, out, is_again=True, largest_batch=4)
    assert told.rows == ROWS == sum(size for _, size in told.batches)
    assert max(size for _, size in told.batches) <= 4
    assert (told.fee_wei, told.exit_code) == (0, 0)
    assert told.transactions == 1 + told.lists_to_open
    assert not out.exists()
    assert alliance.height() == height


def test_the_estimated_gas_is_an_upper_bound(alliance: Alliance, tmp_path: Path, out: Path) -> None:
    roster = Roster.write(tmp_path, ROWS)
    alliance.issue(roster, tmp_path / "opening")
    with alliance.connect() as connection:
        told = estimate(connection, alliance.issuer, roster.csv, roster.template, out, is_again=True, largest_batch=4)
        report = alliance.issue(roster, out, largest_batch=4)
        receipt = connection.rpc.receipt(report.batches[0].transaction)
    assert receipt is not None
    used = int(receipt["gasUsed"], 16)
    assert used <= told.gas <= 2 * used


def test_the_sdk_issues_and_finds_what_it_issued(alliance: Alliance, roster: Roster, out: Path) -> None:
    with Issuer.open(Profile.load(alliance.home), "cdou", environment={}) as issuer:
        assert issuer.issue(roster.csv, roster.template, out, per_file=True, is_again=True).issued == ROWS
        (path, *_) = sorted((out / "bundles").iterdir())
        (target,) = issuer.find([path])
        assert issuer.find_rows(out, [path.stem]) == [replace(target, source=path.stem)]
