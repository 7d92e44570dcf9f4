"""`testamur-node`'s commands that look after a home's data; `cli` has those that make and run a node."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from testamur_node.operations.upkeep import Imported

__all__ = ["register"]

Home = Annotated[Path, typer.Option("--home", help="Folder of the node.", envvar="TESTAMUR_NODE_HOME")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("import-chain", epilog="Example: testamur-node import-chain --home x --genesis g.json --blocks c.rlp")(
        import_chain
    )
    app.command("verify-db", epilog="Example: testamur-node verify-db --home node")(verify_db)
    app.command("rollback", epilog="Example: testamur-node rollback 1 --home node")(rollback)
    app.command("prune", epilog="Example: testamur-node prune --keep 1024 --home node")(prune)
    app.command("compact", epilog="Example: testamur-node compact --home node")(compact)
    app.command("backup", epilog="Example: testamur-node backup /mnt/backup --home node")(backup)
    app.command("restore", epilog="Example: testamur-node restore /mnt/backup --home node")(restore)
    app.command("export", epilog="Example: testamur-node export chain.rlp --home node")(export)
    app.command("import", epilog="Example: testamur-node import chain.rlp --home node")(import_)


def import_chain(
    home: Home,
    genesis: Annotated[Path, typer.Option(help="genesis.json of the other network, as geth takes it.")],
    blocks: Annotated[Path, typer.Option(help="Its blocks, RLP one after the other.")],
    json_: Json = False,
) -> None:
    """Bring another network's chain in, block by block; `start` serves it then."""
    from testamur_node.operations import upkeep

    _tell_import(json_, upkeep.import_chain(home, genesis, blocks))


def import_(
    home: Home, blocks: Annotated[Path, typer.Argument(help="File that export wrote.")], json_: Json = False
) -> None:
    """Bring exported blocks of this very chain in; engine signatures are not part of an export."""
    from testamur_node.operations import upkeep

    _tell_import(json_, upkeep.import_blocks(home, blocks))


def verify_db(home: Home, json_: Json = False) -> None:
    """Recompute every record of a home; exit 1 where one is damaged. May run beside the node."""
    from testamur_node.operations import upkeep

    problems = list(upkeep.verify(home))
    _tell(json_, {"problems": problems}, "\n".join(problems) or "no problems found")
    if problems:
        raise typer.Exit(1)


def rollback(
    home: Home, count: Annotated[int, typer.Argument(help="Blocks to undo.", min=1)], json_: Json = False
) -> None:
    """Undo the newest blocks of a stopped node."""
    from testamur_node.operations import upkeep

    head = upkeep.roll_back(home, count)
    _tell(json_, {"head": head}, f"the head is block {head} now")


def prune(
    home: Home,
    keep: Annotated[int, typer.Option(help="How many of the newest states stay.", min=1)],
    json_: Json = False,
) -> None:
    """Drop old states of a stopped node; blocks, receipts and logs stay."""
    from testamur_node.operations import upkeep

    removed = upkeep.prune(home, keep)
    _tell(json_, {"removed": removed}, f"{removed} trie nodes dropped; compact frees their space")


def compact(home: Home, json_: Json = False) -> None:
    """Rewrite a stopped node's data without free space."""
    from testamur_node.operations import upkeep

    before, after = upkeep.compact(home)
    _tell(json_, {"bytesBefore": before, "bytesAfter": after}, f"{before} bytes became {after}")


def backup(
    home: Home,
    target: Annotated[Path, typer.Argument(help="New folder for the copy.")],
    without_key: Annotated[bool, typer.Option("--without-key", help="Leave the validator's key out.")] = False,
    json_: Json = False,
) -> None:
    """Copy a node, running or not. The copy can sign as this node: keep it as safe, or leave the key out."""
    from testamur_node.operations import upkeep

    head = upkeep.back_up(home, target, has_key=not without_key)
    _tell(json_, {"head": head, "target": str(target)}, f"{target} holds the chain up to block {head}")


def restore(
    home: Home, backup: Annotated[Path, typer.Argument(help="Folder that backup made.")], json_: Json = False
) -> None:
    """Verify a backup and make a new home of it."""
    from testamur_node.operations import upkeep

    head = upkeep.restore(backup, home)
    _tell(json_, {"head": head, "home": str(home)}, f"{home} holds the chain up to block {head}")


def export(
    home: Home, target: Annotated[Path, typer.Argument(help="New file for the blocks.")], json_: Json = False
) -> None:
    """Write all blocks as RLP, as geth's export does; also while the node runs."""
    from testamur_node.operations import upkeep

    count = upkeep.export_chain(home, target)
    _tell(json_, {"blocks": count, "target": str(target)}, f"{count} blocks written to {target}")


def _tell_import(is_json: bool, done: "Imported") -> None:
    facts = {"blocks": done.blocks, "head": done.head, "headHash": "0x" + done.head_hash.hex()}
    _tell(is_json, facts, f"{done.blocks} blocks in {done.seconds:.1f} s; head {done.head} {facts['headHash']}")


def _tell(is_json: bool, facts: dict[str, Any], line: str) -> None:
    typer.echo(json.dumps(facts, ensure_ascii=False) if is_json else line)
