"""The pool keeps every sender's nonce order, whatever order transactions arrive in, and stays within its limits."""

from collections.abc import Iterator

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.pool import (
    AlreadyKnownError,
    NonceTooFarError,
    NonceTooLowError,
    Pool,
    PoolFullError,
    PoolLimits,
    ReplacementUnderpricedError,
    SenderFullError,
)

KEYS = [bytes([number]) * 32 for number in (1, 2, 3)]


def signed(nonce: int, key: bytes = KEYS[0], fee: int = 0, data: bytes = b"") -> Transaction:
    """A real signed transaction of one of three senders."""
    fields = {
        "type": 2, "chainId": 20260, "nonce": nonce, "gas": 100_000, "to": "0x" + "11" * 20, "value": 0,
        "maxFeePerGas": fee, "maxPriorityFeePerGas": fee, "data": data,
    }  # fmt: skip
    return decode_transaction(bytes(Account.sign_transaction(fields, key).raw_transaction))


def nonces(transactions: Iterator[Transaction]) -> list[int]:
    return [transaction.nonce for transaction in transactions]


def test_a_transaction_at_the_account_nonce_is_pending() -> None:
    pool = Pool()
    assert pool.add(signed(5), account_nonce=5).is_pending
    assert pool.counts() == (1, 0)


def test_a_transaction_behind_a_gap_is_queued() -> None:
    pool = Pool()
    assert not pool.add(signed(6), account_nonce=5).is_pending
    assert pool.counts() == (0, 1)
    assert list(pool.ready()) == []


def test_filling_the_gap_promotes_what_waited_behind_it() -> None:
    pool = Pool()
    for nonce in (7, 6, 9):
        pool.add(signed(nonce), 5)
    admission = pool.add(signed(5), 5)
    assert [transaction.nonce for transaction in admission.promoted] == [5, 6, 7]
    assert pool.counts() == (3, 1)


def test_the_pending_nonce_stops_at_a_gap() -> None:
    pool = Pool()
    sender = signed(0).sender
    assert pool.pending_nonce(sender, 3) == 3
    for nonce in (3, 4, 6):
        pool.add(signed(nonce), 3)
    assert pool.pending_nonce(sender, 3) == 5


def test_the_pending_nonce_holds_between_a_block_and_its_settling() -> None:
    pool = Pool()
    for nonce in (0, 1, 2):
        pool.add(signed(nonce), 0)
    assert pool.pending_nonce(signed(0).sender, 2) == 3


def test_the_same_transaction_twice_is_refused() -> None:
    pool = Pool()
    pool.add(signed(0), 0)
    with pytest.raises(AlreadyKnownError, match="already known"):
        pool.add(signed(0), 0)


def test_a_used_nonce_is_refused() -> None:
    with pytest.raises(NonceTooLowError, match="nonce too low"):
        Pool().add(signed(4), account_nonce=5)


def test_a_nonce_absurdly_far_ahead_is_refused() -> None:
    with pytest.raises(NonceTooFarError, match="nonce too high"):
        Pool(PoolLimits(nonce_distance=10)).add(signed(11), account_nonce=0)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (10, 11), (100, 110), (15, 17)])
def test_a_replacement_that_outbids_takes_the_place(old: int, new: int) -> None:
    pool = Pool()
    first = signed(0, fee=old)
    pool.add(first, 0)
    admission = pool.add(signed(0, fee=new), 0)
    assert admission.replaced == first.hash
    assert pool.get(first.hash) is None
    assert len(pool) == 1


@pytest.mark.parametrize(("old", "new"), [(0, 0), (100, 109), (15, 16), (10, 9)])
def test_a_replacement_that_does_not_outbid_is_refused(old: int, new: int) -> None:
    pool = Pool()
    pool.add(signed(0, fee=old), 0)
    with pytest.raises(ReplacementUnderpricedError, match="replacement transaction underpriced"):
        pool.add(signed(0, fee=new, data=b"other"), 0)


def test_a_replacement_of_the_only_waiting_transaction_is_there_for_the_next_block() -> None:
    pool = Pool()
    pool.add(signed(0, fee=0), 0)
    replacement = signed(0, fee=1)
    pool.add(replacement, 0)
    assert list(pool.ready()) == [replacement]
    assert pool.pending_nonce(replacement.sender, 0) == 1
    pool.settle(lambda _: 1)
    assert len(pool) == 0


