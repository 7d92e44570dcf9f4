"""Proving a bundle so that it verifies with no network, and taking the evidence out (docs/protocol.md 5.3)."""

from datetime import UTC, datetime, timedelta

import pytest
import rlp
from eth_abi.abi import encode
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.slots import nested_slot
from testamur.batch.bundle import Bundle
from testamur.batch.evidence import NotProvableError, extract, prove, prove_many
from testamur.proof.errors import MalformedEvidenceError
from testamur.proof.hashing import keccak256
from testamur.verification.bulk import Verifier, verify_many
from testamur.verification.connection import Chain
from testamur.verification.verify import verify

from tests.client.verification.world import ANCHORED, NAME, NOW, Node, World, credential, world


@pytest.fixture
def chain() -> World:
    return world()


def issue(chain: World, size: int = 3) -> list[Bundle]:
    return chain.issue([credential(n, status_index=70_000 + 300 * n) for n in range(size)])


def test_a_proved_bundle_verifies_offline_after_it_was_written_and_read(chain: World) -> None:
    proved = prove(issue(chain)[0], Node(chain).chain(), chain.policy(), NOW)
    verdict = verify(proved.dump(), Chain.offline(), chain.policy(), NOW)
    assert verdict.code == "ok"
    assert verdict.facts["issuer"] == NAME
    assert verdict.as_of is not None
    assert verdict.as_of.trust == "bundle"


def test_the_evidence_holds_its_own_words_path_and_no_neighbours(chain: World) -> None:
    bundles = issue(chain)
    chain.revoke(70_300)
    chain.revoke(70_600)
    first = prove(bundles[0], Node(chain).chain(), chain.policy(), NOW)
    _, everything = chain.tries()
    assert first.evidence is not None
    whole = everything[GENESIS_ADDRESSES["StatusRegistry"]].db
    assert len(first.evidence["nodes"]) < len(whole)
    assert verify(first, Chain.offline(), chain.policy(), NOW).code == "ok"
    other = bundles[1].with_evidence(first.evidence)
    assert verify(other, Chain.offline(), chain.policy(), NOW).code in ("unproven", "revoked")


def test_many_are_proved_on_one_state(chain: World) -> None:
    node = Node(chain)
    proved = list(prove_many(issue(chain), node.chain(), chain.policy(), NOW))
    assert [verify(bundle, Chain.offline(), chain.policy(), NOW).code for bundle in proved] == ["ok"] * 3
    assert [method for method, _ in node.asked].count("testamur_finalityProof") == 1


def test_more_rows_of_a_batch_cost_no_more_requests(chain: World) -> None:
    """What one row rested on, the next does too: the state, the issuer, the block of the status list."""
    bundles = chain.issue([credential(n, status_index=70_000 + 40 * n) for n in range(12)])
    asked = []
    for some in (bundles[:2], bundles):
        node = Node(chain)
        assert len(list(prove_many(some, node.chain(), chain.policy(), NOW))) == len(some)
        asked.append(len(node.asked))
    assert asked[0] == asked[1] <= 12, asked


def test_a_revocation_is_proved_too(chain: World) -> None:
    bundle = issue(chain)[0]
    chain.revoke(70_000)
    proved = prove(bundle, Node(chain).chain(), chain.policy(), NOW)
    assert verify(proved, Chain.offline(), chain.policy(), NOW).code == "revoked"


def test_evidence_that_lacks_the_batchs_voiding_proves_nothing(chain: World) -> None:
    bundle = issue(chain)[0]
    chain.void(bundle, lifted=ANCHORED + 6)
    proved = prove(bundle, Node(chain).chain(), chain.policy(), NOW)
    assert verify(proved, Chain.offline(), chain.policy(), NOW).code == "ok"
    _, storages = chain.tries()
    slot = nested_slot("StatusRegistry", "_voids", 1, bundle.anchor.batch_id)
    path = storages[GENESIS_ADDRESSES["StatusRegistry"]].get_proof(keccak256(slot.to_bytes(32, "big")))
    leaf = "0x" + rlp.encode(path[-1]).hex()
    assert proved.evidence is not None
    assert leaf in proved.evidence["nodes"]
    less = {**proved.evidence, "nodes": [node for node in proved.evidence["nodes"] if node != leaf]}
    assert verify(proved.with_evidence(less), Chain.offline(), chain.policy(), NOW).code == "unproven"


