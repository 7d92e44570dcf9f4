"""A successor of IssuerRegistry: empty, it changes nothing; what is carried over is read and never given."""

import pytest
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.genesis import ChainParameters, Founding, constructions
from testamur.chain.deploy import REPLACEABLE

from tests.contracts.evm import refused
from tests.contracts.refusals.ground import succeed
from tests.contracts.suite import DAY, SCOPE, Suite, text_hash

DOCUMENT = b"\x07" * 32
NO_ONE = b"\x0e" * 20


def new_registry(suite: Suite, predecessor: bytes) -> bytes:
    """Another IssuerRegistry of the same alliance."""
    parts = [suite.address(name) for name in ("Alliance", "Operators", "Directory")]
    return suite.chain.deploy("IssuerRegistry", NO_ONE, ["address"] * 4, [*parts, predecessor])


@pytest.mark.parametrize("name", REPLACEABLE)
def test_a_block_has_room_for_a_successor_of_each_contract(name: str, issuing: Suite) -> None:
    founding = Founding(founders=(), validators=(), predecessor=GENESIS_ADDRESSES["IssuerRegistry"])
    [init_code] = [item.init_code for item in constructions(founding) if item.name == name]
    used = issuing.chain.send_raw(NO_ONE, b"", init_code).gas
    assert used + used // 4 <= ChainParameters().creation_gas, "with the quarter that the client lays on top"


class Succeeded:
    """The issuing alliance after a second IssuerRegistry took over, and nobody carried anything."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.old = suite.address("IssuerRegistry")
        self.new = new_registry(suite, self.old)
        succeed(suite, "IssuerRegistry", self.new)

    def govern(self, function: str, *args: object) -> None:
        self.suite.chain.send(self.suite.address("Alliance"), self.new, function, *args)


@pytest.fixture
def succeeded(issuing: Suite) -> Succeeded:
    return Succeeded(issuing)


def test_an_empty_successor_stops_neither_revoking_nor_anchoring(succeeded: Succeeded) -> None:
    suite = succeeded.suite
    assert suite.chain.call(succeeded.new, "predecessor") == succeeded.old
    suite.send("status 1", "StatusRegistry", "revoke", 1, 7, 0)
    suite.anchor(1)
    suite.open_list(1)
    for view in ("issuer", "isRecognised", "keeperOf"):
        assert suite.chain.call(succeeded.new, view, 1) == suite.chain.call(succeeded.old, view, 1)


def test_anybody_carries_an_institution_over_and_nothing_changes_by_it(succeeded: Succeeded) -> None:
    suite = succeeded.suite
    before = suite.chain.call(succeeded.old, "issuer", 1)
    receipt = suite.chain.send(NO_ONE, succeeded.new, "carryOver", 1)
    assert receipt.named("IssuerCarriedOver") == [{"institution": 1, "predecessor": succeeded.old, "caller": NO_ONE}]
    assert suite.chain.call(succeeded.new, "issuer", 1) == before
    assert suite.chain.send(NO_ONE, succeeded.new, "carryOver", 1).named("IssuerCarriedOver") == []
    with refused("IssuerRegistryWrongState", 9, 0):
        suite.chain.send(NO_ONE, succeeded.new, "carryOver", 9)
    suite.anchor(1)


def test_what_the_successor_writes_counts_and_the_rest_stays_as_it_was(succeeded: Succeeded) -> None:
    suite = succeeded.suite
    succeeded.govern("suspendScope", 1, 1, DOCUMENT)
    with refused("IssuerRegistryScopeSuspended", 1, 1):
        suite.anchor(1)
    succeeded.govern("addScope", 1, SCOPE, DOCUMENT)
    assert suite.chain.call(succeeded.new, "issuer", 1)["scopes"] == 2
    suite.anchor(1, scope=2)
    succeeded.govern("withdraw", 2, DOCUMENT)
    assert suite.chain.call(succeeded.new, "stateChange", 2, 3)["state"] == 4
    assert suite.chain.call(succeeded.new, "stateChange", 2, 2)["state"] == 2
    with refused("IssuerRegistryNotRecognised", 2, 4):
        suite.anchor(2, list_=2)
    succeeded.govern("admit", 2, [SCOPE], DOCUMENT)
    with refused("IssuerRegistryScopeOfOldAdmission", 2, 1, 1):
        suite.anchor(2, list_=2)


def test_a_hold_of_the_predecessor_holds_on(issuing: Suite) -> None:
    issuing.govern("IssuerRegistry", "hold", 1, 1, 0, DOCUMENT)
    succeeded = Succeeded(issuing)
    with refused("IssuerRegistryHeld"):
        issuing.anchor(1)
    succeeded.govern("setHoldEnd", 1, 1, issuing.chain.timestamp, DOCUMENT)
    issuing.anchor(1)


def test_a_name_that_was_taken_stays_taken(succeeded: Succeeded) -> None:
    with refused("IssuerRegistryNameTaken", text_hash("folded 大学 2"), 2):
        succeeded.govern("rename", 1, "大学 2", text_hash("folded 大学 2"))
    succeeded.govern("rename", 1, "大学 1", text_hash("folded 大学 1"))
    with refused("IssuerRegistryWrongState", 1, 2):
        succeeded.govern("register", 1, "新大学", text_hash("new"))


def test_a_registry_writes_only_while_the_directory_names_it(issuing: Suite) -> None:
    """Else what is carried over before the successor acts would miss what the predecessor still decides."""
    waiting = new_registry(issuing, issuing.address("IssuerRegistry"))
    with refused("IssuerRegistryNotCurrent", issuing.address("IssuerRegistry")):
        issuing.chain.send(NO_ONE, waiting, "carryOver", 1)
    succeed(issuing, "IssuerRegistry", waiting)
    calls = (
        ("register", 1, "x", text_hash("x")),
        ("rename", 1, "x", text_hash("x")),
        ("admit", 1, [SCOPE], DOCUMENT),
        ("addScope", 1, SCOPE, DOCUMENT),
        ("endScope", 1, 1, issuing.chain.timestamp, DOCUMENT),
        ("suspendScope", 1, 1, DOCUMENT),
        ("liftScope", 1, 1, DOCUMENT),
        ("hold", 1, 1, 0, DOCUMENT),
        ("setHoldEnd", 1, 1, issuing.chain.timestamp, DOCUMENT),
        ("suspend", 1, DOCUMENT),
        ("reinstate", 1, DOCUMENT),
        ("withdraw", 1, DOCUMENT),
        ("carryOver", 1),
    )
    for call in calls:
        with refused("IssuerRegistryNotCurrent", waiting):
            issuing.govern("IssuerRegistry", *call)


def test_a_successors_successor_falls_back_through_both(succeeded: Succeeded) -> None:
    suite = succeeded.suite
    suite.chain.mine(DAY)
    third = new_registry(suite, succeeded.new)
    succeed(suite, "IssuerRegistry", third)
    assert suite.chain.call(third, "issuer", 1) == suite.chain.call(succeeded.old, "issuer", 1)
    suite.anchor(1)
    suite.chain.send(NO_ONE, third, "carryOver", 1)
    assert suite.chain.call(third, "scope", 1, 1) == suite.chain.call(succeeded.old, "scope", 1, 1)
