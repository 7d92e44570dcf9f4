"""How a command puts something to the vote: propose, vote with what the profile holds, say what is still missing."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.chain.connection import Connection
    from testamur.chain.contracts import Call
    from testamur.chain.proposals import Proposal

__all__ = ["proposal_record", "put_to_vote", "reason_document", "say_when_executable", "wait_notes"]


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

    proposal, receipt = propose_and_pass(connection, calls, document, on_wait=wait_notes(session))
    session.terminal.result(
        {
            **proposal_record(proposal),
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
    elif not say_when_executable(session, proposal):
        session.terminal.say(
            "proposal {proposal} is open with {yes} yes of {need}",
            proposal=proposal.id,
            yes=proposal.yes,
            need=proposal.need,
        )
        session.terminal.say("the other members decide with: testamur alliance vote {proposal}", proposal=proposal.id)
    return 0


def say_when_executable(session: Session, proposal: "Proposal") -> bool:
    """Say from when to when an adopted proposal may be executed; False where it is not adopted."""
    if proposal.executable_from is None or proposal.lapses_at is None:
        return False
    session.terminal.say(
        "proposal {proposal} is adopted; it may be executed from {start} to {end} (UTC)",
        proposal=proposal.id,
        start=_moment(proposal.executable_from),
        end=_moment(proposal.lapses_at),
    )
    session.terminal.say("carry it out then with: testamur alliance execute {number}", number=proposal.id)
    return True


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def wait_notes(session: Session) -> Callable[[int], None]:
    """What tells a person how long an adopted proposal still waits, once every ten seconds."""
    told: list[int] = []

    def note(seconds: int) -> None:
        if seconds > 1 and (not told or told[-1] - seconds >= 10):
            told.append(seconds)
            session.terminal.note("adopted; it may be executed in {seconds} s", seconds=seconds)

    return note


def proposal_record(proposal: "Proposal") -> dict[str, object]:
    """A proposal as commands print it."""
    return {
        "proposal": proposal.id,
        "institution": proposal.institution,
        "state": proposal.state.name.lower(),
        "yes": proposal.yes,
        "no": proposal.no,
        "need": proposal.need,
        "createdAt": proposal.created_at,
        "votingEndsAt": proposal.voting_ends,
        "executableFrom": proposal.executable_from,
        "lapsesAt": proposal.lapses_at,
        "document": proposal.document,
    }
