"""Rounds: what does not depend on each other goes into one block, whoever sends it.

A chain of ours makes at most one block a second, so a scenario of forty transactions one after another takes as many
seconds. Here all of a round wait in the pool before the first is awaited.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.errors import KeyUnusableError
from testamur.chain.governance import document_hash, wait_until_executable
from testamur.chain.transactions import Receipt, Sender

__all__ = ["Motion", "carry", "deliver"]


@dataclass(frozen=True, slots=True)
class Motion:
    """What is put to the vote."""

    document: bytes
    """The document that explains it; its hash goes on chain."""
    calls: tuple[Call, ...]


def deliver(pairs: Sequence[tuple[Sender, Call]]) -> list[Receipt]:
    """Deliver calls of one or several accounts together; their receipts in order."""
    for sender in {sender.account.address: sender for sender, _ in pairs}.values():
        sender.settle()
    prepared = [(sender, call, sender.prepare(call)) for sender, call in pairs]
    for sender, _, transaction in prepared:
        sender.broadcast(transaction)
    return [sender.wait(transaction, call) for sender, call, transaction in prepared]


def carry(connection: Connection, motions: Sequence[Motion]) -> list[Receipt]:
    """Propose all motions, let every member of the profile vote for each, execute them once their delay is over; the
    executions' receipts."""
    alliance = connection.contract("Alliance")
    members = set(alliance.read("members"))
    voters = [
        connection.sender_for(institution, "govern")
        for institution in connection.profile.institutions
        if institution.number in members and institution.accounts.govern
    ]
    if not voters:
        raise KeyUnusableError("the profile holds no GOVERN account of a member", "name the founders' profile")
    proposed = deliver(
        [
            (
                voters[0],
                alliance.call(
                    "propose",
                    [{"target": call.target, "data": call.data} for call in motion.calls],
                    document_hash(motion.document),
                ),
            )
            for motion in motions
        ]
    )
    numbers = [alliance.decode_logs(receipt.logs)[0].arguments["id"] for receipt in proposed]
    deliver([(voter, alliance.call("vote", number, True)) for voter in voters[1:] for number in numbers])
    for number in numbers:
        if not wait_until_executable(alliance, number):
            raise KeyUnusableError(
                f"proposal {number} did not get enough votes from this profile, or waits longer than two minutes",
                "the scenario needs a chain whose members are the founders of the profile, with an executionDelay of "
                "seconds",
            )
    return deliver([(voters[0], alliance.call("execute", number)) for number in numbers])
