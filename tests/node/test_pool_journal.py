"""What the pool took waits again after the process has ended, wherever its journal was cut off."""

import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from testamur_node import files
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.pool import (
    AlreadyKnownError,
    Journal,
    JournalError,
    NonceTooLowError,
    Pool,
    PoolError,
    PoolLimits,
    ReplacementUnderpricedError,
)
from testamur_node.pool import journal as journal_module
from testamur_node.pool.records import HEADING_BYTES, KEEPING_BYTES

from tests.node.test_pool import KEYS, signed

CHAIN = bytes(range(32))


def opened(path: Path, nonce: int = 0, chain: bytes = CHAIN, limits: PoolLimits | None = None) -> Pool:
    """A pool over the journal at `path`, filled with what it says, all accounts at one nonce."""
    return _filled(path, dict.fromkeys((signed(0, key).sender for key in KEYS), nonce), chain, limits)


def _filled(path: Path, nonces: dict[bytes, int], chain: bytes = CHAIN, limits: PoolLimits | None = None) -> Pool:
    journal = Journal(path, chain)
    pool = Pool(limits, journal)
    for kept in journal.read():
        transaction = decode_transaction(kept.raw)
        assert transaction.sender == kept.sender
        if transaction.nonce >= nonces[transaction.sender]:
            pool.add(transaction, nonces[transaction.sender], is_known=True)
    journal.begin(pool.waiting())
    return pool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pool.journal"


def after_a_kill(path: Path) -> Path:
    """A copy of the file as it is now: what a process killed at this moment leaves."""
    copy = path.with_name(f"copy-{os.urandom(4).hex()}")
    shutil.copyfile(path, copy)
    return copy


def test_what_waited_waits_again_after_a_kill_in_the_order_it_came(path: Path) -> None:
    pool = opened(path)
    sent = [signed(1), signed(0, KEYS[1]), signed(0), signed(5, KEYS[2])]
    for item in sent:
        pool.add(item, 0)
    assert path.stat().st_mode & 0o077 == 0, "who is about to do what is nobody else's business"
    again = opened(after_a_kill(path))
    assert again.waiting() == sent
    assert again.counts() == pool.counts() == (3, 1)
    for each in (pool, again):
        each.close()


def test_what_waited_waits_again_after_an_orderly_end(path: Path) -> None:
    pool = opened(path)
    pool.add(signed(0), 0)
    pool.add(signed(3), 0)
    pool.close()
    again = opened(path)
    assert again.waiting() == [signed(0), signed(3)]
    again.close()


def test_an_empty_pool_makes_no_file(path: Path) -> None:
    opened(path).close()
    assert not path.exists()


def test_what_was_replaced_dropped_or_used_does_not_come_back(path: Path) -> None:
    pool = opened(path)
    for item in (signed(0), signed(1), signed(2), signed(3), signed(0, KEYS[1])):
        pool.add(item, 0)
    pool.add(signed(2, fee=5), 0)
    pool.remove(signed(0, KEYS[1]).hash)
    pool.settle(lambda _: 1)
    again = opened(after_a_kill(path), nonce=0)  # as after a chain went back: the nonce would fit again
    assert again.waiting() == [signed(1), signed(3), signed(2, fee=5)]
    pool.clear()
    empty = opened(after_a_kill(path))
    assert empty.waiting() == []
    for each in (pool, again, empty):
        each.close()


def test_what_was_evicted_does_not_come_back(path: Path) -> None:
    pool = opened(path, limits=PoolLimits(transactions=2))
    pool.add(signed(4), 0)
    pool.add(signed(5), 0)
    pool.add(signed(0, KEYS[1]), 0)
    again = opened(after_a_kill(path))
    assert again.waiting() == [signed(4), signed(0, KEYS[1])]
    for each in (pool, again):
        each.close()


def test_the_same_transaction_is_known_after_a_restart(path: Path) -> None:
    pool = opened(path)
    pool.add(signed(0), 0)
    again = opened(after_a_kill(path))
    with pytest.raises(AlreadyKnownError):
        again.add(signed(0), 0)
    for each in (pool, again):
        each.close()


