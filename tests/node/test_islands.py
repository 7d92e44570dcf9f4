"""The same alliance.toml on two machines founds two chains of one number: said by `init` and by `doctor`."""

from pathlib import Path

import pytest
from testamur_node.engine.key import ValidatorKey
from testamur_node.operations.doctor import examine
from testamur_node.operations.initialise import ISLAND, initialise

from tests.node.founding import alliance_text


@pytest.fixture
def founders(tmp_path: Path) -> Path:
    file = tmp_path / "founders.toml"
    file.write_text(alliance_text(ValidatorKey.generate().public), encoding="utf-8")
    return file


def finding(home: Path) -> tuple[str, str]:
    (found,) = [one for one in examine(home) if one.name == "founding"]
    return found.result, found.message


def test_an_alliance_of_several_institutions_is_warned_of_islands(tmp_path: Path, founders: Path) -> None:
    first, second = (
        initialise(tmp_path / name, engine="solo", alliance=founders, chain_id=None, is_development=False)
        for name in ("first", "second")
    )
    assert (first.chain_id, first.genesis_hash) == (second.chain_id, second.genesis_hash)
    assert first.validator_key != second.validator_key, "they sign two chains"
    assert first.warnings == second.warnings == (ISLAND,)
    assert ISLAND in first.to_lines()
    assert first.to_json()["warnings"] == [ISLAND]
    assert finding(tmp_path / "first") == ("warn", ISLAND)


def test_the_reference_alliance_and_a_development_chain_are_for_one_machine(tmp_path: Path, founders: Path) -> None:
    reference = initialise(tmp_path / "a", engine="solo", alliance=None, chain_id=None, is_development=False)
    development = initialise(tmp_path / "b", engine="solo", alliance=founders, chain_id=None, is_development=True)
    assert reference.warnings == development.warnings == ()
    assert finding(tmp_path / "a")[0] == finding(tmp_path / "b")[0] == "pass"
