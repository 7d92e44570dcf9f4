"""A short soak: generated hostile requests against a running node, honest ones between them. The long one is
`python -m tests.faults.soak --seconds 1800`, which judges memory too."""

import random
from pathlib import Path

import pytest

from tests.faults.hostile import KINDS, attack
from tests.faults.soak import MOST_GROWTH, Outcome, soak


def test_a_node_lives_and_serves_under_hostile_requests(tmp_path: Path) -> None:
    outcome = soak(tmp_path, 240.0, 7, attackers=2, attacks=12)
    assert outcome.exit_code == 0, outcome.log
    assert outcome.faults == []
    assert outcome.mined >= 5
    assert "Traceback" not in outcome.log
    assert len(outcome.log) < 100_000


@pytest.mark.slow
def test_a_node_lives_for_ten_minutes_and_its_memory_is_flat(tmp_path: Path) -> None:
    outcome = soak(tmp_path, 600.0, 8)
    assert outcome.exit_code == 0, outcome.log
    assert outcome.faults == []
    assert "Traceback" not in outcome.log
    assert outcome.growth() <= MOST_GROWTH, outcome.memory


def test_the_same_seed_makes_the_same_attacks_of_every_kind() -> None:
    kinds = {kind(random.Random(1)).kind for kind in KINDS}
    assert kinds == {"rpc", "http", "websocket"}
    for seed in range(8):
        assert attack(random.Random(seed)) == attack(random.Random(seed))


def test_growth_is_judged_by_what_stays_when_nobody_attacks() -> None:
    assert Outcome(memory=[(0.0, 50.0, 0.0), (300.0, 90.0, 0.0)], rests=[60.0, 60.0]).growth() == 0.0
    assert Outcome(rests=[70.0, 105.0]).growth() > MOST_GROWTH
    assert Outcome(rests=[60.0]).growth() == 0.0
