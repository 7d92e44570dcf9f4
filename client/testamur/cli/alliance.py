"""`testamur alliance`: members, their agreement, and what they vote on."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.entries import CodeHashes, agree_to_code, show_entries
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.chain.connection import Connection

__all__ = ["app"]

app = noun("Members, their agreement, and what they vote on.", "testamur alliance show")

_MOMENTS = frozenset({"createdAt", "votingEndsAt", "executableFrom", "lapsesAt"})
"""What of a proposal's record is seconds since 1970."""

Document = Annotated[Path | None, typer.Option("--document", metavar="FILE", help="The document that explains it.")]
Number = Annotated[int, typer.Argument(metavar="PROPOSAL", help="Number of the proposal.")]


@command(app, "show", example="testamur alliance show\ntestamur alliance show 3 --json")
def show(
    session: Session,
    number: Annotated[int | None, typer.Argument(metavar="[PROPOSAL]", help="A proposal, with its calls.")] = None,
) -> None:
    """Show members, threshold, agreements, proposals and periods, or one proposal."""
    with session.connection() as connection:
        if number is None:
            _show_alliance(session, connection)
        else:
            _show_proposal(session, connection, number)


def _show_proposal(session: Session, connection: "Connection", number: int) -> None:
    """One proposal: where it stands, its calls in words, who says what and which accounts object."""
    from testamur.chain.calls import describe_call
    from testamur.chain.proposals import read_proposal, read_votes
    from testamur.cli.proposing import proposal_record
    from testamur.language.verdict import moment

    alliance = connection.contract("Alliance")
    proposal = read_proposal(alliance, number)
    record = proposal_record(proposal)
    calls = [describe_call(connection.suite, target, data) for target, data in proposal.calls]
    votes = read_votes(alliance, number, sorted(alliance.read("members")))
    listed = [
        {
            "institution": vote.institution,
            "says": vote.stance.name.lower(),
            "objecting": ["0x" + address.hex() for address in vote.objecting],
        }
        for vote in votes
    ]
    words = session.terminal.language
    session.terminal.facts(
        {name: moment(value, words) if name in _MOMENTS and value else value for name, value in record.items()}
    )
    for text in calls:
        session.terminal.show(f"  {text}")
    entries = show_entries(session, connection.suite, proposal.calls)
    session.terminal.result({**record, "votes": listed, "calls": calls, "entries": entries})
    session.terminal.say()
    rows = [
        (vote.institution, item["says"], ", ".join("0x" + address.hex() for address in vote.objecting) or "-")
        for vote, item in zip(votes, listed, strict=True)
    ]
    session.terminal.table(("institution", "says", "objecting accounts"), rows)


def _show_alliance(session: Session, connection: "Connection") -> None:
    from testamur.artifacts.genesis import DEFAULT_PERIODS, directory_name
    from testamur.chain.proposals import list_proposals
    from testamur.cli.proposing import proposal_record
    from testamur.language.verdict import moment

    alliance = connection.contract("Alliance")
    numerator, denominator = alliance.read("threshold").values()
    members = alliance.read("members")
    agreements = []
    for version in range(1, alliance.read("agreementCount") + 1):
        agreement = alliance.read("agreement", version)
        signed = [member for member in members if alliance.read("signed", version, member)]
        agreements.append(
            {"version": version, "document": agreement["document"], "from": agreement["from"], "signed": signed}
        )
    proposals = [proposal_record(proposal) for proposal in list_proposals(alliance)]
    found = alliance.read_many("parameter", [(directory_name(name),) for name in DEFAULT_PERIODS])
    periods = dict(zip(DEFAULT_PERIODS, found, strict=True))
    session.terminal.result(
        {
            "members": members,
            "threshold": f"{numerator}/{denominator}",
            "periods": periods,
            "epoch": alliance.read("epoch"),
            "agreements": agreements,
            "proposals": proposals,
        }
    )
    session.terminal.facts({"members": ", ".join(map(str, members))})
    session.terminal.say(
        "threshold {numerator}/{denominator} of the members", numerator=numerator, denominator=denominator
    )
    for item in agreements:
        signatures = ", ".join(map(str, item["signed"])) or "nobody yet"
        session.terminal.say(
            "agreement {version} (0x{document}) signed by {signatures}",
            version=item["version"],
            document=item["document"].hex(),
            signatures=signatures,
        )
    if proposals:
        session.terminal.say()
        heads = ("proposal", "state", "yes", "no", "need", "by", "expires")
        keys = ("proposal", "state", "yes", "no", "need", "institution")
        words = session.terminal.language
        rows = [[*(item[key] for key in keys), moment(item["votingEndsAt"], words)] for item in proposals]
        session.terminal.table(heads, rows)
    session.terminal.say()
    session.terminal.table(("period", "seconds"), list(periods.items()))


