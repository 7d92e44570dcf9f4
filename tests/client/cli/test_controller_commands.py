"""`account accept`, `request`, `cancel`, `freeze` and their like: what the chain says afterwards."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from testamur.chain.signer import create_keystore, keystore_address

from tests.world import Result, World, command


def run(world: World, verb: str, *arguments: object, by: object = "uestc") -> Result:
    return command("account", verb, *arguments, "--json", "--profile", world.profile.path, "--as", by)


def state(world: World) -> dict[str, Any]:
    found = run(world, "controllers")
    assert found.code == 0, found.err
    return dict(found.json)


def hex_of(world: World, path: str) -> str:
    address = keystore_address(world.profile.resolve(path))
    assert address is not None
    return "0x" + address.hex()


@pytest.fixture
def officer(world: World) -> Path:
    """A new account under the password of the profile."""
    assert world.profile.password_path is not None
    path = world.profile.path.parent / "keys" / f"officer-{os.urandom(4).hex()}.json"
    create_keystore(path, world.profile.password_path.read_text().strip(), is_light=True)
    return path


def test_a_frozen_admin_asks_nothing_alone_until_it_is_let_go(world: World, officer: Path) -> None:
    accounts = world.profile.institution("uestc").accounts
    admin = hex_of(world, str(accounts.admin))
    frozen = run(world, "freeze", admin, by=hex_of(world, accounts.govern[0]))
    assert frozen.code == 0, frozen.err
    try:
        assert [item["admin"] for item in state(world)["frozen"]] == [admin]
        asked = run(world, "request", "--by", "admin", "--admin", officer)
        assert asked.code == 10
        assert "is frozen until" in asked.err
    finally:
        lifted = run(world, "unfreeze", admin, by=hex_of(world, accounts.govern[0]))
    assert lifted.code == 0, lifted.err
    assert state(world)["frozen"] == []


def test_what_admin_asks_waits_and_is_cancelled_by_a_govern(world: World, officer: Path) -> None:
    asked = run(world, "request", "--by", "admin", "--admin", officer)
    assert asked.code == 0, asked.err
    assert [item["by"] for item in state(world)["waiting"]] == ["admin"]
    assert run(world, "apply", "--admin", officer).code in (0, 10)  # a reference alliance's delays are seconds
    cancelled = run(world, "cancel", "--of", "admin")
    assert cancelled.code in (0, 10)
    assert state(world)["waiting"] == []


def test_an_acceptance_from_elsewhere_is_handed_over_as_a_file(world: World, officer: Path, tmp_path: Path) -> None:
    address, path = hex_of(world, str(officer)), tmp_path / "officer.json"
    refused = run(world, "request", "--by", "vote", "--recovery", address)
    assert refused.code == 9
    assert "is missing" in refused.err
    signed = run(world, "accept", officer, "--role", "recovery", "--out", path)
    assert signed.code == 0, signed.err
    assert json.loads(path.read_text())["account"] == address
    before = state(world)["recovery"]
    done = run(world, "request", "--by", "vote", "--recovery", address, "--acceptance", path)
    assert done.code == 0, done.err
    assert state(world)["recovery"] == address != before


def test_a_stolen_recovery_account_is_marked_by_two_govern_who_name_the_next(world: World, officer: Path) -> None:
    first, second = (hex_of(world, path) for path in world.profile.institution("uestc").accounts.govern[:2])
    before, address = state(world)["recovery"], hex_of(world, str(officer))
    since = datetime.now(tz=UTC) - timedelta(hours=1)
    arguments = ("--since", since.isoformat(timespec="seconds"), "--next", officer)
    asked = run(world, "recovery-stolen", *arguments, by=first)
    assert asked.code == 0, asked.err
    assert (asked.json["done"], state(world)["recovery"]) == (False, before)
    done = run(world, "recovery-stolen", *arguments, by=second)
    assert done.code == 0, done.err
    assert (done.json["done"], state(world)["recovery"]) == (True, address)


@pytest.mark.parametrize(
    "arguments",
    [
        ("accept", "nobody", "--role", "king"),
        ("request", "--by", "king"),
        ("request", "--by", "vote"),
        ("cancel", "--of", "king"),
        ("mandate", "--role", "king"),
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_a_role_or_asker_that_there_is_not_is_refused(arguments: tuple[str, ...], world: World) -> None:
    assert run(world, *arguments).code == 2


def test_a_freeze_says_who_does_what_next(world: World) -> None:
    accounts = world.profile.institution("uestc").accounts
    admin, options = hex_of(world, str(accounts.admin)), ("--profile", world.profile.path)
    second = [hex_of(world, path) for path in accounts.govern]
    # the GOVERN that has frozen it in another test does so only once
    shown = command("account", "freeze", "nobody-known", *options, "--as", second[1])
    assert (shown.code, "there is no keystore" in shown.err) == (2, True)
    said = command("account", "freeze", admin, *options, "--as", second[1])
    try:
        assert (said.code, "another GOVERN may confirm" in said.out) == (0, True), said.err
        listed = command("account", "controllers", *options, "--as", "uestc", "--lang", "zh")
        assert "北京时间" in listed.out
    finally:
        lifted = command("account", "unfreeze", admin, *options, "--as", second[1])
    assert "it is frozen no more" in lifted.out
