"""Check 9 and what may be trusted at all: signatures, age, moments, chains, nodes (docs/protocol.md 3.3, 4, 6.2)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.batch.bundle import Bundle
from testamur.language import language
from testamur.language.verdict import check_sentence
from testamur.verification.bulk import verify_many
from testamur.verification.connection import Chain
from testamur.verification.errors import UndecidedError
from testamur.verification.ground import probe
from testamur.verification.memory import Memory, Seen
from testamur.verification.policy import Checkpoint, Policy
from testamur.verification.verdict import Verdict
from testamur.verification.verify import verify

from tests.client.verification.world import (
    ANCHORED,
    GENESIS_HASH,
    NOW,
    OTHER_KEY,
    SEALED,
    Node,
    World,
    credential,
    raw,
    world,
)


@pytest.fixture
def chain() -> World:
    return world()


@pytest.fixture
def bundle(chain: World) -> Bundle:
    return chain.issue([credential(n, status_index=70_000 + n) for n in range(3)])[1]


def offline(bundle: Bundle, chain: World, policy: Policy | None = None, **arguments: Any) -> Verdict:
    arguments.setdefault("now", NOW)
    return verify(bundle.with_evidence(chain.evidence()), Chain.offline(), policy or chain.policy(), **arguments)


def undecided(verdict: Verdict, code: str) -> None:
    assert (verdict.outcome, verdict.code, verdict.exit_code) == ("indeterminate", code, 7)
    assert (verdict.check("trust").result, verdict.check("trust").code) == ("unknown", code)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


# evidence -----------------------------------------------------------------------------------------------------------


def test_offline_without_evidence_is_unproven(chain: World, bundle: Bundle) -> None:
    undecided(verify(bundle, Chain.offline(), chain.policy(), NOW), "unproven")


def test_evidence_judged_by_a_policy_that_believes_nodes_is_unproven(chain: World, bundle: Bundle) -> None:
    undecided(offline(bundle, chain, chain.policy(trust="rpc", urls=("http://127.0.0.1:1",))), "unproven")


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"version": 2},
        {"version": 1, "finality": [], "nodes": [], "texts": []},
        {"version": 1, "finality": [{}], "nodes": [], "texts": []},
        {"version": 1, "finality": "x", "nodes": [], "texts": []},
        {"version": 1, "finality": [1], "nodes": ["zz"], "texts": []},
        {"version": 1, "finality": [None], "nodes": [1], "texts": []},
        {"version": 1, "finality": [None], "nodes": [], "texts": [1]},
        {"version": 1, "finality": [None], "nodes": [], "texts": [], "more": 1},
    ],
)
def test_evidence_that_cannot_be_read_is_unproven(chain: World, bundle: Bundle, evidence: dict[str, Any]) -> None:
    undecided(verify(bundle.with_evidence(evidence), Chain.offline(), chain.policy(), NOW), "unproven")


def test_a_header_signed_by_another_key_than_the_pinned_one_is_unproven(chain: World, bundle: Bundle) -> None:
    policy = chain.policy()
    chain.signer = OTHER_KEY
    undecided(offline(bundle, chain, policy), "unproven")
    assert offline(bundle, chain, chain.policy(solo_key=raw(OTHER_KEY))).code == "ok"


def test_a_header_of_another_chain_is_wrong_chain(chain: World, bundle: Bundle) -> None:
    chain.engine_chain_id = "testamur-20261"
    undecided(offline(bundle, chain), "wrong_chain")


def test_another_genesis_than_the_pinned_one_is_wrong_chain(chain: World, bundle: Bundle) -> None:
    undecided(offline(bundle, chain, chain.policy(genesis_hash=b"\x01" * 32)), "wrong_chain")
    undecided(verify(bundle, Node(chain).chain(), chain.policy(genesis_hash=b"\x01" * 32), NOW), "wrong_chain")


def test_a_header_that_carries_another_state_is_unproven(chain: World, bundle: Bundle) -> None:
    evidence = chain.evidence()
    chain.revoke(70_001)
    evidence["finality"][0]["evmHeader"] = "0x" + chain.header().encode().hex()
    undecided(verify(bundle.with_evidence(evidence), Chain.offline(), chain.policy(), NOW), "unproven")


def test_nodes_of_another_state_do_not_hide_a_revocation(chain: World, bundle: Bundle) -> None:
    before = chain.evidence()
    chain.revoke(70_001)
    after = chain.evidence()
    assert verify(bundle.with_evidence(after), Chain.offline(), chain.policy(), NOW).code == "revoked"
    mixed = {**after, "nodes": before["nodes"]}
    undecided(verify(bundle.with_evidence(mixed), Chain.offline(), chain.policy(), NOW), "unproven")


def test_every_node_that_is_left_out_makes_it_unproven(chain: World, bundle: Bundle) -> None:
    from testamur.batch.evidence import prove

    proved = prove(bundle, Node(chain).chain(), chain.policy(), NOW)
    assert proved.evidence is not None
    assert verify(proved, Chain.offline(), chain.policy(), NOW).code == "ok"
    nodes = proved.evidence["nodes"]
    assert len(nodes) > 20
    for place in range(len(nodes)):
        poorer = {**proved.evidence, "nodes": nodes[:place] + nodes[place + 1 :]}
        undecided(verify(bundle.with_evidence(poorer), Chain.offline(), chain.policy(), NOW), "unproven")


# contracts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(GENESIS_ADDRESSES))
@pytest.mark.parametrize("is_gone", [True, False], ids=["absent", "other code"])
def test_a_contract_that_is_absent_or_has_other_code_proves_nothing(
    chain: World, bundle: Bundle, name: str, is_gone: bool
) -> None:
    address = GENESIS_ADDRESSES[name]
    if is_gone:
        del chain.codes[address]
    else:
        chain.codes[address] = b"a look-alike"
    believing = chain.policy(trust="rpc", urls=("http://127.0.0.1:1",))
    verdicts = [
        offline(bundle, chain),
        verify(bundle, Node(chain).chain(), chain.policy(), NOW),
        verify(bundle, Node(chain).chain(), believing, NOW),
    ]
    for verdict, policy in zip(verdicts, [chain.policy(), chain.policy(), believing], strict=True):
        if name in ("Alliance", "Permissions") or (name == "BlockHistory" and not policy.demands_proofs):
            assert verdict.code == "ok"  # nothing of it was read
        else:
            undecided(verdict, "unproven")


def test_a_contract_of_an_unknown_layout_is_unproven_and_says_to_update(chain: World, bundle: Bundle) -> None:
    chain.deploy("StatusRegistry", GENESIS_ADDRESSES["StatusRegistry"], 1, layout=2)
    verdict = offline(bundle, chain)
    undecided(verdict, "unproven")
    assert verdict.check("anchor").result == "pass"
    check = verdict.to_json()["checks"][6]
    told = {tag: check_sentence(check, language(tag), is_exact=True) for tag in ("en", "zh")}
    assert told == {
        "en": "StatusRegistry 1 keeps its records in layout 2; "
        "update testamur to a version that reads layout 2 of StatusRegistry.",
        "zh": "StatusRegistry 1 以布局 2 存储其记录；请将 testamur 更新到能读取 StatusRegistry 布局 2 的版本。",
    }


def test_another_directory_than_the_pinned_one_is_unproven(chain: World, bundle: Bundle) -> None:
    undecided(offline(bundle, chain, chain.policy(directory=b"\x01" * 20)), "unproven")
    undecided(offline(bundle, chain, chain.policy(directory_code_hash=b"\x01" * 32)), "unproven")


# time ---------------------------------------------------------------------------------------------------------------


def test_a_state_is_the_present_up_to_the_greatest_age(chain: World, bundle: Bundle) -> None:
    policy = chain.policy(max_age_seconds=100)
    assert offline(bundle, chain, policy, now=at(SEALED + 100)).code == "ok"
    undecided(offline(bundle, chain, policy, now=at(SEALED + 102)), "stale")


@pytest.mark.parametrize(("tag", "words"), [("en", "the policy allows 60 s"), ("zh", "核验策略允许 60 秒")])
def test_a_state_that_is_too_old_says_how_old_and_what_to_do(
    chain: World, bundle: Bundle, tag: str, words: str
) -> None:
    policy = chain.policy(max_age_seconds=60)
    verdict = offline(bundle, chain, policy, now=at(SEALED + 62))
    undecided(verdict, "stale")
    told = language(tag)
    sentence = check_sentence(verdict.to_json()["checks"][-1], told, is_exact=True)
    assert words in sentence
    assert "--at evidence" in sentence
    assert "--at evidence" in told.text("code.stale.next")
    assert offline(bundle, chain, policy, now=at(SEALED + 62), at="evidence").code == "ok"


def test_a_revocation_in_a_stale_state_is_still_told(chain: World, bundle: Bundle) -> None:
    chain.revoke(70_001)
    assert offline(bundle, chain, chain.policy(max_age_seconds=1), now=at(SEALED + 100)).code == "revoked"


def test_a_header_ahead_of_the_verifiers_clock_is_unproven(chain: World, bundle: Bundle) -> None:
    assert offline(bundle, chain, now=at(SEALED - 9)).code == "ok"
    undecided(offline(bundle, chain, now=at(SEALED - 11)), "unproven")


def test_signatures_older_than_the_trust_period_are_unproven(chain: World, bundle: Bundle) -> None:
    policy = chain.policy(trust_period_seconds=1000, max_age_seconds=10)
    assert offline(bundle, chain, policy, now=at(SEALED + 900), at="evidence").code == "ok"
    undecided(offline(bundle, chain, policy, now=at(SEALED + 1100), at="evidence"), "unproven")


def test_old_paper_is_judged_at_its_evidence(chain: World, bundle: Bundle) -> None:
    later = NOW + timedelta(days=300)
    undecided(offline(bundle, chain, now=later), "stale")
    verdict = offline(bundle, chain, now=later, at="evidence")
    assert verdict.code == "ok"
    assert verdict.as_of is not None
    assert verdict.as_of.time == at(SEALED)


def test_a_state_is_judged_at_a_moment_only_where_a_signed_header_shows_that_it_held(
    chain: World, bundle: Bundle
) -> None:
    later = NOW + timedelta(days=30)
    assert offline(bundle, chain, now=later, at=at(ANCHORED)).code == "ok"
    assert offline(bundle, chain, now=later, at=at(SEALED)).code == "ok"
    undecided(offline(bundle, chain, now=later, at=at(SEALED + 1)), "unproven")
    undecided(offline(bundle, chain, now=later, at=at(ANCHORED - 1)), "unproven")


def test_a_child_shows_that_its_parent_held_until_then_and_nothing_else_does(chain: World, bundle: Bundle) -> None:
    parent = chain.evidence()
    parent_hash = chain.header().hash()
    chain.revoke(70_001)
    chain.parent_hash, chain.block, chain.timestamp = parent_hash, chain.block + 1, SEALED + 5_000
    chain.engine_height, chain.engine_time_ns = chain.engine_height + 9, (SEALED + 5_010) * 10**9
    moment, later = at(SEALED + 4_000), NOW + timedelta(days=1)
    child = chain.finality().to_json()
    together = {**parent, "finality": [parent["finality"][0], child]}

    def judged(evidence: dict[str, Any], moment: datetime) -> Verdict:
        return verify(bundle.with_evidence(evidence), Chain.offline(), chain.policy(), later, at=moment)

    assert judged(together, moment).code == "ok"
    undecided(judged(together, at(SEALED + 5_000)), "unproven")
    chain.parent_hash = b"\x45" * 32
    stranger = {**together, "finality": [parent["finality"][0], chain.finality().to_json()]}
    undecided(judged(stranger, moment), "unproven")
    chain.parent_hash, chain.signer = parent_hash, OTHER_KEY
    forged = {**together, "finality": [parent["finality"][0], chain.finality().to_json()]}
    undecided(judged(forged, moment), "unproven")


# memory -------------------------------------------------------------------------------------------------------------


def kept(chain: World, folder: Path, **pins: Any) -> Policy:
    chain.policy(**pins).write(folder / "policy.toml")
    return Policy.load(folder / "policy.toml")


def test_a_node_that_shows_an_older_state_than_before_is_stale(chain: World, bundle: Bundle, tmp_path: Path) -> None:
    policy, young = kept(chain, tmp_path), chain.engine_height
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    chain.engine_height = young - 1
    undecided(verify(bundle, Node(chain).chain(), policy, NOW), "stale")
    assert "height 39, and height 40" in verify(bundle, Node(chain).chain(), policy, NOW).check("trust").message
    chain.engine_height = young + 1
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"


def test_evidence_from_before_a_block_that_was_seen_is_stale_and_a_heartbeat_does_not_age_it(
    chain: World, bundle: Bundle, tmp_path: Path
) -> None:
    """docs/protocol.md 4.5: a revocation seen yesterday is not undone by a file of last week."""
    policy, old = kept(chain, tmp_path), chain.evidence()
    chain.engine_height += 1
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    assert verify(bundle.with_evidence(old), Chain.offline(), policy, NOW).code == "ok"
    chain.go_on()
    chain.revoke(70_001)
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "revoked"
    verdict = verify(bundle.with_evidence(old), Chain.offline(), policy, NOW)
    undecided(verdict, "stale")
    assert verdict.check("status").result == "pass"  # by the old state, which is not the present
    assert "block 4, and block 5 was seen before" in verdict.check("trust").message
    assert verify(bundle.with_evidence(old), Chain.offline(), policy, NOW, at="evidence").code == "ok"


def test_what_was_seen_is_remembered_for_every_policy_of_the_chain(
    chain: World, bundle: Bundle, tmp_path: Path
) -> None:
    policy, old = kept(chain, tmp_path), chain.evidence()
    chain.go_on()
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    stricter = kept(chain, tmp_path, issuer_now="required", accepted_issuers=frozenset({1}))
    undecided(verify(bundle.with_evidence(old), Chain.offline(), stricter, NOW), "stale")
    other = kept(chain, tmp_path, solo_key=raw(OTHER_KEY))
    assert Memory.of(other).height == 0


def test_files_of_one_run_do_not_age_one_another_and_those_of_the_next_are_aged(
    chain: World, bundle: Bundle, tmp_path: Path
) -> None:
    policy, old = kept(chain, tmp_path), bundle.with_evidence(chain.evidence())
    chain.go_on()
    new = bundle.with_evidence(chain.evidence())
    run = [verdict.code for verdict in verify_many([new, old], Chain.offline(), policy, NOW)]
    assert run == ["ok", "ok"]
    assert [verdict.code for verdict in verify_many([new, old], Chain.offline(), policy, NOW)] == ["ok", "stale"]


def test_evidence_that_brings_a_later_block_itself_is_not_of_the_present(chain: World, bundle: Bundle) -> None:
    parent = chain.evidence()
    chain.go_on()
    both = {**parent, "finality": [*parent["finality"], chain.finality().to_json()]}
    undecided(verify(bundle.with_evidence(both), Chain.offline(), chain.policy(), NOW), "stale")


def test_a_state_of_too_little_standing_is_not_remembered(chain: World, bundle: Bundle, tmp_path: Path) -> None:
    policy = kept(chain, tmp_path, genesis_hash=b"\x01" * 32)
    undecided(verify(bundle, Node(chain).chain(), policy, NOW), "wrong_chain")
    assert Memory.of(policy).height == 0


def test_processes_that_remember_at_once_keep_the_newest(chain: World, tmp_path: Path) -> None:
    policy = kept(chain, tmp_path)
    heights = list(range(41, 65))
    shuffled = heights[::2] + heights[1::2][::-1]
    seen = [Seen(height, bytes([height]) * 32, height - 30, bytes([height]) * 32) for height in shuffled]
    memories = [Memory.of(policy) for _ in seen]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pair: pair[0].remember(pair[1], is_followed=True), zip(memories, seen, strict=True)))
    now = Memory.of(policy)
    assert (now.height, now.block_before, now.blocks) == (64, 34, {34: bytes([64]) * 32})


def test_two_headers_at_one_height_are_noticed(chain: World, bundle: Bundle, tmp_path: Path) -> None:
    policy = kept(chain, tmp_path)
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    chain.engine_time_ns += 1
    undecided(verify(bundle, Node(chain).chain(), policy, NOW), "unproven")
    undecided(offline(bundle, chain, policy), "unproven")


@pytest.mark.parametrize("trust", ["single-signer", "rpc"])
def test_a_chain_that_was_rolled_back_and_went_on_is_undecided(
    chain: World, bundle: Bundle, tmp_path: Path, trust: str
) -> None:
    """docs/protocol.md 4.5: what was proved before must be part of the history that is shown now."""
    policy = kept(chain, tmp_path, trust=trust, urls=("http://127.0.0.1:1",))
    chain.revoke(70_001)
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "revoked"
    chain.go_on()
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "revoked"
    second = chain.header().hash()
    chain.go_on(parent=b"\x66" * 32)  # block 5 was taken back, and another stands in its place
    for _ in range(2):
        verdict = verify(bundle, Node(chain).chain(), policy, NOW)
        undecided(verdict, "unproven")
        assert "rolled back" in verdict.check("trust").message
    Memory.of(policy).forget()  # the alliance said what happened: `policy refresh --forget`
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "revoked"
    assert second not in Memory.of(policy).blocks.values()


@pytest.mark.parametrize("trust", ["single-signer", "rpc"])
def test_a_chain_that_was_rolled_back_and_stands_is_stale_and_its_revocations_are_told(
    chain: World, bundle: Bundle, tmp_path: Path, trust: str
) -> None:
    policy = kept(chain, tmp_path, trust=trust, urls=("http://127.0.0.1:1",))
    chain.go_on()
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    chain.block, chain.engine_height = chain.block - 1, chain.engine_height - 1
    undecided(verify(bundle, Node(chain).chain(), policy, NOW), "stale")
    chain.revoke(70_001)
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "revoked"


def test_another_block_of_a_number_that_was_shown_is_noticed(chain: World, bundle: Bundle, tmp_path: Path) -> None:
    policy = kept(chain, tmp_path)
    assert offline(bundle, chain, policy).code == "ok"
    chain.engine_height += 1
    chain.timestamp += 1
    undecided(offline(bundle, chain, policy), "unproven")
    undecided(verify(bundle, Node(chain).chain(), policy, NOW), "unproven")


def test_a_block_that_evidence_showed_waits_for_a_node_to_confirm_it(
    chain: World, bundle: Bundle, tmp_path: Path
) -> None:
    """Newer evidence does not make a block forgotten that the chain has since left out."""
    policy = kept(chain, tmp_path)
    assert offline(bundle, chain, policy).code == "ok"
    chain.go_on(parent=b"\x66" * 32)
    assert offline(bundle, chain, policy).code == "ok"  # evidence cannot show what came before it
    undecided(verify(bundle, Node(chain).chain(), policy, NOW), "unproven")


def test_memory_holds_a_bounded_number_of_blocks_and_the_first(chain: World, bundle: Bundle, tmp_path: Path) -> None:
    policy = kept(chain, tmp_path)
    first = chain.block
    for _ in range(20):
        assert offline(bundle, chain, policy).code == "ok"
        chain.go_on()
    assert len(Memory.of(policy).blocks) <= 8
    assert first in Memory.of(policy).blocks
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    assert list(Memory.of(policy).blocks) == [chain.block]


def test_the_checkpoint_is_where_memory_begins(chain: World, bundle: Bundle) -> None:
    header = chain.finality().signed.header
    same = Checkpoint(header.height, header.hash())
    assert verify(bundle, Node(chain).chain(), chain.policy(checkpoint=same), NOW).code == "ok"
    later = replace(same, height=header.height + 1)
    undecided(verify(bundle, Node(chain).chain(), chain.policy(checkpoint=later), NOW), "stale")


@pytest.mark.parametrize("content", ["", "{", '{"x":1}' * 999, "SQLite format 3\0" + "x" * 8192])
def test_a_damaged_memory_is_begun_anew(chain: World, bundle: Bundle, tmp_path: Path, content: str) -> None:
    policy = kept(chain, tmp_path)
    (tmp_path / "newest.sqlite").write_text(content)
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    chain.engine_height -= 1
    assert verify(bundle, Node(chain).chain(), policy, NOW).code in ("ok", "stale")  # gone where it was no database
    assert Memory.of(policy).height >= chain.engine_height


def test_a_folder_that_cannot_be_written_does_not_stop_a_verdict(chain: World, bundle: Bundle, tmp_path: Path) -> None:
    policy = kept(chain, tmp_path)
    (tmp_path / "newest.sqlite").mkdir()  # neither readable nor replaceable, whoever runs the test
    assert verify(bundle, Node(chain).chain(), policy, NOW).code == "ok"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


# nodes --------------------------------------------------------------------------------------------------------------


def test_a_dead_node_is_unreachable(chain: World, bundle: Bundle) -> None:
    dead = Chain.connect("http://127.0.0.1:9", timeout_seconds=0.2, attempts=1)
    undecided(verify(bundle, dead, chain.policy(), NOW), "chain_unreachable")
    believing = chain.policy(trust="rpc", urls=("http://127.0.0.1:9",))
    undecided(verify(bundle, dead, believing, NOW), "chain_unreachable")


def test_a_believed_node_of_another_chain_or_genesis_is_wrong_chain(chain: World, bundle: Bundle) -> None:
    believing = chain.policy(trust="rpc", urls=("http://127.0.0.1:1",))
    undecided(verify(bundle, Node(chain).chain(), replace(believing, genesis_hash=b"\x01" * 32), NOW), "wrong_chain")
    chain.chain_id = 1
    undecided(verify(bundle, Node(chain).chain(), believing, NOW), "wrong_chain")


@pytest.mark.parametrize("answer", [None, 7, "x", "0x", [], {}, [1], {"accountProof": 1}, {"accountProof": ["zz"]}])
@pytest.mark.parametrize(
    "method", ["testamur_finalityProof", "eth_getProof", "eth_chainId", "eth_getBlockByNumber", "eth_getStorageAt"]
)
def test_a_node_that_answers_nonsense_leaves_it_undecided(
    chain: World, bundle: Bundle, method: str, answer: object
) -> None:
    node = Node(chain)
    node.answers[method] = answer
    is_believed = method not in ("testamur_finalityProof", "eth_getProof")
    policy = chain.policy(trust="rpc", urls=("http://127.0.0.1:1",)) if is_believed else chain.policy()
    verdict = verify(bundle, node.chain(), policy, NOW)
    assert verdict.outcome == "indeterminate"
    assert verdict.code in ("unproven", "chain_unreachable")


def test_a_node_learns_a_block_of_the_list_and_not_the_word(chain: World, bundle: Bundle) -> None:
    node = Node(chain)
    assert verify(bundle, node.chain(), chain.policy(), NOW).code == "ok"
    address = "0x" + GENESIS_ADDRESSES["StatusRegistry"].hex()
    sizes = [len(params[1]) for method, params in node.asked if method == "eth_getProof" and params[0] == address]
    assert sizes == [2, 512, 512]  # the batch and its list, then a block of each bitmap


def test_a_believed_nodes_state_is_dated_by_its_block_and_its_age_is_judged(chain: World, bundle: Bundle) -> None:
    """docs/protocol.md 6.10: the clock says nothing about how old a node's word is."""
    believing = chain.policy(trust="rpc", urls=("http://127.0.0.1:1",), max_age_seconds=600)
    verdict = verify(bundle, Node(chain).chain(), believing, at(ANCHORED + 600))
    assert (verdict.code, verdict.as_of and verdict.as_of.time) == ("ok", at(ANCHORED))
    undecided(verify(bundle, Node(chain).chain(), believing, at(ANCHORED + 601)), "stale")
    ageless = replace(believing, max_age_seconds=None)
    later = verify(bundle, Node(chain).chain(), ageless, at(ANCHORED + 86_400))
    assert (later.code, later.as_of and later.as_of.time) == ("ok", at(ANCHORED))
    chain.revoke(70_001)
    assert verify(bundle, Node(chain).chain(), believing, at(ANCHORED + 601)).code == "revoked"


