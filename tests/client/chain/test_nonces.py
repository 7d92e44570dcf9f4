"""The nonce queue: each nonce once, across objects, threads and crashes."""

import hashlib
import threading
from pathlib import Path

import pytest
from testamur.chain.nonces import NonceQueue, QueuedTransaction, QueueError

SENDER = b"\x01" * 20
CHAIN = b"\x02" * 32


def add(queue: NonceQueue, mined: int = 0, pending: int | None = None, sender: bytes = SENDER) -> QueuedTransaction:
    def sign(nonce: int) -> tuple[bytes, bytes]:
        raw = b"raw" + nonce.to_bytes(8, "big")
        return raw, hashlib.sha256(raw).digest()

    return queue.add(sender, lambda: (mined, mined if pending is None else pending), sign, "a call")


def test_nonces_follow_each_other_though_the_chain_has_not_seen_them(tmp_path: Path) -> None:
    queue = NonceQueue(tmp_path / "q.db", CHAIN)
    assert [add(queue, mined=7).nonce for _ in range(3)] == [7, 8, 9]
    reopened = NonceQueue(tmp_path / "q.db", CHAIN)
    assert add(reopened, mined=7).nonce == 10
    assert [item.nonce for item in reopened.open(SENDER)] == [7, 8, 9, 10]


def test_what_another_program_has_pending_is_respected(tmp_path: Path) -> None:
    queue = NonceQueue(tmp_path / "q.db", CHAIN)
    assert add(queue, mined=3, pending=5).nonce == 5


def test_a_refused_transaction_leaves_its_nonce_to_the_next(tmp_path: Path) -> None:
    queue = NonceQueue(tmp_path / "q.db", CHAIN)
    first, second = add(queue), add(queue)
    queue.remove(first)
    assert add(queue).nonce == first.nonce
    assert second.nonce == first.nonce + 1


def test_a_replacement_shares_the_nonce_and_both_hashes_are_watched(tmp_path: Path) -> None:
    queue = NonceQueue(tmp_path / "q.db", CHAIN)
    first = add(queue)
    second = queue.replace(first, b"dearer", b"\x09" * 32)
    assert second.nonce == first.nonce
    assert set(queue.hashes(second)) == {first.hash, second.hash}
    queue.close_nonce(second)
    assert queue.open(SENDER) == []


def test_other_chains_and_accounts_have_queues_of_their_own(tmp_path: Path) -> None:
    queue = NonceQueue(tmp_path / "q.db", CHAIN)
    add(queue)
    assert add(queue, sender=b"\x05" * 20).nonce == 0
    assert add(NonceQueue(tmp_path / "q.db", b"\x03" * 32)).nonce == 0


def test_a_signature_that_fails_takes_no_nonce(tmp_path: Path) -> None:
    queue = NonceQueue(tmp_path / "q.db", CHAIN)

    def sign(nonce: int) -> tuple[bytes, bytes]:
        raise RuntimeError("no key")

    with pytest.raises(RuntimeError):
        queue.add(SENDER, lambda: (0, 0), sign, "a call")
    assert add(queue).nonce == 0


def test_parallel_runs_never_get_one_nonce_twice(tmp_path: Path) -> None:
    nonces: list[int] = []

    def work() -> None:
        queue = NonceQueue(tmp_path / "q.db", CHAIN)
        nonces.extend(add(queue).nonce for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(nonces) == list(range(40))


def test_a_file_that_is_no_queue_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.db").write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    with pytest.raises(QueueError, match="cannot be used"):
        NonceQueue(tmp_path / "q.db", CHAIN)
