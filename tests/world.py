"""A world to test in: the scenario of Chengdu on a governed chain of its own, with a bundle for each case of the demo.

Played once per test process; a test that changes it works on credentials that no other test looks at.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from testamur.demo import Steps, make_cases
from testamur.profile import Profile
from testamur.scenario import ScenarioResult, run
from testamur.scenario.node import OwnNode, init_node, start_node

__all__ = ["Result", "World", "command", "world"]


@dataclass(frozen=True, slots=True)
class World:
    """What stands after the scenario and the demo's cases."""

    folder: Path
    result: ScenarioResult
    node: OwnNode
    cases: dict[str, Path]
    """A bundle file by the demo's case."""

    @property
    def profile(self) -> Profile:
        """As the file has it now."""
        return Profile.load(self.result.profile)

    @property
    def spare(self) -> list[Path]:
        """Bundle files of the demo's batch that no case uses, for tests that change statuses."""
        return sorted((self.folder / "batch" / "bundles").glob("*.json"))[10:]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world, on a governed chain."""
    os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
    folder = tmp_path_factory.mktemp("world")
    init_node(folder / "node", is_development=False)
    node = start_node(folder / "node")
    try:
        founders = node.home / "testamur.toml"
        result = run("chengdu", folder / "alliance", rpc=node.rpc, profile=founders, rows=4)
        cases = make_cases(folder, Profile.load(result.profile), result.unrecognised, Steps())
        yield World(folder, result, node, cases)
    finally:
        node.stop()


def command(*arguments: object) -> "Result":
    """Run a command of `testamur` in this process."""
    from testamur.cli.application import application
    from typer.testing import CliRunner

    outcome = CliRunner().invoke(application(), [str(argument) for argument in arguments])
    return Result(outcome.exit_code, outcome.stdout, outcome.stderr)


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        [value] = self.lines
        return value

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The objects on stdout, a line each."""
        import json

        return [json.loads(line) for line in self.out.splitlines()]
