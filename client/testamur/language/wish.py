"""Which language a reader wishes: `--lang` before or after the command, else the environment, in both programs."""

import os
from collections.abc import Mapping, Sequence

__all__ = ["LANGUAGES", "chosen_from_environment", "wished_tag"]

LANGUAGES = ("en", "zh")
"""English first: it is what an unknown wish falls back to."""
_VARIABLES = ("TESTAMUR_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""The locale's in their POSIX order (POSIX.1-2024, Base Definitions 8.2)."""


def wished_tag(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """The language that the arguments or the environment ask for."""
    for position, word in enumerate(arguments):
        wish = word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if word == "--lang" and position + 1 < len(arguments):
            wish = arguments[position + 1]
        if wish in LANGUAGES:
            return wish
    return chosen_from_environment(environment)


def chosen_from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """The language of TESTAMUR_LANG, else of the locale: `zh`, `zh_CN.GB18030`, `zh-Hans`; any other is English."""
    for name in _VARIABLES:
        if wish := environment.get(name):
            language = wish.lower().replace("-", "_").partition(".")[0].partition("@")[0].partition("_")[0]
            return "zh" if language == "zh" else "en"
    return "en"
