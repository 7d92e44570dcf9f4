"""Accounts act for one institution, accept it, and change by rules that no thief can use alone (threats 14, 15, 17)."""

from typing import Any

import pytest

from tests.contracts.controlling import ADMIN_ASKED, RECOVERY, RECOVERY_ASKED, controllers, creation, replace_by_vote
from tests.contracts.evm import refused
from tests.contracts.suite import ADMIN, DAY, GOVERN, ISSUE, PERIODS, STATUS, Suite, account


def may_transact(suite: Suite, person: str) -> int:
    reasons: int = suite.call("Permissions", "account", account(person))["transact"]
    return reasons


def test_an_operator_is_added_by_admin_once_it_accepts(suite: Suite) -> None:
    receipt = suite.hire("newcomer", 1, ISSUE | STATUS)
    assert receipt.named("OperatorAdded") == [
        {
            "institution": 1,
            "account": account("newcomer"),
            "index": 6,
            "roles": ISSUE | STATUS,
            "by": account("admin 1"),
        }
    ]
    assert suite.call("Operators", "roleOf", account("newcomer")) == (1, 6, ISSUE | STATUS)
    assert suite.call("Operators", "hasRole", account("newcomer"), 1, ISSUE)
    assert not suite.call("Operators", "hasRole", account("newcomer"), 2, ISSUE)
    assert not suite.call("Operators", "hasRole", account("newcomer"), 1, ADMIN)
    assert may_transact(suite, "newcomer") == 1


def test_an_account_is_not_adopted_without_its_signature(suite: Suite) -> None:
    deadline = suite.chain.timestamp + DAY
    forged = suite.accept("admin 1", 1, ISSUE, deadline)
    with refused("OperatorsAcceptanceInvalid", account("newcomer")):
        suite.send("admin 1", "Operators", "addOperator", account("newcomer"), ISSUE, deadline, forged)


@pytest.mark.parametrize("change", [{"roles": STATUS}, {"institution": 2}, {"deadline": 1}, {"nonce": 1}])
def test_an_acceptance_binds_institution_roles_and_deadline(change: dict[str, int], suite: Suite) -> None:
    deadline = suite.chain.timestamp + DAY
    accepted = {"institution": 1, "roles": ISSUE, "deadline": deadline} | change
    signature = suite.accept("newcomer", **accepted)
    with refused("OperatorsAcceptanceInvalid"):
        suite.send("admin 1", "Operators", "addOperator", account("newcomer"), ISSUE, deadline, signature)


def test_an_account_belongs_to_one_institution_for_ever(suite: Suite) -> None:
    suite.hire("newcomer", 1, ISSUE)
    suite.send("admin 1", "Operators", "retireOperator", account("newcomer"))
    with refused("OperatorsAccountOfAnother", account("newcomer"), 1):
        suite.hire("newcomer", 2, ISSUE)
    suite.hire("newcomer", 1, STATUS)
    assert suite.call("Operators", "roleOf", account("newcomer")) == (1, 7, STATUS)


def test_an_institution_cannot_adopt_anothers_account_and_drop_it(suite: Suite) -> None:
    """Threat 14: institution 1 names institution 2's people as its own controllers."""
    stolen = [account("govern 1"), account("govern 2")]
    with refused("OperatorsAcceptanceInvalid", account("govern 2")):
        deadline = suite.chain.timestamp + DAY
        forged = suite.accept("admin 1", 1, GOVERN, deadline)
        suite.send("admin 1", "Operators", "replaceControllers", 1, controllers(1, govern=stolen), [(deadline, forged)])
    with refused("OperatorsAccountOfAnother", account("govern 2"), 2):
        replace_by_vote(suite, controllers(1, govern=stolen), ("govern 2", GOVERN))
    with refused("OperatorsAccountOfAnother", account("recovery 2"), 2):
        replace_by_vote(suite, controllers(1, recovery=account("recovery 2")), ("recovery 2", RECOVERY))
    assert suite.call("Operators", "hasRole", account("govern 2"), 2, GOVERN)


