"""Why a scenario cannot be played."""

from testamur.errors import TestamurError

__all__ = ["ScenarioError"]


class ScenarioError(TestamurError):
    """The scenario cannot be played here."""

    exit_code = 2
