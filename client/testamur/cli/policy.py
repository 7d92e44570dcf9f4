"""`testamur policy`: what a verifier trusts, pinned in one file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.terminal import shown
from testamur.cli.values import read_address
from testamur.cli.verify import PolicyPath, RpcAddress

if TYPE_CHECKING:
    from testamur.verification.policy import Policy

__all__ = ["app"]

app = noun("Policies: what a verifier trusts, pinned in one file.", "testamur policy show policy.toml")

PolicyFile = Annotated[
    Path | None, typer.Argument(metavar="[POLICY]", help="The policy; else --policy or the profile's.")
]


@command(
    app,
    "create",
    example="testamur policy create --rpc http://127.0.0.1:8545 --out policy.toml\n"
    "testamur policy create --accept 1 --accept 2 --issuer-now required",
)
def create(
    session: Session,
    rpc: RpcAddress = None,
    directory: Annotated[str | None, typer.Option("--directory", metavar="ADDRESS", help="The Directory.")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")] = Path("policy.toml"),
    trust: Annotated[
        str | None, typer.Option("--trust", metavar="light-client|single-signer|rpc", help="Else the strongest.")
    ] = None,
    accept: Annotated[
        list[int] | None, typer.Option("--accept", metavar="NUMBER", help="Accept only these issuers; else any.")
    ] = None,
    issuer_now: Annotated[
        str, typer.Option("--issuer-now", metavar="warn|required", help="An issuer suspended or withdrawn since.")
    ] = "warn",
    max_age: Annotated[
        int | None,
        typer.Option("--max-age", min=1, metavar="SECONDS", help="Greatest age of a state; else 3600, with rpc none."),
    ] = None,
    min_institutions: Annotated[
        int | None,
        typer.Option("--min-institutions", min=1, metavar="K", help="Institutions that must sign (light-client)."),
    ] = None,
    confirmations: Annotated[
        int | None,
        typer.Option("--confirmations", min=0, metavar="N", help="Blocks behind the newest (rpc); else finalized."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Pin the chain behind a node as a policy. Compare its fingerprint with the alliance's before relying on it."""
    from testamur.artifacts import GENESIS_ADDRESSES
    from testamur.verification.creation import create_policy

    if out.exists() and not force:
        raise UsageError(f"{out} exists already", "name another with --out, or say --force")
    profile = session.profile() if session.has_profile() else None
    url = rpc or (profile.rpc if profile else None)
    if url is None:
        raise UsageError("no node is named", "name one with --rpc, or run in a folder with testamur.toml")
    address = profile.directory if profile else GENESIS_ADDRESSES["Directory"]
    if directory is not None:
        address = read_address(directory)
    with session.node(url) as node:
        policy = create_policy(
            node,
            address,
            trust=trust,
            accepted_issuers=accept or None,  # typer gives an empty list where the option is left out
            issuer_now=issuer_now,
            max_age_seconds=max_age,
            min_institutions=min_institutions,
            confirmations=confirmations,
        )
    policy.write(out)
    session.terminal.result({"policy": str(out), "trust": policy.trust, "fingerprint": policy.fingerprint})
    session.terminal.say(
        "wrote {out}: trust {trust}, chain {chain_id}", out=out, trust=policy.trust, chain_id=policy.chain_id
    )
    session.terminal.say("fingerprint {fingerprint}", fingerprint=policy.fingerprint)
    session.terminal.say("compare it with the alliance's, by phone or on paper, before you rely on it")


@command(app, "show", asks_node=False, example="testamur policy show policy.toml")
def show(session: Session, file: PolicyFile = None, policy_path: PolicyPath = None) -> None:
    """Show a policy and its fingerprint, to compare by phone."""
    policy = _load(session, file, policy_path)
    accepted = "any" if policy.accepted_issuers is None else sorted(policy.accepted_issuers)
    facts = {
        "trust": policy.trust,
        "chainId": policy.chain_id,
        "engineChainId": policy.engine_chain_id,
        "genesisHash": policy.genesis_hash,
        "directory": policy.directory,
        "directoryCodeHash": policy.directory_code_hash,
        "soloKey": policy.solo_key,
        "minInstitutions": policy.min_institutions,
        "acceptedIssuers": accepted,
        "issuerNow": policy.issuer_now,
        "maxAgeSeconds": policy.max_age_seconds,
        "trustPeriodSeconds": policy.trust_period_seconds,
        "urls": list(policy.urls),
        "fingerprint": policy.fingerprint,
    }
    session.terminal.result(facts)
    session.terminal.facts({name: value for name, value in facts.items() if value is not None})


