"""One stolen or lost key of an institution never keeps the others from putting it out (threats 14, 15, 17)."""

from typing import Any

import pytest

from tests.contracts.controlling import (
    ADMIN_ASKED,
    RECOVERY,
    RECOVERY_ASKED,
    TOGETHER,
    controllers,
    creation,
    replace_by_vote,
    use_up_entries,
)
from tests.contracts.evm import Receipt, refused
from tests.contracts.suite import ADMIN, DAY, GOVERN, ISSUE, PERIODS, STATUS, Suite, account

REVIEW, RECOGNISE = 16, 32
FREEZE = PERIODS["recoveryDelay"] + PERIODS["votingPeriod"]


def act(suite: Suite, person: str, function: str, *args: Any) -> Receipt:
    return suite.send(person, "Operators", function, *args)


def roles(suite: Suite, person: str) -> int:
    found: int = suite.call("Operators", "roleOf", account(person))[2]
    return found


def ask_together(suite: Suite, first: str, second: str, **changes: Any) -> tuple[Any, ...]:
    """Two ask that the deputy be replaced by a new one; the set."""
    wanted = controllers(1, **(changes or {"govern": [account("govern 1"), account("new deputy")]}))
    for person in (first, second):
        act(suite, person, "replaceTogether", 1, wanted, suite.acceptances(1, ("new deputy", GOVERN)))
    return wanted


def waiting(suite: Suite, asker: int) -> Any:
    return suite.call("Operators", "replacement", 1, asker)


# --- acceptances -----------------------------------------------------------------------------------------------------


def test_an_acceptance_is_used_up_by_taking_effect(suite: Suite) -> None:
    """Else a stolen ADMIN adds and retires an officer, from public calldata, until its account is burnt."""
    deadline = suite.chain.timestamp + DAY
    accepted = suite.accept("newcomer", 1, ISSUE, deadline)
    act(suite, "admin 1", "addOperator", account("newcomer"), ISSUE, deadline, accepted)
    act(suite, "admin 1", "retireOperator", account("newcomer"))
    with refused("OperatorsAcceptanceInvalid", account("newcomer")):
        act(suite, "admin 1", "addOperator", account("newcomer"), ISSUE, deadline, accepted)
    suite.hire("newcomer", 1, ISSUE)
    assert suite.call("Operators", "referenceOf", account("newcomer"))["nonce"] == 2


def test_asking_with_the_acceptances_of_a_proposal_does_not_make_it_fail(suite: Suite) -> None:
    wanted = controllers(1, admin=[account("new admin")])
    accepted = suite.acceptances(1, ("new admin", ADMIN))
    act(suite, "admin 1", "replaceControllers", 1, wanted, accepted)  # the thief, who read the proposal
    suite.govern("Operators", "replaceControllers", 1, wanted, accepted)
    assert roles(suite, "new admin") == ADMIN


def test_a_new_institution_needs_the_acceptance_of_each_of_its_accounts(suite: Suite) -> None:
    target, function, number, wanted, accepted = creation(suite, 3)
    with refused("OperatorsAcceptanceCount", 3, 4):
        suite.govern(target, function, number, wanted, accepted[:-1])
    with refused("OperatorsAcceptanceInvalid", account("govern 3")):
        suite.govern(target, function, number, wanted, accepted[1:] + accepted[:1])
    suite.govern(target, function, number, wanted, accepted)
    assert roles(suite, "deputy 3") == GOVERN


def test_a_vote_names_no_account_that_did_not_accept(suite: Suite) -> None:
    """A mistyped address of a member would lock two members for ever."""
    with refused("OperatorsAcceptanceCount", 0, 1):
        replace_by_vote(suite, controllers(1, govern=[account("govern 1"), b"\xde\xad" * 10]))


# --- the recovery account --------------------------------------------------------------------------------------------


def mark_recovery(suite: Suite, *people: str, next_: str = "new recovery") -> Receipt:
    since = suite.chain.timestamp - DAY
    (accepted,) = suite.acceptances(1, (next_, RECOVERY))
    receipts = [act(suite, person, "markRecoveryCompromised", since, account(next_), accepted) for person in people]
    return receipts[-1]


