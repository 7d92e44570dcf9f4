"""Every custom error of the suite, provoked once: whoever adds an error adds its case here."""

from collections.abc import Callable
from typing import Any

import pytest
from testamur.artifacts import artifact, error_abis
from testamur.artifacts.genesis import directory_name
from testamur.proof.hashing import keccak256

from tests.contracts.evm import SYSTEM, Chain, Reverted
from tests.contracts.suite import (
    DAY,
    GENESIS_TIME,
    GOVERN,
    ISSUE,
    STATUS,
    Suite,
    account,
    founded,
    text_hash,
    validator,
)

Case = Callable[[Suite], object]

LIBRARY_ERRORS = {
    "SafeCastOverflowedUintDowncast": "time, block and version numbers do not outgrow their fields within 10,000 years",
    "InvalidShortString": "the EIP-712 names are constants that fit",
    "StringTooLong": "the EIP-712 names are constants that fit",
}
"""OpenZeppelin's errors that no call reaches, with the reason."""

CASES: dict[str, Case] = {}


def provokes(name: str) -> Callable[[Case], Case]:
    def enter(case: Case) -> Case:
        assert name not in CASES, f"{name} has a case"
        CASES[name] = case
        return case

    return enter


DOCUMENT = b"\x07" * 32
KEY = b"\x21" * 32
NO_ONE = b"\x0e" * 20
LIMITS = (30_000_000, 4_194_304, 262_144, 30, 1_048_576)
FULL = 2**256 - 1


def new_alliance(suite: Suite, **changes: Any) -> bytes:
    """Construct a second Alliance, sound but for the changes."""
    names = ("votingPeriod", "controllerDelay", "recoveryDelay", "directoryDelay")
    arguments = {
        "members": [1],
        "numerator": 2,
        "denominator": 3,
        "operators": suite.address("Operators"),
        "names": [directory_name(name) for name in names],
        "values": [3600, 3600, 3600, 3600],
    }
    types = ["uint32[]", "uint16", "uint16", "address", "bytes32[]", "uint64[]"]
    return suite.chain.deploy("Alliance", NO_ONE, types, list((arguments | changes).values()))


def new_permissions(suite: Suite, validators: list[tuple[bytes, int, int]]) -> bytes:
    """Construct a second Permissions with that validator set."""
    limits, validator_type = "(uint64,uint32,uint32,uint16,uint32)", "(bytes32,uint64,uint32)[]"
    types = ["address", "address", limits, validator_type, "bytes20[]", "address[]"]
    return suite.chain.deploy("Permissions", NO_ONE, types, [NO_ONE, NO_ONE, LIMITS, validators, [], []])


def new_directory(suite: Suite, names: list[bytes], addresses: list[bytes], layouts: list[int]) -> bytes:
    """Construct a second Directory."""
    types = ["address", "bytes32[]", "address[]", "uint16[]"]
    return suite.chain.deploy("Directory", NO_ONE, types, [NO_ONE, names, addresses, layouts])


def new_status_registry(suite: Suite, first_list: int) -> bytes:
    """Construct a second StatusRegistry."""
    parts = [suite.address(name) for name in ("Alliance", "Operators", "Directory")]
    types = ["address", "address", "address", "uint32"]
    return suite.chain.deploy("StatusRegistry", NO_ONE, types, [*parts, first_list])


def succeed(suite: Suite, name: str, successor: bytes) -> None:
    """The Alliance names a successor, and its delay passes."""
    suite.govern("Directory", "set", directory_name(name), successor, 1)
    suite.chain.mine(7 * DAY)


# --- Alliance and Governed -------------------------------------------------------------------------------------------


@provokes("GovernedNotAlliance")
def _(s: Suite) -> object:
    return s.send("govern 1", "Permissions", "setDeploy", account("govern 1"), True)


@provokes("AllianceNotSelf")
def _(s: Suite) -> object:
    return s.send("govern 1", "Alliance", "addMember", 2)