def test_a_voiding_is_proved_too_and_for_many_alike(chain: World) -> None:
    bundles = issue(chain)
    chain.void(bundles[0])
    proved = list(prove_many(bundles, Node(chain).chain(), chain.policy(), NOW))
    assert [verify(each, Chain.offline(), chain.policy(), NOW).code for each in proved] == ["suspended"] * 3
    found = list(verify_many(bundles, Node(chain).chain(), chain.policy(), NOW))
    assert found == [verify(each, Node(chain).chain(), chain.policy(), NOW) for each in bundles]
    assert [verdict.code for verdict in found] == ["suspended"] * 3


def test_a_past_moment_is_proved_by_the_state_that_held_then(chain: World) -> None:
    moment = datetime.fromtimestamp(ANCHORED + 1, UTC)
    proved = prove(issue(chain)[0], Node(chain).chain(), chain.policy(), NOW, at=moment)
    later = NOW + timedelta(days=90)
    assert verify(proved, Chain.offline(), chain.policy(), later, at=moment).code == "ok"
    assert verify(proved, Chain.offline(), chain.policy(), later).code == "stale"


def test_what_is_not_the_issuers_or_not_provable_is_refused(chain: World) -> None:
    bundle = issue(chain)[0]
    stranger = chain.issue([credential(9, did="did:web:x.example")], is_anchored=False)[0]
    with pytest.raises(NotProvableError, match="issuer_unknown"):
        prove(stranger, Node(chain).chain(), chain.policy(), NOW)
    with pytest.raises(NotProvableError, match="unproven"):
        prove(bundle, Chain.offline(), chain.policy(), NOW)
    with pytest.raises(NotProvableError, match="single-signer"):
        prove(bundle, Node(chain).chain(), chain.policy(trust="rpc", urls=("http://127.0.0.1:1",)), NOW)


def test_a_renamed_issuer_goes_by_its_registered_name_also_with_no_network(chain: World) -> None:
    bundle, name = issue(chain)[0], "国家开放大学（成都）"
    name_hash = keccak256(name.encode())
    chain.put("IssuerRegistry", "_issuers", 1, nameHash=int.from_bytes(name_hash, "big"))
    assert verify(bundle, Node(chain).chain(), chain.policy(), NOW).facts["issuer"] == "institution 1"
    node = Node(chain)
    for announced in ("北京大学", name):
        topics = [keccak256(b"IssuerRenamed(uint32,bytes32,string)"), (1).to_bytes(32, "big"), name_hash]
        node.logs.append(
            {
                "address": "0x" + GENESIS_ADDRESSES["IssuerRegistry"].hex(),
                "topics": ["0x" + topic.hex() for topic in topics],
                "data": "0x" + encode(["string"], [announced]).hex(),
                "blockNumber": "0x3",
                "transactionHash": "0x" + "12" * 32,
                "logIndex": "0x0",
            }
        )
    assert verify(bundle, node.chain(), chain.policy(), NOW).facts["issuer"] == name
    proved = prove(bundle, node.chain(), chain.policy(), NOW)
    assert verify(proved.dump(), Chain.offline(), chain.policy(), NOW).facts["issuer"] == name


@pytest.mark.parametrize("logs", [None, 5, [5], [{}], [{"address": "0x", "topics": []}], "0x"])
def test_events_that_are_none_cost_no_more_than_the_name(chain: World, logs: object) -> None:
    bundle, node = issue(chain)[0], Node(chain)
    chain.put("IssuerRegistry", "_issuers", 1, nameHash=1)
    node.answers["eth_getLogs"] = logs
    verdict = verify(bundle, node.chain(), chain.policy(), NOW)
    assert (verdict.code, verdict.facts["issuer"]) == ("ok", "institution 1")