def test_a_retired_operator_ends_at_once_and_keeps_its_entry(suite: Suite) -> None:
    suite.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    assert suite.call("Operators", "roleOf", account("issue 1")) == (1, 4, 0)
    entry = suite.call("Operators", "operator", 1, 4)
    assert (entry["roles"], entry["until"]) == (ISSUE, suite.chain.timestamp)
    assert may_transact(suite, "issue 1") == 0
    with refused("OperatorsAccountNotActive"):
        suite.send("admin 1", "Operators", "retireOperator", account("issue 1"))


def test_the_right_to_transact_is_counted_not_switched(suite: Suite) -> None:
    """It goes over from an operator to the recovery account that it becomes."""
    wanted = controllers(1, govern=[account("govern 1"), account("newcomer")], recovery=account("deputy 1"))
    replace_by_vote(suite, wanted, ("newcomer", GOVERN), ("deputy 1", RECOVERY))
    assert (may_transact(suite, "deputy 1"), may_transact(suite, "recovery 1")) == (1, 0)


def test_the_recovery_account_acts_for_nothing_else(suite: Suite) -> None:
    """Else its theft could be said of an operator, and it would stay."""
    with refused("ControllersRecoveryActs", 1, account("recovery 1")):
        suite.hire("recovery 1", 1, ISSUE)
    with refused("ControllersRecoveryActs", 1, account("issue 1")):
        replace_by_vote(suite, controllers(1, recovery=account("issue 1")), ("issue 1", RECOVERY))
    for person in ("govern 1", "admin 1"):
        with refused("ControllersRecoveryActs", 1, account(person)):
            replace_by_vote(suite, controllers(1, recovery=account(person)), (person, RECOVERY))


@pytest.mark.parametrize("person", ["govern 1", "deputy 1", "admin 1"])
def test_admin_neither_retires_nor_marks_those_who_could_stop_it(person: str, suite: Suite) -> None:
    with refused("OperatorsRolesOutOfBounds"):
        suite.send("admin 1", "Operators", "retireOperator", account(person))
    with refused("OperatorsRolesOutOfBounds"):
        suite.send("admin 1", "Operators", "markOperatorCompromised", account(person), suite.chain.timestamp)


def test_admin_of_another_institution_has_no_say(suite: Suite) -> None:
    with refused("OperatorsNotAdmin", account("admin 2")):
        suite.send("admin 2", "Operators", "retireOperator", account("issue 1"))
    with refused("OperatorsNotAdmin", account("admin 2")):
        suite.send("admin 2", "Operators", "markOperatorCompromised", account("issue 1"), suite.chain.timestamp)
    with refused("ControllersNotController", 1, account("admin 2")):
        suite.send("admin 2", "Operators", "replaceControllers", 1, controllers(1), [])
    with refused("ControllersNotController", 1, account("govern 2")):
        suite.send("govern 2", "Operators", "cancelControllers", 1, ADMIN_ASKED)


# --- compromised accounts --------------------------------------------------------------------------------------------


def test_a_cut_off_lies_at_most_90_days_back_and_ends_the_operator(suite: Suite) -> None:
    since = suite.chain.timestamp - 90 * DAY
    with refused("OperatorsSinceOutOfBounds", since - 1, since, suite.chain.timestamp):
        suite.send("admin 1", "Operators", "markOperatorCompromised", account("status 1"), since - 1)
    suite.send("admin 1", "Operators", "markOperatorCompromised", account("status 1"), since)
    entry = suite.call("Operators", "operator", 1, 5)
    assert (entry["compromisedSince"], entry["until"]) == (since, suite.chain.timestamp)
    assert suite.call("Operators", "roleOf", account("status 1"))[2] == 0


def test_a_cut_off_only_ever_moves_earlier(suite: Suite) -> None:
    """Threat 15: moved forward, it would make forgeries valid again."""
    since = suite.chain.timestamp - 9 * DAY
    suite.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), since)
    for caller in ("admin 1", None):
        with refused("OperatorsSinceOutOfBounds"):
            mark(suite, caller, "issue 1", since + 1)
        with refused("OperatorsSinceOutOfBounds"):
            mark(suite, caller, "issue 1", 0)
    mark(suite, "admin 1", "issue 1", since - 1)
    assert suite.call("Operators", "operator", 1, 4)["compromisedSince"] == since - 1


