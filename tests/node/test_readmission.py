"""A node that starts again has what it acknowledged: judged anew, in order, whatever became of it meanwhile."""

import shutil
import time
from pathlib import Path

import pytest
from testamur_node.chain.development import impersonation_key
from testamur_node.chain.rules import ALLIANCE, DEVELOPMENT
from testamur_node.chain.transaction import decode_transaction
from testamur_node.execution.executor import AccountOverride
from testamur_node.node import GENESIS_FILE, Node
from testamur_node.operations import upkeep
from testamur_node.operations.rollback import roll_back
from testamur_node.pool import JOURNAL_FILE, JournalError
from testamur_node.pool.records import heading, keeping

from tests.node.founding import ADDRESSES, DEPLOYER, GENESIS_TIME, GOVERN, STRANGER_KEY, genesis_of, make_home, raw
from tests.node.test_documents import nested
from tests.node.test_node import SteppedClock, sealed

TARGET = b"\x79" * 20


def quiet(home: Path) -> Node:
    """A node on a development chain that seals when told."""
    node = Node.open(home, SteppedClock())
    node.development.set_automine(False)
    return node


def still(home: Path) -> Node:
    """A node on an alliance chain whose clock stands at genesis, so that it seals nothing."""
    return Node.open(home, SteppedClock(GENESIS_TIME))


def killed(home: Path, target: Path) -> Path:
    """The journal as a kill at this moment leaves it."""
    shutil.copyfile(home / JOURNAL_FILE, target)
    return target


def nonces(node: Node) -> list[int]:
    return [item.nonce for item in node.pool.waiting()]


def test_gaps_and_order_come_back_and_a_block_takes_what_is_pending(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    node = still(home)
    for item in (raw(GOVERN, 1), raw(GOVERN, 0), raw(GOVERN, 3), raw(2, 0)):
        node.submit(item)
    node.close()
    node = still(home)
    try:
        assert nonces(node) == [1, 0, 3, 0]
        assert node.pool.counts() == (3, 1)
        assert node.pending_nonce(ADDRESSES[GOVERN]) == 2
    finally:
        node.close()
    node = Node.open(home, SteppedClock())
    try:
        assert node.wait_for_block(1, 20)
        assert len(node.head.transactions) == 3
        assert nonces(node) == [3]
    finally:
        node.close()


def test_what_a_block_took_before_the_kill_is_dropped_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = quiet(home)
    node.submit(raw(GOVERN, 0))
    node.submit(raw(GOVERN, 1))
    left = killed(home, tmp_path / "left")
    node.development.mine()
    node.submit(raw(GOVERN, 2))
    node.close()
    shutil.copyfile(left, home / JOURNAL_FILE)  # the kill came between the block's commit and the journal's note of it
    node = quiet(home)
    try:
        assert (nonces(node), node.head.number) == ([], 1)
        assert "does not wait any more" not in caplog.text
    finally:
        node.close()


def journal_of(home: Path, *records: bytes) -> None:
    (home / JOURNAL_FILE).write_bytes(heading(_genesis_hash(home)) + b"".join(records))


def _genesis_hash(home: Path) -> bytes:
    return upkeep.load_genesis(home).hash


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (raw(GOVERN, 0, chainId=1), "invalid chain id"),
        (raw(GOVERN, 0, to=None), "may not deploy"),
        (raw(STRANGER_KEY, 0), "may not transact"),
        (raw(GOVERN, 0, gas=10**9), "exceeds block gas limit"),
        (raw(GOVERN, 10**6), "nonce too high"),
        (b"\x02\xc0", "fields"),
        (b"\x00", "transaction type 0"),
    ],
)
def test_what_the_state_refuses_now_is_dropped_with_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, item: bytes, words: str
) -> None:
    home = make_home(tmp_path)
    good = raw(DEPLOYER, 0)
    journal_of(home, keeping(ADDRESSES[GOVERN], item), keeping(ADDRESSES[DEPLOYER], good))
    node = still(home)
    try:
        assert [transaction.raw for transaction in node.pool.waiting()] == [good]
        assert "does not wait any more" in caplog.text
        assert words in caplog.text
    finally:
        node.close()


