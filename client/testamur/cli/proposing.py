"""How a command puts something to the vote: propose, vote with what the profile holds, say what is still missing."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.chain.connection import Connection
    from testamur.chain.contracts import Call

__all__ = ["put_to_vote", "reason_document"]


def reason_document(connection: "Connection", document: Path | None, reason: str) -> bytes:
    """The hash of the document that explains a proposal: a file, else a note kept beside the profile."""
    from testamur.chain.governance import document_hash

    if document is not None:
        return document_hash(document.read_bytes())
    note = f"{reason}\nProposed at {int(time.time())} without a document of its own.\n".encode()
    hashed = document_hash(note)
    place = connection.profile.state_path / "documents" / f"{hashed.hex()}.txt"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(note)
    return hashed


def put_to_vote(
    session: Session, connection: "Connection", calls: Sequence["Call"], document: bytes, **facts: Any
) -> int:
    """Propose the calls, pass them as far as the profile's votes reach, and report."""
    from testamur.chain.governance import propose_and_pass

    proposal, receipt = propose_and_pass(connection, calls, document)
    session.terminal.result(
        {
            "proposal": proposal.id,
            "state": proposal.state.name.lower(),
            "yes": proposal.yes,
            "no": proposal.no,
            "document": document,
            "transaction": receipt.transaction if receipt else None,
            "block": receipt.block_number if receipt else None,
            **facts,
        }
    )
    if receipt is not None:
        session.terminal.say(
            "proposal {proposal} passed and was executed in block {block_number}",
            proposal=proposal.id,
            block_number=receipt.block_number,
        )
    else:
        session.terminal.say("proposal {proposal} is open with {yes} yes", proposal=proposal.id, yes=proposal.yes)
        session.terminal.say("the other members decide with: testamur alliance vote {proposal}", proposal=proposal.id)
    return 0
