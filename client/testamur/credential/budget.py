"""How much work new shapes may cause: a budget that a caller sets around many documents of somebody it does not trust.

Reading a credential of a known shape takes a few hundred microseconds. A shape that was never seen is expanded and
canonicalised once by the JSON-LD processor, which costs a hundred times that, and a sender can make every shape new
(docs/threat-model.md 25). Work is counted in quads, not in seconds: the same request always has the
same answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from testamur.errors import TestamurError

__all__ = ["Budget", "BudgetExceededError", "limited", "spend"]


class BudgetExceededError(TestamurError):
    """The documents of one caller need more work than their budget allows."""


class Budget:
    """Quads that may still be expanded and canonicalised by the JSON-LD processor."""

    def __init__(self, quads: int) -> None:
        self.rest = quads


_QUADS_OF_A_DOCUMENT = 40
"""What a document costs before its first quad: its contexts are read anew. Measured, as 45 µs a quad are."""
_CURRENT: ContextVar[Budget | None] = ContextVar("testamur_budget", default=None)


@contextmanager
def limited(budget: Budget) -> Iterator[None]:
    """Take the work of whatever is parsed inside from `budget`; without one, work is not limited."""
    token = _CURRENT.set(budget)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def spend(quads: int) -> None:
    """Take the work of a document of `quads` from the budget in force; BudgetExceededError where it is used up."""
    budget = _CURRENT.get()
    if budget is None:
        return
    budget.rest -= quads + _QUADS_OF_A_DOCUMENT
    if budget.rest < 0:
        raise BudgetExceededError(
            "the credentials are of too many new kinds for one request",
            "send fewer at a time; kinds that were seen before cost nothing",
        )