def test_an_alliance_believes_the_signature_and_not_the_journal(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    journal_of(home, keeping(ADDRESSES[GOVERN], raw(STRANGER_KEY, 0)))
    node = still(home)
    try:
        assert nonces(node) == []
    finally:
        node.close()


def test_an_impersonated_accounts_transaction_comes_back_as_its_own(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = quiet(home)
    node.development.impersonate(TARGET)
    node.development.write_state({TARGET: AccountOverride(balance=10)})
    item = raw(impersonation_key(TARGET), 0, value=1)
    digest = node.submit(item, TARGET)
    node.close()
    node = quiet(home)
    try:
        waiting = node.pool.get(digest)
        assert waiting is not None
        assert waiting.sender == TARGET != decode_transaction(item).sender
        node.development.mine()
        assert node.locate(digest) == (2, 0)
        assert node.state_at(2).balance(TARGET) == 9
    finally:
        node.close()


def test_a_revert_drops_what_waits_and_what_the_undone_blocks_held_for_good(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = quiet(home)
    snapshot = node.development.snapshot()
    node.submit(raw(GOVERN, 0))
    node.development.mine()
    node.submit(raw(GOVERN, 1))
    assert node.development.revert(snapshot)
    node.submit(raw(2, 0))
    node.close()
    node = quiet(home)
    try:
        assert node.head.number == 0
        assert [item.sender for item in node.pool.waiting()] == [ADDRESSES[2]]
    finally:
        node.close()


def test_a_rollback_of_a_stopped_node_does_not_bring_back_what_its_blocks_held(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = quiet(home)
    node.submit(raw(GOVERN, 0))
    node.development.mine()
    node.submit(raw(GOVERN, 1))
    node.close()
    assert roll_back(home, 1).target == 0
    node = quiet(home)
    try:
        assert nonces(node) == [1]
        assert node.pool.counts() == (0, 1)
        assert node.pending_nonce(ADDRESSES[GOVERN]) == 0
    finally:
        node.close()


def test_a_backup_waits_for_nothing_and_a_compacted_home_still_does(tmp_path: Path) -> None:
    home = make_home(_folder(tmp_path / "home"), DEVELOPMENT)
    node = quiet(home)
    node.submit(raw(GOVERN, 0))
    node.close()
    upkeep.back_up(home, tmp_path / "copy")
    upkeep.compact(home)
    upkeep.restore(tmp_path / "copy", tmp_path / "restored")
    for place, expected in ((home, [0]), (tmp_path / "restored", [])):
        node = quiet(place)
        assert nonces(node) == expected
        node.close()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_the_journal_of_another_founding_is_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Development chains share one chain id: the genesis hash tells them apart."""
    home = make_home(tmp_path, DEVELOPMENT)
    other = genesis_of(ALLIANCE).hash
    (home / JOURNAL_FILE).write_bytes(heading(other) + keeping(ADDRESSES[GOVERN], raw(GOVERN, 0)))
    node = quiet(home)
    try:
        assert nonces(node) == []
        assert "belongs to another chain" in caplog.text
    finally:
        node.close()


def test_a_journal_that_cannot_be_read_keeps_the_node_from_starting_and_the_home_free(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    (home / JOURNAL_FILE).mkdir()
    with pytest.raises(JournalError, match="cannot read"):
        Node.open(home, time.time_ns)
    (home / JOURNAL_FILE).rmdir()
    Node.open(home, time.time_ns).close()
    assert (home / GENESIS_FILE).exists()


def test_a_node_that_only_reads_leaves_the_journal_alone(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = quiet(home)
    node.submit(raw(GOVERN, 0))
    node.close()
    before = (home / JOURNAL_FILE).read_bytes()
    beside = Node.reading(home, time.time_ns)
    assert len(beside.pool) == 0
    beside.close()
    assert (home / JOURNAL_FILE).read_bytes() == before


def test_a_sealing_node_leaves_nothing_behind(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = Node.open(home, SteppedClock())
    sealed(node, raw(GOVERN, 0))
    node.close()
    assert (home / JOURNAL_FILE).read_bytes() == heading(_genesis_hash(home))


def test_lists_in_lists_in_a_journal_or_a_proposal_are_refused_and_the_rest_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One proposal of 178 KB would have ended every validator."""
    home, bombs = make_home(tmp_path), (nested(60_000), b"\x02" + nested(60_000))
    node = still(home)
    genesis = node.header(0)
    assert genesis is not None
    for bomb in bombs:
        problem = node._application.validate((GENESIS_TIME + 9) * 10**9, [raw(GOVERN, 0), bomb])
        assert problem is not None
        assert "transaction 1: not RLP of ours: lists nest deeper" in problem
    node.close()
    records = [keeping(bytes(20), bomb) for bomb in bombs]
    (home / JOURNAL_FILE).write_bytes(heading(genesis.hash) + b"".join(records) + keeping(bytes(20), raw(GOVERN, 0)))
    node = still(home)
    try:
        assert nonces(node) == [0]
        assert caplog.text.count("lists nest deeper") == 2
    finally:
        node.close()
