"""Help in the reader's language: the texts in the code are English, a table of the language holds the others."""

from typing import Any, Protocol

__all__ = ["Words", "put_in_language", "with_example"]

_MARK = "\n\n\b\n"
"""What click keeps line by line stands behind it."""


class Words(Protocol):
    """What the help of a program needs of a language; the client and the node each have their own table."""

    def helped(self, command: str, /) -> str | None:
        """The help of a command by its words, `issuer admit`; None where it stands in the code alone."""

    def said(self, english: str, /) -> str:
        """A line in the language; the English itself where there is no other."""


def with_example(text: str, example: str) -> str:
    """Help with the lines of an example below it."""
    return f"{text}{_MARK}Example:\n" + "\n".join(f"  $ {line}" for line in example.split("\n"))


def put_in_language(tree: Any, words: Words, path: tuple[str, ...] = ()) -> None:
    """Replace the help of a command, of its options and of the commands below it, where the language has it."""
    text = words.helped(" ".join(path))
    if text is not None:
        _, mark, example = (tree.help or "").partition(_MARK)
        tree.help = text + mark + example.replace("Example:", words.said("Example:"), 1)
        tree.short_help = text.partition("\n")[0]
    for parameter in tree.params:
        if getattr(parameter, "help", None):
            parameter.help = words.said(parameter.help)
    for child, below in getattr(tree, "commands", {}).items():
        put_in_language(below, words, (*path, child))
