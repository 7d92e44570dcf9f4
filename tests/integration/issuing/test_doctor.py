"""The doctor on a real alliance: all is well, and then each thing that can be wrong, by its code."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from testamur.chain.connection import Connection
from testamur.chain.institution import Scope
from testamur.chain.rpc import Rpc
from testamur.chain.signing_key import create_signing_key
from testamur.doctor import Finding, check_clock, check_code, check_disk, check_issuer, check_signing_key, diagnose
from testamur.profile import Profile, SigningKeys

from tests.integration.issuing.alliance import Alliance


@pytest.fixture
def copy(alliance: Alliance, tmp_path: Path) -> Profile:
    """The alliance's profile in a folder of its own, where it can be damaged."""
    shutil.copytree(alliance.home / "keys", tmp_path / "keys")
    if (alliance.home / "lists").exists():
        shutil.copytree(alliance.home / "lists", tmp_path / "lists")
    profile = Profile.load(alliance.home)
    only = replace(profile, path=tmp_path / "testamur.toml", institutions=(profile.institution("cdou"),))
    only.save()
    return only


def problems(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.code: finding for finding in findings if finding.severity != "ok"}


def test_a_profile_in_order_has_no_finding_but_ok(copy: Profile) -> None:
    findings = list(diagnose(copy))
    assert {finding.severity for finding in findings} == {"ok"}
    assert len(findings) > 6


def test_every_finding_has_a_remedy_and_facts_for_machines(copy: Profile) -> None:
    shutil.rmtree(copy.path.parent / "keys")
    for finding in problems(diagnose(copy)).values():
        assert finding.advice
        assert finding.to_json()["code"] == finding.code
        assert finding.exit_code in (2, 6, 7, 9)


def test_a_node_that_is_not_there_ends_the_examination(copy: Profile) -> None:
    dead = replace(copy, rpc="http://127.0.0.1:9")
    assert list(problems(diagnose(dead))) == ["chain_unreachable"]


def test_a_node_of_another_chain_and_a_directory_that_is_none_are_told(copy: Profile) -> None:
    assert list(problems(diagnose(replace(copy, chain_id=1)))) == ["wrong_chain"]
    assert list(problems(diagnose(replace(copy, directory=bytes(19) + b"\x01")))) == ["wrong_chain"]


def test_an_unreadable_keystore_is_named(copy: Profile) -> None:
    copy.resolve(str(copy.institution().accounts.issue)).write_text("{}")
    finding = problems(diagnose(copy))["unreadable_keystore"]
    assert finding.facts["keystore"] == copy.institution().accounts.issue
    assert finding.exit_code == 9


def test_an_account_in_the_wrong_place_lacks_the_role(copy: Profile) -> None:
    institution = copy.institution()
    accounts = replace(institution.accounts, issue=institution.accounts.status)
    finding = problems(diagnose(copy.with_institution(replace(institution, accounts=accounts))))["missing_role"]
    assert finding.facts["role"] == "ISSUE"


def test_a_key_that_is_not_registered_and_one_that_does_not_open_are_told(copy: Profile, alliance: Alliance) -> None:
    institution = copy.institution()
    password = (copy.path.parent / "keys/password").read_text().strip()
    create_signing_key(copy.resolve("keys/other.pem"), password)
    assert institution.signing is not None
    swapped = replace(institution, signing=replace(institution.signing, credential="keys/other.pem"))
    assert "key_unknown" in problems(diagnose(copy.with_institution(swapped)))
    confused = replace(institution, signing=SigningKeys(institution.signing.status, institution.signing.credential))
    assert "key_unknown" in problems(diagnose(copy.with_institution(confused))), "a status key signs no credential"
    copy.resolve("keys/other.pem").write_text("-----BEGIN NOTHING-----")
    assert "unreadable_key" in problems(diagnose(copy.with_institution(swapped)))
    with Connection(copy, Rpc(alliance.profile.rpc)) as connection:
        (finding,) = check_signing_key(connection, replace(institution, signing=None))
    assert finding.code == "key_unknown"


def test_an_institution_that_is_not_recognised_is_told(copy: Profile, alliance: Alliance) -> None:
    other = Profile.load(alliance.home).institution("uestc")
    with Connection(copy, Rpc(alliance.profile.rpc)) as connection:
        (finding,) = check_issuer(connection, other, time.time())
    assert (finding.code, finding.exit_code) == ("not_recognised", 6)


def test_a_lost_list_key_is_told(copy: Profile, alliance: Alliance, tmp_path: Path) -> None:
    institution = alliance.issuer
    if not institution.lists:
        from tests.integration.issuing.alliance import Roster

        alliance.issue(Roster.write(tmp_path / "roster", 3), tmp_path / "roster" / "out")
        institution = alliance.issuer
    shutil.rmtree(tmp_path / "lists", ignore_errors=True)
    assert "unreadable_list_key" in problems(diagnose(copy.with_institution(institution)))


def test_a_clock_that_is_behind_and_a_chain_that_stands_still_are_told_apart(alliance: Alliance) -> None:
    profile = Profile.load(alliance.home)
    with Rpc(profile.rpc) as rpc:
        assert check_clock(rpc, profile, time.time()).severity == "ok"
        behind = check_clock(rpc, profile, time.time() - 3_600)
        assert (behind.code, behind.severity) == ("clock", "error")
        stale = check_clock(rpc, profile, time.time() + 3_600)
        assert (stale.code, stale.severity) == ("stale_node", "warning")


def test_code_that_this_client_does_not_know_is_told(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        assert [finding.code for finding in check_code(connection)] == ["code"]
        contracts = connection.suite
        found = contracts.contract("StatusRegistry")
        contracts._found["StatusRegistry"] = replace(found, address=contracts.contract("BlockHistory").address)
        assert [finding.facts["contract"] for finding in check_code(connection)] == ["StatusRegistry"]


def test_a_disk_without_room_is_told_before_it_is_full(tmp_path: Path) -> None:
    assert check_disk(tmp_path / "not" / "there" / "yet").code == "disk"
    full = check_disk(tmp_path, 10**18)
    assert (full.code, full.severity, full.exit_code) == ("disk_full", "error", 2)
    free = shutil.disk_usage(tmp_path).free
    assert check_disk(tmp_path, free - 100_000_000).severity == "warning"


def test_a_scope_that_ends_is_told_in_time(alliance: Alliance) -> None:
    with alliance.connect() as connection:
        assert check_issuer(connection, alliance.issuer, time.time())[0].severity == "ok"
    assert Scope(1, to_time=100).covers(1, 0, 5, 0, 100) is False
