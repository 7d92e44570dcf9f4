"""`testamur-node`'s commands that look after a home's data; `cli` has those that make and run a node."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from testamur_node.operations.upkeep import Imported

__all__ = ["register"]

Home = Annotated[Path, typer.Option("--home", help="Folder of the node.", envvar="TESTAMUR_NODE_HOME")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("import-chain", epilog="testamur-node import-chain --home x --genesis g.json --blocks c.rlp")(
        import_chain
    )
    app.command("verify-db", epilog="testamur-node verify-db --home node")(verify_db)
    app.command("rollback", epilog="testamur-node rollback 1 --home node --yes")(rollback)
    app.command("aside", epilog="testamur-node aside --home node")(aside)
    app.command("prune", epilog="testamur-node prune --keep 1024 --home node")(prune)
    app.command("compact", epilog="testamur-node compact --home node")(compact)
    app.command("backup", epilog="testamur-node backup --out /mnt/backup --home node")(backup)
    app.command("restore", epilog="testamur-node restore /mnt/backup --home node")(restore)
    app.command("export", epilog="testamur-node export --out chain.rlp --home node")(export)
    app.command("import", epilog="testamur-node import chain.rlp --home node")(import_)


def import_chain(
    context: typer.Context,
    home: Home,
    genesis: Annotated[Path, typer.Option(help="genesis.json of the other network, as geth takes it.")],
    blocks: Annotated[Path, typer.Option(help="Its blocks, RLP one after the other.")],
) -> None:
    """Bring another network's chain in, block by block; `start` serves it then."""
    from testamur_node.operations import upkeep

    with context.obj.progress() as progress:
        done = upkeep.import_chain(home, genesis, blocks, progress)
    _tell_import(context, done)


def import_(
    context: typer.Context,
    home: Home,
    blocks: Annotated[Path, typer.Argument(help="File that export wrote.")],
) -> None:
    """Bring exported blocks of this very chain in; engine signatures are not part of an export."""
    from testamur_node.operations import upkeep

    with context.obj.progress() as progress:
        done = upkeep.import_blocks(home, blocks, progress)
    _tell_import(context, done)


def verify_db(context: typer.Context, home: Home) -> None:
    """Recompute every record of a home; exit 1 where one is damaged. May run beside the node."""
    from testamur_node.operations import upkeep

    with context.obj.progress() as progress:
        problems = list(upkeep.verify(home, progress))
    context.obj.tell({"problems": problems}, "\n".join(problems) or "no problems found")
    if problems:
        raise typer.Exit(1)


def rollback(
    context: typer.Context,
    home: Home,
    count: Annotated[int, typer.Argument(help="Blocks to undo; 0 for what was signed after the newest alone.", min=0)],
    yes: Annotated[bool, typer.Option("--yes", help="It is meant: without this nothing is undone.")] = False,
    of_a_governed_chain: Annotated[
        bool, typer.Option("--of-a-governed-chain", help="Also where verifiers may have seen those blocks.")
    ] = False,
) -> None:
    """Undo the newest blocks of a stopped node; says first what is lost, and the node tells of it ever after."""
    from testamur_node.operations.rollback import Losses, demand_consent, roll_back

    def consent(losses: Losses) -> None:
        if not context.obj.as_json:
            context.obj.tell({}, *losses.to_lines())
        demand_consent(losses, is_meant=yes, is_meant_though_governed=of_a_governed_chain)

    losses = roll_back(home, count, consent)
    context.obj.tell({"head": losses.target, "lost": losses.to_json()}, f"the head is block {losses.target} now")


def aside(
    context: typer.Context,
    home: Home,
    let_back: Annotated[
        str | None, typer.Option("--let-back", metavar="HASH", help="Have the node take this one again.")
    ] = None,
) -> None:
    """List the transactions that the node died of and does not try again, and those that are suspected of it.

    May run beside the node.
    """
    from testamur_node.operations.aside import let_back as put_back
    from testamur_node.operations.aside import suspects

    if let_back is not None:
        back = put_back(home, let_back)
        name = "0x" + back.hash.hex()
        line = f"{name} waits for a block again, or will at the next start"
        if not back.raw:
            line = f"{name} is taken again once its sender sends it again: the pool no longer has it"
        context.obj.tell({"letBack": name}, line)
        return
    found = suspects(home)
    lines = [
        f"set aside after {one.deaths} deaths: 0x{one.hash.hex()}"
        if one.is_aside
        else f"suspected after one death: 0x{one.hash.hex()}"
        for one in found
    ]
    facts = {
        "aside": [one.to_json() for one in found if one.is_aside],
        "suspected": [one.to_json() for one in found if not one.is_aside],
    }
    context.obj.tell(facts, *(lines or ["none"]))


def prune(
    context: typer.Context,
    home: Home,
    keep: Annotated[int, typer.Option(help="How many of the newest states stay.", min=1)],
) -> None:
    """Drop old states of a stopped node; blocks, receipts and logs stay."""
    from testamur_node.operations import upkeep

    with context.obj.progress() as progress:
        removed = upkeep.prune(home, keep, progress)
    context.obj.tell({"removed": removed}, f"{removed} trie nodes dropped; compact frees their space")


def compact(context: typer.Context, home: Home) -> None:
    """Rewrite a stopped node's data without free space."""
    from testamur_node.operations import upkeep

    before, after = upkeep.compact(home)
    context.obj.tell({"bytesBefore": before, "bytesAfter": after}, f"{before} bytes became {after}")


def backup(
    context: typer.Context,
    home: Home,
    out: Annotated[Path, typer.Option("--out", help="New folder for the copy.")],
    without_key: Annotated[bool, typer.Option("--without-key", help="Leave the validator's key out.")] = False,
) -> None:
    """Copy a node, running or not. The copy can sign as this node: keep it as safe, or leave the key out."""
    from testamur_node.operations import upkeep

    head = upkeep.back_up(home, out, has_key=not without_key)
    context.obj.tell({"head": head, "target": str(out)}, f"{out} holds the chain up to block {head}")


def restore(
    context: typer.Context,
    home: Home,
    backup: Annotated[Path, typer.Argument(help="Folder that backup made.")],
) -> None:
    """Verify a backup and make a new home of it."""
    from testamur_node.operations import upkeep

    with context.obj.progress() as progress:
        head = upkeep.restore(backup, home, progress)
    context.obj.tell({"head": head, "home": str(home)}, f"{home} holds the chain up to block {head}")


def export(
    context: typer.Context,
    home: Home,
    out: Annotated[Path, typer.Option("--out", help="New file for the blocks.")],
) -> None:
    """Write all blocks as RLP, as geth's export does; also while the node runs."""
    from testamur_node.operations import upkeep

    with context.obj.progress() as progress:
        count = upkeep.export_chain(home, out, progress)
    context.obj.tell({"blocks": count, "target": str(out)}, f"{count} blocks written to {out}")


def _tell_import(context: typer.Context, done: "Imported") -> None:
    facts = {"blocks": done.blocks, "head": done.head, "headHash": "0x" + done.head_hash.hex()}
    context.obj.tell(facts, f"{done.blocks} blocks in {done.seconds:.1f} s; head {done.head} {facts['headHash']}")
