"""The refusals of QualificationFrameworks, each provoked once."""

from typing import Any

from tests.contracts.refusals.ground import DOCUMENT, provokes
from tests.contracts.suite import Suite


def with_framework(s: Suite) -> Suite:
    """Framework 1: ranks 1 to 3 on ladder 1, rank 4 on ladder 2."""
    s.govern("QualificationFrameworks", "addFramework", 1, "职业资格", 2, "人社部")
    levels = [(rank, 1 + rank // 4, False, str(6 - rank), f"等级 {rank}") for rank in range(1, 5)]
    s.govern("QualificationFrameworks", "addLevels", 1, levels)
    return s


def claim(**changes: Any) -> tuple[Any, ...]:
    """A crosswalk claimed by institution 1, but for the changes."""
    present = {"authority": 1, "source": 1, "target": 1}
    ranks = {"sourceLowest": 1, "sourceHighest": 1, "targetLowest": 4, "targetHighest": 4}
    rest = {"direction": 1, "from": 0, "to": 0, "evidence": DOCUMENT}
    return tuple((present | ranks | rest | changes).values())


@provokes("FrameworksNumberTaken")
def _(s: Suite) -> object:
    return with_framework(with_framework(s))


@provokes("FrameworksDirectionOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "addFramework", 1, "职业资格", 3, "")


@provokes("FrameworksTextMalformed")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "addFramework", 1, "", 0, "")


@provokes("FrameworksUnknownFramework")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "addLevels", 1, [])


@provokes("FrameworksLevelMalformed")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addLevels", 1, [(4, 1, False, "2", "技师")])


@provokes("FrameworksUnknownRank")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 1, 5, 0, 0)


@provokes("FrameworksRanksOutOfOrder")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 3, 4, 0, 0)


@provokes("FrameworksWindowOutOfOrder")
def _(s: Suite) -> object:
    return with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 1, 3, 2, 2)


@provokes("FrameworksUnknownType")
def _(s: Suite) -> object:
    return s.govern("QualificationFrameworks", "endType", 1, 1, s.chain.timestamp)


@provokes("FrameworksEndOutOfBounds")
def _(s: Suite) -> object:
    with_framework(s).govern("QualificationFrameworks", "addType", 1, 1, "电工", 1, 3, 0, s.chain.timestamp + 9)
    return s.govern("QualificationFrameworks", "endType", 1, 1, s.chain.timestamp + 10)


@provokes("FrameworksNotAuthority")
def _(s: Suite) -> object:
    return with_framework(s).send("govern 2", "QualificationFrameworks", "addCrosswalk", claim())


@provokes("FrameworksUnknownCrosswalk")
def _(s: Suite) -> object:
    return s.send("govern 1", "QualificationFrameworks", "endCrosswalk", 1, s.chain.timestamp)
