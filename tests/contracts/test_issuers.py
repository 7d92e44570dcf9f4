"""Recognition, scopes and names (threat 28)."""

from typing import Any

import pytest

from tests.contracts.evm import refused
from tests.contracts.suite import DAY, SCOPE, Suite, text_hash

APPLIED, RECOGNISED, SUSPENDED, WITHDRAWN = 1, 2, 3, 4
DOCUMENT = b"\x07" * 32
KEY = b"\x21" * 32
UNSEEN = (
    "\x1f\x7f\x85\xad\u034f\u061c\u115f\u1160\u200b\u200e\u2028\u202e\u2060\u2069\u2800\u3164\ufeff\uffa0\U000e0041"
)
"""Controls, fillers, what has no width, byte order mark, separators, bidirectional controls and tags."""


def test_an_issuer_is_registered_then_admitted_by_vote(suite: Suite) -> None:
    name = "成都开放大学"
    receipt = suite.decide(("IssuerRegistry", "register", 1, name, text_hash("cdou")))
    assert receipt.named("IssuerRegistered") == [{"institution": 1, "nameHash": text_hash(name), "name": name}]
    record = suite.call("IssuerRegistry", "issuer", 1)
    assert (record["state"], record["nameHash"], record["firstRecognised"]) == (APPLIED, text_hash(name), 0)
    suite.chain.mine(5)
    receipt = suite.decide(("IssuerRegistry", "admit", 1, [SCOPE, (2, 7, 1, 3, 5101, 0, 0)], DOCUMENT))
    assert [event["index"] for event in receipt.named("ScopeAdded")] == [1, 2]
    record = suite.call("IssuerRegistry", "issuer", 1)
    assert (record["state"], record["scopes"], record["firstRecognised"]) == (RECOGNISED, 2, suite.chain.timestamp)
    assert list(suite.call("IssuerRegistry", "scope", 1, 2).values()) == [2, 7, 1, 3, 5101, 0, 0, 1, 0, 0, 1, 0]


def test_every_change_of_state_stays_in_the_history(issuing: Suite) -> None:
    times = []
    for function in ("suspend", "reinstate", "withdraw"):
        issuing.chain.mine(DAY)
        issuing.decide(("IssuerRegistry", function, 1, DOCUMENT))
        times.append(issuing.chain.timestamp)
    issuing.decide(("IssuerRegistry", "admit", 1, [SCOPE], DOCUMENT))
    changes = [issuing.call("IssuerRegistry", "stateChange", 1, index) for index in range(1, 7)]
    assert [change["state"] for change in changes] == [
        APPLIED,
        RECOGNISED,
        SUSPENDED,
        RECOGNISED,
        WITHDRAWN,
        RECOGNISED,
    ]
    assert [change["at"] for change in changes[2:5]] == times
    record = issuing.call("IssuerRegistry", "issuer", 1)
    assert (record["changes"], record["scopes"]) == (6, 2)


@pytest.mark.parametrize(
    ("function", "reached"),
    [
        ("suspend", [SUSPENDED, WITHDRAWN]),
        ("reinstate", [RECOGNISED, WITHDRAWN]),
        ("withdraw", [WITHDRAWN]),
    ],
)
def test_a_change_that_the_state_does_not_allow_is_refused(function: str, reached: list[int], issuing: Suite) -> None:
    steps: dict[int, list[str]] = {RECOGNISED: [], SUSPENDED: ["suspend"], WITHDRAWN: ["withdraw"]}
    for target in reached:
        fork = issuing.fork()
        for step in steps[target]:
            fork.govern("IssuerRegistry", step, 1, DOCUMENT)
        with refused("IssuerRegistryWrongState", 1, target):
            fork.govern("IssuerRegistry", function, 1, DOCUMENT)


def test_a_registered_issuer_is_not_admitted_twice(issuing: Suite) -> None:
    with refused("IssuerRegistryWrongState", 1, RECOGNISED):
        issuing.govern("IssuerRegistry", "admit", 1, [SCOPE], DOCUMENT)


