"""What lines of one kind have in common, as data: an example, the places in which others differ, and their quads.

In a text without escapes a quote is always the end of a string, so a text split at its quotes is a list of structure
and strings in turn: its parts. Where all parts but those of a learner's own values are those of a line that passed the
full parse, the tree has the same shape and the same other values, and only the own values are left to judge, each by
the rule of its place (`batch.places`). Plain values throughout: a pattern can be written as JSON and read elsewhere.
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["HEAD", "TAIL", "Pattern", "Place"]

HEAD: Final = b'{"type":"TestamurBundle","version":1,"credential":'
TAIL: Final = b',"inclusion":{'
"""Between the first HEAD and the last TAIL stands the credential, in canonical form."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a learner's own value stands."""

    path: str
    """`credential.credentialStatus[0].id`."""
    part: int
    """Which of the line's parts: odd for a string, even for a number and the structure around it."""
    rule: str
    """Key of `batch.places.RULES`."""
    after: str = ""
    """What follows a number in its part; before it stands a colon."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a line must be like, and where in it a learner's values stand."""

    example: str
    """A line that passed the full parse."""
    places: tuple[Place, ...]
    values: tuple[str, ...]
    """Paths of the places whose values stand in the credential's quads, in the order in which `quads` numbers them."""
    sets: tuple[tuple[int, ...], ...]
    """Numbers of values that must differ: a set keeps equal ones only once."""
    quads: tuple[tuple[str | int, ...], ...]
    """The quads (`credential.nquads`): text, or the number of a value; blank node b is ~b."""
