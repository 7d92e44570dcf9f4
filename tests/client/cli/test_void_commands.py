"""`void`: whole batches out of force and back, and who is told so afterwards."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from testamur.chain.access import NO_ACCESS
from testamur.cli import void
from testamur.cli.session import Session
from testamur.cli.terminal import Terminal
from testamur.issuer import Issuer
from testamur.language import language

from tests.world import World, command

ROWS = 4


@pytest.fixture(scope="module")
def days_to_lift(world: World) -> None:
    """A voidDelay that no slow machine outlives: the reference alliance's is five seconds."""
    call = 'Alliance.setParameter["voidDelay", 86400]'
    decided = command("alliance", "propose", call, "--profile", world.result.profile)
    assert decided.code == 0, decided.err


@pytest.fixture
def run(world: World, days_to_lift: None, tmp_path: Path) -> Path:
    """A run of four rows in two batches."""
    options = ("--profile", world.result.profile)
    assert command("template", "example", "--rows", ROWS, "--out", tmp_path / "in", *options).code == 0
    with Issuer.open(world.profile) as issuer:
        template, roster = tmp_path / "in" / "template.json", tmp_path / "in" / "roster.csv"
        issuer.issue(roster, template, tmp_path / "batch", largest_batch=2, per_file=True)
    return tmp_path / "batch"


def codes(world: World, run: Path) -> list[Any]:
    judge = ("--json", "--policy", world.result.policy, "--rpc", world.result.rpc)
    return [line["code"] for line in command("verify", run / "bundles.jsonl", *judge).lines]


def ids(run: Path) -> list[str]:
    return [batch["batchId"] for batch in json.loads((run / "batch.json").read_bytes())["batches"]]


def test_a_run_of_several_batches_is_voided_whole_whichever_way_it_is_named_and_govern_lifts_it(
    world: World, run: Path
) -> None:
    options = ("--profile", world.result.profile, "--json")
    one = sorted((run / "bundles").iterdir())[0]
    done = command("void", one, "--reason", "issued_in_error", "--yes", *options)
    assert done.code == 0, done.err
    assert {item["batchId"] for item in done.json["batches"]} == set(ids(run))
    assert [(item["size"], item["result"]) for item in done.json["batches"]] == [(2, "changed")] * 2
    assert codes(world, run) == ["suspended"] * ROWS
    assert all(item["revokedFrom"] > "2026" for item in done.json["batches"])
    told = command("void", one, "--yes", "--profile", world.result.profile)
    assert "a GOVERN account lifts it until" in told.out
    shown = command("status", "show", one, *options).json
    assert (shown["status"], shown["of"], shown["reason"]) == ("suspended", "batch", "issued_in_error")
    assert [line["status"] for line in command("reconcile", run, *options).lines] == ["suspended"] * ROWS
    again = command("void", run, "--yes", *options)
    assert [item["result"] for item in again.json["batches"]] == ["already"] * 2
    assert again.json["transactions"] == []
    lifted = command("void", "--lift", run, *options)
    assert (lifted.code, [item["result"] for item in lifted.json["batches"]]) == (0, ["changed"] * 2)
    assert codes(world, run) == ["ok"] * ROWS
    assert command("status", "show", one, *options).json["status"] == "active"


def test_one_batch_is_voided_by_its_id_and_the_audit_counts_it(world: World, run: Path) -> None:
    options = ("--profile", world.result.profile)
    before = command("audit", "stats", "--json", *options).lines[0]["void"]
    first = ids(run)[0]
    assert command("void", first, "--yes", *options).code == 0
    assert sorted(codes(world, run)) == ["ok", "ok", "suspended", "suspended"]
    assert command("audit", "stats", "--json", *options).lines[0]["void"] == before + 1
    whole = command("audit", "check", "--json", *options)
    assert (whole.code, whole.json["problems"]) == (0, [])
    told = [line["event"] for line in command("audit", "events", "--event", "BatchVoided", "--json", *options).lines]
    assert told[-1] == "BatchVoided"
    assert command("void", "--lift", first, *options).code == 0


def test_void_credentials_are_not_handed_out(world: World, run: Path, tmp_path: Path) -> None:
    options = ("--profile", world.result.profile)
    assert command("void", ids(run)[0], "--yes", *options).code == 0
    handed = command("deliver", run, "--out", tmp_path / "out", *options, "--policy", world.result.policy)
    assert len([path for path in (tmp_path / "out").iterdir() if path.is_dir()]) == 2, handed.err
    assert command("void", "--lift", run, *options).code == 0


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        (("0x" + "77" * 32,), "no such batch is recorded"),
        (("nowhere.json",), "nowhere.json"),
        ((".",), "no run recorded a batch"),
    ],
)
def test_what_is_no_batch_of_ours_is_told_before_anything_is_sent(
    world: World, named: tuple[str, ...], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command("void", *named, "--yes", "--profile", world.result.profile)
    assert result.code == 2
    assert problem in result.err
    chinese = command("void", *named, "--yes", "--profile", world.result.profile, "--lang", "zh")
    assert (chinese.code, problem in chinese.err and "." not in problem) == (2, False)


def test_an_altered_bundle_voids_nothing_and_another_institution_neither(world: World, run: Path) -> None:
    other = sorted((run / "bundles").iterdir())[0]
    tree = json.loads(other.read_bytes())
    tree["credential"]["name"] = "另一份"
    altered = run / "altered.json"
    altered.write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
    assert command("void", altered, "--yes", "--profile", world.result.profile).code == 2
    stranger = command("void", ids(run)[0], "--yes", "--profile", world.result.profile, "--as", "uestc")
    assert (stranger.code, "does not keep its status list" in stranger.err) == (2, True)
    assert command("void", "--lift", run, "--reason", "1", "--profile", world.result.profile).code == 2
    assert codes(world, run) == ["ok"] * ROWS


def test_voiding_is_asked_about_and_what_leaves_force_is_shown(
    world: World, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    nobody = command("void", run, "--profile", world.result.profile)
    assert (nobody.code, "--yes" in nobody.err) == (2, True)
    asked, session = Person(), Session(Terminal(True, language("en")), world.result.profile, None, NO_ACCESS)
    monkeypatch.setattr(sys, "stderr", asked)
    for answer, code in (("no\n", 2), ("yes\n", 0)):
        assert codes(world, run) == ["ok"] * ROWS
        monkeypatch.setattr(sys, "stdin", Person(answer))
        assert void.void(session, [str(run)]) == code
    assert "Take these 2 batches with 4 credentials out of force?" in asked.getvalue()
    assert all(batch in asked.getvalue() for batch in ids(run))
    monkeypatch.undo()
    assert command("void", "--lift", run, "--profile", world.result.profile).code == 0
