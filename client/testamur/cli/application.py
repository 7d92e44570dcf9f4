"""All commands under one roof, in the order people meet them."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from testamur.cli import (
    alliance,
    audit,
    backup,
    bundle,
    deploy,
    doctor,
    framework,
    guarding,
    init,
    issue,
    issuer,
    policy,
    rows,
    scenario,
    serve,
    status,
    template,
    verify,
    void,
)
from testamur.cli.command import Tongue, known_language, noun
from testamur.language.help import with_example

__all__ = ["application"]

HELP = "Issue, revoke and verify education credentials on an alliance's chain."
EXAMPLE = "testamur verify li-hua.json --policy policy.toml\ntestamur issue roster.csv --template t.json --out batch"


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"testamur {version('testamur')}\n")
        raise typer.Exit


def root(
    context: typer.Context,
    lang: Tongue = None,
    _version_wanted: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take what stands before the command."""
    context.meta["lang"] = known_language(lang)


def application() -> typer.Typer:
    """The command tree."""
    app = noun(HELP, EXAMPLE)
    app.callback(help=with_example(HELP, EXAMPLE))(root)
    verify.register(app)
    issue.register(app)
    status.register(app)
    void.register(app)
    rows.register(app)
    app.add_typer(bundle.app, name="bundle")
    app.add_typer(template.app, name="template")
    app.add_typer(status.app, name="status")
    app.add_typer(issuer.app, name="issuer")
    app.add_typer(framework.app, name="framework")
    app.add_typer(alliance.app, name="alliance")
    app.add_typer(policy.app, name="policy")
    app.add_typer(guarding.app, name="account")
    init.register(app)
    deploy.register(app)
    doctor.register(app)
    serve.register(app)
    backup.register(app)
    app.add_typer(audit.app, name="audit")
    app.add_typer(scenario.app, name="scenario")
    return app
