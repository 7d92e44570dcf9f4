"""Scenarios: the named systems of the domain, played on a chain from founding to the first credentials.

`testamur scenario run chengdu --out DIR` leaves a profile, a policy, a template and issued bundles in DIR, so that
every other command can be tried there at once. All learners are made up.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from testamur.chain.access import NO_ACCESS, Access
from testamur.scenario import chengdu
from testamur.scenario.errors import ScenarioError
from testamur.scenario.result import ScenarioResult

__all__ = ["SCENARIOS", "ScenarioError", "ScenarioResult", "run"]

SCENARIOS: Mapping[str, str] = {
    "chengdu": "Two institutions found an alliance, sign its agreement and issue; a third is not recognised.",
}
"""Name and story."""


def run(
    name: str,
    out: Path,
    *,
    rpc: str | None = None,
    profile: Path | None = None,
    rows: int = 20,
    say: Callable[[str], None] = lambda text: None,
    access: Access = NO_ACCESS,
) -> ScenarioResult:
    """Play a scenario into the folder `out`, on a development chain of its own or the governed one behind `rpc`,
    whose node is shown `access`."""
    if name not in SCENARIOS:
        raise ScenarioError(f"there is no scenario {name}", f"one of {', '.join(SCENARIOS)}")
    if (rpc is None) != (profile is None):
        raise ScenarioError(
            "--rpc and --profile belong together", "name the chain and the founders' profile, or neither"
        )
    return chengdu.play(out, rpc=rpc, founders=profile, rows=rows, say=say, access=access)
