"""kill -9 at every point between a transaction and the disk, and again while the node comes back: no acknowledged
block is lost, and the chain is the one that an undisturbed node would have.
"""

import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from testamur_node.chain.rules import ALLIANCE, DEVELOPMENT

from tests.faults.driving import Ended, Load, Nursery, demand_equal_to_a_twin, go_on
from tests.faults.points import POINTS, Point
from tests.node.founding import make_home

LOAD, OPENING, FOUNDING = (
    [point for point in POINTS if point.phase == phase] for phase in ("load", "opening", "founding")
)


def die_under_load(nursery: Nursery, home: Path, point: Point, load: Load) -> None:
    """Start, load, and see the node die where it should."""
    passage, seed = load.chance.randint(1, point.most), load.chance.randrange(2**32)
    started = nursery.start(home, "--block-time", "instant", point=point, passage=passage, seed=seed)
    if isinstance(started, str):
        load.run(started)
        ended = nursery.end()
    else:
        ended = started  # a heartbeat was due and passed the point before the node was ready
    assert (ended.code, ended.died_at) == (-signal.SIGKILL, point.name), nursery.errors


def die_at_once(nursery: Nursery, home: Path, point: Point, chance: random.Random) -> None:
    """A start that never gets ready."""
    started = nursery.start(home, point=point, passage=chance.randint(1, point.most), seed=chance.randrange(2**32))
    assert isinstance(started, Ended), f"{point.name} was not passed"
    assert (started.code, started.died_at) == (-signal.SIGKILL, point.name), nursery.errors


@pytest.mark.timeout(3600)
def test_a_node_killed_at_every_point_and_again_while_it_recovers_equals_its_undisturbed_twin(
    tmp_path: Path, is_slow: bool
) -> None:
    home = make_home(tmp_path / "home", DEVELOPMENT)
    load = Load(random.Random(20261126))
    chance = load.chance
    points = [*LOAD, *(chance.choices(LOAD, k=200) if is_slow else ())]
    recoveries = [*OPENING, *(chance.choices(OPENING, k=80) if is_slow else ())]
    chance.shuffle(points)
    with Nursery.open(tmp_path) as nursery:
        go_on(nursery, home, load)
        for turn, point in enumerate(points):
            die_under_load(nursery, home, point, load)
            for recovery in recoveries[
                turn * len(recoveries) // len(points) : (turn + 1) * len(recoveries) // len(points)
            ]:
                die_at_once(nursery, home, recovery, chance)
        go_on(nursery, home, load)
    assert demand_equal_to_a_twin(home, tmp_path / "twin", load.acknowledged) > len(points)


@pytest.mark.timeout(1200)
def test_a_governed_chain_killed_under_load_equals_its_undisturbed_twin(tmp_path: Path, is_slow: bool) -> None:
    home = make_home(tmp_path / "home", ALLIANCE)
    chance = random.Random(5)
    load = Load(chance, pause_seconds=0.2, is_governed=True)
    # no logs on this load; a block a second, so that only early passages are worth their wait
    points = [replace(point, most=min(point.most, 2)) for point in LOAD if point.detail != "logs"]
    with Nursery.open(tmp_path) as nursery:
        go_on(nursery, home, load, 1)
        for turn, point in enumerate(points if is_slow else chance.sample(points, 2)):
            die_under_load(nursery, home, point, load)
            if turn % 2:
                die_at_once(nursery, home, chance.choice(OPENING), chance)
        go_on(nursery, home, load, 1)
    assert demand_equal_to_a_twin(home, tmp_path / "twin", load.acknowledged) > 3


@pytest.mark.timeout(1200)
def test_a_first_start_killed_at_any_point_begins_the_same_chain_the_next_time(tmp_path: Path, is_slow: bool) -> None:
    chance = random.Random(7)
    with Nursery.open(tmp_path) as nursery:
        for turn, point in enumerate(FOUNDING * (4 if is_slow else 1)):
            home = make_home(tmp_path / f"home{turn}", DEVELOPMENT)
            die_at_once(nursery, home, point, chance)
            die_at_once(nursery, home, chance.choice(OPENING), chance)
            load = Load(chance)
            go_on(nursery, home, load)
            assert demand_equal_to_a_twin(home, tmp_path / f"twin{turn}", load.acknowledged) >= 3
