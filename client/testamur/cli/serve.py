"""`testamur serve`: the verification API and its page, by one policy."""

from typing import Annotated

import typer

from testamur.cli.command import command
from testamur.cli.session import Session
from testamur.cli.verify import PolicyPath, RpcAddress

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Put the command under the root."""
    command(
        app,
        "serve",
        example="testamur serve --policy policy.toml --port 8080\n"
        "curl --data-binary @li-hua.json http://127.0.0.1:8080/v1/verify",
    )(serve)


def serve(
    session: Session,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8080,
    policy_path: PolicyPath = None,
    rpc: RpcAddress = None,
) -> int:
    """Serve POST /v1/verify and the page at /, until Ctrl-C.

    When it is ready it says so in one line (--json: {"url","pid","fingerprint"}).
    """
    from testamur.api.server import run_server
    from testamur.api.service import Service
    from testamur.cli.verify import chain_for
    from testamur.verification.policy import Policy

    policy = Policy.load(session.policy_file(policy_path))
    with chain_for(session, policy, rpc) as chain:

        def ready(url: str, pid: int) -> None:
            session.terminal.result({"url": url, "pid": pid, "fingerprint": policy.fingerprint})
            session.terminal.say("{url}  policy {fingerprint}", url=url, fingerprint=policy.fingerprint)

        run_server(Service(policy, chain), host, port, ready)
    return 0
