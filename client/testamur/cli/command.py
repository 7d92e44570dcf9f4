"""How a function becomes a command: the options every command takes, its example, and its end.

`@command(app, "show", example="…")` hands the function a `Session` as its first argument and adds `--json`, `--as`,
`--profile`, `--lang`, and the four files that a node may ask for where the command asks one. A command that returns a
number ends with it as its exit code.
"""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from testamur.chain.access import NO_ACCESS, Access
from testamur.cli.complaints import complaints_to
from testamur.cli.failure import report
from testamur.cli.session import Session
from testamur.cli.terminal import Terminal
from testamur.cli.values import with_strict_numbers
from testamur.language import LANGUAGES, chosen_from_environment, language
from testamur.language.help import with_example

__all__ = ["Tongue", "command", "known_language", "noun"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or one line per item of a list.")]
Acting = Annotated[
    str | None,
    typer.Option(
        "--as",
        envvar="TESTAMUR_AS",
        metavar="WHO",
        help="Institution (number, slug, DID) or account that acts.",
        show_envvar=False,
    ),
]
ProfilePath = Annotated[
    Path | None,
    typer.Option(
        "--profile",
        envvar="TESTAMUR_PROFILE",
        metavar="FILE",
        help="Profile; else testamur.toml of this folder.",
        show_envvar=False,
    ),
]
Tongue = Annotated[
    str | None, typer.Option("--lang", metavar="zh|en", help="Language of the texts; codes stay as they are.")
]


def _file(flag: str, variable: str, text: str) -> Any:
    return Annotated[Path | None, typer.Option(flag, envvar=variable, metavar="FILE", help=text, show_envvar=False)]


SHARED: tuple[tuple[str, Any, Any], ...] = (
    ("as_json", AsJson, False),
    ("acting", Acting, None),
    ("profile_path", ProfilePath, None),
    ("tongue", Tongue, None),
)
TO_THE_NODE: tuple[tuple[str, Any, Any], ...] = (
    ("token_file", _file("--token-file", "TESTAMUR_TOKEN_FILE", "Bearer token for the node."), None),
    ("tls_certificate", _file("--tls-certificate", "TESTAMUR_TLS_CERTIFICATE", "Certificate to show the node."), None),
    ("tls_key", _file("--tls-key", "TESTAMUR_TLS_KEY", "Its private key."), None),
    ("tls_ca", _file("--tls-ca", "TESTAMUR_TLS_CA", "Who signs the node's certificate."), None),
)


def noun(help_text: str, example: str) -> typer.Typer:
    """A group of commands about one thing, with an example of one of them."""
    return typer.Typer(
        help=with_example(help_text, example),
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def known_language(value: str | None) -> str | None:
    """`--lang` as it was given; a usage error where there is no such language."""
    if value is not None and value not in LANGUAGES:
        raise typer.BadParameter(f"{value!r} is not one of zh, en", param_hint="--lang")
    return value


def command(
    app: typer.Typer, name: str, *, example: str, asks_node: bool = True, **settings: Any
) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Register a function under `name`; its docstring is the help, `example` stands below it.

    `asks_node`: whether it takes the four files that a node may ask for; what works on this machine alone does not.
    """
    options_of_all = (*SHARED, *TO_THE_NODE) if asks_node else SHARED

    def register(function: Callable[..., int | None]) -> Callable[..., int | None]:
        own = inspect.signature(function, eval_str=True).parameters

        @functools.wraps(function)
        def run(context: typer.Context, **options: Any) -> None:
            as_json, tongue = options.pop("as_json"), known_language(options.pop("tongue"))
            words = language(tongue or context.meta.get("lang") or chosen_from_environment())
            shown = Access(*(options.pop(name) for name, _, _ in TO_THE_NODE)) if asks_node else NO_ACCESS
            session = Session(Terminal(as_json, words), options.pop("profile_path"), options.pop("acting"), shown)
            raise typer.Exit(finish(lambda: function(session, **options), session.terminal))

        parameters = with_strict_numbers(parameter for parameter in own.values() if parameter.name != "session")
        shared = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for key, kind, default in options_of_all
        ]
        kinds = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        taken = [context, *kinds, *shared]
        run.__dict__["__signature__"] = inspect.Signature(taken)
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in taken}
        app.command(name, help=with_example(inspect.getdoc(function) or "", example), **settings)(run)
        return function

    return register


def finish(work: Callable[[], int | None], terminal: Terminal) -> int:
    """Do the work and turn whatever comes of it into an exit code."""
    try:
        with complaints_to(terminal):
            return work() or 0
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except (Exception, KeyboardInterrupt) as error:
        return report(error, terminal.language, terminal.as_json)
