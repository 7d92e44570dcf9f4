"""All commands under one roof, in the order people meet them."""

import typer

from testamur.cli import account, alliance, issuer
from testamur.cli.command import noun

__all__ = ["application"]


def application() -> typer.Typer:
    """The command tree."""
    app = noun("Issue, revoke and verify education credentials on an alliance's chain.")
    app.add_typer(account.app, name="account")
    app.add_typer(alliance.app, name="alliance")
    app.add_typer(issuer.app, name="issuer")
    return app
