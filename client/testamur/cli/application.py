"""All commands under one roof, in the order people meet them."""

import typer

from testamur.cli import (
    alliance,
    audit,
    backup,
    bundle,
    deploy,
    doctor,
    framework,
    init,
    issue,
    issuer,
    password,
    policy,
    rows,
    scenario,
    serve,
    status,
    template,
    verify,
)
from testamur.cli.command import noun

__all__ = ["application"]


def application() -> typer.Typer:
    """The command tree."""
    app = noun("Issue, revoke and verify education credentials on an alliance's chain.")
    verify.register(app)
    issue.register(app)
    status.register(app)
    rows.register(app)
    app.add_typer(bundle.app, name="bundle")
    app.add_typer(template.app, name="template")
    app.add_typer(status.app, name="status")
    app.add_typer(issuer.app, name="issuer")
    app.add_typer(framework.app, name="framework")
    app.add_typer(alliance.app, name="alliance")
    app.add_typer(policy.app, name="policy")
    app.add_typer(password.app, name="account")
    init.register(app)
    deploy.register(app)
    doctor.register(app)
    serve.register(app)
    backup.register(app)
    app.add_typer(audit.app, name="audit")
    app.add_typer(scenario.app, name="scenario")
    return app
