"""`testamur verify`: judge bundles by a policy; the exit code says what the gravest verdict was."""

from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.terminal import shown, width
from testamur.language import Language

if TYPE_CHECKING:
    from testamur.verification.connection import Chain
    from testamur.verification.policy import Policy

__all__ = ["PolicyPath", "RpcAddress", "chain_for", "register"]

PolicyPath = Annotated[
    Path | None,
    typer.Option(
        "--policy", envvar="TESTAMUR_POLICY", show_envvar=False, metavar="P.toml", help="Policy; else the profile's."
    ),
]
RpcAddress = Annotated[
    str | None,
    typer.Option(
        "--rpc", envvar="TESTAMUR_RPC", show_envvar=False, metavar="URL", help="Node to ask; else the policy's first."
    ),
]
MARKS = {"valid": "✓", "invalid": "✗", "indeterminate": "?", "pass": "✓", "fail": "✗", "unknown": "?", "skipped": "–"}
COLOURS = {"valid": "green", "invalid": "red", "indeterminate": "blue"}


def register(app: typer.Typer) -> None:
    """Put the command under the root."""
    command(
        app,
        "verify",
        example="testamur verify li-hua.json --policy policy.toml\n"
        "testamur verify batch/ --json\n"
        "testamur verify li-hua.json --offline --at evidence",
    )(verify)


def verify(
    session: Session,
    inputs: Annotated[list[str], typer.Argument(metavar="FILE…|DIR|-", help="Bundles; a folder; - for stdin.")],
    policy_path: PolicyPath = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: judge by the evidence in the file.")] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME|evidence", help="Judge a past moment (ISO 8601).")
    ] = None,
    rpc: RpcAddress = None,
) -> int:
    """Judge bundles: are they genuine, and in force?

    A folder means each *.json and each line of each *.jsonl in it. Exit codes: 0 valid; 3 malformed, forged, altered
    or never anchored; 4 revoked or suspended; 5 expired or not yet valid; 6 issuer, scope or key; 7 undecided;
    2 usage. Of several, the first that occurs of 2, 1, 3, 6, 4, 5, 7.
    """
    from testamur.cli.sources import Source, sources
    from testamur.verification.bulk import verify_many
    from testamur.verification.policy import Policy
    from testamur.verification.verdict import exit_code

    policy = Policy.load(session.policy_file(policy_path))
    moment = _moment(at)
    is_detailed = len(inputs) == 1 and not Path(inputs[0]).is_dir() and not inputs[0].endswith(".jsonl")
    codes: list[str | int] = []
    waiting: deque[Source] = deque()

    def readable() -> Iterator[bytes]:
        for source in sources(inputs):
            if source.data is not None:
                waiting.append(source)
                yield source.data
            else:
                session.terminal.result({"input": source.name, "error": source.problem})
                session.terminal.note(f"{shown(source.name)}: {shown(source.problem)}")
                codes.append(2)

    counts: Counter[str] = Counter()
    with chain_for(session, policy, rpc, offline=offline) as chain:
        for verdict in verify_many(readable(), chain, policy, at=moment):
            record = {"input": waiting.popleft().name, **verdict.to_json()}
            codes.append(verdict.code)
            counts[verdict.code] += 1
            session.terminal.result(_in_language(record, session.terminal.language))
            for line in _lines(record, session, is_detailed):
                session.terminal.say(line)
    if sum(counts.values()) > 1:
        session.terminal.note(", ".join(f"{count} {code}" for code, count in sorted(counts.items())))
    return exit_code(codes)


def chain_for(session: Session, policy: "Policy", rpc: str | None, *, offline: bool = False) -> "Chain":
    """The chain to ask: --rpc, else TESTAMUR_RPC, the policy's first node, the profile's; or none."""
    from testamur.verification.connection import Chain

    if offline:
        return Chain.offline()
    url = rpc or (policy.urls[0] if policy.urls else None)
    if url is None and session.has_profile():
        url = session.profile().rpc
    if url is None:
        raise UsageError("no node is named", "name one with --rpc, in the policy or in the profile; or say --offline")
    return Chain.connect(url, access=session.access_to(url))


def _moment(text: str | None) -> datetime | Literal["evidence"] | None:
    from testamur.cli.issuer_key import parse_time

    if text is None or text == "evidence":
        return None if text is None else "evidence"
    moment = parse_time(text).astimezone(UTC)
    if moment > datetime.now(UTC):
        raise UsageError(f"{text} lies in the future", "judge a past moment, or leave --at out for now")
    return moment


def _in_language(record: dict[str, Any], words: Language) -> dict[str, Any]:
    """The record with its messages in the language asked for; codes stay."""
    if words.tag == "en":
        return record
    from testamur.language.verdict import check_sentence

    checks = [{**check, "message": check_sentence(check, words, is_exact=True)} for check in record["checks"]]
    return {**record, "checks": checks}


def _lines(record: dict[str, Any], session: Session, is_detailed: bool) -> Iterator[str]:
    from testamur.language.verdict import check_sentence, fact_lines, foreign_kind, moment

    words, terminal = session.terminal.language, session.terminal
    outcome, code, kind = record["outcome"], record["code"], foreign_kind(record)
    name = shown(record["input"])
    if kind is not None:
        yield from _foreign_lines(kind, name, session, is_detailed)
        return
    mark = terminal.paint(f"{MARKS[outcome]} {words.text(f'outcome.{outcome}')}", COLOURS[outcome])
    yield f"{mark}  {code}  {name}"
    if not is_detailed:
        return
    yield f"  {words.text(f'code.{code}.headline')}{words.text('cli.full_stop')}{words.text(f'code.{code}.meaning')}"
    told = fact_lines(record, words)
    longest = max((width(label) for label, _ in told), default=0)
    for label, value in told:
        yield f"    {label}{' ' * (longest - width(label))}  {shown(value)}"
    for check in record["checks"]:
        detail = f"  [{check['code']}]" if check["code"] else ""
        yield (
            f"  {MARKS[check['result']]} {words.text('check.' + check['name'] + '.name')}{words.text('cli.colon')}"
            + (shown(check_sentence(check, words, is_exact=True)) + detail)
        )
    if (as_of := record["as_of"]) is not None:
        facts = {"block": as_of["block"], "time": moment(as_of["time"], words)}
        yield "  " + words.text("cli.as_of", **facts, trust=words.text(f"trust.{as_of['trust']}"))
    yield "  " + words.text("cli.next", next=words.find(f"code.{code}.terminal") or words.text(f"code.{code}.next"))


def _foreign_lines(kind: str, name: str, session: Session, is_detailed: bool) -> Iterator[str]:
    """A file that is no bundle: what it is and what to hand in, and no verdict on anything in it."""
    words, terminal = session.terminal.language, session.terminal
    headline = words.text(f"kind.{kind}.headline")
    yield f"{terminal.paint('– ' + words.text('outcome.foreign'), 'blue')}  {headline}  {name}"
    if is_detailed:
        yield "  " + words.text("kind.terminal")
        yield "  " + words.text("cli.next", next=words.find(f"kind.{kind}.next") or words.text("kind.next"))