@provokes("AllianceNotGovern")
def _(s: Suite) -> object:
    return s.send("admin 1", "Alliance", "propose", [(s.address("Alliance"), b"")], DOCUMENT)


@provokes("AllianceUnknownInstitution")
def _(s: Suite) -> object:
    return s.govern("Alliance", "addMember", 3)


@provokes("AllianceAlreadyMember")
def _(s: Suite) -> object:
    return s.govern("Alliance", "addMember", 2)


@provokes("AllianceNotMember")
def _(s: Suite) -> object:
    return s.govern("Alliance", "removeMember", 3)


@provokes("AllianceLastMember")
def _(s: Suite) -> object:
    s.govern("Alliance", "removeMember", 2)
    return s.govern("Alliance", "removeMember", 1)


@provokes("AllianceThresholdOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Alliance", "setThreshold", 1, 2)


@provokes("AllianceParameterOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Alliance", "setParameter", directory_name("votingPeriod"), 59)


@provokes("AllianceUnknownParameter")
def _(s: Suite) -> object:
    return s.call("Alliance", "parameter", directory_name("teaBreak"))


@provokes("AllianceLengthMismatch")
def _(s: Suite) -> object:
    return new_alliance(s, values=[3600])


@provokes("AllianceCallsOutOfBounds")
def _(s: Suite) -> object:
    return s.propose()


@provokes("AllianceNoCode")
def _(s: Suite) -> object:
    proposal = s.send("govern 1", "Alliance", "propose", [(NO_ONE, b"")], DOCUMENT).output
    s.vote(proposal)
    return s.execute(proposal)


@provokes("AllianceWrongState")
def _(s: Suite) -> object:
    return s.execute(s.propose(("Alliance", "setThreshold", 1, 1)))


@provokes("AllianceAlreadyVoted")
def _(s: Suite) -> object:
    proposal = s.propose(("Alliance", "setThreshold", 1, 1))
    s.vote(proposal, [1])
    return s.send("deputy 1", "Alliance", "vote", proposal, False)


@provokes("AllianceExecuting")
def _(s: Suite) -> object:
    inner = s.propose(("Alliance", "setThreshold", 1, 1))
    s.vote(inner)
    return s.decide(("Alliance", "execute", inner))


@provokes("AllianceCallFailed")
def _(s: Suite) -> object:
    return s.decide(("Alliance", "addMember", 2))


@provokes("AllianceUnknownAgreement")
def _(s: Suite) -> object:
    return s.send("govern 1", "Alliance", "signAgreement", 1)


@provokes("AllianceAlreadySigned")
def _(s: Suite) -> object:
    s.govern("Alliance", "adoptAgreement", DOCUMENT, 0)
    s.send("govern 1", "Alliance", "signAgreement", 1)
    return s.send("deputy 1", "Alliance", "signAgreement", 1)


@provokes("AllianceSignatureExpired")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp - 1, b"")


@provokes("ECDSAInvalidSignature")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp, b"\0" * 65)


@provokes("ECDSAInvalidSignatureLength")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp, b"\0" * 64)


@provokes("ECDSAInvalidSignatureS")
def _(s: Suite) -> object:
    return s.send("anyone", "Alliance", "signAgreementFor", 1, s.chain.timestamp, b"\xff" * 65)


# --- Operators -------------------------------------------------------------------------------------------------------


def controllers(number: int, **changes: Any) -> tuple[Any, ...]:
    """Founder `number`'s controllers, but for the changes."""
    present = {
        "govern": [account(f"govern {number}"), account(f"deputy {number}")],
        "admin": [account(f"admin {number}")],
        "recovery": account(f"recovery {number}"),
    }
    return tuple((present | changes).values())


@provokes("OperatorsUnexpectedNumber")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 4, *controllers(3))


@provokes("OperatorsUnknownInstitution")
def _(s: Suite) -> object:
    return s.send("admin 1", "Operators", "replaceControllers", 3, controllers(1), [])


