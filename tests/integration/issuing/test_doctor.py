"""The doctor on a real alliance: all is well, and then each thing that can be wrong, by its code."""

import json
import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from testamur.chain.connection import Connection
from testamur.chain.institution import Scope
from testamur.chain.rpc import Rpc
from testamur.chain.signer import Account
from testamur.chain.signing_key import create_signing_key
from testamur.doctor import Finding, check_clock, check_code, check_disk, check_issuer, check_signing_key, diagnose
from testamur.language import language
from testamur.profile import Profile, SigningKeys
from testamur.verification.creation import create_policy
from testamur.verification.policy import Policy

from tests.integration.issuing.alliance import Alliance
from tests.world import command


@pytest.fixture
def copy(alliance: Alliance, tmp_path: Path) -> Profile:
    """The alliance's profile in a folder of its own, where it can be damaged."""
    shutil.copytree(alliance.home / "keys", tmp_path / "keys")
    if (alliance.home / "lists").exists():
        shutil.copytree(alliance.home / "lists", tmp_path / "lists")
    profile = Profile.load(alliance.home)
    only = replace(profile, path=tmp_path / "testamur.toml", institutions=(profile.institution("cdou"),))
    only = replace(only, policy="policy.toml")
    only.save()
    with Rpc(profile.rpc) as rpc:
        create_policy(rpc, profile.directory).write(tmp_path / "policy.toml")
    return only


def problems(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.code: finding for finding in findings if finding.severity != "ok"}


def test_a_profile_in_order_has_no_finding_but_ok(copy: Profile) -> None:
    policy = Policy.load(copy.resolve(str(copy.policy)))
    findings = list(diagnose(copy))
    assert [finding.code for finding in findings if finding.severity != "ok"] == ["island"], "one machine seals it"
    assert len(findings) > 7
    [found] = [finding for finding in findings if finding.code == "policy"]
    assert found.facts["fingerprint"] == policy.fingerprint, "the one that `policy show` prints"


def test_every_finding_has_a_remedy_and_facts_for_machines(copy: Profile) -> None:
    shutil.rmtree(copy.path.parent / "keys")
    for finding in problems(diagnose(copy)).values():
        assert finding.advice
        assert finding.to_json()["code"] == finding.code
        assert (finding.exit_code in (2, 6, 7, 9)) == (finding.severity == "error")


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
        (finding,) = check_signing_key(connection, replace(institution, signing=None), time.time())
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


def test_a_wrong_password_is_told_once_and_costs_one_derivation(copy: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """scrypt is dear on purpose: what does not open one keystore is not tried on the others of the profile."""
    (copy.path.parent / "keys/password").write_text("not the password\n")
    other = Profile.load(copy.path)
    both = replace(other, institutions=(*other.institutions, replace(other.institution(), number=2, slug="other")))
    opened: list[Path] = []
    real = Account.load
    monkeypatch.setattr(Account, "load", lambda path, password: opened.append(path) or real(path, password))
    findings = list(diagnose(both))
    assert len(opened) == 1
    assert [finding.code for finding in findings].count("wrong_password") == 1
    assert not {"unreadable_keystore", "unreadable_key", "check_failed"} & {finding.code for finding in findings}
    assert {"issuer", "lists"} <= {finding.code for finding in findings}, (
        "what needs no password is examined all the same"
    )


@pytest.mark.parametrize("tag", ["en", "zh"])
@pytest.mark.parametrize("fault", ["password", "keys", "lists", "none"])
def test_the_command_tells_every_finding_in_both_languages_and_never_crashes(
    copy: Profile, fault: str, tag: str
) -> None:
    if fault == "password":
        (copy.path.parent / "keys/password").write_text("not the password\n")
    elif fault == "keys":
        shutil.rmtree(copy.path.parent / "keys/cdou")
    elif fault == "lists":
        replace(copy, institutions=(replace(copy.institution(), lists=()),)).save()
    said = command("doctor", "--profile", copy.path, "--lang", tag)
    assert said.code == (9 if fault in ("password", "keys") else 0), said
    findings = command("doctor", "--profile", copy.path, "--json").lines
    words = language(tag)
    lines = said.out.splitlines()
    for finding in findings:
        told = words.told(finding["message"])
        assert (told != finding["message"]) == (tag == "zh"), finding
        assert any(f"{finding['code']}{words.text('cli.colon')}" in line for line in lines)
    if fault == "lists":
        assert ("no status list is open yet" in said.out) == (tag == "en")
        assert ("尚未开设状态列表" in said.out) == (tag == "zh")


def test_an_institution_without_an_account_to_issue_with_fails(copy: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    institution = copy.institution()
    poorer = copy.with_institution(replace(institution, accounts=replace(institution.accounts, issue=None)))
    finding = problems(diagnose(poorer))["missing_account"]
    assert (finding.severity, finding.exit_code, finding.facts["role"]) == ("error", 9, "ISSUE")
    monkeypatch.setenv("ETH_KEYSTORE", str(copy.resolve(str(institution.accounts.issue))))
    assert "missing_account" not in problems(diagnose(poorer))


def test_the_node_that_is_shown_is_the_one_that_was_asked(
    copy: Profile, alliance: Alliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(copy, rpc="http://127.0.0.1:9").save()
    assert command("doctor", "--profile", copy.path, "--json").code == 7
    monkeypatch.setenv("TESTAMUR_RPC", alliance.profile.rpc)
    asked = command("doctor", "--profile", copy.path, "--json")
    [node] = [finding for finding in asked.lines if finding["code"] == "node"]
    assert (asked.code, node["facts"]["rpc"]) == (0, alliance.profile.rpc)


def test_a_chain_of_the_same_number_and_another_block_0_is_no_chain_of_the_policy(copy: Profile) -> None:
    """An alliance founded once more on another machine: same alliance.toml, same chain id, another chain."""
    policy = copy.resolve("policy.toml")
    first = Policy.load(policy)
    replace(first, genesis_hash=b"\x66" * 32).write(policy)
    finding = problems(diagnose(copy))["other_chain"]
    assert (finding.severity, finding.exit_code) == ("error", 7)
    assert first.genesis_hash.hex() in finding.message
    island = problems(diagnose(copy))["island"]
    assert island.facts["genesis"] == "0x" + first.genesis_hash.hex()


def test_a_chain_that_was_rolled_back_and_a_policy_that_cannot_be_read_are_told(copy: Profile) -> None:
    assert "policy" in {finding.code for finding in diagnose(copy)}
    with closing(sqlite3.connect(copy.path.parent / "newest.sqlite", isolation_level=None)) as memory:
        [(kept,)] = memory.execute("SELECT entry FROM newest").fetchall()
        entry = {**json.loads(kept), "blocks": {"1": "0x" + "66" * 32}}
        memory.execute("UPDATE newest SET entry = ?", (json.dumps(entry),))
    assert "rolled back" in problems(diagnose(copy))["policy_unproven"].message
    copy.resolve("policy.toml").write_text("trust = 7")
    assert problems(diagnose(copy))["policy_unusable"].exit_code == 2
    assert problems(diagnose(replace(copy, policy=None)))["no_policy"].severity == "warning"