def test_two_govern_mark_the_recovery_account_and_name_the_next(suite: Suite) -> None:
    wanted = controllers(1, admin=[account("thief")])
    act(suite, "recovery 1", "replaceControllers", 1, wanted, suite.acceptances(1, ("thief", ADMIN)))
    receipt = mark_recovery(suite, "govern 1", "deputy 1")
    assert suite.call("Operators", "recoveryOf", 1) == account("new recovery")
    assert receipt.named("RecoveryMarkedCompromised") == [
        {
            "institution": 1,
            "account": account("recovery 1"),
            "since": suite.chain.timestamp - DAY,
            "first": account("govern 1"),
            "second": account("deputy 1"),
        }
    ]
    assert [event["asker"] for event in receipt.named("ControllersDropped")] == [RECOVERY_ASKED]
    with refused("ControllersNotController", 1, account("recovery 1")):
        act(suite, "recovery 1", "replaceControllers", 1, controllers(1), [])


def test_one_govern_does_not_mark_the_recovery_account_not_even_twice(suite: Suite) -> None:
    mark_recovery(suite, "govern 1", "govern 1")
    assert suite.call("Operators", "recoveryOf", 1) == account("recovery 1")
    with refused("ControllersNotGovern"):
        mark_recovery(suite, "admin 1")


def test_the_second_must_say_the_same_within_14_days(suite: Suite) -> None:
    mark_recovery(suite, "govern 1")
    mark_recovery(suite, "deputy 1", next_="another recovery")
    assert suite.call("Operators", "recoveryOf", 1) == account("recovery 1")
    suite.chain.mine(14 * DAY + 1)
    mark_recovery(suite, "deputy 1")
    assert suite.call("Operators", "recoveryOf", 1) == account("recovery 1")


def test_a_compromised_account_is_never_recovery_again(suite: Suite) -> None:
    mark_recovery(suite, "govern 1", "deputy 1")
    with refused("OperatorsAccountCompromised", account("recovery 1")):
        replace_by_vote(suite, controllers(1), ("recovery 1", RECOVERY))
    with refused("OperatorsAccountCompromised", account("recovery 1")):
        suite.hire("recovery 1", 1, ISSUE)


def test_a_vote_replaces_the_recovery_account_and_then_marks_it(suite: Suite) -> None:
    with refused("OperatorsAccountRecovers", 1, account("recovery 1")):
        suite.govern("Operators", "markOperatorCompromised", account("recovery 1"), 1)
    wanted, since = controllers(1, recovery=account("new recovery")), suite.chain.timestamp
    suite.decide(
        ("Operators", "replaceControllers", 1, wanted, suite.acceptances(1, ("new recovery", RECOVERY))),
        ("Operators", "markOperatorCompromised", account("recovery 1"), since),
    )
    assert suite.call("Operators", "referenceOf", account("recovery 1"))["compromisedSince"] == since


# --- replacements ----------------------------------------------------------------------------------------------------


def test_a_ripe_replacement_lapses_after_14_days(suite: Suite) -> None:
    """Else what was forgotten is applied years later, at once, by anyone."""
    act(suite, "admin 1", "replaceControllers", 1, controllers(1), [])
    asked = waiting(suite, ADMIN_ASKED)
    assert asked["until"] == asked["effectiveFrom"] + 14 * DAY
    suite.chain.mine(asked["until"] - suite.chain.timestamp)
    late = suite.fork()
    act(suite, "anyone", "applyControllers", 1, controllers(1))
    late.chain.mine()
    with refused("ControllersReplacementLapsed", 1, asked["until"]):
        act(late, "anyone", "applyControllers", 1, controllers(1))


