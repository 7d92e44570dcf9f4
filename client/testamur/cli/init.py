"""`testamur init`: write a profile for a chain, so that the other commands know where they are."""

from pathlib import Path
from typing import Annotated

import typer

from testamur.cli.command import command
from testamur.cli.failure import UsageError
from testamur.cli.session import Session
from testamur.cli.values import read_address

__all__ = ["register"]

Keystores = typer.Option(metavar="FILE", help="Keystore file of this role.")


def register(app: typer.Typer) -> None:
    """Put the command under the root."""
    command(
        app,
        "init",
        example="testamur init --rpc http://127.0.0.1:8545\n"
        "testamur init --rpc http://127.0.0.1:8545 --institution 3 --slug jjvtc --admin keys/admin.json "
        "--issue keys/issue.json --password-file keys/password",
    )(init)


def init(
    session: Session,
    rpc: Annotated[str, typer.Option("--rpc", envvar="TESTAMUR_RPC", show_envvar=False, metavar="URL", help="Node.")],
    directory: Annotated[
        str | None, typer.Option("--directory", metavar="ADDRESS", help="The Directory; else that of block 0.")
    ] = None,
    institution: Annotated[
        int | None, typer.Option("--institution", metavar="NUMBER", help="Institution to act for.")
    ] = None,
    slug: Annotated[str | None, typer.Option("--slug", help="Short name of the institution, for --as.")] = None,
    region: Annotated[int, typer.Option("--region", help="Administrative division, for example 5101.")] = 0,
    govern: Annotated[list[str] | None, Keystores] = None,
    admin: Annotated[str | None, Keystores] = None,
    issue: Annotated[str | None, Keystores] = None,
    status: Annotated[str | None, Keystores] = None,
    recovery: Annotated[str | None, Keystores] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file", envvar="ETH_PASSWORD", show_envvar=False, metavar="FILE", help="Password file."
        ),
    ] = None,
) -> None:
    """Write testamur.toml for the chain behind a node; with --institution, for one that acts on it.

    Paths of keystores and of the password file are kept relative to the profile. What the node is shown (--token-file,
    --tls-certificate …) is kept under [access].
    """
    from testamur.artifacts import GENESIS_ADDRESSES
    from testamur.chain.contracts import Suite
    from testamur.chain.errors import RpcError
    from testamur.doctor import island
    from testamur.profile import Accounts, Institution, Profile
    from testamur.registry import first_did, read_issuer

    path = session.profile_file.absolute()
    if path.exists():
        raise UsageError(f"{path} exists already", "name another with --profile, or edit it")
    address = read_address(directory) if directory else GENESIS_ADDRESSES["Directory"]
    with session.node(rpc) as connection:
        chain_id = connection.chain_id()
        try:
            engine = str(connection.call("testamur_finalityProof", "latest")["signedHeader"]["header"]["chain_id"])
        except (RpcError, KeyError, TypeError):
            engine = None
        genesis = connection.block_hash(0)
        if not connection.code(address):
            session.terminal.note(
                "no contract stands at 0x{address} yet; deploy the suite: testamur deploy", address=address.hex()
            )
        elif (warning := island(Suite(connection, address))) is not None:
            session.terminal.note(session.terminal.language.told(warning.message))
            session.terminal.note(session.terminal.language.told(str(warning.advice)))
        acting: tuple[Institution, ...] = ()
        if institution is not None:
            record = read_issuer(Suite(connection, address), institution)
            accounts = Accounts(tuple(govern or ()), admin, issue, status, recovery)
            acting = (
                Institution(institution, record.name, slug or f"i{institution}", first_did(record), region, accounts),
            )
    profile = Profile(
        path=path,
        rpc=rpc,
        chain_id=chain_id,
        engine_chain_id=engine,
        directory=address,
        password_file=str(password_file) if password_file else None,
        institutions=acting,
        access=session.shown.beside(path.parent),
    )
    profile.save()
    session.terminal.result({"profile": str(path), "chainId": chain_id, "genesisHash": genesis, "directory": address})
    session.terminal.say("wrote {path} for chain {chain_id}", path=path, chain_id=chain_id)