@provokes("OperatorsNotAdmin")
def _(s: Suite) -> object:
    return s.send("govern 1", "Operators", "retireOperator", account("issue 1"))


@provokes("OperatorsNotController")
def _(s: Suite) -> object:
    return s.send("govern 1", "Operators", "replaceControllers", 1, controllers(1), [])


@provokes("OperatorsNotGovern")
def _(s: Suite) -> object:
    return s.send("admin 1", "Operators", "cancelControllers", 1)


@provokes("OperatorsRolesOutOfBounds")
def _(s: Suite) -> object:
    return s.hire("newcomer", 1, GOVERN | ISSUE)


@provokes("OperatorsZeroAccount")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 3, *controllers(3, recovery=b"\0" * 20))


@provokes("OperatorsAccountOfAnother")
def _(s: Suite) -> object:
    return s.hire("issue 2", 1, ISSUE)


@provokes("OperatorsAccountActive")
def _(s: Suite) -> object:
    return s.hire("issue 1", 1, STATUS)


@provokes("OperatorsAccountNotActive")
def _(s: Suite) -> object:
    return s.send("admin 1", "Operators", "retireOperator", account("newcomer"))


@provokes("OperatorsAccountCompromised")
def _(s: Suite) -> object:
    s.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), s.chain.timestamp)
    return s.hire("issue 1", 1, ISSUE)


@provokes("OperatorsTooMany")
def _(s: Suite) -> object:
    crowd = [account(f"crowd {number}") for number in range(64)]
    return s.govern("Operators", "createInstitution", 3, *controllers(3, govern=crowd))


@provokes("OperatorsTooFewControllers")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 3, *controllers(3, govern=[account("govern 3")]))


@provokes("OperatorsDuplicateController")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 3, *controllers(3, govern=[account("govern 3")] * 2))


@provokes("OperatorsAcceptanceExpired")
def _(s: Suite) -> object:
    signature = s.accept("newcomer", 1, ISSUE, s.chain.timestamp - 1)
    return s.send("admin 1", "Operators", "addOperator", account("newcomer"), ISSUE, s.chain.timestamp - 1, signature)


@provokes("OperatorsAcceptanceInvalid")
def _(s: Suite) -> object:
    deadline = s.chain.timestamp + DAY
    signature = s.accept("newcomer", 2, ISSUE, deadline)
    return s.send("admin 1", "Operators", "addOperator", account("newcomer"), ISSUE, deadline, signature)


@provokes("OperatorsAcceptanceCount")
def _(s: Suite) -> object:
    changed = controllers(1, admin=[account("newcomer")])
    return s.send("admin 1", "Operators", "replaceControllers", 1, changed, [])


@provokes("OperatorsSinceOutOfBounds")
def _(s: Suite) -> object:
    return s.send(
        "admin 1", "Operators", "markOperatorCompromised", account("issue 1"), s.chain.timestamp - 90 * DAY - 1
    )


@provokes("OperatorsNoReplacement")
def _(s: Suite) -> object:
    return s.send("anyone", "Operators", "applyControllers", 1, controllers(1))


@provokes("OperatorsReplacementWaits")
def _(s: Suite) -> object:
    s.send("admin 1", "Operators", "replaceControllers", 1, controllers(1), [])
    s.chain.mine(7 * DAY - 1)
    return s.send("anyone", "Operators", "applyControllers", 1, controllers(1))


# --- Permissions -----------------------------------------------------------------------------------------------------


@provokes("PermissionsNotOperators")
def _(s: Suite) -> object:
    return s.send("admin 1", "Permissions", "acquire", account("admin 1"))


@provokes("PermissionsNotAcquired")
def _(s: Suite) -> object:
    return s.chain.send(s.address("Operators"), s.address("Permissions"), "release", NO_ONE)


@provokes("PermissionsParameterOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setParameters", (9_999_999, *LIMITS[1:]))


@provokes("PermissionsEmptySet")
def _(s: Suite) -> object:
    return new_permissions(s, [])


