"""Scopes: of one admission, below one parent, suspended and lifted; every link is asked at every anchoring."""

from typing import Any

import pytest

from tests.contracts.evm import Receipt, refused
from tests.contracts.named import named
from tests.contracts.suite import DAY, SCOPE, Suite, account, founded

DOCUMENT = b"\x07" * 32
NARROW = (1, 7, 2, 2, 86, 0, 0)
"""Framework 1, type 7, rank 2, region 86: within SCOPE."""
ADMIN_INDEX = 3
"""Of each founder's ADMIN, which gives scopes here."""


class Accredited:
    """Five founders, the first recognised by vote; accreditations come from a contract that the Directory names."""

    def __init__(self) -> None:
        self.suite = founded(5)
        self.contract = named(self.suite, "Accreditation")
        self.suite.admit(1)
        self.suite.open_list(1)

    def fork(self) -> "Accredited":
        copy = object.__new__(Accredited)
        copy.suite, copy.contract = self.suite.fork(), self.contract
        return copy

    def send(self, function: str, *args: Any) -> Receipt:
        """What the contract of accreditations asks of the registry."""
        return self.suite.chain.send(self.contract, self.suite.address("IssuerRegistry"), function, *args)

    def admit(self, child: int, parent: int, scope: tuple[int, ...] = NARROW, parent_scope: int = 1) -> Receipt:
        """`parent` admits `child`, registered before, with one scope."""
        self.suite.register(child)
        return self.send("admitUnder", child, [scope], (parent, parent_scope, ADMIN_INDEX), DOCUMENT)

    def add(self, child: int, parent: int, scope: tuple[int, ...], creator: int = ADMIN_INDEX) -> Receipt:
        return self.send("addScopeUnder", child, scope, (parent, 1, creator), DOCUMENT)


@pytest.fixture(scope="module")
def _accredited() -> Accredited:
    return Accredited()


@pytest.fixture
def accredited(_accredited: Accredited) -> Accredited:
    return _accredited.fork()


def chain_of(accredited: Accredited, depth: int) -> Suite:
    """1 admits 2, 2 admits 3 …: the last of `depth` institutions has list 2."""
    for child in range(2, depth + 1):
        accredited.admit(child, child - 1)
    accredited.suite.open_list(depth)
    return accredited.suite


# --- admissions ------------------------------------------------------------------------------------------------------


def test_a_readmitted_issuer_does_not_get_the_scope_back_that_it_lost(issuing: Suite) -> None:
    issuing.decide(("IssuerRegistry", "withdraw", 1, DOCUMENT))
    issuing.chain.mine(700 * DAY)
    receipt = issuing.decide(("IssuerRegistry", "admit", 1, [NARROW], DOCUMENT))
    assert receipt.named("IssuerRecognised") == [
        {"institution": 1, "admission": 2, "accreditor": 0, "document": DOCUMENT}
    ]
    with refused("IssuerRegistryScopeOfOldAdmission", 1, 1, 1):
        issuing.anchor(1, scope=1)
    issuing.anchor(1, scope=2)


def test_a_suspension_of_the_issuer_ends_no_admission(issuing: Suite) -> None:
    issuing.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    issuing.govern("IssuerRegistry", "addScope", 1, NARROW, DOCUMENT)
    issuing.govern("IssuerRegistry", "reinstate", 1, DOCUMENT)
    issuing.anchor(1, scope=1)
    issuing.anchor(1, b"\x12" * 32, first=100, scope=2)


@pytest.mark.parametrize("state", [1, 4])
def test_no_scope_is_added_where_no_admission_lives(state: int, suite: Suite) -> None:
    if state == 1:
        suite.register(1)
    else:
        suite.admit(1)
        suite.govern("IssuerRegistry", "withdraw", 1, DOCUMENT)
    with refused("IssuerRegistryWrongState", 1, state):
        suite.govern("IssuerRegistry", "addScope", 1, SCOPE, DOCUMENT)


