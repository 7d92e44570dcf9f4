"""Votes that were signed and are handed in by anybody (docs/protocol.md 7)."""

from typing import Any

import pytest

from tests.contracts.evm import Receipt, refusal, refused
from tests.contracts.suite import DAY, Suite, account, founded
from tests.contracts.test_governance import CHANGE, OPEN, WAITING

Signed = tuple[int, bytes, bool, int, int, bytes]


def signed(
    suite: Suite,
    person: str,
    proposal: int,
    sequence: int = 0,
    *,
    support: bool = True,
    content: bytes | None = None,
    deadline: int | None = None,
    **domain: Any,
) -> Signed:
    """The person's vote as `voteFor` takes it."""
    if content is None:
        content = suite.call("Alliance", "proposal", proposal)["content"]
    values: dict[str, Any] = {
        "proposal": proposal,
        "content": content,
        "support": support,
        "sequence": sequence,
        "deadline": suite.chain.timestamp + DAY if deadline is None else deadline,
    }
    fields = {
        "proposal": "uint256",
        "content": "bytes32",
        "support": "bool",
        "sequence": "uint256",
        "deadline": "uint256",
    }
    signature = suite.sign(person, "Alliance", "Vote", fields, values, **domain)
    return proposal, content, support, sequence, values["deadline"], signature


def hand_in(suite: Suite, vote: Signed) -> Receipt:
    return suite.send("anyone", "Alliance", "voteFor", vote)


def test_a_signed_vote_counts_like_one_by_transaction_whoever_hands_it_in(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    receipt = hand_in(suite, signed(suite, "deputy 2", proposal))
    assert receipt.named("VoteCast") == [
        {"id": proposal, "institution": 2, "support": True, "operator": account("deputy 2")}
    ]
    assert suite.call("Alliance", "proposalState", proposal) == WAITING
    assert suite.call("Alliance", "nextSequence", 2) == 1


@pytest.mark.parametrize(
    "domain", [{"salt": b"\x09" * 32}, {"salt": bytes(32)}, {"chainId": 1}, {"verifyingContract": "0x" + "11" * 20}]
)
def test_a_vote_for_another_chain_or_contract_is_none_here(domain: dict[str, Any], suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    with refused("AllianceNotGovern"):
        hand_in(suite, signed(suite, "govern 2", proposal, **domain))


def test_a_vote_counts_once(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    vote = signed(suite, "govern 2", proposal)
    hand_in(suite, vote)
    with refused("AllianceSequenceMismatch", 2, 0, 1):
        hand_in(suite, vote)


def test_a_vote_by_transaction_makes_void_what_was_signed_before(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    vote = signed(suite, "govern 2", proposal)
    suite.send("govern 2", "Alliance", "vote", proposal, False)
    with refused("AllianceSequenceMismatch", 2, 0, 1):
        hand_in(suite, vote)


def test_a_vote_is_handed_in_by_its_last_second(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    deadline = suite.chain.timestamp
    vote = signed(suite, "govern 2", proposal, deadline=deadline)
    late = suite.fork()
    hand_in(suite, vote)
    late.chain.mine()
    with refused("AllianceSignatureExpired", deadline):
        hand_in(late, vote)


def test_a_vote_for_another_proposal_of_the_same_calls_is_none_for_this_one(suite: Suite) -> None:
    first, second = suite.propose(CHANGE), suite.propose(CHANGE)
    number, *rest = signed(suite, "govern 2", first)
    assert number == first
    with refused("AllianceNotGovern"):
        suite.send("anyone", "Alliance", "voteFor", (second, *rest))


def test_a_vote_names_the_calls_and_the_document_that_were_read(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    other = suite.propose(CHANGE, document=b"\x02" * 32)
    content = suite.call("Alliance", "proposal", other)["content"]
    with refused("AllianceOtherContent", proposal, content):
        hand_in(suite, signed(suite, "govern 2", proposal, content=content))
    _, _, *rest = signed(suite, "govern 2", proposal, content=content)
    right = suite.call("Alliance", "proposal", proposal)["content"]
    with refused("AllianceNotGovern"):
        suite.send("anyone", "Alliance", "voteFor", (proposal, right, *rest))


@pytest.mark.parametrize("person", ["admin 2", "stranger"])
def test_a_vote_of_one_who_does_not_govern_is_none(person: str, suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    with refused("AllianceNotGovern", account(person)):
        hand_in(suite, signed(suite, person, proposal))


def test_a_batch_skips_what_fails_says_why_and_takes_the_rest() -> None:
    suite = founded(4)
    first, second = suite.propose(CHANGE), suite.propose(CHANGE, document=b"\x02" * 32)
    late = suite.chain.timestamp - 1
    votes = [
        signed(suite, "govern 2", first),
        signed(suite, "govern 2", first),
        signed(suite, "stranger", first),
        signed(suite, "govern 3", first, deadline=late),
        signed(suite, "govern 3", first),
        signed(suite, "govern 2", second, 1, support=False),
        signed(suite, "govern 3", second, 1),
        (*signed(suite, "govern 4", second)[:5], b"\0" * 64),
    ]
    receipt = suite.send("anyone", "Alliance", "voteMany", votes)
    skipped = receipt.named("VoteSkipped")
    assert [(each["position"], each["id"], refusal(each["reason"]).name) for each in skipped] == [
        (1, first, "AllianceSequenceMismatch"),
        (2, first, "AllianceNotGovern"),
        (3, first, "AllianceSignatureExpired"),
        (7, second, "ECDSAInvalidSignatureLength"),
    ]
    assert [each["id"] for each in receipt.named("ProposalAdopted")] == [first]
    assert suite.call("Alliance", "proposalState", second) == OPEN
    assert suite.call("Alliance", "tally", second) == {"yes": 2, "no": 1, "need": 3, "members": 4}


def test_a_batch_of_too_many_is_refused(suite: Suite) -> None:
    proposal = suite.propose(CHANGE)
    with refused("AllianceTooManyVotes", 257, 256):
        suite.send("anyone", "Alliance", "voteMany", [signed(suite, "govern 2", proposal)] * 257)
