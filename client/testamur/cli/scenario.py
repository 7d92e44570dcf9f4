"""`testamur scenario`: play a named system of the domain, from founding to the first credentials."""

from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.session import Session

__all__ = ["app"]

app = noun("Scenarios: a small world to try everything in.", "testamur scenario run chengdu --out world")


@command(app, "list", asks_node=False, example="testamur scenario list")
def list_(session: Session) -> None:
    """List the scenarios."""
    from testamur.scenario import SCENARIOS

    for name, story in SCENARIOS.items():
        session.terminal.result({"name": name, "story": story})
    session.terminal.table(("name", "story"), list(SCENARIOS.items()))


@command(
    app,
    "run",
    example="testamur scenario run chengdu --out chengdu\n"
    "testamur scenario run chengdu --out chengdu --rpc http://127.0.0.1:8545 --profile home/testamur.toml",
)
def run(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Scenario, as `scenario list` names it.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Fresh folder for the scenario's files.")],
    rpc: Annotated[
        str | None, typer.Option("--rpc", metavar="URL", help="Governed chain to play on; else a chain of its own.")
    ] = None,
    scale: Annotated[
        float, typer.Option("--scale", min=0.05, max=5_000, help="Learners in each batch, in twenties.")
    ] = 1.0,
    stop_node: Annotated[
        bool, typer.Option("--stop-node", help="Stop the scenario's own chain at the end; else it goes on running.")
    ] = False,
) -> int:
    """Play a scenario into a folder.

    Without --rpc a development chain is started in DIR/node and left running, so that the commands work in DIR at
    once. With --rpc the founders come from --profile.
    """
    from testamur.scenario import run as play

    terminal = session.terminal
    founders = session.profile_path if rpc else None
    result = play(name, out, rpc=rpc, profile=founders, rows=round(20 * scale), say=terminal.note, access=session.shown)
    terminal.result(result.to_json())
    terminal.facts(
        {
            "profile": result.profile,
            "policy": result.policy,
            "agreement": f"version {result.agreement}, signed by both founders",
            "issued": ", ".join(str(path) for path in result.issued),
            "not recognised": f"institution {result.unrecognised}",
            "chain": result.rpc,
        }
    )
    if result.node is None:
        return 0
    if stop_node:
        result.node.stop()
        return 0
    result.node.leave()
    address = result.rpc.removeprefix("http://")
    terminal.say("the chain runs as process {pid}; stop it with: kill {pid}", pid=result.node.pid)
    terminal.say(
        "start it again with: testamur-node start --home {out} --http {address}",
        out=result.out / "node",
        address=address,
    )
    return 0