def test_a_replacement_is_announced_as_pending() -> None:
    pool = Pool()
    pool.add(signed(0), 0)
    pool.add(signed(1), 0)
    replacement = signed(0, fee=1)
    assert pool.add(replacement, 0).promoted == (replacement,)
    assert nonces(pool.ready()) == [0, 1]


def test_a_sender_may_not_exceed_its_count() -> None:
    pool = Pool(PoolLimits(sender_transactions=2))
    pool.add(signed(0), 0)
    pool.add(signed(1), 0)
    with pytest.raises(SenderFullError, match="account limit exceeded"):
        pool.add(signed(2), 0)
    pool.add(signed(0, KEYS[1]), 0)


def test_a_sender_may_not_exceed_its_bytes() -> None:
    pool = Pool(PoolLimits(sender_bytes=600))
    pool.add(signed(0, data=bytes(300)), 0)
    with pytest.raises(SenderFullError, match="bytes wait"):
        pool.add(signed(1, data=bytes(300)), 0)


def test_a_sender_may_not_queue_without_end_but_may_fill_the_gap() -> None:
    pool = Pool(PoolLimits(sender_queued=2))
    pool.add(signed(1), 0)
    pool.add(signed(2), 0)
    with pytest.raises(SenderFullError, match="behind nonce 0"):
        pool.add(signed(3), 0)
    pool.add(signed(0), 0)
    assert pool.counts() == (3, 0)


def test_a_full_pool_refuses_pending_and_queued_alike() -> None:
    pool = Pool(PoolLimits(transactions=1))
    pool.add(signed(0), 0)
    with pytest.raises(PoolFullError, match="txpool is full"):
        pool.add(signed(0, KEYS[1]), 0)
    with pytest.raises(PoolFullError):
        pool.add(signed(1, KEYS[1]), 0)


def test_a_full_pool_gives_up_queued_transactions_for_a_pending_one() -> None:
    pool = Pool(PoolLimits(transactions=3))
    for nonce in (2, 3, 4):
        pool.add(signed(nonce), 0)
    pool.add(signed(0, KEYS[1]), 0)
    pending, queued = pool.content()
    assert [transaction.nonce for transaction in queued[signed(0).sender]] == [2, 3]
    assert list(pending) == [signed(0, KEYS[1]).sender]


def test_who_has_most_behind_a_gap_gives_way_first_be_it_the_newcomer_itself() -> None:
    pool = Pool(PoolLimits(transactions=5))
    for nonce in (2, 3, 4):
        pool.add(signed(nonce, KEYS[0]), 0)
    for nonce in (5, 6):
        pool.add(signed(nonce, KEYS[1]), 0)
    pool.add(signed(0, KEYS[0]), 0)
    _, queued = pool.content()
    first, second = signed(0, KEYS[0]).sender, signed(0, KEYS[1]).sender
    assert {sender: [item.nonce for item in items] for sender, items in queued.items()} == {
        first: [2, 3],
        second: [5, 6],
    }


def test_what_a_newcomer_promotes_does_not_give_way_to_it() -> None:
    pool = Pool(PoolLimits(transactions=2))
    pool.add(signed(1), 0)
    pool.add(signed(2), 0)
    with pytest.raises(PoolFullError):
        pool.add(signed(0), 0)
    assert [transaction.nonce for transaction in pool.waiting()] == [1, 2]


def test_a_larger_replacement_gives_way_to_the_limits_like_a_newcomer() -> None:
    size = len(signed(0).raw)
    pool = Pool(PoolLimits(total_bytes=2 * size + 50))
    pool.add(signed(0), 0)
    pool.add(signed(4, KEYS[1]), 0)
    with pytest.raises(PoolFullError):
        pool.add(signed(4, KEYS[1], fee=1, data=bytes(100)), 0)
    pool.add(signed(0, fee=1, data=bytes(100)), 0)
    assert pool.waiting() == [signed(0, fee=1, data=bytes(100))]


def test_a_refused_transaction_changes_nothing() -> None:
    pool = Pool(PoolLimits(total_bytes=500))
    pool.add(signed(3), 0)
    version = pool.version
    with pytest.raises(PoolFullError):
        pool.add(signed(0, KEYS[1], data=bytes(1000)), 0)
    assert (pool.waiting(), pool.version) == ([signed(3)], version)


def test_a_queued_transaction_is_replaced_under_the_same_rule() -> None:
    pool = Pool()
    pool.add(signed(3, fee=100), 0)
    with pytest.raises(ReplacementUnderpricedError):
        pool.add(signed(3, fee=109), 0)
    admission = pool.add(signed(3, fee=110), 0)
    assert (admission.is_pending, admission.replaced, admission.promoted) == (False, signed(3, fee=100).hash, ())


