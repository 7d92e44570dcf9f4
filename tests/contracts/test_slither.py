"""Slither, every detector on: what it finds must be one of five things that are meant so, at the places named here."""

import json
import shutil
from dataclasses import dataclass

import pytest

from tests.tooling import ANALYSIS, ROOT, output_of, with_foundry

pytestmark = [pytest.mark.tool, pytest.mark.timeout(400)]


@dataclass(frozen=True, slots=True)
class Suppression:
    """Findings that are no defects."""

    reason: str
    detectors: frozenset[str]
    places: frozenset[str] | None = None
    """The functions in which they may stand; None: anywhere."""


SUPPRESSIONS = (
    Suppression(
        "The rules are about time: windows, delays, cut-offs. A record's zero means that it is absent, and equality "
        "with a stored number is meant; the detector takes each record that holds a time for a balance.",
        frozenset({"timestamp", "incorrect-equality"}),
    ),
    Suppression(
        "The lists are bounded (64 accounts, calls or members, founders at construction), and what is called in them "
        "is the suite itself, or what the members voted for.",
        frozenset({"calls-loop", "costly-loop"}),
    ),
    Suppression(
        "Permissions is fixed at construction and calls nobody; a proposal under way is guarded by _executing; "
        "voteMany calls its own code, which asks Operators and nobody else.",
        frozenset({"reentrancy-no-eth", "reentrancy-events"}),
        frozenset(
            {
                "ControllerSets._replace",
                "ControllerSets.markRecoveryCompromised",
                "OperatorLedger._mark",
                "Operators.foundInstitutions",
                "Proposals.execute",
                "Votes.voteMany",
            }
        ),
    ),
    Suppression(
        "roleOf gives an index that these callers do not need; a set says whether it changed, which is known here.",
        frozenset({"unused-return"}),
        frozenset(
            {
                "OperatorLedger._add",
                "OperatorLedger._retire",
                "Membership._stillGoverns",
            }
        ),
    ),
    Suppression(
        "A proposal's calls are data; anchorMany calls its own code so that a refusal can name the position; the "
        "Directory asks a candidate what it is, and the 50,000 gas of the question bound what it may answer; "
        "BlockHistory has no functions, so it is asked with a number alone.",
        frozenset({"low-level-calls", "return-bomb"}),
        frozenset({"Proposals.execute", "CredentialBatches.anchorMany", "Directory._ask", "OriginBound.origin"}),
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a detector."""

    detector: str
    place: str
    """Contract.function, or the contract alone."""
    description: str


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    folder = tmp_path_factory.mktemp("slither")
    for name in ("contracts", "tools"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "foundry.toml", folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    output_of(
        ANALYSIS / "slither",
        ".",
        *("--filter-paths", "node_modules", "--foundry-out-directory", "build/forge/out"),
        *("--fail-none", "--json", "findings.json"),
        cwd=folder,
        environment=with_foundry(),
    )
    report = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    assert report["success"]
    return [_finding(result) for result in report["results"]["detectors"]]


def test_slither_finds_nothing_but_what_is_meant_so(findings: list[Finding]) -> None:
    assert [finding for finding in findings if not any(_covers(each, finding) for each in SUPPRESSIONS)] == []


def test_each_suppression_is_still_needed_at_each_place(findings: list[Finding]) -> None:
    assert len(SUPPRESSIONS) <= 5
    for suppression in SUPPRESSIONS:
        covered = [finding for finding in findings if _covers(suppression, finding)]
        assert {finding.detector for finding in covered} == suppression.detectors
        assert suppression.places is None or {finding.place for finding in covered} == suppression.places


def test_the_configuration_suppresses_the_same_detectors() -> None:
    configuration = json.loads((ROOT / "slither.config.json").read_text(encoding="utf-8"))
    excluded = configuration["detectors_to_exclude"].split(",")
    assert sorted(excluded) == sorted(name for each in SUPPRESSIONS for name in each.detectors)


def _covers(suppression: Suppression, finding: Finding) -> bool:
    return finding.detector in suppression.detectors and (
        suppression.places is None or finding.place in suppression.places
    )


def _finding(result: dict[str, object]) -> Finding:
    elements = result["elements"]
    assert isinstance(elements, list)
    first = elements[0]
    parent = first.get("type_specific_fields", {}).get("parent", {})
    place = f"{parent['name']}.{first['name']}" if first["type"] == "function" else str(first["name"])
    return Finding(str(result["check"]), place, str(result["description"]))