@command(
    app,
    "propose",
    example="testamur alliance propose 'Alliance.setParameter[\"votingPeriod\", 604800]' --document why.pdf\n"
    "testamur alliance propose --agreement agreement.pdf",
)
def propose(
    session: Session,
    calls: Annotated[list[str] | None, typer.Argument(metavar="[CALL]...", help="Contract.function[JSON…]")] = None,
    document: Document = None,
    agreement: Annotated[
        Path | None, typer.Option("--agreement", metavar="FILE", help="Adopt this text as the next agreement.")
    ] = None,
    code_hashes: CodeHashes = None,
) -> int:
    """Put calls to the vote, and vote with every member the profile holds.

    A proposal that has enough votes is executed after its delay, which is waited out up to two minutes; else it stays
    open for the others. One that enters code in the Directory which this client does not know is refused, unless
    --code-hash names it.
    """
    from testamur.chain.governance import document_hash
    from testamur.cli.calls import parse_call
    from testamur.cli.proposing import put_to_vote, reason_document

    with session.connection() as connection:
        listed = [parse_call(connection.suite, text) for text in calls or []]
        if agreement is not None:
            text = document_hash(agreement.read_bytes())
            listed.append(connection.contract("Alliance").call("adoptAgreement", text, int(time.time())))
            document = document or agreement
        if not listed:
            raise UsageError("nothing is proposed", "name a call or an --agreement")
        agree_to_code(connection.suite, [(call.target or b"", call.data) for call in listed], code_hashes)
        reason = ", ".join(call.label for call in listed)
        return put_to_vote(session, connection, listed, reason_document(connection, document, reason))


@command(
    app,
    "vote",
    example="testamur alliance vote 3 --as uestc\ntestamur alliance vote 3 --against\n"
    "testamur alliance vote 3 --sign uestc-3.json",
)
def vote(
    session: Session,
    number: Number,
    against: Annotated[bool, typer.Option("--against", help="Say no. One account's no is its institution's.")] = False,
    code_hashes: CodeHashes = None,
    out: Annotated[
        Path | None, typer.Option("--sign", metavar="OUT", help="Sign the vote into this file and send nothing.")
    ] = None,
    sequence: Annotated[
        int | None, typer.Option("--sequence", min=0, help="With --sign: the number after the last one you signed.")
    ] = None,
) -> None:
    """Vote with an account of the institution that acts, or change what it said.

    The institution says yes where one of its GOVERN accounts does and none says no. Votes may change until the proposal
    is executed. A yes for code in the Directory that this client does not know is refused, unless --code-hash names it.
    """
    from testamur.chain.governance import vote as cast
    from testamur.chain.proposals import read_proposal
    from testamur.cli.proposing import proposal_record, say_when_executable
    from testamur.cli.voting import sign_into

    with session.connection() as connection:
        alliance = connection.contract("Alliance")
        institution = session.institution(connection.profile)
        if not against:
            agree_to_code(connection.suite, read_proposal(alliance, number).calls, code_hashes)
        if out is not None:
            sender = connection.sender_for(institution, "govern")
            sign_into(session, connection, sender.account, institution.number, number, not against, sequence, out)
            return
        receipt = cast(alliance, connection.sender_for(institution, "govern"), number, support=not against)
        proposal = read_proposal(alliance, number)
        session.terminal.result({**proposal_record(proposal), "transaction": receipt.transaction})
        session.terminal.say(
            "voted; proposal {number} is {state} with {yes} yes of {need}",
            number=number,
            state=session.terminal.language.said(proposal.state.name.lower()),
            yes=proposal.yes,
            need=proposal.need,
        )
        say_when_executable(session, proposal)


