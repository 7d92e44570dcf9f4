"""The Alliance's decisions, from the client's side: propose a list of calls, vote, wait, execute, sign the agreement.

A vote belongs to a member: it says yes where one of its GOVERN accounts does and none says no. `propose_and_pass` does
everything for the members whose GOVERN account the profile holds: it waits out a delay of up to two minutes by itself;
where the votes are too few, or the delay is longer, the proposal stays as it is for later.
"""

import time
from collections.abc import Callable, Sequence

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call, Contract
from testamur.chain.errors import KeyUnusableError
from testamur.chain.proposals import Proposal, ProposalState, read_proposal
from testamur.chain.transactions import Receipt, Sender
from testamur.proof.hashing import keccak256

__all__ = [
    "LONGEST_WAIT_SECONDS",
    "adopt_agreement",
    "document_hash",
    "execute",
    "propose",
    "propose_and_pass",
    "recount",
    "sign_agreement",
    "vote",
    "wait_until_executable",
    "withdraw",
]

LONGEST_WAIT_SECONDS = 120
"""A longer delay is for people, who come again."""
_INTERVAL_SECONDS = 0.2


def document_hash(document: bytes) -> bytes:
    """The hash under which a document goes on chain: keccak-256 of its bytes."""
    return keccak256(document)


def propose(alliance: Contract, sender: Sender, calls: Sequence[Call], document: bytes) -> int:
    """Put calls to the vote under the 32-byte hash of the document that explains them; the proposal's number.

    The sender's institution votes yes by it.
    """
    listed = [{"target": call.target, "data": call.data} for call in calls]
    receipt = sender.send(alliance.call("propose", listed, document))
    created = [entry for entry in alliance.decode_logs(receipt.logs) if entry.event == "ProposalCreated"]
    return int(created[0].arguments["id"])


def vote(alliance: Contract, sender: Sender, proposal: int, *, support: bool = True) -> Receipt:
    """Let the sender's account vote for its institution, or change what it said."""
    return sender.send(alliance.call("vote", proposal, support))


def withdraw(alliance: Contract, sender: Sender, proposal: int) -> Receipt:
    """Take back an open proposal of the sender's institution."""
    return sender.send(alliance.call("withdraw", proposal))


def recount(alliance: Contract, sender: Sender, proposal: int) -> Receipt:
    """Count the votes anew: an account that said no may act no more."""
    return sender.send(alliance.call("recount", proposal))


def execute(alliance: Contract, sender: Sender, proposal: int) -> Receipt:
    """Carry out an adopted proposal whose delay is over; a call of it that fails is named with position and reason."""
    return sender.send(alliance.call("execute", proposal))


def wait_until_executable(
    alliance: Contract,
    number: int,
    on_wait: Callable[[int], None] = lambda seconds: None,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait until the block to come may execute a proposal; False where it waits for votes, or more than two minutes.

    The chain's clock decides, as its node shows it for the block to come. `on_wait` learns the seconds that are left.
    """
    waited = 0.0
    while True:
        state = ProposalState(alliance.read("proposalState", number, block="pending"))
        if state is ProposalState.EXECUTABLE:
            return True
        if state is not ProposalState.WAITING:
            return False
        coming = alliance.rpc.block("pending") or {}
        left = alliance.read("proposal", number)["executableFrom"] - int(coming.get("timestamp") or "0x0", 16)
        if left > LONGEST_WAIT_SECONDS or waited > 2 * LONGEST_WAIT_SECONDS:
            return False
        on_wait(max(left, 0))
        pause(_INTERVAL_SECONDS)
        waited += _INTERVAL_SECONDS


def propose_and_pass(
    connection: Connection,
    calls: Sequence[Call],
    document: bytes,
    *,
    is_unanimous: bool = False,
    on_wait: Callable[[int], None] = lambda seconds: None,
) -> tuple[Proposal, Receipt | None]:
    """Propose, vote with every member that the profile acts for, and execute once the proposal may be.

    The receipt is the execution's; None where the votes are not enough and the proposal waits for other members, or
    where its delay is longer than two minutes (`Proposal.state` tells which). `is_unanimous` goes on voting when enough
    have, for what every member must want.
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
    needed = len(senders) if is_unanimous else alliance.read("tally", number)["need"]
    call = alliance.call("vote", number, True)
    votes = [(sender, sender.prepare(call)) for sender in senders[1:needed]]
    for sender, transaction in votes:
        sender.broadcast(transaction)
    for sender, transaction in votes:
        sender.wait(transaction, call)
    receipt = None
    if wait_until_executable(alliance, number, on_wait):
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
            f"proposal {proposal.id} is {proposal.state.name.lower()} with {proposal.yes} of {proposal.need} votes",
            "the members vote with `testamur alliance vote` and carry it out with `testamur alliance execute`",
        )
    adopted = [entry for entry in alliance.decode_logs(receipt.logs) if entry.event == "AgreementAdopted"]
    return int(adopted[0].arguments["version"])


def sign_agreement(alliance: Contract, sender: Sender, version: int) -> Receipt:
    """Sign a version of the agreement for the sender's institution."""
    return sender.send(alliance.call("signAgreement", version))
