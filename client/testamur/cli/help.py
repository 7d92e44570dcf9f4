"""Help in the reader's language: the texts in the code are English, `language/commands.<tag>.toml` holds the others.

The language is that of `--lang` wherever it stands among the arguments, else of the environment: help is printed before
any command has run.
"""

from collections.abc import Sequence
from typing import Any

from testamur.language import LANGUAGES, Language, chosen_from_environment, language

__all__ = ["put_in_language", "wished_language"]


def wished_language(arguments: Sequence[str]) -> Language:
    """The language that the arguments or the environment ask for."""
    for position, word in enumerate(arguments):
        wish = word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if word == "--lang" and position + 1 < len(arguments):
            wish = arguments[position + 1]
        if wish in LANGUAGES:
            return language(wish)
    return language(chosen_from_environment())


def put_in_language(tree: Any, words: Language, path: tuple[str, ...] = ()) -> None:
    """Replace the help of a command, of its options and of the commands below it, where the language has it."""
    name = " ".join(path)
    text = words.helped(name)
    if text is not None:
        _, mark, example = (tree.help or "").partition("\n\n\b\n")
        tree.help = text + mark + example.replace("Example:", words.said("Example:"), 1)
        tree.short_help = text.partition("\n")[0]
    for parameter in tree.params:
        if getattr(parameter, "help", None):
            parameter.help = words.said(parameter.help)
    for child, below in getattr(tree, "commands", {}).items():
        put_in_language(below, words, (*path, child))