@pytest.mark.parametrize("timestamp", ["0x1_0", " 0x10", "0x１0", "16", 16, None, "0x", "-0x1"])
def test_a_number_that_a_node_writes_otherwise_is_no_number(chain: World, bundle: Bundle, timestamp: object) -> None:
    node, hash_ = Node(chain), "0x" + GENESIS_HASH.hex()
    node.answers["eth_getBlockByNumber"] = {"number": "0x4", "hash": hash_, "timestamp": timestamp}
    believing = chain.policy(trust="rpc", urls=("http://127.0.0.1:1",))
    undecided(verify(bundle, node.chain(), believing, NOW), "chain_unreachable")


def test_a_moment_to_come_is_undecided_even_by_a_nodes_word(chain: World, bundle: Bundle) -> None:
    believing = chain.policy(trust="rpc", urls=("http://127.0.0.1:1",))
    assert verify(bundle, Node(chain).chain(), believing, NOW, at=NOW).code == "ok"
    undecided(verify(bundle, Node(chain).chain(), believing, NOW, at=NOW + timedelta(seconds=1)), "unproven")


def test_a_probe_finds_every_contract_in_force_or_says_what_is_not(chain: World) -> None:
    def probed() -> object:
        policy = chain.policy()
        return probe(Node(chain).chain(), policy, Memory.of(policy), NOW).block

    assert probed() == chain.block
    chain.codes[GENESIS_ADDRESSES["Operators"]] = b"a look-alike"
    with pytest.raises(UndecidedError, match="Operators"):
        probed()


def test_nothing_is_taken_from_the_bundles_anchor(chain: World, bundle: Bundle) -> None:
    """A whole forged suite at other addresses, named by the bundle, convinces nobody."""
    forged = world()
    forged.chain_id = chain.chain_id
    double = b"\x66" * 20
    forged.codes[double] = forged.codes[GENESIS_ADDRESSES["CredentialBatches"]]
    fake = forged.issue([credential()], contract=double)[0]
    assert offline(fake, forged).code == "not_anchored"
    assert offline(bundle, chain).code == "ok"