@provokes("PermissionsTooMany")
def _(s: Suite) -> object:
    return new_permissions(s, [(number.to_bytes(32, "big"), 1, 1) for number in range(1, 258)])


@provokes("PermissionsDuplicateValidator")
def _(s: Suite) -> object:
    return new_permissions(s, [(KEY, 100, 1), (KEY, 100, 2)])


@provokes("PermissionsUnknownValidator")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 0, 1)


@provokes("PermissionsValidatorOfAnother")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", validator(1).key, 200, 2)


@provokes("PermissionsNoInstitution")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 1, 0)


@provokes("PermissionsEntersWithOne")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 2, 1)


@provokes("PermissionsPowerOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", validator(1).key, 10**12 + 1, 1)


@provokes("PermissionsNotUnanimous")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 1, 1)


@provokes("PermissionsTooMuchMoved")
def _(_s: Suite) -> object:
    s = founded(6)
    s.decide(("Permissions", "setValidator", validator(1).key, 0, 1))
    return s.decide(("Permissions", "setValidator", validator(2).key, 0, 2))


@provokes("PermissionsInstitutionTooStrong")
def _(_s: Suite) -> object:
    return founded(4).decide(("Permissions", "setValidator", validator(1).key, 150, 1))


# --- Directory and BlockHistory --------------------------------------------------------------------------------------


@provokes("DirectoryLengthMismatch")
def _(s: Suite) -> object:
    return new_directory(s, [KEY], [], [])


@provokes("DirectoryNoCode")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("CreditBank"), NO_ONE, 1)


@provokes("DirectoryZeroLayout")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("CreditBank"), s.address("Alliance"), 0)


@provokes("DirectoryNamedBefore")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("StatusRegistry"), s.address("StatusRegistry"), 1)


@provokes("DirectoryNeverReplaced")
def _(s: Suite) -> object:
    return s.govern("Directory", "set", directory_name("Permissions"), s.address("Alliance"), 1)


@provokes("DirectoryUnknownName")
def _(s: Suite) -> object:
    return s.call("Directory", "resolve", directory_name("CreditBank"))


@provokes("DirectoryUnknownVersion")
def _(s: Suite) -> object:
    return s.call("Directory", "entry", directory_name("StatusRegistry"), 2)


@provokes("BlockHistoryMalformed")
def _(s: Suite) -> object:
    return s.chain.send_raw(SYSTEM, s.address("BlockHistory"), b"\0" * 31)


@provokes("BlockHistoryNoParent")
def _(_s: Suite) -> object:
    chain = Chain(GENESIS_TIME)
    chain.construct("BlockHistory", NO_ONE, artifact("BlockHistory").bytecode)
    return chain.send_raw(SYSTEM, NO_ONE, b"\0" * 32)


# --- IssuerRegistry --------------------------------------------------------------------------------------------------


@provokes("IssuerRegistryUnknownInstitution")
def _(s: Suite) -> object:
    return s.register(3)


@provokes("IssuerRegistryWrongState")
def _(s: Suite) -> object:
    return s.register(1)


@provokes("IssuerRegistryNameMalformed")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "rename", 1, "北京\u202e大学", KEY)


@provokes("IssuerRegistryNameTaken")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "rename", 1, "大学 2", text_hash("folded 大学 2"))


@provokes("IssuerRegistryDidMalformed")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "addDid", 1, "did:web:two words")


@provokes("IssuerRegistryDidTaken")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "addDid", 1, "did:web:university-2.example")


@provokes("IssuerRegistryScopeMalformed")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "addScope", 1, (1, 0, 5, 4, 0, 0, 0))


@provokes("IssuerRegistryNoScope")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "withdraw", 1, DOCUMENT)
    return s.govern("IssuerRegistry", "admit", 1, [])


@provokes("IssuerRegistryUnknownScope")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "endScope", 1, 2, s.chain.timestamp)


