"""The alliance's periods: their floors, the order among them, and names that it does not know (docs/protocol.md 7)."""

import pytest
from testamur.artifacts.genesis import DEFAULT_PERIODS, Founding, constructions, directory_name

from tests.contracts.evm import refused
from tests.contracts.refusals.ground import new_alliance
from tests.contracts.suite import DAY, PERIODS, Suite, founder, validator

HOUR = 3600


@pytest.mark.parametrize(
    ("name", "value", "lowest", "highest"),
    [
        ("votingPeriod", HOUR - 1, HOUR, 366 * DAY),
        ("votingPeriod", 367 * DAY, HOUR, 366 * DAY),
        ("executionDelay", 599, 600, 366 * DAY),
        ("executionWindow", 0, HOUR, 366 * DAY),
        ("directoryDelay", HOUR - 1, HOUR, 366 * DAY),
        ("recoveryDelay", PERIODS["controllerDelay"], PERIODS["controllerDelay"] + 1, 366 * DAY),
        ("controllerDelay", PERIODS["recoveryDelay"], HOUR, PERIODS["recoveryDelay"] - 1),
        ("controllerDelay", 1, HOUR, PERIODS["recoveryDelay"] - 1),
    ],
)
def test_no_vote_sets_a_period_within_which_nobody_can_act(
    name: str, value: int, lowest: int, highest: int, suite: Suite
) -> None:
    with refused("AllianceParameterOutOfBounds", directory_name(name), value, lowest, highest):
        suite.govern("Alliance", "setParameter", directory_name(name), value)


@pytest.mark.parametrize("name", PERIODS)
def test_a_period_goes_down_to_its_floor_and_stays_above_it(name: str, suite: Suite) -> None:
    if name == "recoveryDelay":
        suite.govern("Alliance", "setParameter", directory_name("controllerDelay"), HOUR)
    floor = suite.call("Alliance", "parameterFloor", directory_name(name))
    assert floor == min(PERIODS[name], HOUR)
    lowest = floor + 1 if name == "recoveryDelay" else floor
    suite.govern("Alliance", "setParameter", directory_name(name), lowest)
    assert suite.call("Alliance", "parameter", directory_name(name)) == lowest
    with refused("AllianceParameterOutOfBounds"):
        suite.govern("Alliance", "setParameter", directory_name(name), lowest - 1)


def test_a_name_that_was_mistyped_is_refused_and_a_new_one_is_added_on_purpose(suite: Suite) -> None:
    typo, new = directory_name("votingPeroid"), directory_name("appealDelay")
    for name in (typo, new):
        with refused("AllianceUnknownParameter", name):
            suite.govern("Alliance", "setParameter", name, 7 * DAY)
    for function in ("parameter", "parameterFloor"):
        with refused("AllianceUnknownParameter", new):
            suite.call("Alliance", function, new)
    suite.govern("Alliance", "addParameter", new, 60)
    assert suite.call("Alliance", "parameterFloor", new) == 60
    suite.govern("Alliance", "setParameter", new, 7 * DAY)
    with refused("AllianceKnownParameter", new):
        suite.govern("Alliance", "addParameter", new, 60)
    with refused("AllianceParameterOutOfBounds", new, 59, 60, 366 * DAY):
        suite.govern("Alliance", "setParameter", new, 59)


@pytest.mark.parametrize("name", PERIODS)
def test_an_alliance_without_one_of_its_periods_is_not_founded(name: str, suite: Suite) -> None:
    rest = {directory_name(other): value for other, value in PERIODS.items() if other != name}
    with refused("AllianceUnknownParameter", directory_name(name)):
        new_alliance(suite, names=list(rest), values=list(rest.values()))


@pytest.mark.parametrize(
    "changes", [{"recoveryDelay": 5, "controllerDelay": 5}, {"votingPeriod": 59}, {"executionWindow": 59}]
)
def test_an_alliance_that_could_not_act_is_not_founded(changes: dict[str, int], suite: Suite) -> None:
    periods = PERIODS | changes
    with refused("AllianceParameterOutOfBounds"):
        new_alliance(suite, names=[directory_name(name) for name in periods], values=list(periods.values()))


@pytest.mark.parametrize(
    ("given", "delay"),
    [
        ({}, DEFAULT_PERIODS["executionDelay"]),
        ({"controllerDelay": 5, "recoveryDelay": 10}, 5),
        ({"controllerDelay": 5, "executionDelay": 7}, 7),
    ],
)
def test_an_execution_delay_that_is_not_named_is_no_longer_than_the_controllers(
    given: dict[str, int], delay: int
) -> None:
    founding = Founding((founder(1),), (validator(1),), periods=given)
    init_code = next(made.init_code for made in constructions(founding) if made.name == "Alliance")
    values = init_code[-32 * len(DEFAULT_PERIODS) :]
    position = list(DEFAULT_PERIODS).index("executionDelay")
    assert int.from_bytes(values[32 * position : 32 * position + 32], "big") == delay
