"""`account password`: every key file under another password, whole or not at all."""

from pathlib import Path

import pytest
from testamur.chain.errors import KeyUnusableError
from testamur.chain.passwords import change_keystore_password
from testamur.chain.signer import Account, create_keystore
from testamur.chain.signing_key import create_signing_key, load_signing_key
from testamur.profile import Accounts, Institution, Profile, SigningKeys

from tests.world import command


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A folder whose neighbours are this test's alone: those of a whole run are more than are looked at."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A profile with one keystore and two signing keys under its password."""
    keys = tmp_path / "keys"
    create_keystore(keys / "issue.json", "the first", is_light=True)
    (keys / "password").write_text("the first\n")
    for name in ("credential", "status"):
        create_signing_key(keys / f"{name}.pem", "the first")
    institution = Institution(
        1, "成都开放大学", "cdou", "did:web:cdou.example", accounts=Accounts(issue="keys/issue.json"),
        signing=SigningKeys("keys/credential.pem", "keys/status.pem"),
    )  # fmt: skip
    profile = Profile(
        tmp_path / "testamur.toml", "http://127.0.0.1:1", 20260, None, bytes(20), "keys/password",
        institutions=(institution,),
    )  # fmt: skip
    profile.save()
    return profile.path


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
    assert right.json == {"changed": [str(own)], "profiles": []}
    assert Account.load(own, tmp_path / "new")
    assert own.stat().st_mode & 0o777 == 0o600


def test_an_old_password_is_read_in_every_way_in_which_a_key_opens_with_it(copy: Path) -> None:
    old, new = copy.parent / "keys" / "password", copy.parent / "keys" / "new-password"
    old.write_bytes("\ufeffｔｈｅ first \r\n".encode())  # a mark, full-width letters, a blank behind
    done = command("account", "password", "--new-password-file", new, "--profile", copy, "--json")
    assert (done.code, len(done.json["changed"])) == (0, 3), done.err
    assert Account.load(copy.parent / "keys" / "issue.json", new)


def test_a_keystore_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    create_keystore(path, "old", is_light=True)
    before = path.read_bytes()

    def full(_source: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(KeyUnusableError, match="cannot be written"):
        change_keystore_password(path, ["old"], "new")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_without_a_terminal_a_password_that_no_file_holds_is_refused(copy: Path) -> None:
    assert command("account", "password", "--profile", copy).code == 2
    assert command("account", "password", "issue", "--profile", copy).code in (2, 9)


def other_profile(path: Path, copy: Path, *more: str) -> Path:
    """A profile in another folder that uses the issuing keystore of `copy`, and others."""
    accounts = Accounts(issue=str(copy.parent / "keys" / "issue.json"), status=more[0] if more else None)
    institution = Institution(1, "成都开放大学", "cdou", "did:web:cdou.example", accounts=accounts)
    Profile(path, "http://127.0.0.1:1", 20260, None, bytes(20), str(copy.parent / "keys" / "password"),
            institutions=(institution,)).save()  # fmt: skip
    return path


def test_other_profiles_of_the_same_key_files_follow_or_are_named(tmp_path: Path, copy: Path) -> None:
    """They named the old file on, which no longer opened anything."""
    alike = other_profile(tmp_path.parent / f"{tmp_path.name}-b" / "testamur.toml", copy)
    create_keystore(tmp_path / "own.json", "the first", is_light=True)
    mixed = other_profile(tmp_path / "mixed.toml", copy, "own.json")
    stranger = tmp_path / "stranger.toml"
    stranger.write_text("[not a profile]\n")
    new = tmp_path / "keys" / "new-password"
    done = command("account", "password", "--new-password-file", new, "--profile", copy, "--json")
    assert (done.code, done.json["profiles"]) == (0, [str(alike)]), done.err
    followed = Profile.load(alike)
    assert Account.load(followed.resolve(str(followed.institutions[0].accounts.issue)), followed.password_path)
    assert Profile.load(mixed).password_file == str(copy.parent / "keys" / "password")
    assert f"{mixed} uses these key files too" in done.err
    assert str(stranger) not in done.err
    again = command("account", "password", "issue", "--password-file", new, "--new-password-file", tmp_path / "third",
                    "--profile", copy, "--lang", "zh")  # fmt: skip
    assert (again.code, f"{alike} 也使用这些密钥文件" in again.err) == (0, True), again.err
