"""Filters cost what they tell, not how many there are: no walk for a new one, one log of what became pending."""

import pytest
from testamur_node.pool import Pool
from testamur_node.rpc.errors import ResourceLimitError, ServerRefusalError
from testamur_node.rpc.filters import Filters
from testamur_node.rpc.limits import Limits

from tests.node.founding import GOVERN, ISSUE, transaction


class Clock:
    """A clock that is set, and counts who asks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_those_that_nobody_asks_for_are_dropped_and_the_others_stay() -> None:
    clock = Clock()
    filters = Filters(Limits(filters=3, filter_seconds=10.0), clock)
    first, second, third = (filters.install(0) for _ in range(3))
    with pytest.raises(ResourceLimitError, match="too many filters: 3"):
        filters.install(0)
    clock.seconds = 9
    filters.get(first)
    clock.seconds = 11
    assert len(filters) == 3
    filters.install(0)
    assert len(filters) == 2
    assert filters.get(first)
    for gone in (second, third):
        with pytest.raises(ServerRefusalError, match="filter not found"):
            filters.get(gone)


def test_each_filter_on_what_waits_is_told_all_since_it_was_last_asked() -> None:
    pool, filters = Pool(), Filters(Limits(), Clock())
    runs = [transaction(GOVERN, number) for number in range(4)]
    early = filters.get(filters.install(0, pool=pool))
    pool.add(runs[0], 0)
    late = filters.get(filters.install(0, pool=pool))
    pool.add(runs[1], 0)
    assert early.pending is late.pending is not None
    told, early.told = early.pending.since(early.told)
    assert told == runs[:2]
    told, late.told = early.pending.since(late.told)
    assert told == runs[1:2]
    pool.add(runs[2], 0)
    assert early.pending.since(early.told)[0] == early.pending.since(late.told)[0] == runs[2:3]


def test_many_filters_listen_once_and_the_last_one_ends_it() -> None:
    pool, clock = Pool(), Clock()
    filters = Filters(Limits(filter_seconds=10.0), clock)
    identities = [filters.install(0, pool=pool) for _ in range(500)]
    assert len(pool._listeners) == 1
    assert filters.remove(identities[0])
    assert not filters.remove(identities[0])
    assert len(pool._listeners) == 1
    clock.seconds = 11
    filters.install(0)
    assert (len(filters), len(pool._listeners)) == (1, 0)


def test_what_nobody_asks_for_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testamur_node.rpc.filters._MOST_KEPT_BYTES", 1_000)
    monkeypatch.setattr("testamur_node.rpc.filters._MOST_KEPT", 5)
    pool, filters = Pool(), Filters(Limits(), Clock())
    on = filters.get(filters.install(0, pool=pool))
    assert on.pending is not None
    small = [transaction(GOVERN, number) for number in range(9)]
    for item in small:
        pool.add(item, 0)
    assert on.pending.since(0) == (small[-5:], 9)
    large = [transaction(ISSUE, number, data=bytes(400)) for number in range(3)]
    for item in large:
        pool.add(item, 0)
    assert on.pending.since(0) == (large[-1:], 12)
    assert on.pending.since(12) == ([], 12)
