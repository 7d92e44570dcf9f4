"""Frozen dataclasses that cross to another process often: pickled as their class and the tuple of their fields.

What `dataclass(frozen=True, slots=True)` brings for pickling lists the fields anew, in Python, for every instance it
packs and unpacks; a call's request would spend more time on that than in the pipe.
"""

from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

__all__ = ["crossing"]

Kind = TypeVar("Kind", bound=type[Any])


def crossing(kind: Kind) -> Kind:
    """The same dataclass, of two fields or more, pickled by position."""
    values = attrgetter(*(field.name for field in fields(kind)))

    def reduce(self: object) -> tuple[type[Any], tuple[Any, ...]]:
        return kind, values(self)

    setattr(kind, "__reduce__", reduce)  # noqa: B010 - mypy knows no assignment to a method
    return kind
