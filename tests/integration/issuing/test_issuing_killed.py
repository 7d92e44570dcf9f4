"""kill -9 at any moment of issuing: a resumed run finishes with one anchor and no credential twice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.issuing.alliance import Alliance, Roster, next_counter, require_whole
from tests.integration.issuing.killing import run_until

ROWS = 7
SAMPLE = (60, 80, 88, 96, 110)
"""Points of a run that the short test tries; the full family tries every one."""


def work(alliance: Alliance, roster: Roster, out: Path) -> Callable[[], object]:
    return lambda: alliance.issue(roster, out, is_resumed=True, per_file=True)


def test_a_run_killed_at_any_point_resumes_whole(alliance: Alliance, tmp_path: Path, is_slow: bool) -> None:
    roster = Roster.write(tmp_path, ROWS)
    alliance.issue(roster, tmp_path / "first")  # opens the list
    point = kills = 0
    while True:
        point = point + 1 if is_slow else next((p for p in SAMPLE if p > point), 10_000)
        out = tmp_path / f"out-{point}"
        since, before = alliance.height() + 1, next_counter(alliance, 1)
        was_killed = run_until(point, work(alliance, roster, out))
        alliance.issue(roster, out, is_resumed=True, per_file=True)
        require_whole(alliance, out, ROWS, since)
        assert next_counter(alliance, 1) == before + ROWS, f"killed at point {point}"
        if not was_killed:
            break
        kills += 1
    assert kills >= len(SAMPLE), "the points lie within a run"


def test_a_run_killed_again_and_again_still_ends_whole(alliance: Alliance, tmp_path: Path, out: Path) -> None:
    roster = Roster.write(tmp_path, ROWS, seed=2)
    since = alliance.height() + 1
    kills = 0
    for point in (25, 78, 84, 92, 100):
        kills += run_until(point, work(alliance, roster, out))
    alliance.issue(roster, out, is_resumed=True, per_file=True)
    require_whole(alliance, out, ROWS, since)
    assert kills > 2


def test_the_first_run_of_a_profile_may_be_killed_while_it_opens_its_list(
    alliance: Alliance, tmp_path: Path, out: Path
) -> None:
    """A list whose number never reached the profile is lost; issuing opens another and goes on."""
    roster = Roster.write(tmp_path, ROWS, seed=3)
    profile = alliance.home / "testamur.toml"
    kept = profile.read_bytes()
    start = kept.index(b"[[institution.list]]") if b"[[institution.list]]" in kept else None
    assert start is None or start > 0
    since = alliance.height() + 1
    for point in (45, 55):
        run_until(point, work(alliance, roster, out))
    alliance.issue(roster, out, is_resumed=True)
    require_whole(alliance, out, ROWS, since)


@pytest.mark.parametrize("size", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_run_of_several_batches_killed_midway_anchors_each_once(
    alliance: Alliance, tmp_path: Path, out: Path, size: int
) -> None:
    roster = Roster.write(tmp_path, ROWS, seed=4)
    since = alliance.height() + 1

    def several() -> object:
        return alliance.issue(roster, out, is_resumed=True, largest_batch=size)

    for point in (80, 90):
        run_until(point, several)
    several()
    require_whole(alliance, out, ROWS, since)
    assert len(alliance.anchored(since)) == -(-ROWS // size)
