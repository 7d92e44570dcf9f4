"""How signed votes go into files and from files to the chain: `alliance vote --sign`, `alliance submit`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from testamur.cli.failure import UsageError
from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.chain.connection import Connection
    from testamur.chain.signer import Account

__all__ = ["hand_in_files", "sign_into"]

_BATCH = 100
"""Votes of one transaction: some 80,000 gas each, so that a batch fits into a block."""


def sign_into(
    session: Session,
    connection: "Connection",
    account: "Account",
    institution: int,
    number: int,
    support: bool,
    sequence: int | None,
    out: Path,
) -> None:
    """Sign a vote of `institution` on proposal `number` into a fresh file, and say how it is handed in."""
    from testamur.chain.signed_votes import sign_vote

    if out.exists():
        raise UsageError(f"{out} exists already", "a signed vote is never overwritten: choose another name")
    vote = sign_vote(connection, account, institution, number, support=support, sequence=sequence)
    vote.write(out)
    session.terminal.result(
        {
            "proposal": number,
            "institution": institution,
            "support": support,
            "sequence": vote.sequence,
            "deadline": vote.deadline,
            "file": str(out),
        }
    )
    session.terminal.say("signed into {path}; nothing was sent", path=out)
    session.terminal.say("anybody hands it in with: testamur alliance submit {path}", path=out)


def hand_in_files(session: Session, connection: "Connection", files: Sequence[Path], dry_run: bool) -> int:
    """Hand in the votes of the files, or foretell what would come of it; the exit code."""
    from testamur.chain.signed_votes import SignedVote, foretell, hand_in, in_order

    given = [SignedVote.read(path) for path in files]
    order = in_order(connection, given)
    votes = [given[position] for position in order]
    paths = [files[position] for position in order]
    alliance = connection.contract("Alliance")
    refused = 0
    for start in range(0, len(votes), _BATCH):
        batch = votes[start : start + _BATCH]
        transaction = None
        if dry_run:
            reasons = foretell(alliance, batch)
        else:
            sender = connection.sender_for(session.institution(connection.profile), "govern")
            receipt, reasons = hand_in(alliance, sender, batch)
            transaction = receipt.transaction
        for path, vote, reason in zip(paths[start:], batch, reasons, strict=False):
            refused += reason is not None
            session.terminal.result(
                {
                    "file": str(path),
                    "proposal": vote.proposal,
                    "institution": vote.institution,
                    "taken": reason is None,
                    "reason": reason,
                    "transaction": transaction,
                }
            )
            if reason is not None:
                session.terminal.say(
                    "{path}: refused: {reason}", path=path, reason=session.terminal.language.told(reason)
                )
            elif dry_run:
                session.terminal.say("{path}: would count", path=path)
            else:
                session.terminal.say("{path}: counts for institution {number}", path=path, number=vote.institution)
    if not refused:
        return 0
    return 10 if refused == len(votes) else 8
