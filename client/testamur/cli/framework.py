"""`testamur framework`: the qualification frameworks that the register holds."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

if TYPE_CHECKING:
    from testamur.registry import Framework

__all__ = ["app"]

app = noun("Qualification frameworks: levels and types of qualification.", "testamur framework list")


@command(app, "list", example="testamur framework list")
def list_(session: Session) -> None:
    """List the frameworks."""
    from testamur.registry import read_frameworks

    with session.connection() as connection:
        frameworks = read_frameworks(connection.suite)
    for framework in frameworks:
        session.terminal.result(_record(framework))
    rows = [(item.number, item.name, len(item.levels), len(item.types), item.direction) for item in frameworks]
    session.terminal.table(("number", "name", "levels", "types", "direction of labels"), rows)


@command(app, "show", example="testamur framework show 1\ntestamur framework show 1 --json")
def show(session: Session, number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number.")]) -> None:
    """Show a framework: its levels and types, with the texts that credentials must repeat."""
    from testamur.registry import read_framework

    with session.connection() as connection:
        framework = read_framework(connection.suite, number)
    if framework is None:
        raise UsageError(f"there is no framework {number}", "list them with `testamur framework list`")
    terminal = session.terminal
    terminal.result(_record(framework))
    terminal.facts({"framework": framework.number, "name": framework.name, "legal basis": framework.legal_basis})
    terminal.say()
    terminal.table(
        ("rank", "ladder", "code", "label"),
        [(item.rank, item.ladder, item.code, "(blank)" if item.is_blank else item.label) for item in framework.levels],
    )
    terminal.say()
    terminal.table(
        ("type", "name", "ranks"),
        [(item.number, item.name, f"{item.lowest_rank}-{item.highest_rank}") for item in framework.types],
    )


def _record(framework: "Framework") -> dict[str, Any]:
    return {
        "number": framework.number,
        "name": framework.name,
        "direction": framework.direction,
        "legalBasis": framework.legal_basis,
        "levels": [
            {"rank": item.rank, "ladder": item.ladder, "code": item.code, "label": item.label, "blank": item.is_blank}
            for item in framework.levels
        ],
        "types": [
            {
                "number": item.number,
                "name": item.name,
                "lowestRank": item.lowest_rank,
                "highestRank": item.highest_rank,
                "from": item.since,
                "to": item.until or None,
            }
            for item in framework.types
        ],
    }