def test_the_alliance_sets_a_cut_off_further_back(suite: Suite) -> None:
    mark(suite, None, "issue 1", suite.chain.timestamp - 400 * DAY)
    assert suite.call("Operators", "operator", 1, 4)["compromisedSince"] == suite.chain.timestamp - 400 * DAY


def test_a_cut_off_counts_for_every_entry_that_the_account_ever_had(suite: Suite) -> None:
    """Else what a thief anchored before the account was retired and added again would stand."""
    suite.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    suite.hire("issue 1", 1, ISSUE)
    since = suite.chain.timestamp - DAY
    receipt = suite.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), since)
    assert [event["index"] for event in receipt.named("OperatorMarkedCompromised")] == [4, 6]
    assert suite.call("Operators", "indexesOf", account("issue 1")) == [4, 6]
    for index in (4, 6):
        assert suite.call("Operators", "operator", 1, index)["compromisedSince"] == since
    assert suite.call("Operators", "operator", 1, 5)["compromisedSince"] == 0


def test_an_account_comes_and_goes_at_most_64_times(suite: Suite) -> None:
    for _ in range(63):
        suite.send("admin 1", "Operators", "retireOperator", account("issue 1"))
        suite.hire("issue 1", 1, ISSUE)
    suite.send("admin 1", "Operators", "retireOperator", account("issue 1"))
    with refused("OperatorsTooMany", 1, 64):
        suite.hire("issue 1", 1, ISSUE)


def test_the_alliance_retires_an_operator_of_an_institution_that_vanished(suite: Suite) -> None:
    suite.decide(("Operators", "retireOperator", account("status 1")))
    assert suite.call("Operators", "roleOf", account("status 1"))[2] == 0


def test_an_account_once_compromised_never_acts_again(suite: Suite) -> None:
    mark(suite, "admin 1", "issue 1", suite.chain.timestamp)
    with refused("OperatorsAccountCompromised", account("issue 1")):
        suite.hire("issue 1", 1, ISSUE)


def test_marking_an_admin_as_compromised_drops_what_it_asked_for(suite: Suite) -> None:
    suite.send("admin 1", "Operators", "replaceControllers", 1, controllers(1), [])
    mark(suite, None, "admin 1", suite.chain.timestamp)
    suite.chain.mine(PERIODS["controllerDelay"])
    with refused("ControllersNoReplacement", 1):
        suite.send("anyone", "Operators", "applyControllers", 1, controllers(1))
    assert suite.call("Operators", "controllers", 1)["admin"] == []


def mark(suite: Suite, person: str | None, whom: str, since: int) -> None:
    """By a person, or by the Alliance."""
    sender = account(person) if person else suite.address("Alliance")
    suite.chain.send(sender, suite.address("Operators"), "markOperatorCompromised", account(whom), since)


# --- replacing controllers -------------------------------------------------------------------------------------------


def ask(suite: Suite, person: str, new_admin: str = "new admin") -> tuple[Any, ...]:
    """Ask that institution 1's ADMIN be replaced; the set."""
    wanted = controllers(1, admin=[account(new_admin)])
    acceptances = suite.acceptances(1, (new_admin, ADMIN))
    suite.send(person, "Operators", "replaceControllers", 1, wanted, acceptances)
    return wanted


@pytest.mark.parametrize(("person", "period"), [("admin 1", "controllerDelay"), ("recovery 1", "recoveryDelay")])
def test_a_replacement_takes_effect_after_its_delay_and_not_a_second_sooner(
    person: str, period: str, suite: Suite
) -> None:
    wanted = ask(suite, person)
    suite.chain.mine(PERIODS[period] - 1)
    with refused("ControllersReplacementWaits", 1, suite.chain.timestamp + 1):
        suite.send("anyone", "Operators", "applyControllers", 1, wanted)
    suite.chain.mine()
    suite.send("anyone", "Operators", "applyControllers", 1, wanted)
    assert suite.call("Operators", "hasRole", account("new admin"), 1, ADMIN)
    assert suite.call("Operators", "roleOf", account("admin 1")) == (1, 3, 0)
    assert (may_transact(suite, "new admin"), may_transact(suite, "admin 1")) == (1, 0)
    assert suite.call("Operators", "hasRole", account("govern 1"), 1, GOVERN)
    with refused("ControllersNoReplacement", 1):
        suite.send("anyone", "Operators", "applyControllers", 1, wanted)


