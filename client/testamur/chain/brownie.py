"""Scripts that run by themselves or inside brownie: which node they talk to, and whose profile they use.

Brownie is not imported: where it runs and is connected, its network decides; else `TESTAMUR_RPC`, else the profile.
"""

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from testamur.errors import TestamurError
from testamur.profile import Profile

__all__ = ["connected_rpc", "open_profile", "run_script"]


def connected_rpc(environment: Mapping[str, str] = os.environ) -> str | None:
    """The address of the node that brownie is connected to, else TESTAMUR_RPC's; None where neither is said."""
    brownie = sys.modules.get("brownie")
    if brownie is not None and brownie.network.is_connected():
        return str(brownie.web3.provider.endpoint_uri)
    return environment.get("TESTAMUR_RPC")


def open_profile(folder: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Profile:
    """The profile in `folder`, else TESTAMUR_PROFILE's, else this folder's, on the node of `connected_rpc`."""
    profile = Profile.load(Path(folder or environment.get("TESTAMUR_PROFILE", ".")))
    return profile.at(connected_rpc(environment) or profile.rpc)


def run_script(main: Callable[..., None], arguments: Sequence[str]) -> None:
    """Call a script's `main` as a command: its text for --help, one line and an exit code where it fails."""
    usage = inspect.getdoc(sys.modules[main.__module__]) or ""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(usage + "\n")
        return
    try:
        inspect.signature(main).bind(*arguments)
    except TypeError as error:
        _end(f"error: {error}\n\n{usage}", 2)
    try:
        main(*arguments)
    except TestamurError as error:
        advice = f"\nadvice: {error.advice}" if error.advice else ""
        _end(f"error: {error.message}{advice}", error.exit_code)
    except OSError as error:
        _end(f"error: {error}", 2)
    except KeyboardInterrupt:
        _end("interrupted", 130)


def _end(text: str, exit_code: int) -> NoReturn:
    sys.stderr.write(text + "\n")
    raise SystemExit(exit_code)