def test_what_is_dropped_is_told_and_so_is_what_took_effect(suite: Suite) -> None:
    act(suite, "recovery 1", "replaceControllers", 1, controllers(1), [])
    dropped = waiting(suite, RECOVERY_ASKED)
    receipt = suite.govern("Operators", "markOperatorCompromised", account("admin 1"), suite.chain.timestamp)
    assert receipt.named("ControllersDropped") == [
        {
            "institution": 1,
            "asker": RECOVERY_ASKED,
            "setHash": dropped["setHash"],
            "effectiveFrom": dropped["effectiveFrom"],
            "by": suite.address("Alliance"),
        }
    ]
    wanted = controllers(1, admin=[account("new admin")])
    (event,) = replace_by_vote(suite, wanted, ("new admin", ADMIN)).named("ControllersReplaced")
    assert event["former"]["admin"] == []
    assert event["set"]["admin"] == [account("new admin")]


def test_one_stolen_govern_does_not_stop_admin_and_the_other_govern(suite: Suite) -> None:
    """Where two members are all there are, no vote passes against it either."""
    wanted = ask_together(suite, "admin 1", "govern 1")
    for _ in range(3):
        act(suite, "deputy 1", "cancelControllers", 1, TOGETHER)
    suite.chain.mine(PERIODS["controllerDelay"])
    act(suite, "anyone", "applyControllers", 1, wanted)
    assert (roles(suite, "deputy 1"), roles(suite, "new deputy")) == (0, GOVERN)


@pytest.mark.parametrize(
    ("first", "second", "period"),
    [("govern 1", "admin 1", "controllerDelay"), ("recovery 1", "govern 1", "recoveryDelay")],
)
def test_the_delay_of_two_is_that_of_the_one_beside_govern(first: str, second: str, period: str, suite: Suite) -> None:
    ask_together(suite, first, second)
    assert waiting(suite, TOGETHER)["effectiveFrom"] == suite.chain.timestamp + PERIODS[period]


@pytest.mark.parametrize(("first", "second"), [("govern 1", "deputy 1"), ("admin 1", "recovery 1")])
def test_two_without_a_govern_or_of_one_kind_do_not_ask_together(first: str, second: str, suite: Suite) -> None:
    ask_together(suite, first, second)
    assert waiting(suite, TOGETHER)["effectiveFrom"] == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [("govern 1", "deputy 1"), ("admin 1", "recovery 1"), ("govern 1", "recovery 1"), ("admin 1", "deputy 1")],
)
def test_any_two_cancel_what_two_asked_for(first: str, second: str, suite: Suite) -> None:
    ask_together(suite, "admin 1", "govern 1")
    act(suite, "deputy 1", "freezeAdmin", account("admin 1"))
    told = act(suite, first, "cancelControllers", 1, TOGETHER).named("SecondAwaited")
    assert [event["account"] for event in told] == [account(first)]
    (event,) = act(suite, second, "cancelControllers", 1, TOGETHER).named("ControllersCancelled")
    assert (event["first"], event["canceller"]) == (account(first), account(second))
    assert waiting(suite, TOGETHER)["effectiveFrom"] == 0


def test_admin_and_recovery_cancel_what_one_asked_alone(suite: Suite) -> None:
    act(suite, "recovery 1", "replaceControllers", 1, controllers(1), [])
    act(suite, "admin 1", "cancelControllers", 1, RECOVERY_ASKED)
    assert waiting(suite, RECOVERY_ASKED)["effectiveFrom"]
    act(suite, "recovery 1", "cancelControllers", 1, RECOVERY_ASKED)
    assert not waiting(suite, RECOVERY_ASKED)["effectiveFrom"]


def test_the_word_of_one_who_is_no_controller_any_more_counts_for_nothing(suite: Suite) -> None:
    ask_together(suite, "admin 1", "govern 1")
    act(suite, "recovery 1", "cancelControllers", 1, TOGETHER)
    replaced = suite.fork()
    replace_by_vote(replaced, controllers(1, recovery=account("new recovery")), ("new recovery", RECOVERY))
    ask_together(
        replaced,
        "admin 1",
        "govern 1",
        govern=[account("govern 1"), account("new deputy")],
        recovery=account("new recovery"),
    )
    act(replaced, "deputy 1", "cancelControllers", 1, TOGETHER)
    assert waiting(replaced, TOGETHER)["effectiveFrom"]