@pytest.mark.parametrize("person", ["admin 1", "recovery 1"])
def test_a_stolen_key_that_asks_is_cancelled_by_a_current_govern(person: str, suite: Suite) -> None:
    """Threat 14: a stolen ADMIN appoints its own GOVERN."""
    wanted = controllers(1, govern=[account("thief"), account("accomplice")])
    acceptances = suite.acceptances(1, ("thief", GOVERN), ("accomplice", GOVERN))
    suite.send(person, "Operators", "replaceControllers", 1, wanted, acceptances)
    suite.send("deputy 1", "Operators", "cancelControllers", 1, ADMIN_ASKED if person == "admin 1" else RECOVERY_ASKED)
    suite.chain.mine(PERIODS["recoveryDelay"])
    with refused("ControllersNoReplacement", 1):
        suite.send("thief", "Operators", "applyControllers", 1, wanted)
    assert not suite.call("Operators", "hasRole", account("thief"), 1, GOVERN)


def test_a_set_that_was_not_asked_for_is_not_applied(suite: Suite) -> None:
    ask(suite, "admin 1")
    suite.chain.mine(PERIODS["controllerDelay"])
    with refused("ControllersNoReplacement", 1):
        suite.send("thief", "Operators", "applyControllers", 1, controllers(1, admin=[account("thief")]))


def test_a_stolen_admin_cannot_push_the_recovery_accounts_request_aside(suite: Suite) -> None:
    wanted = ask(suite, "recovery 1")
    ask(suite, "admin 1", "puppet")
    suite.send("admin 1", "Operators", "replaceControllers", 1, controllers(1), [])
    suite.chain.mine(PERIODS["recoveryDelay"])
    suite.send("anyone", "Operators", "applyControllers", 1, wanted)
    assert suite.call("Operators", "controllers", 1)["admin"] == [account("new admin")]


def test_the_alliance_replaces_at_once_and_overrides_a_cancel(suite: Suite) -> None:
    """Threat 17: lost keys do not lock the alliance for ever; a stolen GOVERN that cancels everything is put out."""
    wanted = ask(suite, "recovery 1")
    suite.send("govern 1", "Operators", "cancelControllers", 1, RECOVERY_ASKED)
    suite.decide(("Operators", "replaceControllers", 1, wanted, suite.acceptances(1, ("new admin", ADMIN))))
    assert suite.call("Operators", "hasRole", account("new admin"), 1, ADMIN)


def test_what_waited_is_dropped_once_the_alliance_replaced(suite: Suite) -> None:
    wanted = ask(suite, "admin 1", "puppet")
    replace_by_vote(suite, controllers(1, admin=[account("new admin")]), ("new admin", ADMIN))
    suite.chain.mine(PERIODS["recoveryDelay"])
    with refused("ControllersNoReplacement", 1):
        suite.send("thief", "Operators", "applyControllers", 1, wanted)


def test_with_one_govern_key_lost_the_other_still_votes_and_recovery_mends_it(suite: Suite) -> None:
    """Threat 17, at n = 2: every vote needs both members, and the deputy is one of them."""
    wanted = controllers(1, govern=[account("deputy 1"), account("new govern")])
    acceptances = suite.acceptances(1, ("new govern", GOVERN))
    suite.send("recovery 1", "Operators", "replaceControllers", 1, wanted, acceptances)
    suite.chain.mine(PERIODS["recoveryDelay"])
    suite.send("anyone", "Operators", "applyControllers", 1, wanted)
    proposal = suite.propose(("Alliance", "setThreshold", 1, 1), by=2)
    suite.send("new govern", "Alliance", "vote", proposal, True)
    suite.wait()
    suite.execute(proposal)


def test_a_new_recovery_account_accepts_and_releases_the_old_one(suite: Suite) -> None:
    wanted = controllers(1, recovery=account("new recovery"))
    suite.send(
        "admin 1", "Operators", "replaceControllers", 1, wanted, suite.acceptances(1, ("new recovery", RECOVERY))
    )
    suite.chain.mine(PERIODS["controllerDelay"])
    receipt = suite.send("anyone", "Operators", "applyControllers", 1, wanted)
    assert receipt.named("RecoveryChanged") == [
        {
            "institution": 1,
            "account": account("new recovery"),
            "former": account("recovery 1"),
            "by": account("anyone"),
        }
    ]
    assert (may_transact(suite, "recovery 1"), may_transact(suite, "new recovery")) == (0, 1)
    with refused("ControllersNotController"):
        suite.send("recovery 1", "Operators", "replaceControllers", 1, wanted, [])


