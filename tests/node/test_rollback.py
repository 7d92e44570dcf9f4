"""Undoing blocks: what is lost is said first, a governed chain wants it said twice, the node tells of it ever after."""

from pathlib import Path
from typing import Any, cast

import pytest
from testamur.proof.hashing import keccak256
from testamur_node.chain.rules import ALLIANCE, DEVELOPMENT, ChainSpec
from testamur_node.node import DATA_FOLDER, Node
from testamur_node.operations import upkeep
from testamur_node.operations.doctor import examine
from testamur_node.operations.rollback import ConsentError, Losses, demand_consent, roll_back
from testamur_node.operations.upkeep import UpkeepError
from testamur_node.rpc.context import Context
from testamur_node.rpc.methods.trust import node_status
from testamur_node.store.store import Store

from tests.node.founding import DEPLOYER, GOVERN, make_home, raw
from tests.node.test_node import SteppedClock


def telling(event: str, number: int, place: int, data: int) -> bytes:
    """Code that logs an event of StatusRegistry with two indexed numbers."""
    topics = (place.to_bytes(32, "big"), number.to_bytes(32, "big"), keccak256(event.encode()))
    pushed = b"".join(b"\x7f" + topic for topic in topics)
    return b"\x7f" + data.to_bytes(32, "big") + bytes.fromhex("5f52") + pushed + bytes.fromhex("60205fa3")


def grown(folder: Path, spec: ChainSpec) -> Path:
    """A chain whose second block changes statuses."""
    home, clock = make_home(folder, spec), SteppedClock()
    node = Node.open(home, clock, block_time=0)
    words = "(uint32,uint32,uint256,uint8)"
    code = (
        telling("CredentialSuspended(uint32,uint32,uint8)", 3, 94567, 1)
        + telling(f"WordsRevoked{words}", 3, 2, 1 << 5 | 1)
        + telling(f"WordsReinstated{words}", 4, 0, 1 << 255)
        + telling("RevocationsCleared(uint32,uint32,uint256,bytes32)", 5, 1, 2)
        + telling("Other(uint32,uint32,uint8)", 3, 1, 1)
    )
    for number, item in enumerate((raw(GOVERN, 0), raw(DEPLOYER, 0, to=None, data=code)), 1):
        clock.nanoseconds += 2 * 10**9
        node.submit(item)
        assert node.wait_for_block(number, 60)
    node.close()
    return home


@pytest.fixture
def governed(tmp_path: Path) -> Path:
    return grown(tmp_path, ALLIANCE)


CHANGES = [
    (3, 94567, "suspended"), (3, 512, "revoked"), (3, 517, "revoked"), (4, 255, "reinstated"), (5, 257, "cleared"),
]  # fmt: skip


def test_what_is_lost_is_told_by_list_and_index_before_anything_is_undone(governed: Path) -> None:
    told: list[Losses] = []

    def refuse(losses: Losses) -> None:
        told.append(losses)
        demand_consent(losses, is_meant=True, is_meant_though_governed=False)

    with pytest.raises(ConsentError, match="governed chain, and verifiers may have seen"):
        roll_back(governed, 1, refuse)
    (losses,) = told
    assert (losses.head, losses.target, losses.transactions) == (2, 1, 1)
    assert [(one.list, one.index, one.change) for one in losses.changes] == CHANGES
    assert list(losses.to_lines()) == [
        "lost: blocks 2 to 2 with 1 transactions", "lost: suspensions in list 3 of 94567",
        "lost: revocations in list 3 of 512, 517", "lost: reinstatements in list 4 of 255",
        "lost: cleared revocations in list 5 of 257",
    ]  # fmt: skip
    assert store_head(governed) == 2


def store_head(home: Path) -> int | None:
    store = Store.open(home / DATA_FOLDER, writes=False)
    try:
        return store.head_number
    finally:
        store.close()


@pytest.mark.parametrize(
    ("is_governed", "is_meant", "though_governed", "is_done"),
    [
        (True, True, True, True), (True, True, False, False), (True, False, True, False), (True, False, False, False),
        (False, True, False, True), (False, False, False, False), (False, False, True, False),
    ],
)  # fmt: skip
def test_it_must_be_said_that_it_is_meant(
    is_governed: bool, is_meant: bool, though_governed: bool, is_done: bool
) -> None:
    losses = Losses(2, 1, 1, (), is_governed)
    if is_done:
        demand_consent(losses, is_meant=is_meant, is_meant_though_governed=though_governed)
    else:
        with pytest.raises(ConsentError, match="nothing was undone") as met:
            demand_consent(losses, is_meant=is_meant, is_meant_though_governed=though_governed)
        assert "--yes" in str(met.value.advice)


def status_of(node: Node) -> dict[str, Any]:
    return node_status(cast(Context, type("", (), {"node": node})))


def test_the_node_tells_of_it_after_the_next_block_too(governed: Path) -> None:
    node = Node.open(governed, SteppedClock())
    assert status_of(node)["rolledBack"] == []
    undone = node.head.hash
    node.close()
    assert {one.name: one.result for one in examine(governed)}["history"] == "pass"
    roll_back(governed, 1, now=lambda: 1_795_500_000)
    clock = SteppedClock()
    clock.nanoseconds += 60 * 10**9
    node = Node.open(governed, clock, block_time=0)
    try:
        node.submit(raw(GOVERN, 1))
        assert node.wait_for_block(2, 60)
        assert status_of(node)["rolledBack"] == [
            {"from": 2, "fromHash": "0x" + undone.hex(), "to": 1, "transactions": 1, "statusChanges": 5,
             "time": 1_795_500_000},
        ]  # fmt: skip
        assert node.head.hash != undone
    finally:
        node.close()
    (finding,) = [one for one in examine(governed) if one.name == "history"]
    assert (finding.result, finding.message) == (
        "warn", "rolled back 1 times, last from block 2 to 1: tell whoever verified since",
    )  # fmt: skip
    assert list(upkeep.verify(governed)) == []


def test_zero_blocks_take_back_what_was_signed_after_the_newest_alone(governed: Path) -> None:
    """A clock that was ahead has signed a heartbeat of a time to come: no block is lost with it."""
    clock = SteppedClock()
    clock.nanoseconds += 3600 * 10**9
    node = Node.open(governed, clock, block_time=0)
    while (signed := node.signed_at_ns or 0) < clock.nanoseconds:
        node._engine.notify()  # type: ignore[union-attr]
    head = node.head.hash
    node.close()
    losses = roll_back(governed, 0)
    assert list(losses.to_lines()) == ["no block is lost, only what was signed after block 2"]
    clock.nanoseconds -= 3590 * 10**9
    node = Node.open(governed, clock, block_time=0)
    try:
        assert node.head.hash == head
        assert node.signed_at_ns is not None
        assert node.signed_at_ns < signed - 3000 * 10**9
        node.submit(raw(GOVERN, 1))
        assert node.wait_for_block(3, 60)
        assert node.head.header.timestamp <= clock.nanoseconds // 10**9 + 1
    finally:
        node.close()
    assert list(upkeep.verify(governed)) == []


def test_more_blocks_than_there_are_cannot_be_undone(tmp_path: Path) -> None:
    home = grown(tmp_path, DEVELOPMENT)
    with pytest.raises(UpkeepError, match="cannot undo 3 blocks"):
        roll_back(home, 3)
    assert roll_back(home, 2).target == 0