# --- freezing and resigning ------------------------------------------------------------------------------------------


def freeze(suite: Suite, by: str = "govern 1") -> int:
    (event,) = act(suite, by, "freezeAdmin", account("admin 1")).named("AdminFrozen")
    until: int = event["until"]
    return until


def test_a_frozen_admin_neither_grants_nor_dates_back_nor_asks_alone(suite: Suite) -> None:
    act(suite, "admin 1", "replaceControllers", 1, controllers(1), [])
    until = freeze(suite)
    assert until == suite.chain.timestamp + FREEZE
    since = suite.chain.timestamp
    for function, *args in (
        ("markOperatorCompromised", account("issue 1"), since - 1),
        ("replaceControllers", 1, controllers(1), []),
    ):
        with refused("ControllersFrozen", account("admin 1"), until):
            act(suite, "admin 1", function, *args)
    with refused("ControllersFrozen", account("admin 1"), until):
        suite.hire("newcomer", 1, ISSUE)
    act(suite, "admin 1", "markOperatorCompromised", account("issue 1"), since)
    act(suite, "admin 1", "retireOperator", account("status 1"))
    suite.chain.mine(PERIODS["controllerDelay"])
    with refused("ControllersFrozen", account("admin 1"), until):
        act(suite, "anyone", "applyControllers", 1, controllers(1))


def test_a_freeze_lapses_and_the_same_govern_cannot_repeat_it(suite: Suite) -> None:
    freeze(suite)
    suite.chain.mine(FREEZE + 1)
    suite.hire("newcomer", 1, ISSUE)
    with refused("ControllersFreezeSpent", account("admin 1"), account("govern 1")):
        freeze(suite)
    freeze(suite, "deputy 1")


def test_a_confirmed_freeze_stands_until_two_lift_it(suite: Suite) -> None:
    freeze(suite)
    with refused("ControllersFreezeOf", account("admin 1"), account("govern 1")):
        act(suite, "deputy 1", "liftFreeze", account("admin 1"))
    act(suite, "deputy 1", "confirmFreeze", account("admin 1"))
    suite.chain.mine(FREEZE + 1)
    assert suite.call("Operators", "isFrozen", account("admin 1"))
    act(suite, "govern 1", "liftFreeze", account("admin 1"))
    assert suite.call("Operators", "isFrozen", account("admin 1"))
    act(suite, "deputy 1", "liftFreeze", account("admin 1"))
    assert not suite.call("Operators", "isFrozen", account("admin 1"))


def test_who_froze_or_a_vote_lifts_an_unconfirmed_freeze(suite: Suite) -> None:
    freeze(suite)
    by_vote = suite.fork()
    act(suite, "govern 1", "liftFreeze", account("admin 1"))
    by_vote.govern("Operators", "liftFreeze", account("admin 1"))
    for each in (suite, by_vote):
        each.hire("newcomer", 1, ISSUE)


def test_nobody_of_another_institution_freezes(suite: Suite) -> None:
    with refused("ControllersNotGovern", 1, account("govern 2")):
        act(suite, "govern 2", "freezeAdmin", account("admin 1"))
    with refused("ControllersNotGovern", 1, account("admin 1")):
        act(suite, "admin 1", "freezeAdmin", account("admin 1"))


