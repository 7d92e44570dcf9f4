"""The committed artifacts are what the sources compile to; and what every contract promises of itself."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from testamur.artifacts import CONTRACTS, artifact

from tests.contracts.test_forge import DEFECTS, Defect

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "contracts").rglob("*.sol"))
PARTS_OF_ALLIANCE = {"Agreements", "Membership", "Proposals", "Votes"}
PARTS_OF_ISSUER_REGISTRY = {"Holds", "Scopes"}
PARTS_OF_PERMISSIONS = {"ChainParameters", "KeyExchanges", "Peers", "Validators"}


@pytest.mark.tool
def test_the_committed_artifacts_are_what_the_sources_compile_to() -> None:
    from tools import compile as compiler

    for name, text in compiler.artifacts().items():
        assert (ROOT / name).read_text("utf-8") == text, f"{name} is stale: ./run compile"


def test_the_committed_input_holds_the_sources_as_they_stand() -> None:
    """Fresh without a compiler: what was compiled last is what stands in contracts/ now."""
    text = (ROOT / "client/testamur/artifacts/inputs/testamur.json").read_text("utf-8")
    compiled = {unit: entry["content"] for unit, entry in json.loads(text)["sources"].items() if "@" not in unit}
    assert compiled == {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in SOURCES}
    for name in CONTRACTS:
        stored = json.loads((ROOT / f"client/testamur/artifacts/{name}.json").read_text("utf-8"))
        assert stored["standardJsonInput"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.claim)
def test_the_line_that_a_planted_defect_changes_still_stands(defect: Defect) -> None:
    """Else the claim beside it in test_forge.py shows nothing; this says so without forge."""
    assert (ROOT / f"contracts/{defect.contract}.sol").read_text("utf-8").count(defect.right) == 1


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_fits_the_evm(name: str) -> None:
    assert 0 < len(artifact(name).deployed_bytecode) <= 24_576
    assert len(artifact(name).bytecode) <= 49_152


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_source_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 250
    assert text.startswith("// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.30;\n")
    for banned in ("assembly", "tx.origin", "selfdestruct", "block.prevrandao", "unchecked", "console.log"):
        assert not re.search(rf"\b{re.escape(banned)}\b", text), banned
    for error in re.findall(r"^    error (\w+)\(", text, re.MULTILINE):
        component = path.stem.removeprefix("I").removeprefix("Qualification").replace("StatusLists", "StatusRegistry")
        component = "Alliance" if component in PARTS_OF_ALLIANCE else component
        component = "Permissions" if component in PARTS_OF_PERMISSIONS else component
        component = "IssuerRegistry" if component in PARTS_OF_ISSUER_REGISTRY else component
        assert error.startswith(component) or error == "CounterMoved", error
