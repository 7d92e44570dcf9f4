"""What counts as a member's vote, what a proposal needs, and votes that were signed (docs/protocol.md 7)."""

from typing import Any

import pytest
from testamur.artifacts.genesis import directory_name
from testamur.proof.hashing import keccak256

from tests.contracts.controlling import exchange
from tests.contracts.evm import refused
from tests.contracts.suite import PERIODS, Suite, account, founded
from tests.contracts.test_governance import CHANGE, EXECUTABLE, EXPIRED, OPEN, WAITING, found

NO_STANCE, YES, NO = 0, 1, 2
NEEDED = {1: 1, 2: 2, 3: 2, 4: 3, 6: 4}
"""Members -> yes votes that 2/3 takes: 3·yes >= 2·n in integers."""


def state(suite: Suite, proposal: int) -> int:
    answer: int = suite.call("Alliance", "proposalState", proposal)
    return answer


def counted(suite: Suite, proposal: int) -> tuple[int, int, int]:
    """yes, no, need."""
    tally = suite.call("Alliance", "tally", proposal)
    return tally["yes"], tally["no"], tally["need"]


@pytest.mark.parametrize(("members", "needed"), NEEDED.items())
def test_a_proposal_passes_with_two_thirds_of_the_members_and_not_with_one_less(members: int, needed: int) -> None:
    suite = founded(members)
    proposal = suite.propose(CHANGE)
    suite.vote(proposal, range(2, needed))
    if needed > 1:
        assert state(suite, proposal) == OPEN
        with refused("AllianceWrongState", proposal, OPEN):
            suite.execute(proposal)
        suite.vote(proposal, [needed])
    assert state(suite, proposal) == WAITING
    suite.chain.mine(PERIODS["executionDelay"])
    suite.execute(proposal)
    assert suite.call("Alliance", "threshold") == (1, 1)


@pytest.mark.parametrize("members", [1, 2, 3, 4, 6])
def test_a_threshold_of_one_takes_every_member(members: int) -> None:
    suite = founded(members)
    suite.govern("Alliance", "setThreshold", 1, 1)
    proposal = suite.propose(("Alliance", "setThreshold", 2, 3))
    suite.vote(proposal, range(2, members))
    assert state(suite, proposal) == (WAITING if members == 1 else OPEN)
    suite.vote(proposal, [members])
    assert state(suite, proposal) == WAITING


def test_proposing_is_voting_yes(suite: Suite) -> None:
    call = (suite.address("Alliance"), suite.chain.data(suite.address("Alliance"), "setThreshold", 1, 1))
    receipt = suite.send("govern 1", "Alliance", "propose", [call], b"\x07" * 32)
    assert receipt.named("VoteCast") == [
        {"id": receipt.output, "institution": 1, "support": True, "operator": account("govern 1")}
    ]
    assert counted(suite, receipt.output) == (1, 0, 2)


def test_a_lowered_threshold_passes_nothing_that_was_proposed_under_a_higher_one() -> None:
    suite = founded(5)
    lost = suite.propose(CHANGE)
    suite.vote(lost, [2, 3])
    suite.vote(lost, [4, 5], support=False)
    suite.govern("Alliance", "setThreshold", 51, 100)
    suite.send("anyone", "Alliance", "recount", lost)
    assert (state(suite, lost), counted(suite, lost)) == (OPEN, (3, 2, 4))


def test_a_raised_threshold_holds_for_what_was_adopted_before() -> None:
    suite = founded(4)
    proposal = suite.propose(CHANGE)
    suite.vote(proposal, [2, 3])
    suite.govern("Alliance", "setThreshold", 1, 1)
    suite.chain.mine(PERIODS["executionDelay"])
    with refused("AllianceWrongState", proposal, OPEN):
        suite.execute(proposal)
    suite.vote(proposal, [4])
    assert state(suite, proposal) == WAITING, "the delay begins anew"


def test_a_new_member_votes_on_what_is_open_and_is_counted_by_what_was_adopted() -> None:
    suite = founded(3)
    found(suite, 4)
    opened, adopted = suite.propose(CHANGE), suite.propose(CHANGE)
    suite.vote(adopted, [2])
    suite.govern("Alliance", "addMember", 4)
    assert state(suite, adopted) == OPEN, "two of four are no two thirds"
    suite.vote(opened, [2, 4])
    assert state(suite, opened) == WAITING


