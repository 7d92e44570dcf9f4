"""`testamur bundle`: what is done to the portable file itself."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command, noun
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.verify import PolicyPath, RpcAddress

__all__ = ["app"]

app = noun("The portable file: a credential with everything that proves it.", "testamur bundle prove li-hua.json")


@command(
    app, "prove", example="testamur bundle prove li-hua.json\ntestamur bundle prove batch/bundles/*.json --out sent"
)
def prove(
    session: Session,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Bundles, or a .jsonl of bundles; a folder of them.")
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write there instead of in place.")] = None,
    policy_path: PolicyPath = None,
    rpc: RpcAddress = None,
) -> int:
    """Add evidence, so that a bundle can be verified with no network at all, as of now.

    A bundle that no evidence can be made for stays as it is; the exit code is then that of its verdict. A zip is
    refused: a package that was handed out holds the learner's only secret.
    """
    from testamur.batch.bundle import MAX_BUNDLE_BYTES, Bundle
    from testamur.batch.evidence import NotProvableError, Prover
    from testamur.cli.sources import sources
    from testamur.cli.verify import chain_for
    from testamur.credential.errors import MalformedError
    from testamur.verification.policy import Policy
    from testamur.verification.verdict import exit_code

    policy = Policy.load(session.policy_file(policy_path))
    codes: list[str | int] = []
    with chain_for(session, policy, rpc) as chain:
        prover = Prover(chain, policy)
        for file in _provable(_files(files), out):
            lines: list[bytes] = []
            has_evidence = False
            for source in sources([str(file)]):
                if source.data is None:
                    raise UsageError(f"{source.name}: {source.problem}")
                if len(source.data) > MAX_BUNDLE_BYTES and file.suffix == ".jsonl":
                    raise UsageError(f"{source.name}: a line of more than {MAX_BUNDLE_BYTES} bytes")
                code, data = "ok", source.data
                try:
                    data = prover.prove(Bundle.parse(source.data)).dump()
                    has_evidence = True
                except NotProvableError as error:
                    code = error.verdict.code
                except MalformedError:
                    code = "malformed"
                codes.append(code)
                lines.append(data.rstrip(b"\n") + b"\n")
                session.terminal.result({"input": source.name, "code": code, "bytes": len(data)})
                if code != "ok":
                    session.terminal.show(f"{source.name}: {code}")
            _store(file, b"".join(lines) if has_evidence else None, out)
    session.terminal.say("{count} of {total} bundles carry evidence now", count=codes.count("ok"), total=len(codes))
    return exit_code(codes)


def _files(arguments: Sequence[Path]) -> list[Path]:
    """The files that the arguments mean: a folder stands for the bundles in it, as in `verify`."""
    from testamur.cli.sources import bundle_files

    files: list[Path] = []
    for path in arguments:
        if str(path) == "-":
            raise UsageError("stdin cannot be proved in place", "save it to a file first")
        found = bundle_files(path) if path.is_dir() else [path]
        if not found:
            raise UsageError(f"there is no bundle in {path}")
        files += found
    return files


def _provable(files: Sequence[Path], out: Path | None) -> Sequence[Path]:
    """The files, once it is sure that writing them back, or into `out`, takes nothing else away."""
    names: set[str] = set()
    for file in files:
        with suppress(OSError), file.open("rb") as opened:
            if opened.read(2) == b"PK":
                raise UsageError(
                    f"{file} is an archive, which evidence cannot be put into", "unpack it, and prove the bundle in it"
                )
        if out is not None and file.name.casefold() in names:
            raise UsageError(
                f"two files of the name {file.name} cannot both go to {out}", "prove them one after another"
            )
        names.add(file.name.casefold())
    return files


def _store(file: Path, data: bytes | None, out: Path | None) -> None:
    """Write what was proved, for its owner alone; a file that no evidence was made for keeps its bytes."""
    from testamur.files import make_private, write_private

    target = file if out is None else out / file.name
    if out is not None:
        if not out.is_dir():
            make_private(out)
        if data is None and not (target.exists() and target.samefile(file)):
            data = file.read_bytes()
    if data is not None:
        write_private(target, data)
