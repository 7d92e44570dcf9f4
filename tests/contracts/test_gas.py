"""Facts about gas that the figures of `./run bench gas` rest on: orders and bounds, no exact numbers."""

import pytest

from benchmarks.gas import figures


@pytest.fixture(scope="module")
def gas() -> dict[str, float]:
    return {figure.action: figure.ours for figure in figures()}


def test_anchoring_a_batch_takes_less_than_half_of_an_attestation(gas: dict[str, float]) -> None:
    assert gas["anchor a batch of any size"] <= 95_000


def test_anchoring_several_at_once_is_cheaper_for_each(gas: dict[str, float]) -> None:
    assert gas["anchor, each of 50 in one transaction"] < 0.6 * gas["anchor a batch of any size"]


def test_a_retry_of_what_is_recorded_takes_less_than_half(gas: dict[str, float]) -> None:
    assert gas["anchor again what is recorded"] < 0.5 * gas["anchor a batch of any size"]


def test_words_make_mass_revocation_cheap(gas: dict[str, float]) -> None:
    assert gas["revoke, each of 10,000 contiguous"] < 200
    assert gas["revoke, each of 100 at random"] < 0.5 * gas["revoke, first of its word"]
    assert gas["revoke, next of its word"] < gas["revoke, first of its word"]
    assert gas["revoke, each of 100 at random"] <= 24_200


def test_a_whole_batch_leaves_force_for_less_than_two_revocations(gas: dict[str, float]) -> None:
    assert gas["void a batch of 1,000,000"] < 2 * gas["revoke, next of its word"]