def test_a_vote_changes_until_execution_and_each_change_counts_at_once(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    receipt = suite.send("govern 2", "Alliance", "vote", proposal, True)
    assert [event.name for event in receipt.events] == ["VoteCast", "ProposalAdopted"]
    suite.chain.mine(PERIODS["executionDelay"])
    receipt = suite.send("govern 2", "Alliance", "vote", proposal, False)
    assert [event.name for event in receipt.events] == ["VoteCast", "ProposalReopened"]
    assert (state(suite, proposal), counted(suite, proposal)) == (OPEN, (1, 1, 2))
    suite.vote(proposal, [2])
    assert state(suite, proposal) == WAITING, "the delay begins anew"
    suite.chain.mine(PERIODS["executionDelay"])
    suite.execute(proposal)


def test_what_falls_below_the_need_after_the_end_of_voting_has_ended(suite: Suite) -> None:
    suite.govern("Alliance", "setParameter", directory_name("votingPeriod"), 3600)
    proposal = suite.propose(CHANGE)
    suite.chain.mine(3600)
    suite.vote(proposal, [2])
    suite.chain.mine()
    suite.vote(proposal, [2], support=False)
    assert state(suite, proposal) == EXPIRED
    with refused("AllianceWrongState", proposal, EXPIRED):
        suite.vote(proposal, [2])


def test_one_accounts_no_is_its_institutions_and_falls_with_the_account(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    suite.vote(proposal, [2])
    suite.send("deputy 2", "Alliance", "vote", proposal, False)
    assert suite.call("Alliance", "stanceOf", proposal, 2) == NO
    assert state(suite, proposal) == OPEN
    suite.vote(proposal, [2])
    assert suite.call("Alliance", "stanceOf", proposal, 2) == NO, "another's yes does not take it back"
    exchange(suite, 2, ["govern 2", "heir 2"])
    assert suite.call("Alliance", "stanceOf", proposal, 2) == YES
    assert state(suite, proposal) == OPEN, "nobody has counted yet"
    receipt = suite.send("anyone", "Alliance", "recount", proposal)
    assert receipt.named("ProposalAdopted")
    assert state(suite, proposal) == WAITING


def test_a_yes_falls_with_the_account_that_said_it_and_never_rises_again(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    suite.vote(proposal, [2])
    suite.chain.mine(PERIODS["executionDelay"])
    assert state(suite, proposal) == EXECUTABLE
    exchange(suite, 2, ["deputy 2", "heir 2"])
    assert state(suite, proposal) == OPEN
    with refused("AllianceWrongState", proposal, OPEN):
        suite.execute(proposal)
    exchange(suite, 2, ["govern 2", "deputy 2"])
    assert suite.call("Alliance", "stanceOf", proposal, 2) == NO_STANCE, "another entry of the same account"
    suite.send("deputy 2", "Alliance", "vote", proposal, True)
    assert state(suite, proposal) == WAITING, "the delay begins anew"
    assert suite.call("Alliance", "proposal", proposal)["voters"] == 2


def test_what_accounts_said_is_shown_as_far_as_it_counts(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    suite.send("deputy 1", "Alliance", "vote", proposal, False)
    said = suite.call("Alliance", "ballots", proposal, 1)
    assert [(each["account"], each["support"]) for each in said] == [
        (account("govern 1"), True),
        (account("deputy 1"), False),
    ]
    exchange(suite, 1, ["deputy 1", "heir 1"])
    suite.send("heir 1", "Alliance", "vote", proposal, True)
    assert [each["account"] for each in suite.call("Alliance", "ballots", proposal, 1)] == [
        account("deputy 1"),
        account("heir 1"),
    ]


@pytest.mark.parametrize("person", ["admin 1", "issue 1", "status 1", "recovery 1", "stranger"])
def test_only_a_govern_operator_votes(person: str, suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    with refused("AllianceNotGovern", account(person)):
        suite.send(person, "Alliance", "vote", proposal, True)


def test_the_govern_operator_of_an_institution_that_is_no_member_does_not_vote(suite: Suite) -> None:
    found(suite, 3)
    proposal = suite.propose(CHANGE)
    with refused("AllianceNotGovern", account("govern 3")):
        suite.send("govern 3", "Alliance", "vote", proposal, True)


RESTRICTING: dict[str, tuple[Any, ...]] = {
    "retire": ("Operators", "retireOperator", account("issue 1")),
    "cut off": ("Operators", "markOperatorCompromised", account("issue 1"), 1),
    "suspend a scope": ("IssuerRegistry", "suspendScope", 1, 1, b"\x07" * 32),
    "hold": ("IssuerRegistry", "hold", 1, 1, 0, b"\x07" * 32),
    "suspend": ("IssuerRegistry", "suspend", 1, b"\x07" * 32),
}


@pytest.mark.parametrize("what", RESTRICTING)
def test_what_only_takes_away_waits_for_nothing(what: str, issuing: Suite) -> None:
    proposal = issuing.propose(RESTRICTING[what])
    issuing.vote(proposal, [2])
    assert issuing.call("Alliance", "isRestricting", proposal)
    assert state(issuing, proposal) == EXECUTABLE
    issuing.execute(proposal)


def test_a_stolen_key_is_cut_off_without_delay(issuing: Suite) -> None:
    key = b"\x21" * 32
    issuing.send("admin 1", "Keys", "addKey", key, 1)
    calls = [("Keys", "markKeyCompromised", 1, keccak256(key), issuing.chain.timestamp)]
    proposal = issuing.propose(*calls, ("Keys", "retireKey", 1, keccak256(key), 0))
    issuing.vote(proposal, [2])
    issuing.execute(proposal)
    assert issuing.call("Keys", "key", 1, keccak256(key))["compromisedSince"]


def test_an_entry_is_cancelled_without_delay(suite: Suite) -> None:
    proposal = suite.propose(("Directory", "cancel", directory_name("CredentialBatches"), b"\x07" * 32))
    suite.vote(proposal, [2])
    assert state(suite, proposal) == EXECUTABLE


def test_one_call_that_gives_makes_the_whole_proposal_wait(issuing: Suite) -> None:
    proposal = issuing.propose(*RESTRICTING.values(), ("IssuerRegistry", "reinstate", 1, b"\x07" * 32))
    issuing.vote(proposal, [2])
    assert state(issuing, proposal) == WAITING


def test_a_restricting_selector_at_another_contract_waits(issuing: Suite) -> None:
    """The target need not be a stranger: any contract but the one that the Directory names will do."""
    data = issuing.chain.data(issuing.address("IssuerRegistry"), "suspend", 1, b"\x07" * 32)
    for target in (issuing.address("Operators"), account("stranger")):
        proposal = issuing.send("govern 1", "Alliance", "propose", [(target, data)], b"\x07" * 32).output
        assert not issuing.call("Alliance", "isRestricting", proposal)
    short = issuing.send(
        "govern 1", "Alliance", "propose", [(issuing.address("IssuerRegistry"), data[:3])], b"\x07" * 32
    )
    assert not issuing.call("Alliance", "isRestricting", short.output)