@provokes("IssuerRegistryEndOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "endScope", 1, 1, s.chain.timestamp - 1)


@provokes("IssuerRegistryNotRecognised")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    return s.anchor(1)


@provokes("IssuerRegistryScopeNotInForce")
def _(s: Suite) -> object:
    return s.anchor(1, scope=2)


@provokes("IssuerRegistryNotAdmin")
def _(s: Suite) -> object:
    return s.send("govern 1", "IssuerRegistry", "addKey", KEY, 1)


@provokes("IssuerRegistryKeyMalformed")
def _(s: Suite) -> object:
    return s.send("admin 1", "IssuerRegistry", "addKey", b"\0" * 32, 1)


@provokes("IssuerRegistryKeyTaken")
def _(s: Suite) -> object:
    s.send("admin 1", "IssuerRegistry", "addKey", KEY, 1)
    return s.send("admin 2", "IssuerRegistry", "addKey", KEY, 2)


@provokes("IssuerRegistryUnknownUsage")
def _(s: Suite) -> object:
    return s.send("admin 1", "IssuerRegistry", "addKey", KEY, 3)


@provokes("IssuerRegistryUnknownKey")
def _(s: Suite) -> object:
    return s.send("admin 1", "IssuerRegistry", "retireKey", KEY)


@provokes("IssuerRegistryKeyRetired")
def _(s: Suite) -> object:
    s.send("admin 1", "IssuerRegistry", "addKey", KEY, 1)
    s.send("admin 1", "IssuerRegistry", "retireKey", keccak256(KEY))
    return s.send("admin 1", "IssuerRegistry", "retireKey", keccak256(KEY))


@provokes("IssuerRegistrySinceOutOfBounds")
def _(s: Suite) -> object:
    s.send("admin 1", "IssuerRegistry", "addKey", KEY, 1)
    return s.send("admin 1", "IssuerRegistry", "markKeyCompromised", keccak256(KEY), s.chain.timestamp + 1)


# --- QualificationFrameworks -----------------------------------------------------------------------------------------


def with_framework(s: Suite) -> Suite:
    """Framework 1: ranks 1 to 3 on ladder 1, rank 4 on ladder 2."""
    s.govern("QualificationFrameworks", "addFramework", 1, "职业资格", 2, "人社部")
    levels = [(rank, 1 + rank // 4, False, str(6 - rank), f"等级 {rank}") for rank in range(1, 5)]
    s.govern("QualificationFrameworks", "addLevels", 1, levels)
    return s


def claim(**changes: Any) -> tuple[Any, ...]:
    """A crosswalk claimed by institution 1, but for the changes."""
    present = {"authority": 1, "source": 1, "target": 1}
    ranks = {"sourceLowest": 1, "sourceHighest": 1, "targetLowest": 4, "targetHighest": 4}
    rest = {"direction": 1, "from": 0, "to": 0, "evidence": DOCUMENT}
    return tuple((present | ranks | rest | changes).values())


@provokes("FrameworksNumberTaken")
def _(s: Suite) -> object:
    return with_framework(with_framework(s))


@provokes("FrameworksDirectionOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "addFramework", 1, "职业资格", 3, "")


@provokes("FrameworksTextMalformed")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "addFramework", 1, "", 0, "")


@provokes("FrameworksUnknownFramework")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "addLevels", 1, [])


@provokes("FrameworksLevelMalformed")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addLevels", 1, [(4, 1, False, "2", "技师")])


@provokes("FrameworksUnknownRank")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 1, 5, 0, 0)


@provokes("FrameworksRanksOutOfOrder")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 3, 4, 0, 0)


@provokes("FrameworksWindowOutOfOrder")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 1, 3, 2, 2)


@provokes("FrameworksUnknownType")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "endType", 1, 1, s.chain.timestamp)


@provokes("FrameworksEndOutOfBounds")
def _(s: Suite) -> object:
    with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 1, 3, 0, s.chain.timestamp + 9)
    return s.govern("QualificationFrameworks", "endType", 1, 1, s.chain.timestamp + 10)