def test_an_account_lays_its_role_down_where_enough_stay(suite: Suite) -> None:
    act(suite, "issue 1", "resign")
    assert roles(suite, "issue 1") == 0
    with refused("ControllersTooFew", 1, 1):
        act(suite, "deputy 1", "resign")
    with refused("ControllersTooFew", 2, 0):
        act(suite, "admin 1", "resign")
    with refused("OperatorsAccountNotActive", account("recovery 1")):
        act(suite, "recovery 1", "resign")
    people = ("third", GOVERN), ("second admin", ADMIN)
    wanted = controllers(
        1,
        govern=[account(name) for name in ("govern 1", "deputy 1", "third")],
        admin=[account("admin 1"), account("second admin")],
    )
    replace_by_vote(suite, wanted, *people)
    act(suite, "admin 1", "replaceControllers", 1, controllers(1), [])
    receipt = act(suite, "admin 1", "resign")
    assert [event["asker"] for event in receipt.named("ControllersDropped")] == [ADMIN_ASKED]
    (event,) = act(suite, "third", "resign").named("OperatorRetired")
    assert (event["account"], event["by"]) == (account("third"), account("third"))


# --- cut-offs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def cut_off(suite: Suite) -> Suite:
    """A stolen ADMIN has voided 90 days of institution 1's ISSUE account."""
    suite.chain.mine(100 * DAY)
    act(suite, "admin 1", "markOperatorCompromised", account("issue 1"), suite.chain.timestamp - 90 * DAY)
    return suite


def test_a_vote_moves_a_cut_off_later_and_the_slot_says_so(cut_off: Suite) -> None:
    former, since = cut_off.chain.timestamp - 90 * DAY, cut_off.chain.timestamp - DAY
    (event,) = cut_off.decide(("Operators", "restoreOperator", account("issue 1"), since)).named("OperatorRestored")
    assert (event["index"], event["former"], event["since"], event["clearings"]) == (4, former, since, 1)
    assert cut_off.call("Operators", "operator", 1, 4)["compromisedSince"] == since
    restored = cut_off.call("Operators", "restoration", 1, 4)
    assert (restored["clearings"], restored["at"], restored["former"]) == (1, cut_off.chain.timestamp, former)
    for wrong in (0, since, cut_off.chain.timestamp + 1):
        with refused("OperatorsSinceOutOfBounds", wrong, since + 1, cut_off.chain.timestamp):
            cut_off.govern("Operators", "restoreOperator", account("issue 1"), wrong)


def test_clearing_takes_a_govern_of_the_institution_besides_the_vote(cut_off: Suite) -> None:
    """Else the others could revive a real thief of an institution that they are at odds with."""
    with refused("OperatorsNoConsent", 1, account("issue 1")):
        cut_off.govern("Operators", "clearOperator", account("issue 1"))
    with refused("ControllersNotGovern", 1, account("govern 2")):
        act(cut_off, "govern 2", "consentToClear", account("issue 1"))
    act(cut_off, "deputy 1", "consentToClear", account("issue 1"))
    late = cut_off.fork()
    late.chain.mine(60 * DAY + 1)
    with refused("OperatorsNoConsent", 1, account("issue 1")):
        late.govern("Operators", "clearOperator", account("issue 1"))
    cut_off.decide(("Operators", "clearOperator", account("issue 1")))
    assert cut_off.call("Operators", "operator", 1, 4)["compromisedSince"] == 0
    assert cut_off.call("Operators", "restoration", 1, 4)["clearings"] == 1
    cut_off.hire("issue 1", 1, ISSUE)


def test_a_consent_to_clear_ends_with_another_cut_off(cut_off: Suite) -> None:
    """What a GOVERN agreed to was another cut-off, or none so far back."""
    moved = cut_off.fork()
    act(cut_off, "govern 1", "consentToClear", account("issue 1"))
    cut_off.govern("Operators", "markOperatorCompromised", account("issue 1"), 1)
    with refused("OperatorsNoConsent", 1, account("issue 1")):
        cut_off.govern("Operators", "clearOperator", account("issue 1"))
    act(moved, "govern 1", "consentToClear", account("issue 1"))
    moved.govern("Operators", "restoreOperator", account("issue 1"), moved.chain.timestamp - DAY)
    with refused("OperatorsNoConsent", 1, account("issue 1")):
        moved.govern("Operators", "clearOperator", account("issue 1"))


