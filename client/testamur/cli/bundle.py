"""`testamur bundle`: what is done to the portable file itself."""

from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.verify import PolicyPath, RpcAddress

__all__ = ["app"]

app = noun("The portable file: a credential with everything that proves it.")


@command(
    app, "prove", example="testamur bundle prove li-hua.json\ntestamur bundle prove batch/bundles/*.json --out sent"
)
def prove(
    session: Session,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Bundles, or a .jsonl of bundles.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write there instead of in place.")] = None,
    policy_path: PolicyPath = None,
    rpc: RpcAddress = None,
) -> int:
    """Add evidence, so that a bundle can be verified with no network at all, as of now.

    A bundle that no evidence can be made for stays as it is; the exit code is then that of its verdict.
    """
    from testamur.batch.bundle import Bundle
    from testamur.batch.evidence import NotProvableError
    from testamur.batch.evidence import prove as add_evidence
    from testamur.cli.sources import sources
    from testamur.cli.verify import chain_for
    from testamur.credential.errors import MalformedError
    from testamur.verification.policy import Policy
    from testamur.verification.verdict import exit_code

    policy = Policy.load(session.policy_file(policy_path))
    codes: list[str | int] = []
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    with chain_for(session, policy, rpc) as chain:
        for file in files:
            lines: list[bytes] = []
            for source in sources([str(file)]):
                if source.data is None:
                    raise UsageError(f"{source.name}: {source.problem}")
                code, data = "ok", source.data
                try:
                    data = add_evidence(Bundle.parse(source.data), chain, policy).dump()
                except NotProvableError as error:
                    code = error.verdict.code
                except MalformedError:
                    code = "malformed"
                codes.append(code)
                lines.append(data.rstrip(b"\n") + b"\n")
                session.terminal.result({"input": source.name, "code": code, "bytes": len(data)})
                if code == "ok":
                    session.terminal.say("{source}: {count} bytes", source=source.name, count=len(data))
                else:
                    session.terminal.say(f"{source.name}: {code}")
            _write_whole(out / file.name if out is not None else file, b"".join(lines))
    return exit_code(codes)


def _write_whole(path: Path, data: bytes) -> None:
    """The file whole or as it was."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)
