"""Proposals of the Alliance as they stand: what is proposed, who says what, and when it may be executed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from testamur.chain.contracts import Contract
from testamur.chain.errors import TransactionRevertedError

__all__ = ["MemberVote", "Proposal", "ProposalState", "Stance", "list_proposals", "read_proposal", "read_votes"]


class ProposalState(IntEnum):
    """Where a proposal stands (IProposals.ProposalState)."""

    NONE = 0
    OPEN = 1
    WAITING = 2
    EXECUTABLE = 3
    EXECUTED = 4
    EXPIRED = 5
    LAPSED = 6
    VOID = 7
    WITHDRAWN = 8


class Stance(IntEnum):
    """What an institution says (IVotes.Stance)."""

    NONE = 0
    YES = 1
    NO = 2


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands now."""

    id: int
    institution: int
    """The proposer's number."""
    state: ProposalState
    yes: int
    """Members of today that say yes now."""
    no: int
    need: int
    """Members that must say yes."""
    created_at: int
    voting_ends: int
    """Last second in which it may be adopted."""
    executable_from: int | None
    """First second in which it may be executed; None where it is not adopted."""
    lapses_at: int | None
    """The last one."""
    document: bytes
    """Hash of the document that explains it, 32 bytes."""
    content: bytes
    """Hash of its calls and document, which signed votes name, 32 bytes."""
    calls: tuple[tuple[bytes, bytes], ...]
    """Target and call data, in order."""


@dataclass(frozen=True, slots=True)
class MemberVote:
    """What a member says about a proposal."""

    institution: int
    stance: Stance
    objecting: tuple[bytes, ...]
    """Addresses of its accounts that say no, as far as it counts."""


def read_proposal(alliance: Contract, number: int) -> Proposal:
    """A proposal, its calls and its state."""
    record: dict[str, Any] = alliance.read("proposal", number)
    state = ProposalState(alliance.read("proposalState", number))
    if state is ProposalState.NONE:
        raise TransactionRevertedError(f"there is no proposal {number}", "list them with `testamur alliance show`")
    tally: dict[str, int] = alliance.read("tally", number)
    calls = alliance.read("proposalCalls", number)
    is_adopted = state in (ProposalState.WAITING, ProposalState.EXECUTABLE, ProposalState.LAPSED)
    return Proposal(
        id=number,
        institution=record["institution"],
        state=state,
        yes=tally["yes"],
        no=tally["no"],
        need=tally["need"],
        created_at=record["createdAt"],
        voting_ends=record["votingEnds"],
        executable_from=record["executableFrom"] if is_adopted else None,
        lapses_at=record["lapsesAt"] if is_adopted else None,
        document=record["document"],
        content=record["content"],
        calls=tuple((call["target"], call["data"]) for call in calls),
    )


def list_proposals(alliance: Contract, newest: int = 50) -> list[Proposal]:
    """The newest proposals, newest first."""
    count = alliance.read("proposalCount")
    return [read_proposal(alliance, number) for number in range(count, max(0, count - newest), -1)]


def read_votes(alliance: Contract, number: int, members: Sequence[int]) -> list[MemberVote]:
    """What each of the members says about a proposal."""
    arguments = [(number, member) for member in members]
    stances = alliance.read_many("stanceOf", arguments)
    ballots = alliance.read_many("ballots", arguments)
    return [
        MemberVote(member, Stance(stance), tuple(each["account"] for each in said if not each["support"]))
        for member, stance, said in zip(members, stances, ballots, strict=True)
    ]
