"""Frameworks, levels and types as the sources give them, and crosswalks as dated claims."""

from typing import Any

import pytest

from tests.contracts.evm import refused
from tests.contracts.suite import DAY, Suite, account, text_hash

DOCUMENT = b"\x07" * 32
NVQC, QCSW, THREE_LADDERS = 4, 6, 7


@pytest.fixture
def framed(suite: Suite) -> Suite:
    """NVQC (label 1 is its highest level), QCSW (levels 3 to 1 blank), and one with three ladders."""
    suite.govern("QualificationFrameworks", "addFramework", NVQC, "国家职业资格", 2, "人社部")
    labels = ["初级工", "中级工", "高级工", "技师", "高级技师"]
    levels = [(rank, 1, False, str(6 - rank), label) for rank, label in enumerate(labels, 1)]
    suite.govern("QualificationFrameworks", "addLevels", NVQC, levels)
    suite.govern("QualificationFrameworks", "addFramework", QCSW, "技能人员职业资格", 2, "")
    levels = [(rank, 1, rank > 2, str(6 - rank), "" if rank > 2 else labels[rank - 1]) for rank in range(1, 6)]
    suite.govern("QualificationFrameworks", "addLevels", QCSW, levels)
    suite.govern("QualificationFrameworks", "addFramework", THREE_LADDERS, "终身学习", 1, "")
    ladders = [(10 * ladder + step, ladder, False, f"{ladder}.{step}", "级") for ladder in (1, 2, 3) for step in (1, 2)]
    suite.govern("QualificationFrameworks", "addLevels", THREE_LADDERS, ladders)
    return suite


def claim(**changes: Any) -> tuple[Any, ...]:
    """Institution 1's claim that QCSW ranks 1 to 2 are NVQC's, but for the changes."""
    present: dict[str, Any] = {"authority": 1, "source": QCSW, "target": NVQC}
    ranks = {"sourceLowest": 1, "sourceHighest": 2, "targetLowest": 1, "targetHighest": 2}
    rest = {"direction": 2, "from": 100, "to": 0, "evidence": DOCUMENT}
    return tuple((present | ranks | rest | changes).values())


def test_a_framework_is_stored_by_hash_and_told_by_event(suite: Suite) -> None:
    receipt = suite.decide(("QualificationFrameworks", "addFramework", 9, "学习成果框架", 1, "《条例》第十五条"))
    assert receipt.named("FrameworkAdded") == [
        {
            "framework": 9,
            "nameHash": text_hash("学习成果框架"),
            "name": "学习成果框架",
            "direction": 1,
            "legalBasis": "《条例》第十五条",
        }
    ]
    assert suite.call("QualificationFrameworks", "framework", 9) == {
        "levels": 0,
        "types": 0,
        "addedAt": suite.chain.timestamp,
        "direction": 1,
        "ladders": 0,
        "nameHash": text_hash("学习成果框架"),
    }


def test_rank_and_label_stand_apart_where_the_scale_is_inverted(framed: Suite) -> None:
    highest = framed.call("QualificationFrameworks", "level", NVQC, 5)
    assert (highest["codeHash"], highest["labelHash"]) == (text_hash("1"), text_hash("高级技师"))
    assert framed.call("QualificationFrameworks", "framework", NVQC)["direction"] == 2


def test_blank_levels_stay_blank(framed: Suite) -> None:
    blank = framed.call("QualificationFrameworks", "level", QCSW, 3)
    assert (blank["blank"], blank["codeHash"], blank["labelHash"]) == (True, text_hash("3"), text_hash(""))
    assert not framed.call("QualificationFrameworks", "level", QCSW, 2)["blank"]
    with refused("FrameworksTextMalformed", ""):
        framed.govern("QualificationFrameworks", "addLevels", QCSW, [(6, 1, False, "0", "")])


def test_one_framework_has_several_ladders_and_a_range_stays_on_one(framed: Suite) -> None:
    record = framed.call("QualificationFrameworks", "framework", THREE_LADDERS)
    assert (record["levels"], record["ladders"]) == (6, 3)
    framed.govern("QualificationFrameworks", "addType", THREE_LADDERS, 1, "高职", 21, 22, 0, 0)
    with refused("FrameworksRanksOutOfOrder", 12, 21):
        framed.govern("QualificationFrameworks", "addType", THREE_LADDERS, 2, "混合", 12, 21, 0, 0)


