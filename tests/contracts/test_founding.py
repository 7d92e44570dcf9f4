"""Founding in several calls: any split gives one state, nobody acts before the sealing, nobody founds after it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.founding_calls import SEALED, Entered, FoundingCall, founding_calls
from testamur.artifacts.genesis import Founding, constructions
from testamur.proof.hashing import keccak256

from tests.contracts.evm import SYSTEM, Chain, refused
from tests.contracts.suite import DAY, GENESIS_TIME, ISSUE, PERIODS, Suite, account, founder, validator

STRANGER = account("stranger")


def founding(institutions: int) -> Founding:
    numbers = range(1, institutions + 1)
    return Founding(
        tuple(founder(number) for number in numbers),
        tuple(validator(number) for number in numbers),
        periods=PERIODS,
    )


def constructed(what: Founding) -> Suite:
    """The contracts as their constructors leave them."""
    chain = Chain(GENESIS_TIME)
    for each in constructions(what):
        chain.construct(each.name, each.address, each.init_code)
    return Suite(chain, tuple(range(1, len(what.founders) + 1)))


def enter(suite: Suite, calls: Iterator[FoundingCall]) -> list[tuple[FoundingCall, int]]:
    """Each call with the gas that it took."""
    return [(call, suite.chain.send_raw(SYSTEM, call.address, call.data).gas) for call in calls]


def state(suite: Suite) -> list[object]:
    return [
        suite.call("Alliance", "members"),
        suite.call("Permissions", "validators"),
        suite.call("Operators", "institutionCount"),
        *(suite.call("Operators", "controllers", number) for number in suite.members),
        *(suite.call("Operators", "roleOf", account(f"status {number}")) for number in suite.members),
        *(suite.call(name, "isSealed") for name in SEALED),
    ]


@pytest.mark.parametrize("gas", [1, 1_500_000, 3_300_000])
def test_any_split_founds_the_same_and_no_call_takes_more_than_it_says(gas: int) -> None:
    what = founding(5)
    whole, split = constructed(what), constructed(what)
    enter(whole, founding_calls(what))
    done = enter(split, founding_calls(what, gas=gas))
    assert state(split) == state(whole)
    assert all(call.gas <= max(gas, 2_000_000) for call, _ in done if call.entries)
    assert [call.name for call, used in done if used > call.gas] == []
    split.decide(("Alliance", "setThreshold", 1, 1))


@pytest.mark.parametrize(
    ("entered", "functions"),
    [
        (Entered(), ["foundInstitutions", "foundMembers", "foundValidators", "seal", "seal", "seal"]),
        (Entered(institutions=5), ["foundMembers", "foundValidators", "seal", "seal", "seal"]),
        (Entered(5, 5, 4), ["foundValidators", "seal", "seal", "seal"]),
        (Entered(5, 5, 5, frozenset({"Permissions", "Operators"})), ["seal"]),
        (Entered(5, 5, 5, frozenset(SEALED)), []),
    ],
)
def test_what_stands_already_is_left_out(entered: Entered, functions: list[str]) -> None:
    assert [call.function for call in founding_calls(founding(5), entered=entered)] == functions


def test_a_chunk_that_stands_already_is_refused_as_a_whole() -> None:
    what = founding(3)
    suite = constructed(what)
    institutions, members, validators, *_ = founding_calls(what)
    enter(suite, iter([institutions, members, validators]))
    for call, error in (
        (institutions, "OperatorsUnexpectedNumber"),
        (members, "AllianceAlreadyMember"),
        (validators, "PermissionsDuplicateValidator"),
    ):
        with refused(error):
            suite.chain.send_raw(SYSTEM, call.address, call.data)
    later = next(founding_calls(what, entered=Entered(institutions=2)))
    with refused("OperatorsUnexpectedNumber", 3, 4):
        suite.chain.send_raw(SYSTEM, later.address, later.data)


def test_before_the_sealing_nobody_acts() -> None:
    what = founding(2)
    suite = constructed(what)
    enter(suite, (call for call in founding_calls(what) if call.entries))
    alliance, operators = suite.address("Alliance"), suite.address("Operators")
    with refused("FoundingNotSealed", alliance):
        suite.propose(("Alliance", "setThreshold", 1, 1))
    with refused("FoundingNotSealed", operators):
        suite.hire("newcomer", 1, ISSUE)
    with refused("FoundingNotSealed", operators):
        suite.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    with refused("FoundingNotSealed", operators):
        suite.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), GENESIS_TIME)
    with refused("FoundingNotSealed", operators):
        suite.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    with refused("FoundingNotSealed", operators):
        suite.send("issue 1", "Operators", "resign")
    controllers = suite.call("Operators", "controllers", 1)
    with refused("FoundingNotSealed", operators):
        suite.send("admin 1", "Operators", "replaceControllers", 1, tuple(controllers.values()), [])
    assert not suite.call("Alliance", "isSealed")
    assert suite.call("Alliance", "founder") == SYSTEM


def test_only_the_founder_founds_and_seals() -> None:
    what = founding(2)
    suite = constructed(what)
    for call in founding_calls(what):
        with refused("FoundingNotFounder", STRANGER):
            suite.chain.send_raw(STRANGER, call.address, call.data)
        suite.chain.send_raw(SYSTEM, call.address, call.data)


def test_after_the_sealing_nobody_founds() -> None:
    what = founding(2)
    suite = constructed(what)
    enter(suite, founding_calls(what))
    for call in founding_calls(replace(what, founders=(*what.founders, founder(3)))):
        for sender in (SYSTEM, b"\0" * 20, suite.address("Alliance")):
            with refused("FoundingSealed"):
                suite.chain.send_raw(sender, call.address, call.data)
    assert [suite.call(name, "founder") for name in SEALED] == [b"\0" * 20] * 3


def test_what_could_not_act_is_not_sealed() -> None:
    what = founding(2)
    suite = constructed(what)
    seal = {call.name: call for call in founding_calls(what) if not call.entries}

    def sealing(name: str) -> None:
        suite.chain.send_raw(SYSTEM, seal[name].address, seal[name].data)

    with refused("PermissionsEmptySet"):
        sealing("Permissions")
    with refused("OperatorsUnknownInstitution", 0):
        sealing("Operators")
    with refused("AllianceLastMember", 0):
        sealing("Alliance")
    enter(suite, (call for call in founding_calls(what) if call.entries))
    with refused("FoundingNotSealed", suite.address("Operators")):
        sealing("Alliance")
    sealing("Operators")
    with refused("FoundingNotSealed", suite.address("Permissions")):
        sealing("Alliance")
    sealing("Permissions")
    sealing("Alliance")
    suite.chain.mine(DAY)
    suite.decide(("Alliance", "setThreshold", 1, 1))


def test_the_founders_slot_is_empty_after_the_sealing() -> None:
    what = founding(2)
    suite = constructed(what)
    place = int.from_bytes(keccak256(b"testamur.founding.founder"), "big")
    assert all(suite.chain.storage(GENESIS_ADDRESSES[name], place) for name in SEALED)
    enter(suite, founding_calls(what))
    assert not any(suite.chain.storage(GENESIS_ADDRESSES[name], place) for name in SEALED)
