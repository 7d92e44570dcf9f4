"""`testamur-node`: make, run and look after a node. What is slow to import, the command that needs it imports."""

import inspect
import os
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from testamur.language.help import put_in_language, say_usage_fault, with_example
from testamur.streams import is_told, run_told
from typer.core import TyperOption
from typer.main import get_command

from testamur_node.language import LANGUAGES, wished_language
from testamur_node.terminal import Terminal
from testamur_node.upkeep_commands import register

__all__ = ["app", "main", "program"]

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Run a node of a Testamur chain.",
    epilog="testamur-node init --home node && testamur-node start --home node",
)

Home = Annotated[Path, typer.Option("--home", help="Folder of the node.", envvar="TESTAMUR_NODE_HOME")]


def main() -> None:
    """Run one command; ends the process with an exit code of docs/protocol.md 6."""
    os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # eth-hash would otherwise pick the slow one
    terminal = Terminal(wished_language(sys.argv[1:]), as_json="--json" in sys.argv)
    said = terminal.words.said

    def untold(reason: str) -> str:
        return said(f"stdout did not take everything that was to be told: {reason}")

    sys.exit(run_told(lambda: _run(terminal), untold))


def _run(terminal: Terminal) -> int:
    """The command that the arguments name."""
    try:
        code = program(terminal)(obj=terminal, standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        if hasattr(error, "format_message"):  # click's family of errors, whose classes typer keeps to itself
            return say_usage_fault(error, terminal.words, as_json=terminal.as_json)
        return terminal.report(error)
    return code if isinstance(code, int) else 0


def program(terminal: Terminal) -> Any:
    """The commands in the terminal's language, each with `--json` and `--lang`.

    Both are read before a command runs: help is printed, and wrong options are refused, by then.
    """
    tree: Any = get_command(app)
    for command in (tree, *tree.commands.values()):
        command.help, command.epilog = with_example(inspect.cleandoc(command.help), command.epilog), None
    tree.params.append(
        TyperOption(
            param_decls=["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
            help="Show the version and exit.",
        )
    )  # fmt: skip
    for command in (tree, *tree.commands.values()):
        command.params.append(
            TyperOption(
                param_decls=["--lang"], metavar="zh|en", callback=_known, expose_value=False,
                help="Language of the texts; codes stay as they are.",
            )
        )  # fmt: skip
    for command in tree.commands.values():
        command.params.append(
            TyperOption(param_decls=["--json"], is_flag=True, expose_value=False, help="Print one JSON object.")
        )
    put_in_language(tree, terminal.words)
    return tree


def _show_version(_context: Any, _option: Any, wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"testamur-node {version('testamur')}\n")
        raise typer.Exit


def _known(_context: Any, _option: Any, value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise typer.BadParameter(f"{value!r} is not one of zh, en")
    return value


@app.command(epilog="testamur-node init --home node --chain-id 20260")
def init(
    context: typer.Context,
    home: Home,
    engine: Annotated[str, typer.Option(help="What orders transactions: solo.")] = "solo",
    alliance: Annotated[
        Path | None,
        typer.Option(
            help="alliance.toml of the founders; without it a reference alliance of two institutions is made."
        ),
    ] = None,
    chain_id: Annotated[int | None, typer.Option(help="EVM chain id; wins over alliance.toml.", min=1)] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="A development chain: no permissions, funded accounts, time travel.")
    ] = False,
    base_fee: Annotated[
        int | None,
        typer.Option(help="With --dev: gas costs something, and this is block 0's base fee in wei.", min=0),
    ] = None,
) -> None:
    """Make a node's home folder: genesis, keys, settings, and a profile for the client."""
    from testamur_node.operations.initialise import initialise

    made = initialise(home, engine=engine, alliance=alliance, chain_id=chain_id, is_development=dev, base_fee=base_fee)
    context.obj.tell(made.to_json(), *made.to_lines())


@app.command(epilog="testamur-node start --home node --http 127.0.0.1:0 --json")
def start(
    context: typer.Context,
    home: Home,
    http: Annotated[
        str | None, typer.Option(help="HOST:PORT of JSON-RPC over HTTP; port 0 takes a free one; none closes it.")
    ] = None,
    ws: Annotated[str | None, typer.Option(help="HOST:PORT of WebSocket; may be that of --http.")] = None,
    ipc: Annotated[
        str | None, typer.Option(help="Unix socket of this machine's programs, mode 0600; none closes it.")
    ] = None,
    admin_ipc: Annotated[
        str | None, typer.Option(help="The operator's Unix socket, the only way to admin methods; none closes it.")
    ] = None,
    http_api: Annotated[
        str | None, typer.Option(help="Namespaces and methods on HTTP and WebSocket, comma-separated.")
    ] = None,
    http_host: Annotated[
        str | None, typer.Option(help="Names that a Host header may carry beside localhost and addresses.")
    ] = None,
    http_origin: Annotated[str | None, typer.Option(help="Origins of web pages that may ask.")] = None,
    tls_certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="Certificate (PEM) of HTTP and WebSocket.")
    ] = None,
    tls_key: Annotated[str | None, typer.Option(metavar="FILE", help="Its private key (PEM), mode 0600.")] = None,
    tls_client_ca: Annotated[
        str | None, typer.Option(metavar="FILE", help="Certificates of who signs client certificates; asks for one.")
    ] = None,
    tls_client_crl: Annotated[
        str | None, typer.Option(metavar="FILE", help="Client certificates that were called back (CRL, PEM).")
    ] = None,
    jwt_secret_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Secret of HS256 tokens: 32 bytes in hex, mode 0600.")
    ] = None,
    jwt_public_key_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Public key (PEM) of RS256, ES256 or EdDSA tokens.")
    ] = None,
    jwt_jwks_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Public keys of tokens as a key set (RFC 7517).")
    ] = None,
    metrics: Annotated[str | None, typer.Option(help="HOST:PORT of /metrics, /healthz and /readyz.")] = None,
    block_time: Annotated[str | None, typer.Option(help="Seconds between blocks, or instant.")] = None,
    call_processes: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Processes for calls and large reads: cores and one more unless said otherwise."
        ),
    ] = None,
    accept_time: Annotated[
        bool,
        typer.Option("--accept-time", help="Go on although the chain was last signed more than seven days ago."),
    ] = False,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error; the log goes to stderr.")] = "info",
) -> None:
    """Run in the foreground; prints one line when ready, ends with 0 on SIGTERM.

    SIGHUP rereads who may ask what, with keys, certificates and revocations.
    """
    from testamur_node.operations import config, start
    from testamur_node.operations.logs import log_to_stderr

    log_to_stderr(log_level)
    flags = {
        "http": http, "ws": ws, "ipc": ipc, "admin_ipc": admin_ipc, "api": http_api, "hosts": http_host,
        "origins": http_origin, "tls_certificate": tls_certificate, "tls_key": tls_key, "tls_client_ca": tls_client_ca,
        "tls_client_crl": tls_client_crl,
        "jwt_secret_file": jwt_secret_file, "jwt_public_key_file": jwt_public_key_file, "jwt_jwks_file": jwt_jwks_file,
        "metrics": metrics, "block_time": block_time, "call_processes": call_processes,
    }  # fmt: skip
    load = partial(config.load, home, flags)
    start.run(
        home, load, lambda running: context.obj.tell(running.to_json(), running.to_line()), accepts_time=accept_time
    )


@app.command(epilog="testamur-node status --home node --json")
def status(
    context: typer.Context,
    home: Home,
    watch: Annotated[bool, typer.Option("--watch", help="Print a line for each new height until interrupted.")] = False,
) -> None:
    """Ask the node that runs on a home folder where it stands; exit 7 where none does."""
    from testamur_node.operations.status import ask, follow

    for facts in follow(home) if watch else [ask(home)]:
        context.obj.tell(facts.to_json(), *facts.to_lines())
        if not is_told():
            break


@app.command(epilog="testamur-node doctor --home node")
def doctor(context: typer.Context, home: Home) -> None:
    """Check what keeps a node from running well; exit 1 where something does."""
    from testamur_node.operations.doctor import examine

    findings = examine(home)
    facts = {"findings": [finding.to_json() for finding in findings]}
    context.obj.tell(facts, *(finding.to_line(context.obj.words.said) for finding in findings))
    if any(finding.result == "fail" for finding in findings):
        raise typer.Exit(1)


register(app)
