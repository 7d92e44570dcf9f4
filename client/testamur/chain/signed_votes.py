"""Votes that are signed in one place and handed in at another: a file for each, and a batch in one transaction.

A signed vote names the chain and its block 0, the proposal with its calls and document, and a sequence number of its
institution (contracts/governance/IVotes.sol). Several of one institution are handed in in the order of their sequence.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testamur.chain.connection import Connection
from testamur.chain.contracts import Contract
from testamur.chain.errors import TransactionRevertedError, WrongChainError
from testamur.chain.proposals import read_proposal
from testamur.chain.refusals import refusal_error
from testamur.chain.rpc import to_hex
from testamur.chain.signer import Account
from testamur.chain.transactions import Receipt, Sender
from testamur.chain.typed import domain_of
from testamur.errors import TestamurError

__all__ = ["SignedVote", "VoteFileError", "foretell", "hand_in", "in_order", "sign_vote"]

_KIND = "TestamurVote"
_FIELDS = {
    "proposal": "uint256",
    "content": "bytes32",
    "support": "bool",
    "sequence": "uint256",
    "deadline": "uint256",
}


class VoteFileError(TestamurError):
    """The file holds no signed vote."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class SignedVote:
    """A vote as it stands in a file."""

    chain_id: int
    institution: int
    """Whose account signed: only to put several in order; the contract asks the signature."""
    proposal: int
    content: bytes
    """Hash of the proposal's calls and document, 32 bytes."""
    support: bool
    sequence: int
    deadline: int
    """Last second in which it may be handed in."""
    signature: bytes
    """65 bytes."""

    def as_struct(self) -> dict[str, Any]:
        """As `voteFor` takes it."""
        return {name: getattr(self, name) for name in (*_FIELDS, "signature")}

    def write(self, path: Path) -> None:
        """Write the vote as JSON; an existing file stays, and raises FileExistsError."""
        record = {
            "type": _KIND,
            "version": 1,
            "chainId": self.chain_id,
            "institution": self.institution,
            "proposal": self.proposal,
            "content": to_hex(self.content),
            "support": self.support,
            "sequence": self.sequence,
            "deadline": self.deadline,
            "signature": to_hex(self.signature),
        }
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(record, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> "SignedVote":
        """The vote in a file; VoteFileError where it holds none."""
        try:
            record = json.loads(path.read_bytes())
            if (record["type"], record["version"]) != (_KIND, 1):
                raise ValueError
            return cls(
                chain_id=_number(record["chainId"]),
                institution=_number(record["institution"]),
                proposal=_number(record["proposal"]),
                content=_bytes(record["content"], 32),
                support=_flag(record["support"]),
                sequence=_number(record["sequence"]),
                deadline=_number(record["deadline"]),
                signature=_bytes(record["signature"], 65),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise VoteFileError(
                f"{path} holds no signed vote", "`testamur alliance vote N --sign FILE` writes one"
            ) from error


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 64:
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _bytes(value: str, length: int) -> bytes:
    data = bytes.fromhex(value.removeprefix("0x"))
    if len(data) != length:
        raise ValueError
    return data


def sign_vote(
    connection: Connection, account: Account, institution: int, number: int, *, support: bool, sequence: int | None
) -> SignedVote:
    """Sign a vote of a GOVERN account; nothing is sent. It may be handed in as long as the proposal may be adopted.

    `sequence` is for several that are signed one after the other; None takes the institution's next.
    """
    alliance = connection.contract("Alliance")
    proposal = read_proposal(alliance, number)
    values: dict[str, Any] = {
        "proposal": number,
        "content": proposal.content,
        "support": support,
        "sequence": alliance.read("nextSequence", institution) if sequence is None else sequence,
        "deadline": proposal.voting_ends,
    }
    types = {"Vote": [{"name": name, "type": kind} for name, kind in _FIELDS.items()]}
    signature = account.sign_typed(domain_of(connection, "Alliance"), types, values)
    return SignedVote(connection.profile.chain_id, institution, signature=signature, **values)


def in_order(connection: Connection, votes: Sequence[SignedVote]) -> list[int]:
    """The positions of votes as a batch takes them, each institution's by sequence.

    Raises `WrongChainError` for a vote of another chain.
    """
    for vote in votes:
        if vote.chain_id != connection.profile.chain_id:
            raise WrongChainError(
                f"a vote is for chain {vote.chain_id}, the profile for {connection.profile.chain_id}",
                "hand it in on the chain for which it was signed",
            )
    return sorted(range(len(votes)), key=lambda position: (votes[position].institution, votes[position].sequence))


def foretell(alliance: Contract, votes: Sequence[SignedVote]) -> list[str | None]:
    """Why each of a batch would be refused, None where it would be taken; nothing is sent.

    The contract compares the sequence last, so a vote refused for it alone would be taken after those before it.
    """
    nexts: Mapping[int, int] = {
        number: alliance.read("nextSequence", number) for number in {vote.institution for vote in votes}
    }
    taken: dict[int, int] = defaultdict(int)
    reasons: list[str | None] = []
    for vote in votes:
        reason: str | None = None
        try:
            alliance.read("voteFor", vote.as_struct())
            is_mismatch = False
        except TransactionRevertedError as error:
            reason, is_mismatch = error.message, error.error == "AllianceSequenceMismatch"
        expected = nexts[vote.institution] + taken[vote.institution]
        if vote.sequence == expected and (reason is None or is_mismatch):
            reason = None
            taken[vote.institution] += 1
        elif reason is None:
            reason = f"institution {vote.institution} voted before it in this batch with the same sequence"
        reasons.append(reason)
    return reasons


def hand_in(alliance: Contract, sender: Sender, votes: Sequence[SignedVote]) -> tuple[Receipt, list[str | None]]:
    """Hand in votes in one transaction: its receipt, and for each why it was skipped, None where it was taken."""
    receipt = sender.send(alliance.call("voteMany", [vote.as_struct() for vote in votes]))
    reasons: list[str | None] = [None] * len(votes)
    for entry in alliance.decode_logs(receipt.logs):
        if entry.event == "VoteSkipped":
            refused = refusal_error("Alliance.voteFor", entry.arguments["reason"])
            reasons[entry.arguments["position"]] = refused.message
    return receipt, reasons
