"""Holds: what an issuer may not anchor while its quality is looked into."""

import pytest

from tests.contracts.evm import Receipt, refused
from tests.contracts.named import named
from tests.contracts.suite import DAY, Suite

DOCUMENT = b"\x07" * 32
LASTS = 60 * DAY


class Audited:
    """The issuing alliance with a contract that the Directory names QualityAudits."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.contract = named(suite, "QualityAudits")

    def hold(self, institution: int, framework: int, kind: int) -> Receipt:
        registry = self.suite.address("IssuerRegistry")
        return self.suite.chain.send(self.contract, registry, "hold", institution, framework, kind, DOCUMENT)


@pytest.fixture
def audited(issuing: Suite) -> Audited:
    return Audited(issuing)


@pytest.mark.parametrize(
    ("framework", "kind", "meets"),
    [(1, 0, True), (1, 7, True), (2, 0, False), (2, 7, False)],
    ids=["all of it", "a type of it", "another", "a type of another"],
)
def test_a_hold_stops_anchoring_under_every_scope_that_it_meets(
    framework: int, kind: int, meets: bool, audited: Audited
) -> None:
    receipt = audited.hold(1, framework, kind)
    assert receipt.named("IssuerHeld") == [
        {
            "institution": 1,
            "index": 1,
            "framework": framework,
            "qualificationType": kind,
            "until": audited.suite.chain.timestamp + LASTS,
            "document": DOCUMENT,
            "caller": audited.contract,
        }
    ]
    if meets:
        with refused("IssuerRegistryHeld"):
            audited.suite.anchor(1)
    else:
        audited.suite.anchor(1)
    audited.suite.anchor(2, list_=2)


def test_a_hold_on_one_type_leaves_a_scope_of_another_alone(audited: Audited) -> None:
    suite = audited.suite
    suite.govern("IssuerRegistry", "addScope", 1, (1, 8, 1, 9, 0, 0, 0), DOCUMENT)
    audited.hold(1, 1, 7)
    suite.anchor(1, scope=2)
    with refused("IssuerRegistryHeld"):
        suite.anchor(1, b"\x12" * 32, first=100)


def test_a_hold_lapses_after_sixty_days_and_stops_no_status(audited: Audited) -> None:
    audited.hold(1, 1, 0)
    audited.suite.send("status 1", "StatusRegistry", "revoke", 1, 7, 0)
    audited.suite.chain.mine(LASTS - 1)
    with refused("IssuerRegistryHeld"):
        audited.suite.anchor(1)
    audited.suite.chain.mine(1)
    audited.suite.anchor(1)


def test_who_audits_holds_the_same_again_only_once_it_rested_as_long(audited: Audited) -> None:
    """Else sixty days would be the first instalment of for ever."""
    audited.hold(1, 1, 7)
    rests = audited.suite.chain.timestamp + 2 * LASTS
    for kind in (7, 0):
        with refused("IssuerRegistryHoldRests", 1, 1, rests):
            audited.hold(1, 1, kind)
    assert audited.hold(1, 1, 8).output == 2
    audited.suite.chain.mine(2 * LASTS)
    assert audited.hold(1, 1, 0).output == 1
    assert audited.suite.call("IssuerRegistry", "issuer", 1)["holds"] == 2


def test_a_vote_prolongs_lifts_and_holds_again(audited: Audited) -> None:
    suite = audited.suite
    audited.hold(1, 1, 0)
    later = suite.chain.timestamp + 3 * LASTS
    receipt = suite.decide(("IssuerRegistry", "setHoldEnd", 1, 1, later, DOCUMENT))
    assert receipt.named("HoldEndSet") == [{"institution": 1, "index": 1, "until": later, "document": DOCUMENT}]
    suite.chain.mine(LASTS)
    with refused("IssuerRegistryHeld", 1, 1, later):
        suite.anchor(1)
    suite.decide(("IssuerRegistry", "setHoldEnd", 1, 1, 0, DOCUMENT))
    suite.anchor(1)
    with refused("IssuerRegistryHoldRests"):
        audited.hold(1, 1, 0)
    suite.decide(("IssuerRegistry", "hold", 1, 1, 0, DOCUMENT))
    with refused("IssuerRegistryHeld"):
        suite.anchor(1, b"\x12" * 32, first=100)


def test_a_hold_ends_no_earlier_than_now_and_only_where_there_is_one(audited: Audited) -> None:
    now = audited.suite.chain.timestamp
    audited.hold(1, 1, 0)
    latest = 2**40 - 1 - LASTS
    for wrong in (now - 1, latest + 1):
        with refused("IssuerRegistryEndOutOfBounds", wrong, now, latest):
            audited.suite.govern("IssuerRegistry", "setHoldEnd", 1, 1, wrong, DOCUMENT)
    for_ever = audited.suite.fork()
    for_ever.govern("IssuerRegistry", "setHoldEnd", 1, 1, latest, DOCUMENT)
    for_ever.govern("IssuerRegistry", "hold", 1, 1, 0, DOCUMENT)  # it hinders no other one
    for index in (0, 2):
        with refused("IssuerRegistryUnknownHold", 1, index):
            audited.suite.govern("IssuerRegistry", "setHoldEnd", 1, index, now, DOCUMENT)


def test_an_issuer_has_sixteen_holds_at_most(issuing: Suite) -> None:
    for kind in range(1, 17):
        issuing.govern("IssuerRegistry", "hold", 1, 1, kind, DOCUMENT)
    with refused("IssuerRegistryTooManyHolds", 1, 16):
        issuing.govern("IssuerRegistry", "hold", 1, 1, 17, DOCUMENT)


@pytest.mark.parametrize("person", ["govern 1", "admin 2", "stranger"])
def test_nobody_else_holds(person: str, issuing: Suite) -> None:
    with refused("IssuerRegistryNotAuditor"):
        issuing.send(person, "IssuerRegistry", "hold", 1, 1, 0, DOCUMENT)


def test_a_hold_names_a_framework_and_an_issuer_that_is_admitted(audited: Audited) -> None:
    with refused("IssuerRegistryHoldMalformed"):
        audited.hold(1, 0, 7)
    with refused("IssuerRegistryWrongState", 9, 0):
        audited.hold(9, 1, 7)