@command(
    app,
    "submit",
    example="testamur alliance submit uestc-3.json cdou-3.json\ntestamur alliance submit *.json --dry-run",
)
def submit(
    session: Session,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Votes that `vote --sign` wrote.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which would be refused; send nothing.")] = False,
) -> int:
    """Hand in signed votes, whoever signed them, in as few transactions as they take.

    One that is refused is skipped and named with its reason; the others count. Ends with 8 where some were refused,
    with 10 where all were.
    """
    from testamur.cli.voting import hand_in_files

    with session.connection() as connection:
        return hand_in_files(session, connection, files, dry_run)


@command(app, "withdraw", example="testamur alliance withdraw 3 --as cdou")
def withdraw(session: Session, number: Number) -> None:
    """Take back a proposal of the institution that acts, while it is open."""
    from testamur.chain.governance import withdraw as take_back

    with session.connection() as connection:
        institution = session.institution(connection.profile)
        receipt = take_back(connection.contract("Alliance"), connection.sender_for(institution, "govern"), number)
        session.terminal.result(
            {
                "proposal": number,
                "state": "withdrawn",
                "transaction": receipt.transaction,
                "block": receipt.block_number,
            }
        )
        session.terminal.say("proposal {number} was withdrawn", number=number)


@command(app, "execute", example="testamur alliance execute 3")
def execute(session: Session, number: Number) -> int:
    """Carry out an adopted proposal, and wait for its delay up to two minutes.

    Where the delay is longer, it says from when on and ends with 10. Votes are counted anew first where they would be
    enough by now.
    """
    from testamur.chain.governance import execute as carry_out
    from testamur.chain.governance import recount, wait_until_executable
    from testamur.chain.proposals import ProposalState, read_proposal
    from testamur.cli.proposing import proposal_record, say_when_executable, wait_notes

    with session.connection() as connection:
        alliance = connection.contract("Alliance")
        sender = connection.sender_for(session.institution(connection.profile), "govern")
        proposal = read_proposal(alliance, number)
        if proposal.state is ProposalState.OPEN and proposal.yes >= proposal.need:
            recount(alliance, sender, number)
        if not wait_until_executable(alliance, number, wait_notes(session)):
            proposal = read_proposal(alliance, number)
            if say_when_executable(session, proposal):
                session.terminal.result(proposal_record(proposal))
                return 10
        receipt = carry_out(alliance, sender, number)
        session.terminal.result({"proposal": number, "transaction": receipt.transaction, "block": receipt.block_number})
        session.terminal.say(
            "proposal {number} was executed in block {block_number}", number=number, block_number=receipt.block_number
        )
        return 0


@command(app, "sign", example="testamur alliance sign 1 --as cdou")
def sign(
    session: Session, version: Annotated[int, typer.Argument(metavar="VERSION", help="Version of the agreement.")]
) -> None:
    """Sign a version of the agreement for the institution that acts."""
    from testamur.chain.governance import sign_agreement

    with session.connection() as connection:
        institution = session.institution(connection.profile)
        receipt = sign_agreement(connection.contract("Alliance"), connection.sender_for(institution, "govern"), version)
        session.terminal.result(
            {"agreement": version, "institution": institution.number, "transaction": receipt.transaction}
        )
        session.terminal.say(
            "institution {number} has signed agreement {version}", number=institution.number, version=version
        )