def test_evidence_comes_out_as_it_went_in(chain: World) -> None:
    bundle = issue(chain)[0]
    proved = prove(bundle, Node(chain).chain(), chain.policy(), NOW)
    bare, evidence = extract(proved)
    assert bare == bundle
    assert evidence is not None
    assert evidence.to_json() == proved.evidence
    assert extract(bundle) == (bundle, None)
    with pytest.raises(MalformedEvidenceError):
        extract(bundle.with_evidence({"version": 9}))


def test_many_verdicts_are_those_of_each_alone_and_come_in_order(chain: World) -> None:
    bundles = issue(chain)
    forged = chain.issue([credential(7, did="did:web:x.example")], is_anchored=False)[0]
    chain.revoke(70_300)
    inputs: list[Bundle | bytes] = [*bundles, b"{", forged, bundles[0].dump()]
    node = Node(chain)
    verdicts = list(verify_many(inputs, node.chain(), chain.policy(), NOW))
    assert verdicts == [verify(data, Node(chain).chain(), chain.policy(), NOW) for data in inputs]
    assert [verdict.code for verdict in verdicts] == ["ok", "revoked", "ok", "malformed", "issuer_unknown", "ok"]
    address = "0x" + GENESIS_ADDRESSES["StatusRegistry"].hex()
    asked = [params for method, params in node.asked if method == "eth_getProof" and params[0] == address]
    assert len(asked) == 3  # the list's record and each bitmap's block, once for all


def test_many_verdicts_offline_stand_each_on_their_own_evidence(chain: World) -> None:
    first, second, third = prove_many(issue(chain), Node(chain).chain(), chain.policy(), NOW)
    inputs = [first, second.with_evidence(None), third]
    codes = [verdict.code for verdict in verify_many(inputs, Chain.offline(), chain.policy(), NOW)]
    assert codes == ["ok", "unproven", "ok"]


def test_many_verdicts_are_given_as_bundles_come(chain: World) -> None:
    taken = []

    def source() -> object:
        for bundle in issue(chain):
            taken.append(bundle)
            yield bundle

    verdicts = verify_many(source(), Node(chain).chain(), chain.policy(), NOW)  # type: ignore[arg-type]
    next(verdicts)
    assert len(taken) == 1


def test_a_verifier_looks_at_one_state_until_it_has_grown_old(chain: World) -> None:
    bundle, node = issue(chain)[0], Node(chain)
    verifier = Verifier(node.chain(), chain.policy(), refresh_seconds=2)
    assert verifier.judge(bundle, NOW).code == "ok"
    chain.go_on()
    chain.revoke(70_000)
    assert verifier.judge(bundle.dump(), NOW + timedelta(seconds=2)).code == "ok"
    assert verifier.judge(bundle, NOW + timedelta(seconds=3)).code == "revoked"
    assert [method for method, _ in node.asked].count("testamur_finalityProof") == 2
    assert verifier.judge(b"{").code == "malformed"


def test_a_verifier_on_an_old_state_still_goes_by_the_clock(chain: World) -> None:
    bundle = chain.issue([credential(valid_until="2026-05-28T20:52:00Z")])[0]
    verifier = Verifier(Node(chain).chain(), chain.policy(), refresh_seconds=60)
    assert verifier.judge(bundle, NOW).code == "ok"
    assert verifier.judge(bundle, NOW + timedelta(seconds=1)).code == "expired"


def test_a_verifier_does_not_keep_what_it_could_not_read(chain: World) -> None:
    bundle, other = issue(chain)[0], chain.issue([credential(5, status_index=5)])[0]
    node = Node(chain)
    verifier = Verifier(node.chain(), chain.policy(), refresh_seconds=60)
    assert verifier.judge(bundle, NOW).code == "ok"
    node.answers["eth_getProof"] = None
    assert verifier.judge(other, NOW).code == "unproven"
    del node.answers["eth_getProof"]
    assert verifier.judge(other, NOW).code == "ok"
