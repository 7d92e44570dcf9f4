"""Token buckets: how much passes, when more does, and how many callers are remembered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur_node.rpc.access.rates import RateRules, Rates


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def opened(**rules: object) -> tuple[Rates, Clock]:
    clock = Clock()
    return Rates(RateRules(**rules), clock), clock  # type: ignore[arg-type]


def test_a_burst_passes_and_then_the_rate() -> None:
    rates, clock = opened(requests_per_second=2.0, burst=4)
    assert [rates.take("a", 1) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    clock.seconds += 0.5
    assert [rates.take("a", 1) for _ in range(2)] == [0, 0.5]
    clock.seconds += 1_000
    assert [rates.take("a", 1) for _ in range(5)] == [0, 0, 0, 0, 0.5]


def test_one_caller_does_not_empty_anothers_bucket() -> None:
    rates, _ = opened(requests_per_second=1.0, burst=1)
    assert rates.take("a", 1) == 0
    assert rates.take("a", 1) == 1
    assert rates.take("b", 1) == 0


def test_a_dearer_request_takes_more_and_a_refused_one_nothing() -> None:
    rates, _ = opened(requests_per_second=1.0, burst=10)
    assert rates.take("a", 8) == 0
    assert rates.take("a", 8) == 6
    assert rates.take("a", 2) == 0


def test_the_weight_is_the_methods_else_its_namespaces_else_one() -> None:
    rules = RateRules(weights={"eth_getLogs": 10, "debug": 50, "debug_getRawBlock": 2, "net_version": 0})
    methods = ("eth_getLogs", "debug_traceCall", "debug_getRawBlock", "net_version", "eth_call", "")
    assert [rules.weight(method) for method in methods] == [10, 50, 2, 0, 1, 1]


def test_no_rate_is_no_limit() -> None:
    rates, _ = opened(requests_per_second=0.0, burst=1)
    assert {rates.take("a", 100) for _ in range(100)} == {0}
    assert len(rates) == 0


def test_as_many_callers_are_remembered_as_settled_the_idlest_makes_way() -> None:
    rates, _ = opened(requests_per_second=1.0, burst=1, buckets=3)
    for caller in "abcad":
        rates.take(caller, 1)
    assert len(rates) == 3
    assert rates.take("a", 1) > 0
    assert rates.take("c", 1) > 0
    assert rates.take("b", 1) == 0


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 5)), min_size=1, max_size=60), st.integers(5, 10))
def test_no_more_ever_passes_than_a_burst_and_the_rate(steps: list[tuple[float, int]], burst: int) -> None:
    rates, clock = opened(requests_per_second=3.0, burst=burst)
    began, passed = clock.seconds, 0
    for pause, weight in steps:
        clock.seconds += pause
        wait = rates.take("a", weight)
        assert wait >= 0
        passed += weight if wait == 0 else 0
        assert passed <= burst + 3.0 * (clock.seconds - began) + 1e-6


@given(st.floats(0.1, 100), st.integers(1, 50), st.integers(1, 50))
def test_after_the_told_time_the_request_passes(rate: float, burst: int, weight: int) -> None:
    rates, clock = opened(requests_per_second=rate, burst=max(burst, weight))
    while (wait := rates.take("a", weight)) == 0:
        pass
    clock.seconds += wait + 1e-6
    assert rates.take("a", weight) == 0


def test_a_clock_that_stands_still_or_goes_back_gives_nothing_away() -> None:
    rates, clock = opened(requests_per_second=1.0, burst=1)
    assert rates.take("a", 1) == 0
    clock.seconds -= 500
    assert rates.take("a", 1) == pytest.approx(1)


def test_what_requests_have_cost_is_owed_up_to_a_full_bucket() -> None:
    rates, clock = opened(requests_per_second=2.0, burst=10)
    rates.charge("a", 12)
    assert rates.take("a", 1) == 1.5
    clock.seconds += 1.5
    assert rates.take("a", 1) == 0
    rates.charge("a", 1_000_000)
    assert rates.take("a", 1) == 5.5
    rates.charge("b", -5)
    rates.charge("b", 0)
    assert rates.take("b", 10) == 0
    assert len(rates) == 2
