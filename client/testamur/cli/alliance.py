"""`testamur alliance`: members, their agreement, and what they vote on."""

import time
from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.entries import CodeHashes, agree_to_code, show_entries
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

__all__ = ["app"]

app = noun("Members, their agreement, and what they vote on.", "testamur alliance show")

Document = Annotated[Path | None, typer.Option("--document", metavar="FILE", help="The document that explains it.")]
Number = Annotated[int, typer.Argument(metavar="PROPOSAL", help="Number of the proposal.")]


@command(app, "show", example="testamur alliance show\ntestamur alliance show 3 --json")
def show(
    session: Session,
    number: Annotated[int | None, typer.Argument(metavar="[PROPOSAL]", help="A proposal, with its calls.")] = None,
) -> None:
    """Show members, threshold, agreements and proposals, or one proposal."""
    from testamur.chain.calls import describe_call
    from testamur.chain.governance import list_proposals, read_proposal

    with session.connection() as connection:
        alliance = connection.contract("Alliance")
        if number is not None:
            proposal = read_proposal(alliance, number)
            calls = [describe_call(connection.suite, target, data) for target, data in proposal.calls]
            record = _record(proposal, calls)
            session.terminal.facts({name: value for name, value in record.items() if name != "calls"})
            for text in calls:
                session.terminal.show(f"  {text}")
            entries = show_entries(session, connection.suite, proposal.calls)
            session.terminal.result({**record, "entries": entries})
            return
        numerator, denominator = alliance.read("threshold").values()
        members = alliance.read("members")
        agreements = []
        for version in range(1, alliance.read("agreementCount") + 1):
            agreement = alliance.read("agreement", version)
            signed = [member for member in members if alliance.read("signed", version, member)]
            agreements.append(
                {"version": version, "document": agreement["document"], "from": agreement["from"], "signed": signed}
            )
        proposals = [_record(proposal, []) for proposal in list_proposals(alliance)]
        session.terminal.result(
            {
                "members": members,
                "threshold": f"{numerator}/{denominator}",
                "epoch": alliance.read("epoch"),
                "agreements": agreements,
                "proposals": proposals,
            }
        )
        session.terminal.facts(
            {"members": ", ".join(map(str, members)), "threshold": f"{numerator}/{denominator} of the members"}
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
            heads = ("proposal", "state", "yes", "no", "by", "expires")
            keys = ("proposal", "state", "yes", "no", "institution", "expiresAt")
            session.terminal.table(heads, [[item[key] for key in keys] for item in proposals])


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

    A proposal that has enough votes is executed at once; else it stays open for the others. One that enters code in the
    Directory which this client does not know is refused, unless --code-hash names it.
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


@command(app, "vote", example="testamur alliance vote 3 --as uestc\ntestamur alliance vote 3 --against")
def vote(
    session: Session,
    number: Number,
    against: Annotated[bool, typer.Option("--against", help="Vote no. A vote is final.")] = False,
    code_hashes: CodeHashes = None,
) -> None:
    """Cast the vote of the institution that acts.

    A yes for code in the Directory that this client does not know is refused, unless --code-hash names it.
    """
    from testamur.chain.governance import read_proposal
    from testamur.chain.governance import vote as cast

    with session.connection() as connection:
        alliance = connection.contract("Alliance")
        institution = session.institution(connection.profile)
        if not against:
            agree_to_code(connection.suite, read_proposal(alliance, number).calls, code_hashes)
        receipt = cast(alliance, connection.sender_for(institution, "govern"), number, support=not against)
        proposal = read_proposal(alliance, number)
        session.terminal.result({**_record(proposal, []), "transaction": receipt.transaction})
        session.terminal.say(
            "voted; proposal {number} is {state} with {yes} yes",
            number=number,
            state=proposal.state.name.lower(),
            yes=proposal.yes,
        )
        if proposal.state.name == "PASSED":
            session.terminal.say("carry it out with: testamur alliance execute {number}", number=number)


@command(app, "execute", example="testamur alliance execute 3")
def execute(session: Session, number: Number) -> None:
    """Carry out a proposal that has passed."""
    from testamur.chain.governance import execute as carry_out

    with session.connection() as connection:
        institution = session.institution(connection.profile)
        receipt = carry_out(connection.contract("Alliance"), connection.sender_for(institution, "govern"), number)
        session.terminal.result({"proposal": number, "transaction": receipt.transaction, "block": receipt.block_number})
        session.terminal.say(
            "proposal {number} was executed in block {block_number}", number=number, block_number=receipt.block_number
        )


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


def _record(proposal: object, calls: list[str]) -> dict[str, object]:
    from testamur.chain.governance import Proposal

    assert isinstance(proposal, Proposal)
    return {
        "proposal": proposal.id,
        "institution": proposal.institution,
        "state": proposal.state.name.lower(),
        "yes": proposal.yes,
        "no": proposal.no,
        "createdAt": proposal.created_at,
        "expiresAt": proposal.expires_at,
        "document": proposal.document,
        "calls": calls,
    }