@pytest.mark.parametrize("function", ["rename", "addScope", "suspend"])
def test_nothing_is_known_of_an_issuer_that_is_not_registered(function: str, suite: Suite) -> None:
    arguments: dict[str, list[Any]] = {
        "rename": ["x", KEY],
        "addScope": [SCOPE, DOCUMENT],
        "suspend": [DOCUMENT],
    }
    with refused("IssuerRegistryWrongState", 1, 0):
        suite.govern("IssuerRegistry", function, 1, *arguments[function])


# --- scopes ----------------------------------------------------------------------------------------------------------


def test_a_scope_ends_now_or_later_and_is_never_edited_backwards(issuing: Suite) -> None:
    now = issuing.chain.timestamp
    with refused("IssuerRegistryEndOutOfBounds", now - 1, now, 2**40 - 1):
        issuing.govern("IssuerRegistry", "endScope", 1, 1, now - 1, DOCUMENT)
    issuing.govern("IssuerRegistry", "endScope", 1, 1, now + DAY, DOCUMENT)
    with refused("IssuerRegistryEndOutOfBounds", now + DAY + 1, now, now + DAY):
        issuing.govern("IssuerRegistry", "endScope", 1, 1, now + DAY + 1, DOCUMENT)
    issuing.govern("IssuerRegistry", "endScope", 1, 1, 0, DOCUMENT)
    assert issuing.call("IssuerRegistry", "scope", 1, 1)["to"] == now


@pytest.mark.parametrize("scope", [(0, 0, 1, 2, 0, 0, 0), (1, 0, 3, 2, 0, 0, 0), (1, 0, 1, 2, 0, 9, 9)])
def test_a_malformed_scope_is_refused_by_its_position(scope: tuple[int, ...], suite: Suite) -> None:
    suite.register(1)
    with refused("IssuerRegistryScopeMalformed", 1):
        suite.govern("IssuerRegistry", "admit", 1, [SCOPE, scope], DOCUMENT)


# --- names ----------------------------------------------------------------------------------------------------------


def test_a_look_alike_name_is_taken(issuing: Suite) -> None:
    """Threat 28: the voters check that the hash is the folded name's."""
    with refused("IssuerRegistryNameTaken", text_hash("folded 大学 2"), 2):
        issuing.govern("IssuerRegistry", "rename", 1, "大学\u00a02", text_hash("folded 大学 2"))


def test_a_renamed_issuer_keeps_its_old_name_reserved(issuing: Suite) -> None:
    issuing.govern("IssuerRegistry", "rename", 1, "新大学", text_hash("folded 新大学"))
    assert issuing.call("IssuerRegistry", "issuer", 1)["nameHash"] == text_hash("新大学")
    assert issuing.call("IssuerRegistry", "issuer", 1)["names"] == 2
    with refused("IssuerRegistryNameTaken", text_hash("folded 大学 1"), 1):
        issuing.govern("IssuerRegistry", "rename", 2, "大学 1", text_hash("folded 大学 1"))


BARE = [
    "",
    "x" * 257,
    " ",
    "\u00a0",
    "\u3000 \u2003",
    "\u200d",
    "\u200c",
    "\u200dx",
    "x\u200c",
    "x\u200d y",
    "x\u200c\u200dy",
]


@pytest.mark.parametrize("name", [*BARE, *(f"a{unseen}b" for unseen in UNSEEN)])
def test_a_name_without_letters_to_see_is_refused(name: str, issuing: Suite) -> None:
    with refused("IssuerRegistryNameMalformed", name):
        issuing.govern("IssuerRegistry", "rename", 1, name, KEY)


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "字" * 85,
        "Université de Genève",
        "جامعة",
        "می\u200cخواهم",
        "ක්\u200dෂ",
        "𠮷田大学",
        "A\u2010B",
        "a\u00a0b",
        " x ",
    ],
)
def test_a_plain_name_of_any_script_is_taken(name: str, issuing: Suite) -> None:
    issuing.govern("IssuerRegistry", "rename", 1, name, KEY)
    assert issuing.call("IssuerRegistry", "issuer", 1)["nameHash"] == text_hash(name)
