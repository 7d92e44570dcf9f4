"""The scenario of Chengdu: what stands on the chain and on disk when it has been played."""

from pathlib import Path

import pytest
from testamur.chain.connection import Connection
from testamur.chain.governance import document_hash
from testamur.demo import EXPECTED
from testamur.registry import read_issuer
from testamur.scenario import ScenarioError, chengdu, run
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy
from testamur.verification.verify import verify

from tests.world import World, command


def test_both_founders_signed_the_agreement_whose_text_lies_in_the_folder(world: World) -> None:
    with Connection.open(world.profile) as connection:
        alliance = connection.contract("Alliance")
        agreement = alliance.read("agreement", world.result.agreement)
        text = (world.result.out / "agreement.md").read_bytes()
        assert agreement["document"] == document_hash(text)
        assert [alliance.read("signed", world.result.agreement, number) for number in (1, 2, 3)] == [True, True, False]


def test_the_founders_are_recognised_with_a_scope_and_the_third_is_only_registered(world: World) -> None:
    with Connection.open(world.profile) as connection:
        records = [read_issuer(connection.suite, number) for number in (1, 2, world.result.unrecognised)]
    assert [record.state for record in records] == ["recognised", "recognised", "applied"]
    assert [len(record.scopes) for record in records] == [1, 1, 0]
    assert [len(record.keys) for record in records] == [2, 2, 2]


def test_each_founder_issued_a_batch_that_verifies(world: World) -> None:
    policy = Policy.load(world.result.policy)
    assert len(world.result.issued) == 2
    with Chain.connect(world.result.rpc) as chain:
        for folder in world.result.issued:
            lines = (folder / "bundles.jsonl").read_bytes().splitlines()
            assert len(lines) == 4
            assert {verify(line, chain, policy).code for line in lines} == {"ok"}


def test_the_demo_cases_come_to_their_codes(world: World) -> None:
    policy = Policy.load(world.result.policy)
    with Chain.connect(world.result.rpc) as chain:
        codes = {case: verify(path.read_bytes(), chain, policy).code for case, path in world.cases.items()}
    assert codes == EXPECTED


def test_the_policy_trusts_the_single_signer_of_the_chain(world: World) -> None:
    assert Policy.load(world.result.policy).trust == "single-signer"


def test_the_profile_can_issue_at_once(world: World, tmp_path: Path) -> None:
    options = ("--profile", world.result.profile)
    assert command("template", "example", "--rows", 3, "--out", tmp_path, *options).code == 0
    issued = command(
        "issue", tmp_path / "roster.csv", "--template", tmp_path / "template.json", "--out", tmp_path / "batch",
        "--json", *options,
    )  # fmt: skip
    assert (issued.code, issued.json["issued"]) == (0, 3)


def test_a_fresh_roster_and_its_template_lie_ready_for_the_first_try(world: World, tmp_path: Path) -> None:
    out = world.result.out
    issued = command(
        "issue", out / "roster.csv", "--template", out / "template.json", "--out", tmp_path / "batch", "--json",
        "--profile", world.result.profile,
    )  # fmt: skip
    assert (issued.code, issued.json["issued"]) == (0, 4)


def test_a_scenario_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there is no scenario"):
        run("atlantis", tmp_path)


def test_a_folder_with_a_profile_is_refused(world: World) -> None:
    with pytest.raises(ScenarioError, match="holds a profile already"):
        run("chengdu", world.result.out)


def test_a_chain_without_the_founders_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="belong together"):
        run("chengdu", tmp_path, rpc="http://127.0.0.1:1")


def test_on_a_development_chain_of_its_own_the_scenario_is_played_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a folder where it failed half-way, of which only what it had made is gone."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "notes.txt").write_text("mine")
    with monkeypatch.context() as patched:
        patched.setattr(chengdu, "_sign_and_equip", _fail)
        failed = command("scenario", "run", "chengdu", "--out", tmp_path / "own", "--scale", 0.1, "--stop-node")
    assert failed.code == 1
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["notes.txt"]
    played = command("scenario", "run", "chengdu", "--out", tmp_path / "own", "--scale", 0.1, "--stop-node", "--json")
    assert played.code == 0
    assert played.json["nodePid"]
    assert (tmp_path / "own" / "node" / "genesis.json").exists()


def _fail(*_: object) -> None:
    raise RuntimeError("half-way")