def test_acceptances_of_accounts_that_stay_are_refused(suite: Suite) -> None:
    surplus = suite.acceptances(1, ("govern 1", GOVERN))
    with refused("OperatorsAcceptanceCount", 1, 0):
        suite.send("admin 1", "Operators", "replaceControllers", 1, controllers(1), surplus)


def test_govern_that_becomes_admin_changes_its_entry(suite: Suite) -> None:
    wanted = controllers(1, govern=[account("govern 1"), account("newcomer")], admin=[account("deputy 1")])
    replace_by_vote(suite, wanted, ("newcomer", GOVERN), ("deputy 1", ADMIN))
    assert suite.call("Operators", "hasRole", account("deputy 1"), 1, ADMIN)
    assert not suite.call("Operators", "hasRole", account("deputy 1"), 1, GOVERN)
    assert may_transact(suite, "deputy 1") == 1


@pytest.mark.parametrize(
    ("change", "accepting", "error"),
    [
        ({"govern": [account("govern 1")]}, [], "ControllersTooFew"),
        ({"govern": [account("govern 1")] * 2}, [], "ControllersDuplicate"),
        ({"admin": []}, [], "ControllersTooFew"),
        ({"admin": [account("govern 1")]}, [("govern 1", ADMIN)], "OperatorsAccountActive"),
        ({"admin": [account("issue 1")]}, [("issue 1", ADMIN)], "OperatorsAccountActive"),
    ],
)
def test_a_set_that_would_lock_the_institution_is_refused(
    change: dict[str, Any], accepting: list[tuple[str, int]], error: str, suite: Suite
) -> None:
    with refused(error):
        replace_by_vote(suite, controllers(1, **change), *accepting)


@pytest.mark.parametrize(
    ("change", "error"),
    [({"recovery": b"\0" * 20}, "OperatorsZeroAccount"), ({"admin": [b"\0" * 20]}, "OperatorsAcceptanceInvalid")],
)
def test_the_zero_address_controls_nothing(change: dict[str, Any], error: str, suite: Suite) -> None:
    """No key belongs to it, so nobody accepts for it."""
    deadline = suite.chain.timestamp + DAY
    with refused(error):
        suite.govern("Operators", "replaceControllers", 1, controllers(1, **change), [(deadline, b"\1" * 65)])


def test_an_institution_has_at_most_64_acting_accounts(suite: Suite) -> None:
    suite.govern(*creation(suite, 3, [f"crowd {number}" for number in range(63)]))
    assert suite.call("Operators", "institutionOf", 3)["activeCount"] == 64
    with refused("OperatorsTooMany", 3, 56):
        suite.hire("newcomer", 3, ISSUE)
    with refused("OperatorsTooMany", 3, 64):
        govern = [account(f"crowd {number}") for number in range(63)] + [account("newcomer")]
        suite.govern(
            "Operators",
            "replaceControllers",
            3,
            controllers(3, govern=govern, admin=[account("admin 3")], recovery=account("recovery 3")),
            suite.acceptances(3, ("newcomer", GOVERN)),
        )


def test_admin_leaves_room_for_eight_accounts_that_others_give(suite: Suite) -> None:
    """Else a stolen ADMIN fills its institution, and nobody takes the place of a GOVERN that a vote marked."""
    suite.govern(*creation(suite, 3, [f"crowd {number}" for number in range(54)]))
    suite.hire("newcomer", 3, ISSUE)
    with refused("OperatorsTooMany", 3, 56):
        suite.hire("another", 3, ISSUE)


def test_two_proposals_that_create_an_institution_cannot_swap_numbers(suite: Suite) -> None:
    suite.govern(*creation(suite, 3))
    with refused("OperatorsUnexpectedNumber", 3, 4):
        suite.govern(*creation(suite, 3))
