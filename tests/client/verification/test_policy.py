"""A policy is complete for its trust or it is refused (docs/protocol.md 6.6)."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.proof.hashing import keccak256
from testamur.verification.creation import create_policy
from testamur.verification.errors import PolicyError
from testamur.verification.policy import Checkpoint, Policy

from tests.client.verification.world import GENESIS_HASH, Node, world

CHECKPOINT = Checkpoint(7, b"\x07" * 32)
POLICIES = {
    "single-signer": world().policy(),
    "light-client": world().policy(trust="light-client", solo_key=None, min_institutions=2, checkpoint=CHECKPOINT),
    "rpc": world().policy(trust="rpc", engine_chain_id=None, solo_key=None, urls=("http://127.0.0.1:8545",)),
}
PINS = {
    "single-signer": ["engine_chain_id", "solo_key"],
    "light-client": ["engine_chain_id", "min_institutions", "checkpoint"],
    "rpc": ["urls", "confirmations"],
}
EVERYWHERE = ["trust", "chain_id", "genesis_hash", "directory", "directory_code_hash", "accepted_issuers", "version"]
MISSING = [(trust, name) for trust in POLICIES for name in [*EVERYWHERE, *PINS[trust]]]


def table(trust: str) -> dict[str, Any]:
    return tomllib.loads(POLICIES[trust].to_toml())


def load(folder: Path, content: dict[str, Any]) -> Policy:
    (folder / "policy.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
    return Policy.load(folder / "policy.toml")


@pytest.mark.parametrize("trust", POLICIES)
def test_a_policy_is_read_as_it_was_written(trust: str, tmp_path: Path) -> None:
    POLICIES[trust].write(tmp_path / "policy.toml")
    read = Policy.load(tmp_path / "policy.toml")
    assert read == POLICIES[trust]
    assert read.source == tmp_path / "policy.toml"
    assert read.fingerprint == POLICIES[trust].fingerprint


@pytest.mark.parametrize(("trust", "name"), MISSING)
def test_a_policy_that_lacks_a_pin_is_refused(trust: str, name: str, tmp_path: Path) -> None:
    content = table(trust)
    del content[name]
    with pytest.raises(PolicyError, match=name) as refusal:
        load(tmp_path, content)
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 2),
        ("trust", "hope"),
        ("chain_id", "20260"),
        ("chain_id", -1),
        ("chain_id", True),
        ("genesis_hash", "0x00"),
        ("genesis_hash", 5),
        ("directory", "0x" + "00" * 32),
        ("solo_key", "zz"),
        ("max_age_seconds", 0),
        ("issuer_now", "maybe"),
        ("accepted_issuers", "all"),
        ("accepted_issuers", ["1"]),
        ("urls", "http://127.0.0.1"),
        ("checkpoint", {"height": 1}),
        ("surprise", 1),
        ("version", True),
        ("version", "1"),
        ("chain_id", 2**63),
        ("chain_id", 20260.0),
        ("genesis_hash", "0x " + "00" * 32),
        ("genesis_hash", "0x" + "０" * 64),
        ("engine_chain_id", "x" * 51),
        ("engine_chain_id", "测试"),
        ("accepted_issuers", []),
        ("accepted_issuers", [0]),
        ("accepted_issuers", [1, 2**32]),
        ("accepted_issuers", [True]),
        ("urls", ["127.0.0.1:8545"]),
        ("urls", ["ftp://127.0.0.1"]),
        ("urls", ["http://a b"]),
        ("checkpoint", {"height": 1, "hash": "0x00"}),
        ("checkpoint", {"height": 0, "hash": "0x" + "00" * 32}),
        ("checkpoint", {"height": True, "hash": "0x" + "00" * 32}),
        ("checkpoint", {"height": 1, "hash": "0x" + "00" * 32, "surprise": 1}),
        ("max_age_seconds", True),
        ("max_age_seconds", 10**12),
        ("trust_period_seconds", 0),
        ("issuer_now", True),
        ("min_institutions", 2),
        ("confirmations", 0),
        ("confirmations", "finalized"),
    ],
)
def test_a_pin_of_another_kind_is_refused(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        load(tmp_path, {**table("single-signer"), name: value})


@pytest.mark.parametrize(
    ("trust", "name", "value"),
    [
        ("light-client", "min_institutions", 0),
        ("light-client", "min_institutions", True),
        ("light-client", "solo_key", "0x" + "00" * 32),
        ("rpc", "confirmations", -1),
        ("rpc", "confirmations", True),
        ("rpc", "confirmations", "latest"),
        ("rpc", "urls", []),
        ("rpc", "max_age_seconds", 0),
        ("rpc", "engine_chain_id", "testamur-1"),
        ("rpc", "solo_key", "0x" + "00" * 32),
        ("rpc", "min_institutions", 2),
        ("rpc", "checkpoint", {"height": 1, "hash": "0x" + "00" * 32}),
    ],
)
def test_a_pin_of_another_trust_or_shape_is_refused(trust: str, name: str, value: Any, tmp_path: Path) -> None:
    load(tmp_path, table(trust))
    with pytest.raises(PolicyError, match=name):
        load(tmp_path, {**table(trust), name: value})


def test_no_accepted_issuers_means_nobody_and_is_refused_not_everybody(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="accepted_issuers"):
        world().policy(accepted_issuers=frozenset())
    chain, directory = world(), GENESIS_ADDRESSES["Directory"]
    with pytest.raises(PolicyError, match="accepted_issuers"):
        create_policy(Node(chain), directory, accepted_issuers=[])
    assert create_policy(Node(chain), directory, accepted_issuers=[2, 1]).accepted_issuers == {1, 2}
    assert create_policy(Node(chain), directory).accepted_issuers is None


def test_a_policy_that_believes_nodes_sets_an_age_where_it_says_one(tmp_path: Path) -> None:
    assert load(tmp_path, table("rpc")).max_age_seconds == 3_600
    content = table("rpc")
    del content["max_age_seconds"]
    assert load(tmp_path, content).max_age_seconds is None
    assert load(tmp_path, content).fingerprint != load(tmp_path, table("rpc")).fingerprint
    directory = GENESIS_ADDRESSES["Directory"]
    assert create_policy(Node(world()), directory, trust="rpc").max_age_seconds is None
    assert create_policy(Node(world()), directory, trust="rpc", max_age_seconds=9).max_age_seconds == 9
    assert create_policy(Node(world()), directory).max_age_seconds == 3_600


def test_no_policy_is_made_of_an_alliance_that_is_still_being_founded() -> None:
    chain, directory = world(), GENESIS_ADDRESSES["Directory"]
    create_policy(Node(chain), directory)
    founder = int.from_bytes(keccak256(b"testamur.founding.founder"), "big")
    chain.words.setdefault(GENESIS_ADDRESSES["Alliance"], {})[founder] = 1
    with pytest.raises(PolicyError, match="still being founded"):
        create_policy(Node(chain), directory)


def test_no_policy_is_made_of_contracts_that_were_founded_for_another_chain() -> None:
    """On a chain of ours BlockHistory knows block 0; elsewhere the deployer said which it is."""
    directory = GENESIS_ADDRESSES["Directory"]
    elsewhere = Node(world())
    elsewhere.answers = {"testamur_finalityProof": None, "eth_call": "0x" + GENESIS_HASH.hex()}
    assert create_policy(elsewhere, directory).trust == "rpc"
    elsewhere.answers["eth_call"] = "0x" + "11" * 32
    with pytest.raises(PolicyError, match="founded for another chain"):
        create_policy(elsewhere, directory)


def test_a_byte_order_mark_before_a_policy_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICIES["rpc"].to_toml(), encoding="utf-8-sig")
    assert Policy.load(tmp_path / "policy.toml") == POLICIES["rpc"]


def test_a_policy_that_is_missing_or_unreadable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="there is no policy"):
        Policy.load(tmp_path / "policy.toml")
    (tmp_path / "policy.toml").write_bytes(b"\xff")
    with pytest.raises(PolicyError, match="cannot be read"):
        Policy.load(tmp_path / "policy.toml")


def test_the_fingerprint_is_five_groups_that_change_with_every_pin_but_the_addresses(tmp_path: Path) -> None:
    policy = POLICIES["single-signer"]
    groups = policy.fingerprint.split(" ")
    assert [len(group) for group in groups] == [5] * 5
    assert all(group.isdigit() for group in groups)
    others = {
        world().policy(**change).fingerprint
        for change in (
            {"chain_id": 1},
            {"genesis_hash": b"\x01" * 32},
            {"solo_key": b"\x01" * 32},
            {"max_age_seconds": 1},
            {"issuer_now": "required"},
            {"accepted_issuers": frozenset({1})},
        )
    }
    assert len(others | {policy.fingerprint}) == 7
    assert world().policy(urls=("http://other",)).fingerprint == policy.fingerprint
    assert world().policy(checkpoint=CHECKPOINT).fingerprint == policy.fingerprint
