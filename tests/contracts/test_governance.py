"""Members vote, a passed proposal executes once, and nothing else owns anything (docs/protocol.md, contracts)."""

from typing import Any

import pytest
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.genesis import directory_name

from tests.contracts.controlling import creation
from tests.contracts.evm import Reverted, refused
from tests.contracts.suite import DAY, PERIODS, Suite, account, founded, validator

OPEN, PASSED, EXECUTED, EXPIRED, VOID = 1, 2, 3, 4, 5
DOCUMENT = b"\x07" * 32

NEEDED = {1: 1, 2: 2, 3: 2, 4: 3, 6: 4}
"""Members -> yes votes that 2/3 takes: 3·yes >= 2·n in integers."""


@pytest.mark.parametrize(("members", "needed"), NEEDED.items())
def test_a_proposal_passes_with_two_thirds_of_the_members_and_not_with_one_less(members: int, needed: int) -> None:
    suite = founded(members)
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1))
    suite.vote(proposal, range(1, needed))
    assert suite.call("Alliance", "proposalState", proposal) == OPEN
    with refused("AllianceWrongState", proposal, OPEN):
        suite.execute(proposal)
    suite.vote(proposal, [needed])
    assert suite.call("Alliance", "proposalState", proposal) == PASSED
    suite.execute(proposal)
    assert suite.call("Alliance", "threshold") == (1, 1)


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 2), (3, 3), (4, 4), (6, 6)])
def test_a_threshold_of_one_takes_every_member(members: int, needed: int) -> None:
    suite = founded(members)
    suite.decide(("Alliance", "setThreshold", 1, 1))
    proposal = suite.propose(("Alliance", "setThreshold", 2, 3))
    suite.vote(proposal, range(1, needed))
    assert suite.call("Alliance", "proposalState", proposal) == OPEN
    suite.vote(proposal, [needed])
    assert suite.call("Alliance", "proposalState", proposal) == PASSED


def test_a_vote_against_counts_for_nothing() -> None:
    suite = founded(3)
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1))
    suite.vote(proposal, [1, 3], support=False)
    suite.vote(proposal, [2])
    assert suite.call("Alliance", "proposalState", proposal) == OPEN
    assert suite.call("Alliance", "proposal", proposal)["no"] == 2


def test_a_member_has_one_vote_whoever_casts_it(suite: Suite) -> None:
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1))
    suite.send("deputy 1", "Alliance", "vote", proposal, True)
    assert suite.call("Alliance", "hasVoted", proposal, 1)
    assert not suite.call("Alliance", "hasVoted", proposal, 2)
    for again in ("govern 1", "deputy 1"):
        with refused("AllianceAlreadyVoted", proposal, 1):
            suite.send(again, "Alliance", "vote", proposal, False)


@pytest.mark.parametrize("person", ["admin 1", "issue 1", "status 1", "recovery 1", "stranger"])
def test_only_a_govern_operator_votes(person: str, suite: Suite) -> None:
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1))
    with refused("AllianceNotGovern", account(person)):
        suite.send(person, "Alliance", "vote", proposal, True)


def test_the_govern_operator_of_an_institution_that_is_no_member_does_not_vote(suite: Suite) -> None:
    found_third(suite)
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1))
    with refused("AllianceNotGovern", account("govern 3")):
        suite.send("govern 3", "Alliance", "vote", proposal, True)


def test_a_proposal_executes_once(suite: Suite) -> None:
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1))
    suite.vote(proposal)
    suite.execute(proposal)
    with refused("AllianceWrongState", proposal, EXECUTED):
        suite.execute(proposal)


def test_a_proposal_expires_after_its_last_second(suite: Suite) -> None:
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1))
    suite.vote(proposal)
    suite.chain.mine(PERIODS["votingPeriod"])
    last, late = suite.fork(), suite
    last.execute(proposal)
    late.chain.mine()
    with refused("AllianceWrongState", proposal, EXPIRED):
        late.execute(proposal)
    with refused("AllianceWrongState", proposal, EXPIRED):
        late.vote(proposal, [1])


def test_open_and_passed_proposals_are_void_once_membership_changed() -> None:
    suite = founded(3)
    passed = suite.propose(("Alliance", "setThreshold", 1, 1))
    suite.vote(passed)
    opened = suite.propose(("Alliance", "setThreshold", 1, 1))
    suite.decide(("Alliance", "removeMember", 3))
    for proposal in (passed, opened):
        assert suite.call("Alliance", "proposalState", proposal) == VOID
    with refused("AllianceWrongState", passed, VOID):
        suite.execute(passed)
    with refused("AllianceWrongState", opened, VOID):
        suite.vote(opened, [1])