@pytest.mark.parametrize(("rank", "ladder"), [(0, 1), (6, 0), (5, 1)])
def test_a_level_has_a_rank_of_its_own_and_a_ladder(rank: int, ladder: int, framed: Suite) -> None:
    with refused("FrameworksLevelMalformed", 1, rank):
        framed.govern(
            "QualificationFrameworks", "addLevels", NVQC, [(7, 1, False, "x", "x"), (rank, ladder, False, "y", "y")]
        )


def test_a_type_has_a_window_that_only_ever_shrinks(framed: Suite) -> None:
    framed.govern("QualificationFrameworks", "addType", NVQC, 1, "电工", 1, 5, 50, 0)
    now = framed.chain.timestamp
    framed.govern("QualificationFrameworks", "endType", NVQC, 1, now + DAY)
    assert framed.call("QualificationFrameworks", "qualificationType", NVQC, 1) == {
        "lowestRank": 1,
        "highestRank": 5,
        "from": 50,
        "to": now + DAY,
        "addedAt": now,
        "nameHash": text_hash("电工"),
    }
    for to in (now - 1, now + DAY + 1, 0):
        with refused("FrameworksEndOutOfBounds", to, now, now + DAY):
            framed.govern("QualificationFrameworks", "endType", NVQC, 1, to)


@pytest.mark.parametrize("number", [0, 1])
def test_a_number_is_never_used_twice(number: int, framed: Suite) -> None:
    framed.govern("QualificationFrameworks", "addType", NVQC, 1, "电工", 1, 5, 0, 0)
    with refused("FrameworksNumberTaken", NVQC, number):
        framed.govern("QualificationFrameworks", "addType", NVQC, number, "焊工", 1, 5, 0, 0)


@pytest.mark.parametrize("number", [0, NVQC])
def test_a_frameworks_number_is_never_used_twice(number: int, framed: Suite) -> None:
    with refused("FrameworksNumberTaken", number, 0):
        framed.govern("QualificationFrameworks", "addFramework", number, "另一个", 0, "")


def test_a_crosswalk_is_a_claim_of_its_authority(framed: Suite) -> None:
    receipt = framed.send("govern 1", "QualificationFrameworks", "addCrosswalk", claim())
    assert receipt.output == 1
    record = framed.call("QualificationFrameworks", "crosswalk", 1)
    assert tuple(record.values()) == claim()
    assert receipt.named("CrosswalkAdded") == [{"number": 1, "authority": 1, "crosswalk": record}]
    for person in ("admin 1", "govern 2"):
        with refused("FrameworksNotAuthority", 1, account(person)):
            framed.send(person, "QualificationFrameworks", "addCrosswalk", claim())
        with refused("FrameworksNotAuthority", 1, account(person)):
            framed.send(person, "QualificationFrameworks", "endCrosswalk", 1, framed.chain.timestamp)
    framed.send("deputy 1", "QualificationFrameworks", "endCrosswalk", 1, framed.chain.timestamp)
    assert framed.call("QualificationFrameworks", "crosswalk", 1)["to"] == framed.chain.timestamp
    assert framed.call("QualificationFrameworks", "crosswalkCount") == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"direction": 0}, "FrameworksDirectionOutOfBounds"),
        ({"direction": 3}, "FrameworksDirectionOutOfBounds"),
        ({"source": 5}, "FrameworksUnknownRank"),
        ({"targetHighest": 6}, "FrameworksUnknownRank"),
        ({"sourceLowest": 2, "sourceHighest": 1}, "FrameworksRanksOutOfOrder"),
        ({"to": 100}, "FrameworksWindowOutOfOrder"),
    ],
)
def test_a_malformed_crosswalk_is_refused(change: dict[str, int], error: str, framed: Suite) -> None:
    with refused(error):
        framed.send("govern 1", "QualificationFrameworks", "addCrosswalk", claim(**change))