def test_admin_does_not_mark_again_for_90_days_what_a_vote_restored(cut_off: Suite) -> None:
    act(cut_off, "govern 1", "consentToClear", account("issue 1"))
    cut_off.govern("Operators", "clearOperator", account("issue 1"))
    until = cut_off.chain.timestamp + 90 * DAY
    cut_off.hire("issue 1", 1, ISSUE)  # not under a new entry either
    with refused("OperatorsRestoredByVote", account("issue 1"), until):
        act(cut_off, "admin 1", "markOperatorCompromised", account("issue 1"), cut_off.chain.timestamp)
    by_vote = cut_off.fork()
    by_vote.govern("Operators", "markOperatorCompromised", account("issue 1"), by_vote.chain.timestamp)
    cut_off.chain.mine(90 * DAY)
    act(cut_off, "admin 1", "markOperatorCompromised", account("issue 1"), cut_off.chain.timestamp)


# --- mandates and entries --------------------------------------------------------------------------------------------


def test_an_admin_gives_review_only_within_the_mandate_of_a_vote(suite: Suite) -> None:
    with refused("OperatorsRolesOutOfBounds", REVIEW):
        suite.hire("newcomer", 1, REVIEW)
    with refused("OperatorsRolesOutOfBounds", REVIEW | ISSUE):
        suite.govern("Operators", "setMandate", 1, REVIEW | ISSUE)
    (event,) = suite.decide(("Operators", "setMandate", 1, REVIEW)).named("MandateSet")
    assert event == {"institution": 1, "roles": REVIEW, "former": 0}
    with refused("OperatorsRolesOutOfBounds", REVIEW | RECOGNISE):
        suite.hire("newcomer", 1, REVIEW | RECOGNISE)
    suite.hire("newcomer", 1, REVIEW | STATUS)
    assert roles(suite, "newcomer") == REVIEW | STATUS


def test_a_mandate_taken_away_stops_who_had_the_role_and_leaves_the_others(suite: Suite) -> None:
    suite.govern("Operators", "setMandate", 1, REVIEW | RECOGNISE)
    suite.hire("newcomer", 1, REVIEW | STATUS)
    suite.govern("Operators", "setMandate", 1, RECOGNISE)
    assert roles(suite, "newcomer") == STATUS
    assert not suite.call("Operators", "hasRole", account("newcomer"), 1, REVIEW)
    suite.govern("Operators", "setMandate", 1, REVIEW)
    assert suite.call("Operators", "hasRole", account("newcomer"), 1, REVIEW)


def test_admin_has_a_budget_of_64_entries_and_one_more_each_six_hours(suite: Suite) -> None:
    for round_ in range(64):
        suite.hire(f"puppet {round_ % 2}", 1, ISSUE)
        act(suite, "admin 1", "retireOperator", account(f"puppet {round_ % 2}"))
    with refused("OperatorsBudgetSpent", 1, suite.chain.timestamp + 6 * 3600):
        suite.hire("newcomer", 1, ISSUE)
    wanted = controllers(1, admin=[account("new admin")])
    recovered = suite.fork()
    replace_by_vote(recovered, wanted, ("new admin", ADMIN))
    suite.chain.mine(6 * 3600)
    suite.hire("newcomer", 1, ISSUE)


@pytest.mark.parametrize("person", ["recovery 1", None])
def test_recovery_and_vote_have_entries_that_admin_cannot_use_up(person: str | None, suite: Suite) -> None:
    use_up_entries(suite)
    with refused("OperatorsReserved", 1, 61_440):
        suite.hire("newcomer", 1, ISSUE)
    wanted = controllers(1, admin=[account("new admin")])
    accepted = suite.acceptances(1, ("new admin", ADMIN))
    if person is None:
        suite.govern("Operators", "replaceControllers", 1, wanted, accepted)
    else:
        act(suite, person, "replaceControllers", 1, wanted, accepted)
        suite.chain.mine(PERIODS["recoveryDelay"])
        act(suite, "anyone", "applyControllers", 1, wanted)
    assert (roles(suite, "new admin"), roles(suite, "admin 1")) == (ADMIN, 0)
