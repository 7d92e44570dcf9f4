"""`testamur template`: the shape of a batch's credentials and the columns of its roster."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session

__all__ = ["app"]

app = noun(
    "Templates: the shape of a batch's credentials.", "testamur template example --rows 20 --out example --as cdou"
)


@command(
    app,
    "check",
    asks_node=False,
    example="testamur template check template.json\ntestamur template check template.json --json",
)
def check(session: Session, file: Annotated[Path, typer.Argument(metavar="FILE", help="The template.")]) -> None:
    """Check a template file and show what it asks of a roster."""
    from testamur.credential.columns import FIELDS
    from testamur.credential.template import Template

    template = Template.load(file)
    columns = [
        {"field": column.field, "header": column.header, "required": column.required, "maxLength": column.max_length}
        for column in template.columns
    ]
    levels = [
        {
            "key": level.key,
            "framework": level.framework,
            "type": level.type,
            "rank": level.rank,
            "region": level.region,
            "labels": {"framework": level.labels.framework, "code": level.labels.code, "name": level.labels.name},
        }
        for level in template.levels
    ]
    session.terminal.result(
        {"name": template.name, "language": template.language, "levels": levels, "columns": columns}
    )
    session.terminal.say(template.name)
    session.terminal.say()
    heads = ("level", "framework", "type", "rank", "region")
    session.terminal.table(heads, [[item[key] for key in ("key", *heads[1:])] for item in levels])
    session.terminal.say()
    chinese = session.terminal.language.tag == "zh"
    rows = [
        (
            column.header,
            column.field,
            "yes" if column.required else "",
            getattr(FIELDS[column.field], "zh" if chinese else "en"),
        )
        for column in template.columns
    ]
    session.terminal.table(("column", "field", "required", "content"), rows)


@command(app, "example", example="testamur template example --rows 20 --out example --as cdou")
def example(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for template.json and roster.csv.")],
    rows: Annotated[int, typer.Option("--rows", min=1, max=1_000_000, help="Invented learners in the roster.")] = 20,
    gb18030: Annotated[bool, typer.Option("--gb18030", help="Write the roster in GB18030 instead of UTF-8.")] = False,
) -> None:
    """Write a template that fits the scope of the institution that acts, and a roster of invented learners.

    Each call invents others, so that their numbers are not those of a roster that was issued already.
    """
    from testamur.batch.example import example_lines, example_template
    from testamur.credential.template import Template
    from testamur.registry import homepage, levels_in_scope

    for name in ("template.json", "roster.csv"):
        if (out / name).exists():
            raise UsageError(f"{out / name} exists already", "choose another folder with --out")
    with session.connection() as connection:
        institution = session.institution(connection.profile)
        levels = levels_in_scope(connection.suite, institution.number, institution.region)
    data = example_template(levels, institution.name, homepage(institution.did))
    out.mkdir(parents=True, exist_ok=True)
    (out / "template.json").write_bytes(data)
    with (out / "roster.csv").open("w", encoding="gb18030" if gb18030 else "utf-8", newline="") as roster:
        roster.writelines(example_lines(Template.parse(data), rows, seed=secrets.randbelow(10**6)))
    session.terminal.result(
        {"template": str(out / "template.json"), "roster": str(out / "roster.csv"), "rows": rows, "levels": len(levels)}
    )
    session.terminal.say(
        "wrote {template} ({count} levels) and {roster} ({rows} rows)",
        template=out / "template.json",
        count=len(levels),
        roster=out / "roster.csv",
        rows=rows,
    )
