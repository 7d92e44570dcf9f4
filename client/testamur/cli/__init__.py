"""`testamur`: the commands of issuers, verifiers, auditors and alliance members.

One file per noun; whatever is slow to import is imported inside the command that needs it, so that `--help` answers
at once. `main` is the console script.
"""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run one command; ends the process with an exit code of docs/protocol.md 6."""
    os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # eth-hash would otherwise pick the slow one
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    from typer.main import get_command

    from testamur.cli.application import application
    from testamur.cli.failure import INTERRUPTED, report
    from testamur.language import wished_language
    from testamur.language.help import put_in_language

    words = wished_language(sys.argv[1:])
    try:
        tree = get_command(application())
        put_in_language(tree, words)
        tree()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(report(error, words, "--json" in sys.argv))
