"""`testamur`: the commands of issuers, verifiers, auditors and alliance members.

One file per noun; whatever is slow to import is imported inside the command that needs it, so that `--help` answers
at once. `main` is the console script.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testamur.language import Language

__all__ = ["main"]


def main() -> None:
    """Run one command; ends the process with an exit code of docs/protocol.md 6."""
    os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # eth-hash would otherwise pick the slow one
    from testamur.language import wished_language
    from testamur.streams import run_told

    words = wished_language(sys.argv[1:])
    untold = "stdout did not take everything that was to be told: {reason}"
    sys.exit(run_told(lambda: _run(words), lambda reason: words.said(untold, reason=reason)))


def _run(words: "Language") -> int:
    """The command that the arguments name, in the language asked for."""
    from typer.main import get_command

    from testamur.cli.application import application
    from testamur.cli.failure import INTERRUPTED, report
    from testamur.language.help import put_in_language, say_usage_fault

    as_json = "--json" in sys.argv
    try:
        tree: Any = get_command(application())
        put_in_language(tree, words)
        code = tree(standalone_mode=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # the border of the process: whatever it is, it ends as a sentence and a code
        if hasattr(error, "format_message"):  # click's family of errors, whose classes typer keeps to itself
            return say_usage_fault(error, words, as_json=as_json)
        return report(error, words, as_json)
    return code if isinstance(code, int) else 0
