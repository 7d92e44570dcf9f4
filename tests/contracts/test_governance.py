"""Who belongs to the alliance, what a proposal does, and that nothing else owns anything (docs/protocol.md 7)."""

from typing import Any

import pytest
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.genesis import directory_name

from tests.contracts.controlling import creation
from tests.contracts.evm import Reverted, refused
from tests.contracts.suite import DAY, PERIODS, Suite, account, founded, validator

OPEN, WAITING, EXECUTABLE, EXECUTED, EXPIRED, LAPSED, VOID, WITHDRAWN = range(1, 9)
DOCUMENT = b"\x07" * 32
CHANGE = ("Alliance", "setThreshold", 1, 1)


def test_a_proposal_executes_once_after_its_delay(suite: Suite) -> None:
    proposal = suite.adopt(CHANGE)
    receipt = suite.execute(proposal)
    assert receipt.named("ProposalExecuted") == [
        {"id": proposal, "yes": 2, "need": 2, "executor": account("anyone")},
    ]
    with refused("AllianceWrongState", proposal, EXECUTED):
        suite.execute(proposal)
    with refused("AllianceWrongState", proposal, EXECUTED):
        suite.vote(proposal, [1])


def test_an_adopted_proposal_waits_for_its_delay_and_lapses_after_its_window(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    suite.vote(proposal, [2])
    record = suite.call("Alliance", "proposal", proposal)
    assert record["executableFrom"] == suite.chain.timestamp + PERIODS["executionDelay"]
    assert record["lapsesAt"] == record["executableFrom"] + PERIODS["executionWindow"]
    suite.chain.mine(PERIODS["executionDelay"] - 1)
    with refused("AllianceWrongState", proposal, WAITING):
        suite.execute(proposal)
    suite.chain.mine(1)
    assert suite.call("Alliance", "proposalState", proposal) == EXECUTABLE
    suite.chain.mine(PERIODS["executionWindow"])
    late = suite.fork()
    suite.execute(proposal)
    late.chain.mine()
    with refused("AllianceWrongState", proposal, LAPSED):
        late.execute(proposal)
    with refused("AllianceWrongState", proposal, LAPSED):
        late.vote(proposal, [1])


def test_the_end_of_voting_ends_voting_only(suite: Suite) -> None:
    adopted, open_ = suite.propose(CHANGE), suite.propose(CHANGE)
    suite.chain.mine(PERIODS["votingPeriod"])
    suite.vote(adopted, [2])
    suite.chain.mine(PERIODS["executionDelay"])
    with refused("AllianceWrongState", open_, EXPIRED):
        suite.vote(open_, [2])
    with refused("AllianceWrongState", open_, EXPIRED):
        suite.execute(open_)
    suite.execute(adopted)


def test_removing_a_member_voids_the_others_and_adding_one_does_not() -> None:
    suite = founded(3)
    found(suite, 4)
    passed, opened = suite.propose(CHANGE), suite.propose(CHANGE)
    suite.vote(passed, [2])
    suite.decide(("Alliance", "addMember", 4))
    assert suite.call("Alliance", "proposalState", opened) == OPEN
    suite.decide(("Alliance", "removeMember", 3))
    for proposal in (passed, opened):
        assert suite.call("Alliance", "proposalState", proposal) == VOID
        with refused("AllianceWrongState", proposal, VOID):
            suite.execute(proposal)
        with refused("AllianceWrongState", proposal, VOID):
            suite.vote(proposal, [1])


def test_a_proposer_takes_back_what_is_open_and_nothing_else(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    with refused("AllianceNotProposer", proposal, account("govern 2")):
        suite.send("govern 2", "Alliance", "withdraw", proposal)
    adopted = suite.fork()
    receipt = suite.send("deputy 1", "Alliance", "withdraw", proposal)
    assert receipt.named("ProposalWithdrawn") == [{"id": proposal, "operator": account("deputy 1")}]
    with refused("AllianceWrongState", proposal, WITHDRAWN):
        suite.vote(proposal, [2])
    adopted.vote(proposal, [2])
    with refused("AllianceWrongState", proposal, WAITING):
        adopted.send("govern 1", "Alliance", "withdraw", proposal)


def test_a_member_that_left_has_no_vote_and_one_that_joined_has(suite: Suite) -> None:
    found(suite, 3)
    suite.decide(("Alliance", "addMember", 3))
    removal = suite.propose(("Alliance", "removeMember", 1), by=2)
    suite.vote(removal, [3])
    suite.chain.mine(PERIODS["executionDelay"])
    suite.execute(removal)
    assert sorted(suite.call("Alliance", "members")) == [2, 3]
    with refused("AllianceNotGovern", account("govern 1")):
        suite.propose(("Alliance", "addMember", 1), by=1)


def test_a_failing_call_reverts_the_whole_proposal_and_names_its_position(suite: Suite) -> None:
    proposal = suite.adopt(CHANGE, ("Alliance", "addMember", 9), ("Alliance", "removeMember", 2))
    with pytest.raises(Reverted) as caught:
        suite.execute(proposal)
    assert (caught.value.name, caught.value.facts[0]) == ("AllianceCallFailed", 1)
    assert caught.value.cause.name == "AllianceUnknownInstitution"
    assert suite.call("Alliance", "threshold") == (2, 3)
    assert suite.call("Alliance", "proposalState", proposal) == EXECUTABLE


def test_calls_run_in_order_and_their_events_are_those_of_the_targets(suite: Suite) -> None:
    receipt = suite.decide(
        ("Alliance", "setParameter", directory_name("votingPeriod"), DAY), ("Alliance", "adoptAgreement", DOCUMENT, 9)
    )
    assert [event.name for event in receipt.events] == ["ProposalExecuted", "ParameterChanged", "AgreementAdopted"]
    assert suite.call("Alliance", "parameter", directory_name("votingPeriod")) == DAY


def test_a_proposal_shows_its_document_its_calls_and_who_made_it(suite: Suite) -> None:
    proposal = suite.propose(CHANGE, by=2, document=DOCUMENT)
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


@pytest.mark.parametrize("change", [{"salt": b"\x09" * 32}, {"chainId": 1}, {"verifyingContract": "0x" + "11" * 20}])
def test_a_signature_under_an_agreement_of_another_chain_or_contract_signs_nothing(
    change: dict[str, Any], suite: Suite
) -> None:
    suite.decide(("Alliance", "adoptAgreement", DOCUMENT, 0))
    deadline = suite.chain.timestamp + DAY
    with refused("AllianceNotGovern"):
        suite.send("anyone", "Alliance", "signAgreementFor", 1, deadline, agreed(suite, "govern 2", deadline, **change))


@pytest.mark.parametrize(("numerator", "denominator"), [(1, 2), (4, 3), (0, 0), (0, 1)])
def test_a_threshold_is_above_one_half_and_at_most_one(numerator: int, denominator: int, suite: Suite) -> None:
    with refused("AllianceThresholdOutOfBounds", numerator, denominator):
        suite.govern("Alliance", "setThreshold", numerator, denominator)


LIMITS = (30_000_000, 4_194_304, 262_144, 30, 1_048_576, 31_536_000, 1_100_000, 30_000_000, 1_000_000, 6_000_000)
BRICKS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "no member": ("AllianceLastMember", [("Alliance", "removeMember", number) for number in (1, 2)]),
    "a threshold above all": ("AllianceThresholdOutOfBounds", [("Alliance", "setThreshold", 3, 2)]),
    "no time to vote": (
        "AllianceParameterOutOfBounds",
        [("Alliance", "setParameter", directory_name("votingPeriod"), 1)],
    ),
    "no time to execute": (
        "AllianceParameterOutOfBounds",
        [("Alliance", "setParameter", directory_name("executionWindow"), 1)],
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
    suite.decide(CHANGE)


def test_founding_members_stand_in_the_state_of_block_0() -> None:
    suite = founded(4)
    assert suite.call("Alliance", "members") == [1, 2, 3, 4]
    assert suite.call("Alliance", "threshold") == (2, 3)
    assert suite.call("Operators", "institutionCount") == 4


def found(suite: Suite, number: int) -> None:
    """Institution `number`, with its controllers, created as a vote does."""
    suite.govern(*creation(suite, number))


def agreed(suite: Suite, person: str, deadline: int, **domain: Any) -> bytes:
    """The person's signature under version 1."""
    return suite.sign(
        person,
        "Alliance",
        "AgreementSignature",
        {"version": "uint32", "document": "bytes32", "deadline": "uint256"},
        {"version": 1, "document": DOCUMENT, "deadline": deadline},
        **domain,
    )