def test_more_than_a_senders_share_behind_a_gap_comes_back(path: Path) -> None:
    """Dropping the first of a run sends the rest behind a gap; they were acknowledged all the same."""
    limits = PoolLimits(sender_queued=1)
    pool = opened(path, limits=limits)
    for nonce in range(5):
        pool.add(signed(nonce), 0)
    pool.remove(signed(0).hash)
    again = opened(after_a_kill(path), limits=limits)
    assert again.counts() == pool.counts() == (0, 4)
    for each in (pool, again):
        each.close()


def test_a_journal_of_another_chain_is_set_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pool = opened(path)
    pool.add(signed(0), 0)
    pool.close()
    other = opened(path, chain=bytes(32))
    assert other.waiting() == []
    other.add(signed(7), 0)
    other.close()
    assert "belongs to another chain" in caplog.text
    path.with_suffix(".foreign").replace(path)
    back = opened(path)
    assert back.waiting() == [signed(0)]
    back.close()


def test_a_damaged_record_costs_itself_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pool = opened(path)
    pool.add(signed(0), 0)
    first_end = path.stat().st_size
    pool.add(signed(1), 0)
    pool.add(signed(2), 0)
    copy = after_a_kill(path)
    damaged = bytearray(copy.read_bytes())
    damaged[first_end + 60] ^= 1
    copy.write_bytes(damaged)
    again = opened(copy)
    assert again.waiting() == [signed(0), signed(2)]
    assert f"the record at byte {first_end} is damaged" in caplog.text
    for each in (pool, again):
        each.close()