def test_a_member_that_left_has_no_vote_and_one_that_joined_has(suite: Suite) -> None:
    found_third(suite)
    suite.decide(("Alliance", "addMember", 3))
    suite.decide(("Alliance", "removeMember", 1))
    assert sorted(suite.call("Alliance", "members")) == [2, 3]
    with refused("AllianceNotGovern", account("govern 1")):
        suite.propose(("Alliance", "addMember", 1), by=1)
    proposal = suite.propose(("Alliance", "addMember", 1), by=3)
    suite.vote(proposal, [2, 3])
    suite.execute(proposal)
    assert suite.call("Alliance", "isMember", 1)


def test_a_failing_call_reverts_the_whole_proposal_and_names_its_position(suite: Suite) -> None:
    proposal = suite.propose(
        ("Alliance", "setThreshold", 1, 1), ("Alliance", "addMember", 9), ("Alliance", "removeMember", 2)
    )
    suite.vote(proposal)
    with pytest.raises(Reverted) as caught:
        suite.execute(proposal)
    assert (caught.value.name, caught.value.facts[0]) == ("AllianceCallFailed", 1)
    assert caught.value.cause.name == "AllianceUnknownInstitution"
    assert suite.call("Alliance", "threshold") == (2, 3)
    assert suite.call("Alliance", "proposalState", proposal) == PASSED


def test_calls_run_in_order_and_their_events_are_those_of_the_targets(suite: Suite) -> None:
    receipt = suite.decide(
        ("Alliance", "setParameter", directory_name("votingPeriod"), DAY), ("Alliance", "adoptAgreement", DOCUMENT, 9)
    )
    assert [event.name for event in receipt.events] == ["ProposalExecuted", "ParameterChanged", "AgreementAdopted"]
    assert suite.call("Alliance", "parameter", directory_name("votingPeriod")) == DAY


def test_a_proposal_shows_its_document_its_calls_and_who_made_it(suite: Suite) -> None:
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1), by=2, document=DOCUMENT)
    record = suite.call("Alliance", "proposal", proposal)
    assert (record["institution"], record["document"]) == (2, DOCUMENT)
    (call,) = suite.call("Alliance", "proposalCalls", proposal)
    assert call["target"] == suite.address("Alliance")
    assert call["data"] == suite.chain.data(suite.address("Alliance"), "setThreshold", 1, 1)


def test_each_owner_of_everything_is_the_alliance(suite: Suite) -> None:
    governed = ("Directory", "Operators", "Permissions", "IssuerRegistry", "QualificationFrameworks", "StatusRegistry")
    for name in governed:
        assert suite.call(name, "alliance") == suite.address("Alliance")


def test_an_agreement_is_signed_by_transaction_and_by_signature(suite: Suite) -> None:
    suite.decide(("Alliance", "adoptAgreement", DOCUMENT, suite.chain.timestamp))
    suite.send("govern 1", "Alliance", "signAgreement", 1)
    deadline = suite.chain.timestamp + DAY
    receipt = suite.send("anyone", "Alliance", "signAgreementFor", 1, deadline, agreed(suite, "deputy 2", deadline))
    assert receipt.named("AgreementSigned") == [
        {"version": 1, "institution": 2, "operator": account("deputy 2")},
    ]
    assert suite.call("Alliance", "signed", 1, 1)
    assert suite.call("Alliance", "signed", 1, 2)
    assert suite.call("Alliance", "agreement", 1)["document"] == DOCUMENT


@pytest.mark.parametrize("person", ["admin 2", "stranger"])
def test_an_agreement_is_not_signed_by_who_does_not_govern(person: str, suite: Suite) -> None:
    suite.decide(("Alliance", "adoptAgreement", DOCUMENT, 0))
    deadline = suite.chain.timestamp + DAY
    with refused("AllianceNotGovern", account(person)):
        suite.send("anyone", "Alliance", "signAgreementFor", 1, deadline, agreed(suite, person, deadline))


def test_a_signature_under_another_version_of_the_agreement_signs_nothing(suite: Suite) -> None:
    suite.decide(("Alliance", "adoptAgreement", DOCUMENT, 0), ("Alliance", "adoptAgreement", b"\x08" * 32, 0))
    deadline = suite.chain.timestamp + DAY
    with refused("AllianceNotGovern"):
        suite.send("anyone", "Alliance", "signAgreementFor", 2, deadline, agreed(suite, "govern 2", deadline))


@pytest.mark.parametrize(("numerator", "denominator"), [(1, 2), (4, 3), (0, 0), (0, 1)])
def test_a_threshold_is_above_one_half_and_at_most_one(numerator: int, denominator: int, suite: Suite) -> None:
    with refused("AllianceThresholdOutOfBounds", numerator, denominator):
        suite.govern("Alliance", "setThreshold", numerator, denominator)