# --- suspension by vote ----------------------------------------------------------------------------------------------


def test_a_suspended_scope_anchors_nothing_until_it_is_lifted(issuing: Suite) -> None:
    receipt = issuing.decide(("IssuerRegistry", "suspendScope", 1, 1, DOCUMENT))
    assert receipt.named("ScopeSuspended") == [{"institution": 1, "index": 1, "by": 2, "document": DOCUMENT}]
    origin = issuing.call("IssuerRegistry", "scopeOrigin", 1, 1)
    assert (origin["operatorIndex"], origin["suspendedSince"]) == (0, issuing.chain.timestamp)
    with refused("IssuerRegistryScopeSuspended", 1, 1):
        issuing.anchor(1)
    with refused("IssuerRegistryScopeSuspended", 1, 1):
        issuing.govern("IssuerRegistry", "suspendScope", 1, 1, DOCUMENT)
    receipt = issuing.decide(("IssuerRegistry", "liftScope", 1, 1, DOCUMENT))
    assert receipt.named("ScopeLifted") == [{"institution": 1, "index": 1, "by": 2, "document": DOCUMENT}]
    issuing.anchor(1)
    with refused("IssuerRegistryCannotLift", 1, 1, 0):
        issuing.govern("IssuerRegistry", "liftScope", 1, 1, DOCUMENT)


@pytest.mark.parametrize("function", ["suspendScope", "liftScope"])
def test_nobody_else_suspends_or_lifts_a_scope(function: str, issuing: Suite) -> None:
    for person in ("govern 1", "admin 1", "stranger"):
        with refused("IssuerRegistryNotAccreditation"):
            issuing.send(person, "IssuerRegistry", function, 1, 1, DOCUMENT)
    with refused("IssuerRegistryUnknownScope", 1, 2):
        issuing.govern("IssuerRegistry", function, 1, 2, DOCUMENT)


# --- below a parent --------------------------------------------------------------------------------------------------


def test_an_institution_admits_another_below_its_scope(accredited: Accredited) -> None:
    receipt = accredited.admit(2, 1)
    assert receipt.named("IssuerRecognised") == [
        {"institution": 2, "admission": 1, "accreditor": 1, "document": DOCUMENT}
    ]
    (added,) = receipt.named("ScopeAdded")
    assert (added["operatorIndex"], added["document"]) == (ADMIN_INDEX, DOCUMENT)
    scope = accredited.suite.call("IssuerRegistry", "scope", 2, 1)
    assert tuple(scope.values()) == (*NARROW, 1, 1, 1, 2, 0)
    origin = accredited.suite.call("IssuerRegistry", "scopeOrigin", 2, 1)
    assert tuple(origin.values()) == (accredited.suite.chain.timestamp, ADMIN_INDEX, 0)
    accredited.suite.open_list(2)
    accredited.suite.anchor(2, list_=2)


@pytest.mark.parametrize(
    "beyond",
    [
        (2, 7, 2, 2, 86, 100, 200),
        (1, 0, 2, 2, 86, 100, 200),
        (1, 8, 2, 2, 86, 100, 200),
        (1, 7, 1, 2, 86, 100, 200),
        (1, 7, 2, 4, 86, 100, 200),
        (1, 7, 2, 2, 0, 100, 200),
        (1, 7, 2, 2, 87, 100, 200),
        (1, 7, 2, 2, 86, 99, 200),
        (1, 7, 2, 2, 86, 100, 2**40 - 1),
        (1, 7, 2, 2, 86, 100, 0),
    ],
    ids=["framework", "any type", "type", "lower", "higher", "any region", "region", "from", "to", "open"],
)
def test_a_scope_stays_within_its_parent_in_every_way(beyond: tuple[int, ...], accredited: Accredited) -> None:
    suite = accredited.suite
    end = suite.chain.timestamp + DAY
    beyond = tuple(end if value == 200 else value for value in beyond)
    suite.govern("IssuerRegistry", "addScope", 1, (1, 7, 2, 3, 86, 100, end), DOCUMENT)
    accredited.admit(2, 1, (1, 7, 2, 3, 86, 100, end), parent_scope=2)
    with refused("IssuerRegistryScopeExceedsParent", 0, 1, 2):
        accredited.send("addScopeUnder", 2, beyond, (1, 2, ADMIN_INDEX), DOCUMENT)


