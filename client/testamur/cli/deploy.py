"""`testamur deploy`: the contract suite on a chain; on a governed one, newer versions by vote of the alliance."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.artifacts.genesis import Founding
    from testamur.chain.connection import Connection
    from testamur.chain.deployment import Step
    from testamur.chain.transactions import Sender

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Put the command under the root."""
    command(
        app,
        "deploy",
        example="testamur deploy --plan\n"
        "ETH_KEYSTORE=deployer.json ETH_PASSWORD=password testamur deploy --alliance alliance.toml",
    )(deploy)


def deploy(
    session: Session,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done; send nothing.")] = False,
    alliance: Annotated[
        Path | None,
        typer.Option("--alliance", metavar="FILE", help="alliance.toml with the founders; else the profile's."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="POLICY", help="Policy file to write; else the profile's policy.")
    ] = None,
    document: Annotated[
        Path | None, typer.Option("--document", metavar="FILE", help="The document that explains the proposal.")
    ] = None,
) -> int:
    """Deploy the contract suite, enter its addresses in the profile and write the policy.

    An interrupted deployment goes on with the same command. --plan shows the transactions and their gas.

    On a chain that has the suite, contracts whose code is older than this client's are created anew and proposed to
    the alliance, which enters them in the Directory by vote. The deploying account is ETH_KEYSTORE's, else the
    issuing account of the institution that acts.
    """
    from testamur.chain.deploy import is_governed

    with session.connection() as connection:
        if is_governed(connection.rpc, connection.profile.directory) and not _journal(connection).exists():
            return _renew(session, connection, plan, document, out)
        return _found(session, connection, plan, alliance, out)


def _found(session: Session, connection: "Connection", plan: bool, alliance: Path | None, out: Path | None) -> int:
    from testamur.chain.deploy import deploy_suite
    from testamur.chain.founding import founding_from_file, founding_from_profile

    terminal = session.terminal
    founding = founding_from_file(alliance) if alliance else founding_from_profile(connection.profile)
    if plan:
        return _say_plan(session, connection, founding)

    def say(step: "Step", done: int, total: int) -> None:
        facts = {"contract": step.contract, "done": done + 1, "total": total}
        if step.action == "create":
            terminal.note("creating {contract} ({done}/{total})", **facts)
        elif step.action == "seal":
            terminal.note("sealing {contract} ({done}/{total})", **facts)
        else:
            terminal.note("entering {entries} in {contract} ({done}/{total})", entries=step.entries, **facts)

    deployed = deploy_suite(connection.rpc, _deployer(session, connection), founding, _journal(connection), say)
    connection.profile = replace(connection.profile, directory=deployed.addresses["Directory"])
    connection.profile.save()
    policy, fingerprint = _write_policy(connection, out)
    terminal.result(
        {
            "governed": False,
            "addresses": {name: "0x" + address.hex() for name, address in deployed.addresses.items()},
            "blocks": sorted(set(deployed.blocks)),
            "transactions": len(deployed.blocks),
            "gasUsed": deployed.gas_used,
            "mostGas": deployed.most_gas,
            "policy": str(policy),
            "fingerprint": fingerprint,
        }
    )
    terminal.table(("contract", "address"), [(name, at) for name, at in deployed.addresses.items()])
    terminal.say(
        "wrote {path} and {policy}; policy fingerprint {fingerprint}",
        path=connection.profile.path,
        policy=policy,
        fingerprint=fingerprint,
    )
    _journal(connection).unlink()
    return 0


