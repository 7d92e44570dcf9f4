"""`account grant`, `retire`, `replace`: what the chain and the profile say afterwards."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from testamur.chain.signer import create_keystore

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
    lists = {item.number for item in world.profile.institution("cdou").lists}
    assert set(moved.json["granted"]["lists"]["handedOver"]) == lists
    assert moved.json["retired"]["profileLacks"] == []
    assert world.profile.resolve(str(world.profile.institution("cdou").accounts.issue)) == clerk
    back = staff(world, "replace", clerk, profile.resolve(old))
    assert back.code == 0, back.err
    assert set(back.json["granted"]["lists"]["handedOver"]) == lists
    assert world.profile.institution("cdou").accounts.issue == old


def test_what_an_admin_does_not_give_is_refused_before_anything_is_sent(world: World, clerk: Path) -> None:
    refused = grant(world, clerk, "--role", "govern")
    assert refused.code == 2
    assert "vote" in json.loads(refused.err)["advice"]
    assert staff(world, "replace", "0x" + "11" * 20, clerk).code == 2
    wrong = staff(world, "grant", clerk, "--role", "issue")  # with the profile's password, which is another
    assert wrong.code == 9


def test_a_role_beyond_issuing_is_given_within_the_mandate_alone(world: World, clerk: Path) -> None:
    refused = grant(world, clerk, "--role", "audit")
    assert refused.code != 0
    assert "mandate" in refused.err
    cdou = world.profile.institution("cdou").number

    def mandated(*roles: str) -> None:
        given = [part for role in roles for part in ("--role", role)]
        decided = staff(world, "mandate", "--institution", cdou, *given)
        assert decided.code == 0, decided.err

    mandated("audit")
    try:
        granted = grant(world, clerk, "--role", "audit")
        assert granted.code == 0, granted.err
        assert granted.json["roles"] == ["audit"]
    finally:
        mandated()
