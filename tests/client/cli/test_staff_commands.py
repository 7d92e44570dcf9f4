"""`account grant`, `retire`, `replace`, `password`: what the chain, the profile and the key files say afterwards."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from testamur.chain.errors import KeyUnusableError
from testamur.chain.passwords import change_keystore_password
from testamur.chain.signer import Account, create_keystore
from testamur.chain.signing_key import load_signing_key
from testamur.profile import Profile

from tests.world import Result, World, command


@pytest.fixture
def clerk(world: World) -> Iterator[Path]:
    """A new account under a password of its own, beside the profile's others; retired at the end."""
    folder = world.profile.path.parent / "keys"
    path = folder / f"clerk-{os.urandom(4).hex()}.json"
    create_keystore(path, "of the clerk", is_light=True)
    path.with_suffix(".password").write_text("of the clerk\n")
    yield path
    command("account", "retire", path, "--profile", world.profile.path, "--as", "cdou")
    for gone in (path, path.with_suffix(".password")):
        gone.unlink()


def staff(world: World, verb: str, *arguments: object) -> Result:
    return command("account", verb, *arguments, "--json", "--profile", world.profile.path, "--as", "cdou")


def grant(world: World, clerk: Path, *more: object) -> Result:
    return staff(world, "grant", clerk, "--password-file", clerk.with_suffix(".password"), *more)


def test_a_clerk_who_was_granted_acts_and_who_was_retired_does_not(world: World, clerk: Path) -> None:
    granted = grant(world, clerk, "--role", "issue", "--role", "status")
    assert granted.code == 0, granted.err
    assert granted.json["roles"] == ["issue", "status"]
    lists = granted.json["lists"]
    assert set(lists["usable"]) == {item.number for item in world.profile.institution("cdou").lists}
    assert lists["closed"] == []

    variables = {"ETH_KEYSTORE": str(clerk), "ETH_PASSWORD": str(clerk.with_suffix(".password"))}
    bundle = world.spare[-1]
    with pytest.MonkeyPatch.context() as patched:
        for name, value in variables.items():
            patched.setenv(name, value)
        suspended = command("suspend", bundle, "--reason", "2", "--profile", world.profile.path, "--as", "cdou")
        assert suspended.code == 0, suspended.err
    retired = staff(world, "retire", clerk)
    assert retired.code == 0, retired.err
    assert retired.json["nobodyHas"] == []
    with pytest.MonkeyPatch.context() as patched:
        for name, value in variables.items():
            patched.setenv(name, value)
        assert command("reinstate", bundle, "--profile", world.profile.path, "--as", "cdou").code != 0
    assert command("reinstate", bundle, "--profile", world.profile.path, "--as", "cdou").code == 0
    assert staff(world, "retire", clerk).code == 10, "an account without roles has none to take"


def test_the_profile_keeps_its_account_and_tells_which_lists_are_closed(world: World, clerk: Path) -> None:
    before = world.profile
    cdou = before.institution("cdou")
    before.with_institution(replace(cdou, lists=cdou.lists[1:])).save()
    try:
        granted = command("account", "grant", clerk, "--role", "issue", "--profile", before.path, "--as", "cdou",
                          "--password-file", clerk.with_suffix(".password"))  # fmt: skip
        assert granted.code == 0, granted.err
        assert f"status list {cdou.lists[0].number} cannot" in granted.out
        assert "for the new one set ETH_KEYSTORE" in granted.out
        assert world.profile.institution("cdou").accounts == cdou.accounts
    finally:
        before.save()


def test_replacing_moves_the_roles_and_the_profile_there_and_back(world: World, clerk: Path) -> None:
    profile = world.profile
    old = profile.institution("cdou").accounts.issue
    assert old is not None
    moved = staff(world, "replace", profile.resolve(old), clerk, "--password-file", clerk.with_suffix(".password"))
    assert moved.code == 0, moved.err
    assert moved.json["granted"]["roles"] == ["issue"]
    assert moved.json["retired"]["profileLacks"] == []
    assert world.profile.resolve(str(world.profile.institution("cdou").accounts.issue)) == clerk
    back = staff(world, "replace", clerk, profile.resolve(old))
    assert back.code == 0, back.err
    assert world.profile.institution("cdou").accounts.issue == old


def test_what_an_admin_does_not_give_is_refused_before_anything_is_sent(world: World, clerk: Path) -> None:
    refused = grant(world, clerk, "--role", "govern")
    assert refused.code == 2
    assert "vote" in json.loads(refused.err)["advice"]
    assert staff(world, "replace", "0x" + "11" * 20, clerk).code == 2
    wrong = staff(world, "grant", clerk, "--role", "issue")  # with the profile's password, which is another
    assert wrong.code == 9


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    """The profile with its keys in a folder of its own; one institution, so that scrypt does not take long."""
    cdou = world.profile.institution("cdou")
    assert cdou.signing is not None
    light = cdou.accounts.issue
    kept = replace(cdou, accounts=replace(cdou.accounts, govern=(), admin=None, status=None, recovery=None))
    for path in (str(light), cdou.signing.credential, cdou.signing.status, str(world.profile.password_file)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(world.profile.resolve(path), tmp_path / path)
    replace(world.profile, path=tmp_path / "testamur.toml", institutions=(kept,), default=None).save()
    return tmp_path / "testamur.toml"


def test_all_keys_of_a_profile_get_another_password_and_again_changes_nothing(copy: Path) -> None:
    new = copy.parent / "keys" / "new-password"
    first = command("account", "password", "--new-password-file", new, "--profile", copy, "--json")
    assert first.code == 0, first.err
    assert len(first.json["changed"]) == 3
    profile = Profile.load(copy)
    assert profile.password_file == "keys/new-password"
    institution = profile.institutions[0]
    assert institution.signing is not None
    assert load_signing_key(profile.resolve(institution.signing.credential), profile.password_path)
    assert Account.load(profile.resolve(str(institution.accounts.issue)), profile.password_path)
    again = command("account", "password", "--new-password-file", new, "--profile", copy, "--json")
    assert (again.code, again.json["changed"]) == (0, [])


def test_a_password_file_that_is_named_wins_over_the_profile_s(copy: Path, tmp_path: Path) -> None:
    own = tmp_path / "keys" / "own.json"
    create_keystore(own, "old", is_light=True)
    (tmp_path / "old").write_text("old\n")
    (tmp_path / "new").write_text("new\n")
    wrong = command("account", "password", "own", "--new-password-file", tmp_path / "new", "--profile", copy)
    assert wrong.code == 9
    assert "the old password does not open" in wrong.err
    right = command("account", "password", "own", "--password-file", tmp_path / "old",
                    "--new-password-file", tmp_path / "new", "--profile", copy, "--json")  # fmt: skip
    assert right.json == {"changed": [str(own)]}
    assert Account.load(own, tmp_path / "new")
    assert own.stat().st_mode & 0o777 == 0o600


def test_a_keystore_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    create_keystore(path, "old", is_light=True)
    before = path.read_bytes()

    def full(_source: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(KeyUnusableError, match="cannot be written"):
        change_keystore_password(path, "old", "new")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_without_a_terminal_a_password_that_no_file_holds_is_refused(copy: Path) -> None:
    assert command("account", "password", "--profile", copy).code == 2
    assert command("account", "password", "issue", "--profile", copy).code in (2, 9)