def test_four_scopes_stand_above_one_another_and_no_fifth(accredited: Accredited) -> None:
    suite = chain_of(accredited, 4)
    suite.anchor(4, list_=2)
    suite.register(5)
    with refused("IssuerRegistryTooDeep", 4, 1):
        accredited.send("admitUnder", 5, [NARROW], (4, 1, ADMIN_INDEX), DOCUMENT)


@pytest.mark.parametrize("cut", ["suspend", "withdraw", "suspendScope", "endScope", "hold"])
@pytest.mark.parametrize("link", [1, 2, 3])
def test_what_is_cut_above_anchors_nothing_below_and_what_stands_stays(
    cut: str, link: int, accredited: Accredited
) -> None:
    suite = chain_of(accredited, 3)
    before = suite.anchor(3, list_=2).output
    arguments: dict[str, tuple[Any, ...]] = {
        "suspendScope": (1, DOCUMENT),
        "endScope": (1, suite.chain.timestamp, DOCUMENT),
        "hold": (1, 7, DOCUMENT),
    }
    suite.govern("IssuerRegistry", cut, link, *arguments.get(cut, (DOCUMENT,)))
    refusal, *facts = {
        "suspend": ("IssuerRegistryNotRecognised", link, 3),
        "withdraw": ("IssuerRegistryNotRecognised", link, 4),
        "suspendScope": ("IssuerRegistryScopeSuspended", link, 1),
        "endScope": ("IssuerRegistryScopeNotInForce", link, 1),
        "hold": ("IssuerRegistryHeld", link, 1, suite.chain.timestamp + 60 * DAY),
    }[cut]
    with refused(str(refusal), *facts):
        suite.anchor(3, b"\x12" * 32, list_=2, first=100)
    assert suite.call("CredentialBatches", "batch", before)["issuer"] == 3


def test_a_readmitted_parent_revives_nothing_below_it(accredited: Accredited) -> None:
    suite = chain_of(accredited, 2)
    suite.govern("IssuerRegistry", "withdraw", 1, DOCUMENT)
    suite.govern("IssuerRegistry", "admit", 1, [SCOPE], DOCUMENT)
    with refused("IssuerRegistryScopeOfOldAdmission", 1, 1, 1):
        suite.anchor(2, list_=2)


def test_only_the_named_contract_gives_scopes_below_a_parent(accredited: Accredited) -> None:
    suite = accredited.suite
    suite.register(2)
    parent = (1, 1, ADMIN_INDEX)
    for act in (suite.address("Alliance"), account("admin 1")):
        for function, terms in (("admitUnder", [NARROW]), ("addScopeUnder", NARROW)):
            with refused("IssuerRegistryNotAccreditation"):
                suite.chain.send(act, suite.address("IssuerRegistry"), function, 2, terms, parent, DOCUMENT)


def test_the_named_contract_admits_no_one_whom_the_alliance_withdrew_or_never_registered(
    accredited: Accredited,
) -> None:
    accredited.admit(2, 1)
    accredited.suite.govern("IssuerRegistry", "withdraw", 2, DOCUMENT)
    for institution, state in ((2, 4), (3, 0)):
        with refused("IssuerRegistryWrongState", institution, state):
            accredited.send("admitUnder", institution, [NARROW], (1, 1, ADMIN_INDEX), DOCUMENT)