@pytest.mark.parametrize(
    ("name", "value", "lowest", "highest"),
    [
        ("votingPeriod", 59, 60, 366 * DAY),
        ("votingPeriod", 367 * DAY, 60, 366 * DAY),
        ("directoryDelay", 0, 1, 366 * DAY),
        ("recoveryDelay", PERIODS["controllerDelay"] - 1, PERIODS["controllerDelay"], 366 * DAY),
        ("controllerDelay", PERIODS["recoveryDelay"] + 1, 1, PERIODS["recoveryDelay"]),
        ("disputePeriod", 0, 1, 366 * DAY),
    ],
)
def test_no_vote_sets_a_period_within_which_nobody_can_act(
    name: str, value: int, lowest: int, highest: int, suite: Suite
) -> None:
    with refused("AllianceParameterOutOfBounds", directory_name(name), value, lowest, highest):
        suite.decide(("Alliance", "setParameter", directory_name(name), value))


LIMITS = (30_000_000, 4_194_304, 262_144, 30, 1_048_576, 31_536_000, 1_100_000, 30_000_000, 1_000_000, 4_000_000)
BRICKS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "no member": ("AllianceLastMember", [("Alliance", "removeMember", number) for number in (1, 2)]),
    "a threshold above all": ("AllianceThresholdOutOfBounds", [("Alliance", "setThreshold", 3, 2)]),
    "no time to vote": (
        "AllianceParameterOutOfBounds",
        [("Alliance", "setParameter", directory_name("votingPeriod"), 1)],
    ),
    "a delay for ever": (
        "AllianceParameterOutOfBounds",
        [("Alliance", "setParameter", directory_name("directoryDelay"), 2**64 - 1)],
    ),
    "no gas for a vote": ("PermissionsParameterOutOfBounds", [("Permissions", "setParameters", (21_000, *LIMITS[1:]))]),
    "no bytes for a vote": (
        "PermissionsParameterOutOfBounds",
        [("Permissions", "setParameters", (LIMITS[0], 1000, 1000, 30, 1000, *LIMITS[5:]))],
    ),
    "evidence above the block": (
        "PermissionsParameterOutOfBounds",
        [("Permissions", "setParameters", (*LIMITS[:4], LIMITS[1] + 1, *LIMITS[5:]))],
    ),
    "no validator": (
        "PermissionsEmptySet",
        [("Permissions", "setValidator", validator(number).key, 0, number) for number in (1, 2)],
    ),
    "a validator that nobody saw sign": (
        "PermissionsEntersWithOne",
        [("Permissions", "setValidator", b"\x21" * 32, 100, 1)],
    ),
    "another Alliance": (
        "DirectoryNeverReplaced",
        [("Directory", "set", directory_name("Alliance"), GENESIS_ADDRESSES["Directory"], 1)],
    ),
    "a member without controllers": (
        "ControllersTooFew",
        [("Operators", "replaceControllers", 1, ([], [], b"\x01" * 20), [])],
    ),
}
"""What a vote would do -> the floor that stops it, and the calls."""


@pytest.mark.parametrize("what", BRICKS)
def test_no_vote_bricks_the_chain(what: str, suite: Suite) -> None:
    """Threat 16; every member votes for it, and the next vote still works."""
    error, calls = BRICKS[what]
    with refused(error):
        suite.decide(*calls)
    suite.decide(("Alliance", "setThreshold", 1, 1))


@pytest.mark.parametrize("name", PERIODS)
def test_an_alliance_without_one_of_its_periods_is_not_founded(name: str, suite: Suite) -> None:
    rest = {directory_name(other): value for other, value in PERIODS.items() if other != name}
    types = ["uint16", "uint16", "address", "bytes32[]", "uint64[]"]
    values = [2, 3, suite.address("Operators"), list(rest), list(rest.values())]
    with refused("AllianceUnknownParameter", directory_name(name)):
        suite.chain.deploy("Alliance", account("stranger"), types, values)


def test_founding_members_stand_in_the_state_of_block_0() -> None:
    suite = founded(4)
    assert suite.call("Alliance", "members") == [1, 2, 3, 4]
    assert suite.call("Alliance", "threshold") == (2, 3)
    assert suite.call("Operators", "institutionCount") == 4


def found_third(suite: Suite) -> None:
    suite.decide(creation(suite, 3))


def agreed(suite: Suite, person: str, deadline: int) -> bytes:
    """The person's signature under version 1."""
    return suite.sign(
        person,
        "Alliance",
        "AgreementSignature",
        {"version": "uint32", "document": "bytes32", "deadline": "uint256"},
        {"version": 1, "document": DOCUMENT, "deadline": deadline},
    )
