"""Rows into batches and batches into lists: one scope each, none too large, counters that never overlap."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur.batch.permutation import Permutation, status_index
from testamur.batch.planning import OpenList, assign_lists, plan_batches, size_for
from testamur.batch.roster import Row
from testamur.chain.institution import Scope
from testamur.credential.document import Labels
from testamur.credential.template import Level

NOW = 1_800_000_000
LEVELS = [Level(str(rank), 1, rank, rank, 5101, Labels("F", str(rank), "T")) for rank in range(1, 5)]
SCOPES = {1: Scope(1, 1, 1, 1, 5101), 2: Scope(1, 0, 2, 3, 5101)}
BASE = Row(2, "R0", LEVELS[0], "张三", datetime(2026, 1, 1, tzinfo=UTC), None, None)

rows = st.lists(st.sampled_from(LEVELS), max_size=40).map(
    lambda levels: [replace(BASE, line=i + 2, id=f"R{i}", level=level) for i, level in enumerate(levels)]
)


@given(rows, st.integers(1, 9))
def test_every_row_is_in_one_fitting_batch_or_rejected(given_rows: list[Row], largest: int) -> None:
    plan = plan_batches(given_rows, SCOPES, NOW, largest)
    by_id = {row.id: row for row in given_rows}
    assert len(plan.rows) + len(plan.rejected) == len(given_rows)
    assert [row.position for row in plan.rows] == list(range(len(plan.rows)))
    assert [row.line for row in plan.rows] == sorted(row.line for row in plan.rows)
    for batch in plan.batches:
        members = [by_id[row.row_id] for row in plan.rows if row.batch == batch.number]
        assert len(members) == batch.size <= largest
        scope = SCOPES[batch.scope_index]
        assert all(scope.covers(1, row.level.type, row.level.rank, 5101, NOW) for row in members)
    assert {item.line for item in plan.rejected} == {row.line for row in given_rows if row.level.rank == 4}


def test_a_scope_outside_its_window_region_or_ranks_covers_nothing() -> None:
    scope = Scope(1, 2, 3, 5, 5101, from_time=100, to_time=200)
    assert scope.covers(1, 2, 3, 5101, 100)
    assert scope.covers(1, 2, 5, 5101, 199)
    for refused in (
        (2, 2, 3, 5101, 150),
        (1, 3, 3, 5101, 150),
        (1, 2, 2, 5101, 150),
        (1, 2, 6, 5101, 150),
        (1, 2, 3, 5100, 150),
        (1, 2, 3, 5101, 99),
        (1, 2, 3, 5101, 200),
    ):
        assert not scope.covers(*refused)
    assert replace(scope, qualification_type=0, region=0, to_time=0).covers(1, 9, 4, 3201, 10**9)
    assert Scope.from_struct(scope.as_struct()) == scope


@given(
    st.lists(st.integers(1, 60_000), min_size=1, max_size=8),
    st.lists(st.integers(0, 1 << 17), min_size=0, max_size=3),
)
def test_batches_get_counters_that_follow_each_other_and_fit(sizes: list[int], used: list[int]) -> None:
    lists = [OpenList(number, 17, start, bytes(32)) for number, start in enumerate(used, start=1)]
    batches = [replace(PREPARED, number=i, size=size) for i, size in enumerate(sizes)]
    assigned = assign_lists(batches, lists)
    if assigned is None:
        assert not lists or max(item.room for item in lists) < sum(sizes)
        return
    for item in lists:
        taken = [(batch.first, batch.first + batch.size) for batch in assigned if batch.list == item.number]
        ends = [item.next, *(end for _, end in taken)]
        assert [start for start, _ in taken] == ends[:-1]
        assert ends[-1] <= 1 << 17


PREPARED = plan_batches([BASE], SCOPES, NOW, 1).batches[0]


def test_a_list_that_is_full_takes_no_batch_and_the_next_one_does() -> None:
    full, empty = OpenList(1, 17, (1 << 17) - 4, bytes(32)), OpenList(2, 17, 0, bytes(32))
    assert full.room == 4
    assert assign_lists([replace(PREPARED, size=5)], [full]) is None
    fitting, last = assign_lists([replace(PREPARED, size=5), replace(PREPARED, size=4)], [full, empty]) or []
    assert (fitting.list, fitting.first) == (2, 0)
    assert (last.list, last.first) == (1, (1 << 17) - 4)


def test_a_new_list_is_as_large_as_the_roster_needs_within_the_bounds() -> None:
    assert [size_for(rows) for rows in (1, 1 << 17, (1 << 17) + 1, 1 << 24, 1 << 25)] == [17, 17, 18, 24, 24]


@given(st.binary(min_size=32, max_size=32), st.integers(17, 24), st.data())
def test_the_kept_permutation_gives_the_indexes_of_the_plain_one(
    key: bytes, log2size: int, data: st.DataObject
) -> None:
    permutation = Permutation(key, log2size)
    for counter in data.draw(st.lists(st.integers(0, (1 << log2size) - 1), max_size=20)):
        assert permutation.status_index(counter) == status_index(key, counter, log2size)
    with pytest.raises(ValueError, match="counter"):
        permutation.status_index(1 << log2size)
