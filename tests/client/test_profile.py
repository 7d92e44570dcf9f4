"""testamur.toml: what is written is read again, and what cannot be used is refused with its reason."""

import multiprocessing
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from testamur.profile import (
    Accounts,
    Institution,
    Profile,
    ProfileError,
    SigningKeys,
    StatusListKey,
    update_profile,
)

FIRST = Institution(
    number=1,
    name="成都开放大学",
    slug="cdou",
    did="did:web:cdou.example",
    region=5101,
    accounts=Accounts(("keys/a.json", "keys/b.json"), "keys/c.json", "keys/d.json", "keys/e.json", "keys/f.json"),
    signing=SigningKeys("keys/credential.pem", "keys/status.pem"),
    lists=(StatusListKey(3, 17, "lists/3.key"), StatusListKey(4, 20, "lists/4.key")),
    service="https://status.cdou.example",
)
SECOND = Institution(2, "电子科技大学", "uestc", "did:web:uestc.example:schools%3A1")


def profile(folder: Path) -> Profile:
    return Profile(
        path=folder / "testamur.toml",
        rpc="http://127.0.0.1:8545",
        chain_id=20260,
        engine_chain_id="testamur-20260",
        directory=bytes(19) + b"\x01",
        password_file="keys/password",
        policy="policy.toml",
        institutions=(FIRST, SECOND),
        confirmations=12,
    )


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    profile(tmp_path).save()
    assert Profile.load(tmp_path / "testamur.toml") == profile(tmp_path)
    assert Profile.load(tmp_path) == profile(tmp_path)


def test_a_profile_without_the_optional_parts_is_saved_and_loaded(tmp_path: Path) -> None:
    bare = replace(profile(tmp_path), engine_chain_id=None, password_file=None, policy=None, institutions=())
    bare.save()
    assert Profile.load(tmp_path) == bare
    assert bare.password_path is None


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    assert profile(tmp_path).resolve("keys/a.json") == tmp_path / "keys/a.json"
    assert profile(tmp_path).resolve("/elsewhere/a.json") == Path("/elsewhere/a.json")


def test_an_institution_is_found_by_every_name_it_has(tmp_path: Path) -> None:
    held = profile(tmp_path)
    for who in (1, "1", "cdou", "成都开放大学", "did:web:cdou.example", "keys/d.json", "d.json", "d"):
        assert held.institution(who) == FIRST
    assert replace(held, institutions=(SECOND,)).institution() == SECOND


def test_who_acts_must_be_said_and_held(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="holds 2 institutions") as caught:
        profile(tmp_path).institution()
    assert "cdou|uestc" in str(caught.value.advice)
    assert caught.value.exit_code == 2
    with pytest.raises(ProfileError, match="does not act for 'swufe'"):
        profile(tmp_path).institution("swufe")
    with pytest.raises(ProfileError, match="does not act for"):
        profile(tmp_path).institution("0x" + "11" * 20)


def test_status_lists_are_published_under_the_domain_of_the_did_unless_said_otherwise() -> None:
    assert FIRST.service_url == "https://status.cdou.example"
    assert replace(FIRST, service=None).service_url == "https://cdou.example"
    assert SECOND.service_url == "https://uestc.example/schools:1".replace("schools:1", "schools%3A1")
    assert replace(FIRST, service=None, did="did:web:x.example%3A8443").service_url == "https://x.example:8443"
    assert replace(FIRST, service=None, did="did:key:z6Mk").service_url.endswith(".invalid")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("version = 1", "version = 2", "version 2"),
        ("version = 1\n", "", "version is missing"),
        ("chain_id = 20260", 'chain_id = "20260"', "chain_id is not a whole number"),
        ("chain_id = 20260", "chain_id = -1", "chain_id is not a whole number"),
        ('directory = "0x', 'directory = "', "is no address"),
        ('slug = "uestc"', "", "slug is missing"),
        ("number = 2", "number = 1", "two institutions have one number"),
        ("rpc = ", "rpc == ", "cannot be read"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    saved = profile(tmp_path)
    saved.save()
    text = saved.path.read_text(encoding="utf-8")
    assert old in text
    saved.path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProfileError, match=reason):
        Profile.load(tmp_path)


def test_a_missing_profile_is_told_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="there is no profile") as caught:
        Profile.load(tmp_path / "testamur.toml")
    assert "testamur init" in str(caught.value.advice)


def test_saving_leaves_no_other_file_and_keeps_the_old_one_where_it_fails(tmp_path: Path) -> None:
    profile(tmp_path).save()
    assert [path.name for path in tmp_path.iterdir()] == ["testamur.toml"]
    blocked = replace(profile(tmp_path), path=tmp_path / "testamur.toml" / "testamur.toml")
    with pytest.raises(ProfileError, match="cannot be written"):
        blocked.save()
    assert stat.S_ISREG((tmp_path / "testamur.toml").stat().st_mode)


def _add_list(folder: Path, number: int) -> None:
    update_profile(
        Profile.load(folder),
        lambda held: held.with_institution(
            replace(
                held.institution(1), lists=(*held.institution(1).lists, StatusListKey(number, 17, f"lists/{number}"))
            )
        ),
    )


def test_two_processes_that_change_a_profile_lose_nothing(tmp_path: Path) -> None:
    profile(tmp_path).save()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add_list, args=(tmp_path, number)) for number in range(10, 16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        worker.close()
    numbers = [item.number for item in Profile.load(tmp_path).institution(1).lists]
    assert sorted(numbers) == [3, 4, 10, 11, 12, 13, 14, 15]
