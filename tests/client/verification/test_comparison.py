"""`policy refresh`: which nodes count as a second opinion (docs/protocol.md 4.5)."""

from dataclasses import dataclass
from typing import Any

import pytest
from testamur.chain.rpc import Rpc
from testamur.verification.comparison import NodeReport, compare_nodes
from testamur.verification.errors import UndecidedError
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy

from tests.client.verification.world import GENESIS_HASH, NOW, OTHER_KEY, Node, World, world

A, B, C = "http://a.example:8545", "http://b.example:8545", "http://c.example:8545"


@dataclass(frozen=True)
class Blocks:
    """A chain's past, as the nodes that have it tell it."""

    known: dict[int, dict[str, Any]]

    def after(self, chain: World) -> "Blocks":
        """The past with the chain's newest block in it; the chain itself goes on by one block."""
        header = chain.header()
        block = {"number": hex(chain.block), "hash": "0x" + header.hash().hex(), "timestamp": hex(chain.timestamp)}
        chain.parent_hash, chain.block, chain.timestamp = header.hash(), chain.block + 1, chain.timestamp + 2
        chain.engine_height, chain.engine_time_ns = chain.engine_height + 1, chain.engine_time_ns + 2 * 10**9
        return Blocks({**self.known, chain.block - 1: block})


class HistoryNode(Node):
    """A node that also answers for the blocks before its newest."""

    def __init__(self, chain: World, url: str, past: Blocks) -> None:
        super().__init__(chain)
        self._transport = Rpc(url)._transport
        self.past = past

    def _eth_getBlockByNumber(self, block: str, full: bool) -> dict[str, Any]:
        known = self.past.known.get(int(block, 16)) if block.startswith("0x") else None
        return known or super()._eth_getBlockByNumber(block, full)


def compared(nodes: dict[str, Rpc], policy: Policy | None = None) -> dict[str, NodeReport]:
    chosen = policy or world().policy()
    reports = compare_nodes(chosen, list(nodes), Memory.of(chosen), NOW, nodes.__getitem__)
    assert [report.url for report in reports] == list(nodes)
    return {report.url: report for report in reports}


def problem(report: NodeReport) -> str:
    assert report.problem is not None
    return report.problem


NONE = Blocks({})


def at_genesis() -> World:
    chain = world()
    chain.block = 0
    return chain


def genesis_policy() -> Policy:
    return world().policy(genesis_hash=at_genesis().header().hash())


def test_nodes_that_show_the_same_block_agree() -> None:
    reports = compared({A: HistoryNode(world(), A, NONE), B: HistoryNode(world(), B, NONE)})
    assert [(report.height, report.problem) for report in reports.values()] == [(4, None), (4, None)]


def test_a_node_one_block_behind_agrees_and_one_a_minute_behind_does_not() -> None:
    for seconds, is_agreeing in ((2, True), (60, True), (61, False)):
        behind, ahead = world(), world()
        past = NONE.after(ahead)
        ahead.timestamp = ahead.engine_time_ns // 10**9 - seconds
        reports = compared({A: HistoryNode(behind, A, NONE), B: HistoryNode(ahead, B, past)})
        assert reports[B].problem is None
        assert (reports[A].problem is None) == is_agreeing, seconds
    assert "lacks block 5" in problem(reports[A])
    assert "61 s" in problem(reports[A])


def test_a_node_that_signs_with_another_key_is_named_and_does_not_agree() -> None:
    other = world()
    other.signer = OTHER_KEY
    reports = compared({A: HistoryNode(world(), A, NONE), B: HistoryNode(other, B, NONE)})
    assert reports[A].problem is None
    assert "pinned key" in problem(reports[B])
    assert reports[B].height is None


def test_a_node_of_another_chain_or_none_is_named() -> None:
    other = world()
    other.engine_chain_id = "testamur-1"
    dead = Rpc("http://127.0.0.1:9", attempts=1, timeout_seconds=0.2)
    reports = compared({A: HistoryNode(world(), A, NONE), B: HistoryNode(other, B, NONE), dead.url: dead})
    assert [report.problem is None for report in reports.values()] == [True, False, False]


def test_a_node_at_the_first_block_says_nothing_about_the_others() -> None:
    young, ahead = at_genesis(), world()
    genesis = young.header().hash()
    ahead.set("BlockHistory", "_hashes", 0, value=int.from_bytes(genesis, "big"))
    past = Blocks({0: {"number": "0x0", "hash": "0x" + genesis.hex(), "timestamp": hex(young.timestamp)}})
    past = Blocks({**past.known, 1: {"number": "0x1", "hash": "0x" + "11" * 32, "timestamp": hex(ahead.timestamp)}})
    reports = compared({A: HistoryNode(young, A, past), B: HistoryNode(ahead, B, past)}, genesis_policy())
    assert reports[B].problem is None
    assert "stands at block 0" in problem(reports[A])
    both = compared({A: HistoryNode(young, A, past), B: HistoryNode(at_genesis(), B, past)}, genesis_policy())
    assert [report.problem for report in both.values()] == [None, None]


def test_two_histories_are_not_a_matter_of_counting() -> None:
    one, other = world(), world()
    other.revoke(70_001)
    nodes: dict[str, Rpc] = {A: HistoryNode(one, A, NONE), B: HistoryNode(other, B, NONE)}
    with pytest.raises(UndecidedError, match="different histories at block 4") as refusal:
        compared(nodes)
    assert refusal.value.exit_code == 7


def test_a_past_that_differs_is_found_behind_the_newest_block() -> None:
    behind, ahead = world(), world()
    past = NONE.after(ahead)
    forged = Blocks({4: {**past.known[4], "hash": "0x" + GENESIS_HASH.hex()}})
    with pytest.raises(UndecidedError, match="different histories at block 4"):
        compared({A: HistoryNode(behind, A, NONE), B: HistoryNode(ahead, B, forged)})


def test_a_state_too_old_for_the_policy_does_not_count() -> None:
    old = world()
    old.engine_time_ns -= 100 * 10**9
    policy = world().policy(max_age_seconds=60)
    reports = compared({A: HistoryNode(world(), A, NONE), B: HistoryNode(old, B, NONE)}, policy)
    assert reports[A].problem is None
    assert "119 s old" in problem(reports[B])


def test_one_address_is_one_opinion() -> None:
    node = HistoryNode(world(), A, NONE)
    policy = world().policy()
    reports = compare_nodes(policy, [A, A + "/", A], Memory.of(policy), NOW, lambda url: node)
    assert [report.url for report in reports] == [A]


def test_believed_nodes_are_compared_by_chain_block_and_hash() -> None:
    policy = world().policy(trust="rpc", urls=(A,), confirmations=0)
    other = world()
    other.chain_id = 1
    reports = compared(
        {A: HistoryNode(world(), A, NONE), B: HistoryNode(world(), B, NONE), C: HistoryNode(other, C, NONE)}, policy
    )
    assert [report.problem is None for report in reports.values()] == [True, True, False]