@pytest.mark.parametrize("rest", [b"\0" * 4096, b"\xff" * 9, bytes(range(200)), b"\0\0\0\5\0\0\0\0\7abcd"])
def test_what_is_no_record_is_cut_off_with_a_line_in_the_log(
    path: Path, rest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A power cut may leave zeros, or anything else, behind the last synced record."""
    pool = opened(path)
    pool.add(signed(0), 0)
    copy = after_a_kill(path)
    with copy.open("ab") as file:
        file.write(rest)
    again = opened(copy)
    assert again.waiting() == [signed(0)]
    assert "bytes at its end are no whole record" in caplog.text
    again.add(signed(1), 0)
    third = opened(after_a_kill(copy))
    assert third.waiting() == [signed(0), signed(1)]
    for each in (pool, again, third):
        each.close()


@pytest.mark.parametrize("content", [b"", b"testamur pool 1\n", os.urandom(500)])
def test_a_file_that_is_no_journal_is_none(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    pool = opened(path)
    assert pool.waiting() == []
    pool.add(signed(0), 0)
    pool.close()
    again = opened(path)
    assert again.waiting() == [signed(0)]
    again.close()


def test_a_disk_without_room_refuses_the_transaction_and_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = opened(path)
    pool.add(signed(0), 0)
    real = os.pwrite

    def full(file: int, data: bytes, at: int) -> int:
        return real(file, data[:20], at)  # what a full disk does: a part fits

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(JournalError, match="cannot keep the transaction on its disk: No space left"):
            pool.add(signed(1), 0)
        with pytest.raises(JournalError):
            pool.add(signed(0, fee=9), 0)
    assert pool.waiting() == [signed(0)]
    cut = opened(after_a_kill(path))
    assert cut.waiting() == [signed(0)]
    pool.add(signed(1), 0)
    again = opened(after_a_kill(path))
    assert again.waiting() == [signed(0), signed(1)]
    for each in (pool, cut, again):
        each.close()


def test_what_could_not_be_forgotten_on_a_full_disk_is_forgotten_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = opened(path)
    pool.add(signed(0), 0)
    pool.add(signed(1), 0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda *_: 0)
        assert pool.remove(signed(1).hash)
    pool.add(signed(0, KEYS[1]), 0)
    again = opened(after_a_kill(path))
    assert again.waiting() == [signed(0), signed(0, KEYS[1])]
    for each in (pool, again):
        each.close()


def test_a_full_disk_gets_back_what_is_stale_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = opened(path)
    for nonce in range(4):
        pool.add(signed(nonce, data=bytes(500)), 0)
    pool.settle(lambda _: 4)
    most = path.stat().st_size
    real = os.pwrite

    def bounded(file: int, data: bytes, at: int) -> int:
        return real(file, data[: max(most - at, 0)], at)

    monkeypatch.setattr(os, "pwrite", bounded)
    pool.add(signed(4, data=bytes(500)), 4)
    monkeypatch.undo()
    assert path.stat().st_size < most
    again = opened(after_a_kill(path), nonce=4)
    assert again.waiting() == [signed(4, data=bytes(500))]
    for each in (pool, again):
        each.close()


def test_a_mostly_stale_journal_is_written_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_LEAST_STALE_BYTES", 1_000)
    journal = Journal(path, CHAIN)
    pool = Pool(journal=journal)
    journal.begin([])
    for nonce in range(12):
        pool.add(signed(nonce, data=bytes(100)), 0)
    pool.settle(lambda _: 11)
    before = path.stat().st_size
    journal.sync()
    assert path.stat().st_size < before / 4
    pool.add(signed(12), 11)
    again = opened(after_a_kill(path), nonce=11)
    assert again.waiting() == [signed(11, data=bytes(100)), signed(12)]
    for each in (pool, again):
        each.close()


def test_what_comes_while_the_journal_is_written_anew_is_in_the_new_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_LEAST_STALE_BYTES", 0)
    journal = Journal(path, CHAIN)
    pool = Pool(journal=journal)
    journal.begin([])
    for nonce in range(6):
        pool.add(signed(nonce), 0)
    pool.settle(lambda _: 5)
    real, meanwhile = os.fdatasync, iter([lambda: None, lambda: (pool.add(signed(6), 5), pool.remove(signed(5).hash))])

    def syncing(file: int) -> None:
        next(meanwhile, lambda: None)()  # the second sync is that of the new file, before it takes the old one's place
        real(file)

    monkeypatch.setattr(os, "fdatasync", syncing)
    journal.sync()
    monkeypatch.undo()
    again = opened(after_a_kill(path), nonce=5)
    assert again.waiting() == pool.waiting() == [signed(6)]
    for each in (pool, again):
        each.close()


def test_a_disk_that_fails_right_after_the_new_file_is_in_place_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal_module, "_LEAST_STALE_BYTES", 0)
    journal = Journal(path, CHAIN)
    pool = Pool(journal=journal)
    journal.begin([])
    for nonce in range(6):
        pool.add(signed(nonce), 0)
    pool.settle(lambda _: 5)

    def failing(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(files, "sync", failing)  # the folder's
        with pytest.raises(OSError, match="Input/output"):
            journal.sync()
    pool.add(signed(6), 5)
    again = opened(after_a_kill(path), nonce=5)
    assert again.waiting() == [signed(5), signed(6)]
    for each in (pool, again):
        each.close()


def test_nothing_is_taken_once_the_pool_is_closed(path: Path) -> None:
    pool = opened(path)
    pool.close()
    with pytest.raises(JournalError, match="the node is stopping"):
        pool.add(signed(0), 0)


def test_a_journal_that_cannot_be_read_is_told_by_name(path: Path) -> None:
    path.mkdir()
    with pytest.raises(JournalError, match=r"cannot read .*pool\.journal"):
        opened(path)


CHOICES = {(key, nonce, fee): signed(nonce, key, fee) for key in KEYS[:2] for nonce in range(5) for fee in range(3)}


class PoolMachine(RuleBasedStateMachine):
    """The pool with its journal, against a dictionary: killed at any point, its file cut at any byte."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.WARNING)
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "pool.journal"
        self.nonces = {signed(0, key).sender: 0 for key in KEYS[:2]}
        self.model: dict[bytes, Transaction] = {}
        self.begin()

    def teardown(self) -> None:
        self.pool.close()
        shutil.rmtree(self.folder)
        logging.disable(logging.NOTSET)

    def note(self) -> None:
        """Remember how long the file is, and what waits then; one that is not there yet will begin with its heading."""
        size = self.path.stat().st_size if self.path.exists() else HEADING_BYTES
        self.history.append((size, list(self.model.values())))

    def begin(self) -> None:
        """Open the pool; its file was written anew, a record for each that waits."""
        self.pool = _filled(self.path, self.nonces)
        size, waiting = HEADING_BYTES, list(self.model.values())
        self.history: list[tuple[int, list[Transaction]]] = [(size, [])]
        for count, item in enumerate(waiting, 1):
            size += KEEPING_BYTES + len(item.raw)
            self.history.append((size, waiting[:count]))

    def holder(self, transaction: Transaction) -> Transaction | None:
        place = (transaction.sender, transaction.nonce)
        return next((item for item in self.model.values() if (item.sender, item.nonce) == place), None)

    @rule(choice=st.sampled_from(sorted(CHOICES)))
    def add(self, choice: tuple[bytes, int, int]) -> None:
        transaction = CHOICES[choice]
        holder = self.holder(transaction)
        expected: type[PoolError] | None = None
        if transaction.hash in self.model:
            expected = AlreadyKnownError
        elif transaction.nonce < self.nonces[transaction.sender]:
            expected = NonceTooLowError
        elif holder is not None and (transaction.max_fee_per_gas or 0) <= (holder.max_fee_per_gas or 0):
            expected = ReplacementUnderpricedError
        if expected is not None:
            with pytest.raises(expected):
                self.pool.add(transaction, self.nonces[transaction.sender])
            return
        self.pool.add(transaction, self.nonces[transaction.sender])
        size = self.history[-1][0] + KEEPING_BYTES + len(transaction.raw)
        if holder is not None:
            del self.model[holder.hash]
        self.model[transaction.hash] = transaction
        # to forget the replaced is a record of its own, in the same write; without it the restart replaces again
        self.history.append((size, list(self.model.values())))
        self.note()

    @rule(key=st.sampled_from(KEYS[:2]), count=st.integers(1, 3))
    def include(self, key: bytes, count: int) -> None:
        """A block takes some of a sender's."""
        sender = signed(0, key).sender
        taken = [item for item in self.pool.ready() if item.sender == sender][:count]
        self.nonces[sender] += len(taken)
        for item in taken:
            del self.model[item.hash]
        self.pool.settle(lambda address: self.nonces[address], {sender})
        self.note()

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: Any) -> None:
        digest = data.draw(st.sampled_from(sorted(self.model)))
        assert self.pool.remove(digest)
        del self.model[digest]
        self.note()

    @rule()
    def clear(self) -> None:
        self.pool.clear()
        self.model.clear()
        self.note()

    @rule(end=st.sampled_from(["kill", "close", "cut"]), data=st.data())
    def restart(self, end: str, data: Any) -> None:
        if end == "close":
            self.pool.close()
        left = self.path.read_bytes() if self.path.exists() else b""
        self.pool.close()
        if end == "cut" and left:
            self.model = self.cut(left, data.draw(st.integers(0, len(left))))
        elif left:
            self.path.write_bytes(left)
        self.begin()

    def cut(self, left: bytes, length: int) -> dict[bytes, Transaction]:
        """Cut the file, and what must wait then: what waited when it was that long."""
        self.path.write_bytes(left[:length])
        waiting = [waiting for size, waiting in self.history if size <= length]
        return {item.hash: item for item in waiting[-1] if item.nonce >= self.nonces[item.sender]} if waiting else {}

    @invariant()
    def the_pool_is_as_the_model(self) -> None:
        assert self.pool.waiting() == list(self.model.values())
        assert self.pool.total_bytes == sum(len(item.raw) for item in self.model.values())
        pending, queued = self.pool.content()
        for sender, account_nonce in self.nonces.items():
            held = {item.nonce: item for item in self.model.values() if item.sender == sender}
            nonce = account_nonce
            while nonce in held:
                nonce += 1
            assert self.pool.pending_nonce(sender, account_nonce) == nonce
            assert pending.get(sender, []) == [held[at] for at in range(account_nonce, nonce)]
            assert queued.get(sender, []) == [held[at] for at in sorted(held) if at >= nonce]


class TestPoolMachine(PoolMachine.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(max_examples=150, stateful_step_count=25)


@pytest.fixture(autouse=True)
def _warnings_are_seen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING):
        yield