def _say_plan(session: Session, connection: "Connection", founding: "Founding") -> int:
    from testamur.chain.deployment import Begun, remaining_steps

    rpc, journal, terminal = connection.rpc, _journal(connection), session.terminal
    begun = Begun.read(journal)
    if begun is None:
        begun = Begun.new(rpc, bytes(20), founding)  # whose account it will be changes no gas
    begun.demand_same(rpc, founding, journal)
    steps = remaining_steps(rpc, founding, begun)
    total = sum(step.gas for step in steps)
    terminal.result(
        {
            "governed": False,
            "create": [step.contract for step in steps if step.action == "create"],
            "founders": len(founding.founders),
            "transactions": [
                {"contract": step.contract, "action": step.action, "entries": step.entries, "mostGas": step.gas}
                for step in steps
            ],
            "mostGas": total,
        }
    )
    terminal.table(
        ("contract", "action", "entries", "gas at most"),
        [(step.contract, step.action, step.entries or "", f"{step.gas:,}") for step in steps],
    )
    terminal.say(
        "would send {count} transactions of at most {gas} gas for {founders} founders",
        count=len(steps),
        gas=f"{total:,}",
        founders=len(founding.founders),
    )
    return 0


def _renew(session: Session, connection: "Connection", plan: bool, document: Path | None, out: Path | None) -> int:
    from testamur.chain.deploy import REPLACEABLE, deploy_successor
    from testamur.cli.proposing import reason_document
    from testamur.doctor import check_code

    terminal = session.terminal
    unknown = [str(finding.facts["contract"]) for finding in check_code(connection) if finding.code == "unknown_code"]
    outdated = [name for name in REPLACEABLE if name in unknown]
    fixed = [name for name in unknown if name not in outdated]
    if plan or not outdated:
        path = _policy_path(connection, out)
        fingerprint = None
        if not plan and not path.exists():
            path, fingerprint = _write_policy(connection, out)
            terminal.say("wrote {path}; policy fingerprint {fingerprint}", path=path, fingerprint=fingerprint)
        terminal.result({"governed": True, "propose": outdated, "unknown": fixed, "fingerprint": fingerprint})
        if outdated:
            terminal.say("would propose new versions of {names}", names=", ".join(outdated))
        else:
            terminal.say("every contract is current")
        if fixed:
            terminal.say("never replaced, and unknown to this client: {names}", names=", ".join(fixed))
        return 0
    hashed = reason_document(connection, document, f"New versions of {', '.join(outdated)}")
    for name in outdated:
        successor = deploy_successor(connection, _deployer(session, connection), name, hashed)
        executed = successor.receipt is not None
        terminal.result(
            {
                "governed": True,
                "contract": name,
                "address": successor.address,
                "proposal": successor.proposal.id,
                "executed": executed,
            }
        )
        facts = {"contract": name, "address": successor.address.hex(), "proposal": successor.proposal.id}
        if executed:
            terminal.say(
                "{contract} 0x{address}: proposal {proposal} passed; current after the Directory's delay", **facts
            )
        else:
            terminal.say(
                "{contract} 0x{address}: proposal {proposal} waits, see `testamur alliance show {proposal}`", **facts
            )
    return 0


def _deployer(session: Session, connection: "Connection") -> "Sender":
    from testamur.chain.signer import account_from_environment

    account = account_from_environment(session.environment)
    if account is not None:
        return connection.sender(account)
    if not connection.profile.institutions:
        raise UsageError("no account is named to deploy with", "set ETH_KEYSTORE and ETH_PASSWORD")
    return connection.sender_for(session.institution(connection.profile), "issue")


def _journal(connection: "Connection") -> Path:
    """Where a deployment under way is written down."""
    return connection.profile.path.with_name("deployment.json")


def _policy_path(connection: "Connection", out: Path | None) -> Path:
    profile = connection.profile
    return out or profile.resolve(profile.policy or "policy.toml")


def _write_policy(connection: "Connection", out: Path | None) -> tuple[Path, str]:
    from testamur.verification.creation import create_policy

    path = _policy_path(connection, out)
    policy = create_policy(connection.rpc, connection.profile.directory)
    policy.write(path)
    if connection.profile.policy is None:
        connection.profile = replace(connection.profile, policy=str(path))
        connection.profile.save()
    return path, policy.fingerprint