def test_the_named_contract_gives_nothing_without_a_parent_or_to_the_parent_itself(accredited: Accredited) -> None:
    accredited.suite.register(2)
    with refused("IssuerRegistryNoParent", 2, 0):
        accredited.send("admitUnder", 2, [NARROW], (0, 0, 0), DOCUMENT)
    with refused("IssuerRegistryOwnParent", 1):
        accredited.add(1, 1, NARROW)
    accredited.send("admitUnder", 2, [NARROW], (1, 1, ADMIN_INDEX), DOCUMENT)
    with refused("IssuerRegistryNoParent", 2, 0):
        accredited.send("addScopeUnder", 2, NARROW, (0, 0, 0), DOCUMENT)


def test_who_gives_a_scope_acts_for_the_parent(accredited: Accredited) -> None:
    suite = accredited.suite
    accredited.admit(2, 1)
    for index in (0, 60):
        with refused("IssuerRegistryUnknownCreator", 1, index):
            accredited.add(2, 1, NARROW, index)
    suite.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    with refused("IssuerRegistryUnknownCreator", 1, 4):
        accredited.add(2, 1, NARROW, 4)


def test_an_accreditor_lifts_its_own_suspensions_and_none_of_a_vote(accredited: Accredited) -> None:
    suite = chain_of(accredited, 2)
    accredited.send("suspendScope", 2, 1, DOCUMENT)
    with refused("IssuerRegistryScopeSuspended", 2, 1):
        suite.anchor(2, list_=2)
    accredited.send("liftScope", 2, 1, DOCUMENT)
    suite.anchor(2, list_=2)
    accredited.send("suspendScope", 2, 1, DOCUMENT)
    suite.govern("IssuerRegistry", "suspendScope", 2, 1, DOCUMENT)
    with refused("IssuerRegistryCannotLift", 2, 1, 2):
        accredited.send("liftScope", 2, 1, DOCUMENT)
    suite.govern("IssuerRegistry", "liftScope", 2, 1, DOCUMENT)
    suite.anchor(2, b"\x12" * 32, list_=2, first=100)
    for function in ("suspendScope", "liftScope"):
        with refused("IssuerRegistryNoParent", 1, 1):
            accredited.send(function, 1, 1, DOCUMENT)


# --- lists -----------------------------------------------------------------------------------------------------------


def test_without_a_custodian_the_accreditor_keeps_the_lists(accredited: Accredited) -> None:
    suite = chain_of(accredited, 2)
    assert suite.call("IssuerRegistry", "keeperOf", 2) == 2
    with refused("StatusRegistryNotKeeper"):
        suite.send("status 1", "StatusRegistry", "revoke", 2, 7, 0)
    suite.govern("IssuerRegistry", "withdraw", 2, DOCUMENT)
    assert suite.call("IssuerRegistry", "keeperOf", 2) == 1
    suite.send("status 1", "StatusRegistry", "revoke", 2, 7, 0)
    with refused("StatusRegistryNotKeeper"):
        suite.send("status 2", "StatusRegistry", "revoke", 2, 8, 0)
    suite.govern("StatusRegistry", "setCustodian", 2, 3, DOCUMENT)
    with refused("StatusRegistryNotKeeper"):
        suite.send("status 1", "StatusRegistry", "revoke", 2, 8, 0)
    suite.send("status 3", "StatusRegistry", "revoke", 2, 8, 0)


def test_status_asks_for_the_issuers_own_standing_and_for_no_scope(accredited: Accredited) -> None:
    suite = chain_of(accredited, 2)
    suite.govern("IssuerRegistry", "withdraw", 1, DOCUMENT)
    suite.govern("IssuerRegistry", "suspendScope", 2, 1, DOCUMENT)
    suite.send("status 2", "StatusRegistry", "revoke", 2, 7, 0)
    suite.govern("IssuerRegistry", "suspend", 2, DOCUMENT)
    assert suite.call("IssuerRegistry", "keeperOf", 2) == 0
    with refused("StatusRegistryNotKeeper"):
        suite.send("status 1", "StatusRegistry", "revoke", 2, 8, 0)