def test_what_a_state_that_moved_promotes_is_announced_before_the_newcomer() -> None:
    """A submission may see a block that the pool was not yet told of."""
    pool = Pool()
    heard: list[int] = []
    pool.add(signed(2), 0)
    pool.subscribe(lambda transactions: heard.extend(transaction.nonce for transaction in transactions))
    pool.add(signed(3), 2)
    assert heard == [2, 3]


def test_gaps_do_not_clog_the_pool() -> None:
    """Complaint 9 of operating a chain: those who leave gaps fill the pool, and whoever leaves none still gets in."""
    pool = Pool(PoolLimits(transactions=8, sender_queued=6))
    for nonce in (1, 3, 5, 7):
        pool.add(signed(nonce, KEYS[0]), 0)
        pool.add(signed(nonce, KEYS[1]), 0)
    for nonce in range(8):
        assert pool.add(signed(nonce, KEYS[2]), 0).is_pending
        assert pool.pending_nonce(signed(0).sender, 0) == 0
    assert nonces(pool.ready()) == list(range(8))
    with pytest.raises(PoolFullError):
        pool.add(signed(0, KEYS[0]), 0)


def test_settling_after_a_block_drops_what_was_used_and_promotes() -> None:
    pool = Pool()
    promoted: list[Transaction] = []
    pool.subscribe(promoted.extend)
    for nonce in (0, 1, 3):
        pool.add(signed(nonce), 0)
    promoted.clear()
    pool.settle(lambda _: 3)
    assert [transaction.nonce for transaction in promoted] == [3]
    assert nonces(pool.ready()) == [3]
    assert pool.total_bytes == len(signed(3).raw)


def test_settling_after_a_revert_follows_the_nonce_back() -> None:
    pool = Pool()
    pool.add(signed(3), 3)
    pool.settle(lambda _: 1)
    assert pool.counts() == (0, 1)


def test_a_listener_hears_only_what_became_pending_and_only_until_it_ends() -> None:
    pool = Pool()
    heard: list[int] = []
    end = pool.subscribe(lambda transactions: heard.extend(transaction.nonce for transaction in transactions))
    pool.add(signed(1), 0)
    assert heard == []
    pool.add(signed(0), 0)
    assert heard == [0, 1]
    end()
    pool.add(signed(2), 0)
    assert heard == [0, 1]


def test_removing_one_sends_its_followers_behind_a_gap() -> None:
    pool = Pool()
    for nonce in (0, 1, 2):
        pool.add(signed(nonce), 0)
    assert pool.remove(signed(1).hash)
    assert not pool.remove(signed(1).hash)
    assert pool.counts() == (1, 1)
    assert pool.pending_nonce(signed(0).sender, 0) == 1


def test_groups_of_senders_take_turns() -> None:
    pool = Pool()
    for nonce in range(3):
        pool.add(signed(nonce, KEYS[0]), 0)
        pool.add(signed(nonce, KEYS[1]), 0)
    pool.add(signed(0, KEYS[2]), 0)
    lonely = signed(0, KEYS[2]).sender
    order = list(pool.ready(lambda sender: sender == lonely))
    assert order[1].sender == lonely
    assert len(order) == 7


def test_clearing_leaves_nothing() -> None:
    pool = Pool()
    pool.add(signed(0), 0)
    pool.clear()
    assert (len(pool), pool.total_bytes, pool.counts()) == (0, 0, (0, 0))


POOLED = {(key, nonce): signed(nonce, key) for key in KEYS for nonce in range(6)}


@given(st.permutations(sorted(POOLED)), st.integers(0, 6))
@settings(max_examples=100)
def test_any_arrival_order_yields_each_senders_nonces_in_order(arrivals: list[tuple[bytes, int]], used: int) -> None:
    """A pool neither drops nor reorders a sender's transactions (complaint 10 of operating a chain); its sums stay
    true.
    """
    pool = Pool()
    for arrival in arrivals:
        pool.add(POOLED[arrival], 0)
    pool.settle(lambda _: used)
    for key in KEYS:
        sender = POOLED[key, 0].sender
        assert nonces(t for t in pool.ready() if t.sender == sender) == list(range(used, 6))
    assert pool.total_bytes == sum(len(t.raw) for t in pool.ready())
    assert len(pool) == 3 * (6 - used)
