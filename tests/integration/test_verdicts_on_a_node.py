"""Verdicts over a node that really runs: proofs of its engine and its tries, a governed alliance, issued bundles."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.batch.bundle import Bundle
from testamur.batch.evidence import prove, prove_many
from testamur.chain.rpc import Rpc
from testamur.issuer import Issuer
from testamur.profile import Profile
from testamur.scenario.chengdu import play
from testamur.scenario.node import OwnNode, init_node, start_node
from testamur.verification.bulk import verify_many
from testamur.verification.connection import Chain
from testamur.verification.creation import create_policy
from testamur.verification.policy import Policy
from testamur.verification.verdict import Verdict
from testamur.verification.verify import verify


@dataclass
class Alliance:
    """A founded alliance of two that has issued, and its node."""

    folder: Path
    node: OwnNode
    policy: Policy

    @property
    def chain(self) -> Chain:
        return Chain.connect(self.node.rpc)

    def bundles(self, slug: str = "cdou") -> list[Bundle]:
        lines = (self.folder / "out" / slug / "batch" / "bundles.jsonl").read_bytes().splitlines()
        return [Bundle.parse(line) for line in lines]

    def issuer(self) -> Issuer:
        return Issuer.open(Profile.load(self.folder / "out" / "testamur.toml"), 1)

    def restart(self) -> None:
        self.node.stop()
        self.node = start_node(self.folder / "node", address=self.node.rpc.removeprefix("http://"))


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    folder = tmp_path_factory.mktemp("verdicts")
    init_node(folder / "node", is_development=False)
    node = start_node(folder / "node")
    try:
        play(folder / "out", rpc=node.rpc, founders=folder / "node" / "testamur.toml", rows=6, say=lambda text: None)
        founded = Alliance(folder, node, Policy.load(folder / "out" / "policy.toml"))
        yield founded
        node = founded.node
    finally:
        node.stop()


def undecided(verdict: Verdict, code: str) -> None:
    assert (verdict.outcome, verdict.code) == ("indeterminate", code)


def test_what_was_issued_is_valid_by_proofs_and_by_the_nodes_word(alliance: Alliance) -> None:
    assert alliance.policy.trust == "single-signer"
    for slug in ("cdou", "uestc"):
        verdicts = list(verify_many(alliance.bundles(slug), alliance.chain, alliance.policy))
        assert [verdict.code for verdict in verdicts] == ["ok"] * 6
    with Rpc(alliance.node.rpc) as rpc:
        believing = create_policy(rpc, GENESIS_ADDRESSES["Directory"], trust="rpc")
    verdict = verify(alliance.bundles()[0], alliance.chain, believing)
    assert verdict.code == "ok"
    assert verdict.as_of is not None
    assert verdict.as_of.trust == "rpc"


def test_a_proved_bundle_is_valid_with_the_network_gone(alliance: Alliance) -> None:
    proved = list(prove_many(alliance.bundles(), alliance.chain, alliance.policy))
    assert [verify(bundle.dump(), Chain.offline(), alliance.policy).code for bundle in proved] == ["ok"] * 6
    undecided(verify(proved[0].with_evidence(None), Chain.offline(), alliance.policy), "unproven")


def test_every_node_of_real_evidence_is_needed(alliance: Alliance) -> None:
    proved = prove(alliance.bundles()[0], alliance.chain, alliance.policy)
    assert proved.evidence is not None
    nodes = proved.evidence["nodes"]
    assert len(nodes) > 25
    for place in range(len(nodes)):
        poorer = proved.with_evidence({**proved.evidence, "nodes": nodes[:place] + nodes[place + 1 :]})
        undecided(verify(poorer, Chain.offline(), alliance.policy), "unproven")


def test_a_suspension_a_reinstatement_and_a_revocation_are_seen_and_the_past_stays_what_it_was(
    alliance: Alliance,
) -> None:
    bundle, other = alliance.bundles()[1:3]
    before = prove(bundle, alliance.chain, alliance.policy)
    with alliance.issuer() as issuer:
        target = [alliance.folder / "target.json"]
        target[0].write_bytes(bundle.dump())
        moment = datetime.now(UTC)
        sleep(1.1)  # blocks are stamped in whole seconds, and the change must come after the moment
        issuer.suspend(target, reason=0)
        assert verify(bundle, alliance.chain, alliance.policy).code == "suspended"
        issuer.reinstate(target, reason=0)
        assert verify(bundle, alliance.chain, alliance.policy).code == "ok"
        issuer.revoke(target, reason=1)
    assert verify(bundle, alliance.chain, alliance.policy).code == "revoked"
    assert verify(other, alliance.chain, alliance.policy).code == "ok"
    assert verify(bundle, alliance.chain, alliance.policy, at=moment).code == "ok"
    assert verify(before, Chain.offline(), alliance.policy, at="evidence").code == "ok"
    after = prove(bundle, alliance.chain, alliance.policy)
    assert verify(after, Chain.offline(), alliance.policy).code == "revoked"
    assert after.evidence is not None
    assert before.evidence is not None
    mixed = bundle.with_evidence({**after.evidence, "nodes": before.evidence["nodes"]})
    undecided(verify(mixed, Chain.offline(), alliance.policy), "unproven")
    past = prove(bundle, alliance.chain, alliance.policy, at=moment)
    assert verify(past, Chain.offline(), alliance.policy, at=moment).code == "ok"


def test_old_evidence_is_stale_and_still_good_for_its_own_day(alliance: Alliance) -> None:
    proved = prove(alliance.bundles()[3], alliance.chain, alliance.policy)
    later = datetime.now(UTC) + timedelta(days=20)
    undecided(verify(proved, Chain.offline(), alliance.policy, later), "stale")
    assert verify(proved, Chain.offline(), alliance.policy, later, at="evidence").code == "ok"


def test_a_moment_before_the_chain_or_before_the_batch_is_told_apart(alliance: Alliance) -> None:
    bundle = alliance.bundles()[3]
    prehistoric = verify(bundle, alliance.chain, alliance.policy, at=datetime(2020, 1, 1, tzinfo=UTC))
    assert (prehistoric.code, prehistoric.check("anchor").code) == ("not_yet_valid", "unproven")
    verdict = verify(bundle, alliance.chain, alliance.policy)
    anchored = datetime.fromisoformat(verdict.facts["anchored"])
    assert verify(bundle, alliance.chain, alliance.policy, at=anchored - timedelta(seconds=1)).code == "not_anchored"
    assert verify(bundle, alliance.chain, alliance.policy, at=anchored).code == "ok"


def test_a_node_that_stopped_is_unreachable_and_one_that_came_back_is_not(alliance: Alliance) -> None:
    bundle = alliance.bundles()[4]
    alliance.node.stop()
    undecided(verify(bundle, alliance.chain, alliance.policy), "chain_unreachable")
    alliance.restart()
    assert verify(bundle, alliance.chain, alliance.policy).code == "ok"


def test_a_node_of_another_alliance_is_not_believed(alliance: Alliance, tmp_path: Path) -> None:
    init_node(tmp_path / "node", is_development=False)
    other = start_node(tmp_path / "node")
    try:
        bundle = alliance.bundles()[5]
        undecided(verify(bundle, Chain.connect(other.rpc), alliance.policy), "unproven")  # same id, another key
        with Rpc(other.rpc) as rpc:
            theirs = create_policy(rpc, GENESIS_ADDRESSES["Directory"])
        assert verify(bundle, Chain.connect(other.rpc), theirs).code == "issuer_unknown"
        undecided(verify(bundle, alliance.chain, theirs), "unproven")
        mixed = replace(theirs, genesis_hash=alliance.policy.genesis_hash)
        undecided(verify(bundle, Chain.connect(other.rpc), mixed), "wrong_chain")
    finally:
        other.stop()
