"""The Alliance's decisions, from the client's side: propose a list of calls, vote, execute, sign the agreement.

A vote belongs to a member, not to a person: any GOVERN operator casts it. `propose_and_pass` does all three for every
member whose GOVERN account the profile holds; where those are too few, the proposal stays open for the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call, Contract
from testamur.chain.errors import KeyUnusableError, TransactionRevertedError
from testamur.chain.transactions import Receipt, Sender
from testamur.proof.hashing import keccak256

__all__ = [
    "Proposal",
    "ProposalState",
    "adopt_agreement",
    "document_hash",
    "execute",
    "list_proposals",
    "propose",
    "propose_and_pass",
    "read_proposal",
    "sign_agreement",
    "vote",
]


class ProposalState(IntEnum):
    """Where a proposal stands (IAlliance.ProposalState)."""

    NONE = 0
    OPEN = 1
    PASSED = 2
    EXECUTED = 3
    EXPIRED = 4
    VOID = 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands now."""

    id: int
    institution: int
    """The proposer's number."""
    state: ProposalState
    yes: int
    no: int
    created_at: int
    expires_at: int
    """Last second in which it may be voted on or executed."""
    document: bytes
    """Hash of the document that explains it, 32 bytes."""
    calls: tuple[tuple[bytes, bytes], ...]
    """Target and call data, in order."""


def document_hash(document: bytes) -> bytes:
    """The hash under which a document goes on chain: keccak-256 of its bytes."""
    return keccak256(document)


def propose(alliance: Contract, sender: Sender, calls: Sequence[Call], document: bytes) -> int:
    """Put calls to the vote under the 32-byte hash of the document that explains them; the proposal's number."""
    listed = [{"target": call.target, "data": call.data} for call in calls]
    receipt = sender.send(alliance.call("propose", listed, document))
    created = [entry for entry in alliance.decode_logs(receipt.logs) if entry.event == "ProposalCreated"]
    return int(created[0].arguments["id"])


def vote(alliance: Contract, sender: Sender, proposal: int, *, support: bool = True) -> Receipt:
    """Cast the vote of the sender's institution; it is final."""
    return sender.send(alliance.call("vote", proposal, support))


def execute(alliance: Contract, sender: Sender, proposal: int) -> Receipt:
    """Carry out a passed proposal; a call of it that fails is named with its position and reason."""
    return sender.send(alliance.call("execute", proposal))


def read_proposal(alliance: Contract, number: int) -> Proposal:
    """A proposal, its calls and its state."""
    record: dict[str, Any] = alliance.read("proposal", number)
    state = ProposalState(alliance.read("proposalState", number))
    if state is ProposalState.NONE:
        raise TransactionRevertedError(f"there is no proposal {number}", "list them with `testamur alliance show`")
    calls = alliance.read("proposalCalls", number)
    return Proposal(
        id=number,
        institution=record["institution"],
        state=state,
        yes=record["yes"],
        no=record["no"],
        created_at=record["createdAt"],
        expires_at=record["expiresAt"],
        document=record["document"],
        calls=tuple((call["target"], call["data"]) for call in calls),
    )


def list_proposals(alliance: Contract, newest: int = 50) -> list[Proposal]:
    """The newest proposals, newest first."""
    count = alliance.read("proposalCount")
    return [read_proposal(alliance, number) for number in range(count, max(0, count - newest), -1)]


def propose_and_pass(
    connection: Connection, calls: Sequence[Call], document: bytes, *, is_unanimous: bool = False
) -> tuple[Proposal, Receipt | None]:
    """Propose, vote with every member that the profile acts for, and execute when the proposal passes.

    The receipt is the execution's; None where the votes are not enough and the proposal waits for other members.
    `is_unanimous` goes on voting when enough have, for what every member must want.
    """
    alliance = connection.contract("Alliance")
    members = set(alliance.read("members"))
    held = [item for item in connection.profile.institutions if item.number in members and item.accounts.govern]
    if not held:
        raise KeyUnusableError(
            "the profile holds no GOVERN account of a member", "a member proposes this, with its own profile"
        )
    senders = [connection.sender(connection.account(item.accounts.govern[0])) for item in held]
    number = propose(alliance, senders[0], calls, document)
    needed = len(senders) if is_unanimous else _votes_needed(alliance, len(members))
    call = alliance.call("vote", number, True)
    votes = [(sender, sender.prepare(call)) for sender in senders[:needed]]
    for sender, transaction in votes:
        sender.broadcast(transaction)
    for sender, transaction in votes:
        sender.wait(transaction, call)
    receipt = None
    if alliance.read("proposalState", number) == ProposalState.PASSED:
        receipt = execute(alliance, senders[0], number)
    return read_proposal(alliance, number), receipt


def adopt_agreement(connection: Connection, document: bytes, in_force_from: int) -> int:
    """Adopt a version of the agreement by vote, in force from a time in seconds; its number."""
    alliance = connection.contract("Alliance")
    proposal, receipt = propose_and_pass(
        connection, [alliance.call("adoptAgreement", document, in_force_from)], document
    )
    if receipt is None:
        raise KeyUnusableError(
            f"proposal {proposal.id} needs more votes than this profile has", "the other members vote and execute it"
        )
    adopted = [entry for entry in alliance.decode_logs(receipt.logs) if entry.event == "AgreementAdopted"]
    return int(adopted[0].arguments["version"])


def sign_agreement(alliance: Contract, sender: Sender, version: int) -> Receipt:
    """Sign a version of the agreement for the sender's institution."""
    return sender.send(alliance.call("signAgreement", version))


def _votes_needed(alliance: Contract, members: int) -> int:
    """The fewest votes that pass: denominator * yes >= numerator * members (IAlliance)."""
    threshold: dict[str, int] = alliance.read("threshold")
    return -(-threshold["numerator"] * members // threshold["denominator"])