@command(app, "check", example="testamur policy check policy.toml --rpc http://127.0.0.1:8545")
def check(session: Session, file: PolicyFile = None, policy_path: PolicyPath = None, rpc: RpcAddress = None) -> int:
    """Check that a policy is complete and that the chain it pins can be read by it."""
    from datetime import UTC, datetime

    from testamur.cli.verify import chain_for
    from testamur.verification.errors import UndecidedError
    from testamur.verification.ground import probe
    from testamur.verification.memory import Memory

    policy = _load(session, file, policy_path)
    with chain_for(session, policy, rpc) as chain:
        state = probe(chain, policy, Memory.of(policy), datetime.now(UTC))
    session.terminal.result(
        {"fingerprint": policy.fingerprint, "trust": state.trust, "block": state.block, "time": state.time.isoformat()}
    )
    if state.doubt is not None:
        raise UndecidedError(state.doubt.code, state.doubt.message, state.doubt.advice)
    session.terminal.say(
        "the policy holds: block {block} of {time} UTC, {trust}",
        block=state.block,
        time=f"{state.time:%Y-%m-%d %H:%M:%S}",
        trust=state.trust,
    )
    session.terminal.say("fingerprint {fingerprint}", fingerprint=policy.fingerprint)
    return 0


@command(
    app,
    "refresh",
    example="testamur policy refresh policy.toml --node http://a.example:8545 --node http://b.example:8545",
)
def refresh(
    session: Session,
    file: PolicyFile = None,
    policy_path: PolicyPath = None,
    nodes: Annotated[
        list[str] | None, typer.Option("--node", metavar="URL", help="Nodes to compare; else those of the policy.")
    ] = None,
    at_least: Annotated[int, typer.Option("--at-least", min=1, metavar="K", help="Nodes that must agree.")] = 1,
    forget: Annotated[
        bool, typer.Option("--forget", help="Forget what was remembered: the alliance said that it rolled back.")
    ] = False,
) -> int:
    """Compare what several nodes show, and remember the newest state that was proved.

    A node agrees where it shows, signed by the policy's keys, the newest state there is or one a moment behind it.
    Exit code 7 where fewer than K nodes agree, where two show different histories, or where what was proved before is
    no longer part of the chain: it was rolled back. --forget begins anew, once the alliance has said what happened.
    """
    from datetime import UTC, datetime

    from testamur.verification.comparison import compare_nodes
    from testamur.verification.connection import Chain
    from testamur.verification.errors import UndecidedError
    from testamur.verification.ground import probe
    from testamur.verification.memory import Memory

    policy = _load(session, file, policy_path)
    urls = list(nodes or policy.urls) or ([session.profile().rpc] if session.has_profile() else [])
    if not urls:
        raise UsageError("no node is named", "name several with --node URL, or in the policy")
    now, memory = datetime.now(UTC), Memory.of(policy)
    remembered = Memory(None, memory.chain) if forget else memory
    reports = compare_nodes(policy, urls, remembered, now, session.node)
    agreeing = [report for report in reports if report.problem is None]
    if not agreeing and reports[0].error is not None:
        raise reports[0].error
    if len(agreeing) < at_least:
        for report in reports:
            if report.problem:
                told = session.terminal.language.told(report.problem)
                session.terminal.note(f"{shown(report.url)}: {shown(told)}")
        raise UndecidedError("unproven", f"{len(agreeing)} nodes agree, {at_least} must")
    newest = max(agreeing, key=lambda report: report.height or 0).url
    if forget:
        memory.forget()
    with Chain.connect(newest, access=session.access_to(newest)) as chain:
        state = probe(chain, policy, memory, now)
    session.terminal.result(
        {
            "nodes": [{"url": report.url, "height": report.height, "problem": report.problem} for report in reports],
            "block": state.block,
            "time": state.time.isoformat(),
        }
    )
    session.terminal.table(
        ("node", "height", "problem"),
        [
            (report.url, report.height, report.problem and session.terminal.language.told(report.problem))
            for report in reports
        ],
    )
    session.terminal.say("{count} nodes agree; newest proved block {block}", count=len(agreeing), block=state.block)
    return 0


def _load(session: Session, file: Path | None, option: Path | None) -> "Policy":
    from testamur.verification.policy import Policy

    return Policy.load(file or session.policy_file(option))
