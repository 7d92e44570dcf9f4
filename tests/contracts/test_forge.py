"""The fuzz and invariant tests of tests/forge, run by forge; and defects planted to see that the claims notice them.

An invariant that no defect breaks claims nothing: each claim stands beside one line of a contract that, changed,
must make it fail.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tooling import ROOT, foundry, output_of

pytestmark = [pytest.mark.tool, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Defect:
    """One wrong line, and the claim that must notice it."""

    claim: str
    """Name of the forge test."""
    suite: str
    """Its file below tests/forge, without ending."""
    contract: str
    """Its file below contracts, without ending."""
    right: str
    wrong: str


DEFECTS = (
    Defect(
        "invariant_aRevokedCredentialStaysSoUnlessTheAllianceVoted",
        "Status",
        "libraries/BitWords",
        "if (changed != 0) bits[wordIndex] = word | changed;",
        "if (changed != 0) bits[wordIndex] = changed;",
    ),
    Defect(
        "invariant_countersNeverCollide",
        "Batches",
        "credentials/StatusLists",
        "_lists[list].next = first + size;",
        "_lists[list].next = first + size - 1;",
    ),
    Defect(
        "invariant_listsHoldExactlyWhatTheirKeepersWrote",
        "Status",
        "credentials/StatusLists",
        "roles & Roles.STATUS != 0 && keeper.institution == _keeperOf(record),",
        "roles & Roles.STATUS != 0,",
    ),
    Defect(
        "invariant_aVoidBatchIsNeverInForceBeforeItWasLiftedOrCleared",
        "Voids",
        "credentials/BatchVoids",
        "require(block.timestamp < entry.revokedFrom, BatchVoidsLiftTooLate(id, entry.revokedFrom));",
        "",
    ),
    Defect(
        "invariant_aVoidBatchIsNeverInForceBeforeItWasLiftedOrCleared",
        "Voids",
        "credentials/BatchVoids",
        "revoked = block.timestamp >= entry.revokedFrom;",
        "revoked = block.timestamp > entry.revokedFrom + 1 days;",
    ),
    Defect(
        "invariant_aRecordedBatchNeverChanges",
        "Batches",
        "credentials/CredentialBatches",
        "_requireSame(id, a, operatorIndex);\n            return id;",
        "_requireSame(id, a, operatorIndex);\n            _batches[id].size += 1;\n            return id;",
    ),
    Defect(
        "invariant_referenceCountsEqualActiveOperatorsAndRecoveryAccounts",
        "Operators",
        "governance/OperatorLedger",
        "if (before != address(0)) _permissions.release(before);",
        "",
    ),
    Defect(
        "invariant_aCompromisedAccountNeverActsAgain",
        "Operators",
        "governance/OperatorLedger",
        "last.compromisedSince == 0, OperatorsAccountCompromised(account)",
        "true, OperatorsAccountCompromised(account)",
    ),
    Defect(
        "invariant_adminAndTheOtherGovernPutAStolenGovernOut",
        "WayBack",
        "governance/ControllerSets",
        "if (asker == Asker.Together || kind != Roles.GOVERN) {",
        "if (kind != Roles.GOVERN) {",
    ),
    Defect(
        "invariant_theRecoveryAccountIsInGoodHandsAndActsForNothingElse",
        "Operators",
        "governance/OperatorLedger",
        "require(own.roles == 0, ControllersRecoveryActs(institution, account));",
        "",
    ),
    Defect(
        "invariant_aPassedProposalOfTheFewNeverBindsTheMany",
        "Votes",
        "governance/Proposals",
        "return Math.max(_proposals[id].need, _needNow());",
        "return _needNow();",
    ),
    Defect(
        "invariant_nothingIsExecutedBeforeItsDelay",
        "Votes",
        "governance/Votes",
        "if (isAlone) _recount(id);\n        _requireVotable(id);",
        "_requireVotable(id);",
    ),
    Defect(
        "invariant_votesEqualARecount",
        "Votes",
        "governance/Ballots",
        "if (!said.support) return Stance.No;",
        "if (!said.support) continue;",
    ),
    Defect(
        "invariant_aProposalExecutesOnce",
        "Votes",
        "governance/Proposals",
        "_proposals[id].ending = Ending.Executed;",
        "",
    ),
    Defect(
        "invariant_theSetIsNeverEmptyNorDoubleAndNobodyHoldsAThird",
        "Validators",
        "chain/Validators",
        "if (_institutions < SMALL_ALLIANCE) return; // all of them wanted it",
        "if (_institutions != 0) return;",
    ),
    Defect(
        "invariant_everyValidatorsInstitutionIsAMember",
        "Validators",
        "chain/Validators",
        "require(IAlliance(alliance()).isMember(institution), PermissionsNotMember(key, institution));",
        "",
    ),
    Defect(
        "invariant_everyValidatorsInstitutionIsAMember",
        "Validators",
        "governance/Membership",
        "IPermissions(_operators.permissions()).removeValidatorsOf(institution);",
        "",
    ),
    Defect(
        "invariant_aKeyThatFollowsAnotherHasOneUntilItSigns",
        "Validators",
        "chain/KeyExchanges",
        "require(_follows[key] == 0, PermissionsExchangeUnderWay(_follows[key]));",
        "",
    ),
    Defect(
        "invariant_peersAreListedOnce",
        "Validators",
        "chain/Peers",
        "require(left >= lowest, PermissionsTooFewPeers(left, lowest));",
        "",
    ),
    Defect(
        "invariant_limitsNeverGoBelowTheirFloors",
        "Validators",
        "chain/ChainParameters",
        '_requireBounds("maxBlockBytes", p.maxBlockBytes, 2 * uint256(p.maxTransactionBytes), 104_857_600);',
        "",
    ),
    Defect(
        "invariant_aRecordedBatchNamesWhoAnchoredIt",
        "Batches",
        "credentials/CredentialBatches",
        "            operatorIndex: operatorIndex,",
        "            operatorIndex: 4,",
    ),
    Defect(
        "invariant_aListTakesTheBatchesOfItsHolderAlone",
        "Batches",
        "credentials/StatusLists",
        "require(record.holder == operatorIndex, StatusRegistryNotHolder(list, record.holder));",
        "",
    ),
    Defect(
        "invariant_whatWasCurrentThenIsSoForEver",
        "Directory",
        "governance/Directory",
        "_enter(name, target, layout, block.timestamp + delay);",
        "_enter(name, target, layout, block.timestamp - 1 days);",
    ),
    Defect(
        "invariant_versionsFollowOneAnother",
        "Directory",
        "governance/Directory",
        "require(newest.from <= block.timestamp, DirectoryEntryWaits(name, newest.version, newest.from));",
        "",
    ),
    Defect(
        "invariant_noKeyThatWasNotTheIssuersAtTheAnchoringSigns",
        "Keys",
        "registry/Keys",
        "require(end >= earliest && end <= latest, KeysEndOutOfBounds(end, earliest, latest));",
        "require(end >= earliest, KeysEndOutOfBounds(end, earliest, latest));",
    ),
    Defect(
        "invariant_anAdminUndoesNoVoteOfTheLast90Days",
        "Keys",
        "registry/Keys",
        "require(latest >= byVoteUntil, KeysRestoredByVote(institution, keyHash, byVoteUntil));",
        "",
    ),
    Defect(
        "invariant_noDeadScopeAnchors",
        "Scopes",
        "registry/Scopes",
        "require(link.admission == admission, IssuerRegistryScopeOfOldAdmission(institution, index, link.admission));",
        "",
    ),
    Defect(
        "invariant_aChildNeverExceedsItsParent",
        "Scopes",
        "registry/Scopes",
        "&& above.lowestRank <= terms.lowestRank && terms.highestRank <= above.highestRank",
        "&& terms.highestRank <= above.highestRank",
    ),
)
SAMPLE = 2
"""So many of the defects are planted without --slow: each costs a compilation."""


def test_the_claims_hold_whatever_actors_do(is_slow: bool) -> None:
    said = output_of(
        foundry("forge"),
        "test",
        environment={"FOUNDRY_PROFILE": "deep" if is_slow else "default"},
        timeout_seconds=800,
    )
    passed = set(re.findall(r"^\[PASS\] (\w+)\(", said, re.MULTILINE))
    written = {
        name
        for path in (ROOT / "tests" / "forge").glob("*.t.sol")
        for name in re.findall(r"function ((?:test|testFuzz|invariant)_\w+)", path.read_text(encoding="utf-8"))
    }
    assert passed == written
    assert {defect.claim for defect in DEFECTS} <= written


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param(each, marks=[pytest.mark.slow] * (i >= SAMPLE), id=f"{each.claim}-{each.contract}")
        for i, each in enumerate(DEFECTS)
    ],
)
def test_a_planted_defect_breaks_its_claim(defect: Defect, tmp_path: Path) -> None:
    for name in ("contracts", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "foundry.toml", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "tests" / "forge").mkdir(parents=True)
    for name in ("Acting.sol", "Cheats.sol", "Suite.sol", f"{defect.suite}.t.sol"):
        shutil.copy(ROOT / "tests" / "forge" / name, tmp_path / "tests" / "forge")
    source = tmp_path / "contracts" / f"{defect.contract}.sol"
    text = source.read_text(encoding="utf-8")
    assert text.count(defect.right) == 1
    source.write_text(text.replace(defect.right, defect.wrong), encoding="utf-8")
    done = subprocess.run(
        [foundry("forge"), "test", "--match-test", f"^{defect.claim}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "Compiler run successful" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    assert f"{defect.claim}(" in done.stdout.partition("Failing tests:")[2]
