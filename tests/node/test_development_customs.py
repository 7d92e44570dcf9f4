"""Development chains: a hash comes with its receipt, none stands in two blocks, time goes back with a revert."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.execution.executor import AccountOverride
from testamur_node.node import Node
from testamur_node.operations import upkeep
from testamur_node.pool import AlreadyKnownError

from tests.faults.driving import demand_equal_to_a_twin
from tests.node.founding import ADDRESSES, ADMIN, GOVERN, make_home, raw
from tests.node.test_node import SteppedClock


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def chain(tmp_path: Path, clock: SteppedClock) -> Iterator[Node]:
    node = Node.open(make_home(tmp_path, DEVELOPMENT), clock)
    yield node
    node.close()


def sealed(chain: Node, item: bytes) -> bytes:
    """Hand a transaction in as a request does: its hash, once the chain would tell it."""
    digest = chain.submit(item)
    chain.wait_until_sealed()
    return digest


def test_a_hash_is_handed_out_with_its_receipt(chain: Node) -> None:
    for nonce in range(50):
        place = chain.locate(sealed(chain, raw(GOVERN, nonce)))
        assert place == (nonce + 1, 0)
        assert chain.receipts(nonce + 1)


def test_a_batch_is_answered_once_all_its_hashes_have_receipts(chain: Node) -> None:
    hashes = [chain.submit(raw(GOVERN, nonce)) for nonce in range(100)]
    chain.wait_until_sealed()
    assert [chain.locate(digest) is not None for digest in hashes] == [True] * 100


def test_one_behind_a_gap_is_not_waited_for(chain: Node) -> None:
    later = sealed(chain, raw(GOVERN, 1))
    assert chain.locate(later) is None
    sealed(chain, raw(GOVERN, 0))
    assert chain.locate(later) is not None


def test_without_automine_nothing_is_waited_for(chain: Node) -> None:
    chain.development.set_automine(False)
    digest = sealed(chain, raw(GOVERN, 0))
    assert chain.locate(digest) is None
    chain.development.mine()
    assert chain.locate(digest) == (1, 0)


def test_two_that_the_sender_cannot_both_pay_stand_in_one_block_each_or_none(chain: Node) -> None:
    chain.development.write_state({ADDRESSES[GOVERN]: AccountOverride(balance=100)})
    chain.development.set_automine(False)
    first, second = (chain.submit(raw(GOVERN, nonce, value=60)) for nonce in range(2))
    chain.development.mine()
    block = chain.head
    assert [item.hash for item in block.transactions] == [first]
    chain.development.mine()
    assert chain.head.transactions == ()
    assert chain.locate(second) is None
    assert len(chain.pool) == 0


def test_one_that_failed_without_using_its_nonce_stands_in_no_second_block(chain: Node) -> None:
    """The first transaction of the block took what the second would have paid with."""
    emptying = bytes.fromhex("5f5f5f5f4760ee5af1")  # CALL(gas, 0xee, SELFBALANCE, …)
    chain.development.write_state({ADDRESSES[GOVERN]: AccountOverride(code=emptying)})
    chain.development.set_automine(False)
    chain.submit(raw(ADMIN, 0, to=ADDRESSES[GOVERN]))
    waiting = raw(GOVERN, 0, value=60)
    digest = chain.submit(waiting)
    for _ in range(3):
        chain.development.mine()
    blocks = [chain.block(number) for number in range(1, chain.head.number + 1)]
    holders = [block.number for block in blocks if block and digest in [item.hash for item in block.transactions]]
    assert len(holders) == 1
    (place,) = holders
    assert [receipt.is_successful for receipt in chain.receipts(place)] == [True, False]
    assert chain.state_at(chain.head.number).nonce(ADDRESSES[GOVERN]) == 0
    chain.development.write_state({ADDRESSES[GOVERN]: AccountOverride(balance=100)})
    with pytest.raises(AlreadyKnownError):
        chain.submit(waiting)


def test_after_a_revert_the_next_block_follows_the_snapshot(chain: Node, clock: SteppedClock) -> None:
    chain.development.mine()
    start = chain.head.header.timestamp
    snapshot = chain.development.snapshot()
    chain.development.increase_time(86_400)
    chain._engine.run(chain._engine.sign_empty)  # type: ignore[union-attr] # the heartbeat that is due a day later
    chain.development.mine()
    assert chain.head.header.timestamp - start >= 86_400
    assert chain.development.revert(snapshot)
    assert chain.head.header.timestamp == start
    clock.nanoseconds += 2 * 10**9
    chain.development.mine()
    assert 1 <= chain.head.header.timestamp - start <= 3


def test_many_empty_blocks_are_made_in_few_commits_and_are_what_one_by_one_gives(
    chain: Node, clock: SteppedClock, tmp_path: Path
) -> None:
    heard: list[int] = []
    chain.subscribe(lambda block: heard.append(block.number))
    chain.development.set_automine(False)
    digest = chain.submit(raw(GOVERN, 0))
    commits = chain.store.environment.version
    chain.development.mine(270)
    assert chain.store.environment.version - commits <= 5
    assert chain.head.number == 270
    assert heard == list(range(1, 271))
    assert chain.locate(digest) == (1, 0)
    chain.development.mine(3, spacing=3600)
    stamps = [block.header.timestamp for number in (270, 271, 272, 273) if (block := chain.block(number))]
    assert [later - earlier for earlier, later in pairwise(stamps)][1:] == [3600, 3600]
    proof = chain.finality_proof(269)
    assert proof is not None
    assert proof["signedHeader"]["header"]["app_hash"].lower() == chain.block(269).hash.hex()  # type: ignore[union-attr]
    chain.submit(raw(GOVERN, 1))
    chain.development.mine()
    chain.close()
    assert list(upkeep.verify(tmp_path)) == []
    (tmp_path / "twin").mkdir()
    assert demand_equal_to_a_twin(tmp_path, tmp_path / "twin", {}) == 274