@provokes("FrameworksNotAuthority")
def _(s: Suite) -> object:
    return with_framework(s).send("govern 2", "QualificationFrameworks", "addCrosswalk", claim())


@provokes("FrameworksUnknownCrosswalk")
def _(s: Suite) -> object:
    return s.send("govern 1", "QualificationFrameworks", "endCrosswalk", 1, s.chain.timestamp)


# --- CredentialBatches -----------------------------------------------------------------------------------------------


@provokes("CredentialBatchesNotIssueOperator")
def _(s: Suite) -> object:
    return s.anchor(1, by="status")


@provokes("CredentialBatchesEmpty")
def _(s: Suite) -> object:
    return s.anchor(1, size=0)


@provokes("CredentialBatchesUnknownKind")
def _(s: Suite) -> object:
    return s.anchor(1, kind=3)


@provokes("CredentialBatchesNotCurrent")
def _(s: Suite) -> object:
    parts = [s.address("Operators"), s.address("Directory")]
    succeed(s, "CredentialBatches", s.chain.deploy("CredentialBatches", NO_ONE, ["address", "address"], parts))
    return s.anchor(1)


@provokes("CredentialBatchesAnchoringFailed")
def _(s: Suite) -> object:
    return s.send("issue 1", "CredentialBatches", "anchorMany", [(KEY, 0, 1, 0, 1, 1)])


# --- StatusRegistry --------------------------------------------------------------------------------------------------


@provokes("StatusRegistrySizeOutOfBounds")
def _(s: Suite) -> object:
    return s.open_list(1, 16)


@provokes("StatusRegistryUnknownList")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "revoke", 3, 0, 0)


@provokes("StatusRegistryNotIssueOperator")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "openList", 17)


@provokes("StatusRegistryNotRecognised")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    return s.open_list(1)


@provokes("StatusRegistryNotCurrent")
def _(s: Suite) -> object:
    succeed(s, "StatusRegistry", new_status_registry(s, 1))
    return s.open_list(1)


@provokes("StatusRegistryNotBatches")
def _(s: Suite) -> object:
    return s.send("issue 1", "StatusRegistry", "advance", 1, 1, 0, 1)


@provokes("StatusRegistryNotIssuer")
def _(s: Suite) -> object:
    return s.anchor(1, list_=2)


@provokes("CounterMoved")
def _(s: Suite) -> object:
    return s.anchor(1, first=1)


@provokes("StatusRegistryListFull")
def _(s: Suite) -> object:
    return s.anchor(1, size=2**17 + 1)


@provokes("StatusRegistryNotKeeper")
def _(s: Suite) -> object:
    return s.send("status 2", "StatusRegistry", "revoke", 1, 0, 0)


@provokes("StatusRegistryIndexOutOfBounds")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "revoke", 1, 2**17, 0)


@provokes("StatusRegistryWordOutOfBounds")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "revokeWords", 1, [0, 512], [FULL, FULL], 0)


@provokes("StatusRegistryLengthMismatch")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "suspendWords", 1, [0, 1], [FULL], 0)


@provokes("StatusRegistryReasonOutOfBounds")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "suspend", 1, 0, 4)


@provokes("StatusRegistryUnchanged")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "reinstate", 1, 0, 0)


@provokes("StatusRegistryFirstListZero")
def _(s: Suite) -> object:
    return new_status_registry(s, 0)


@provokes("StatusRegistryUnknownInstitution")
def _(s: Suite) -> object:
    return s.govern("StatusRegistry", "setCustodian", 1, 3, DOCUMENT)


# --- the tests ------------------------------------------------------------------------------------------------------


def test_every_custom_error_has_a_case() -> None:
    assert set(CASES) | set(LIBRARY_ERRORS) == {entry["name"] for entry in error_abis()}


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_refusal_is_reached(name: str, issuing: Suite) -> None:
    with pytest.raises(Reverted) as caught:
        CASES[name](issuing)
    assert caught.value.cause.name == name or caught.value.name == name, str(caught.value)
