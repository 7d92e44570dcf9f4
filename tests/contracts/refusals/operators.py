"""The refusals of Operators, each provoked once."""

from tests.contracts.controlling import controllers, creation, replace_by_vote, use_up_entries
from tests.contracts.refusals.ground import provokes
from tests.contracts.suite import DAY, GOVERN, ISSUE, STATUS, Suite, account, founded_in_block_0


def compromised(s: Suite) -> bytes:
    """Institution 1's ISSUE account, cut off by its ADMIN."""
    s.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), s.chain.timestamp)
    return account("issue 1")


@provokes("OriginBoundUnknown")
def _(_s: Suite) -> object:
    unaware = founded_in_block_0()
    return unaware.hire("newcomer", 1, ISSUE)


@provokes("OperatorsUnexpectedNumber")
def _(s: Suite) -> object:
    return s.govern(*creation(s, 4))


@provokes("OperatorsUnknownInstitution")
def _(s: Suite) -> object:
    return s.send("admin 1", "Operators", "replaceControllers", 3, controllers(1), [])


@provokes("OperatorsNotAdmin")
def _(s: Suite) -> object:
    return s.send("govern 1", "Operators", "retireOperator", account("issue 1"))


@provokes("ControllersNotController")
def _(s: Suite) -> object:
    return s.send("govern 1", "Operators", "replaceControllers", 1, controllers(1), [])


@provokes("ControllersNotGovern")
def _(s: Suite) -> object:
    return s.send("admin 1", "Operators", "consentToClear", compromised(s))


@provokes("OperatorsRolesOutOfBounds")
def _(s: Suite) -> object:
    return s.hire("newcomer", 1, GOVERN | ISSUE)


@provokes("OperatorsZeroAccount")
def _(s: Suite) -> object:
    return replace_by_vote(s, controllers(1, recovery=b"\0" * 20))


@provokes("OperatorsAccountOfAnother")
def _(s: Suite) -> object:
    return s.hire("issue 2", 1, ISSUE)


@provokes("OperatorsAccountActive")
def _(s: Suite) -> object:
    return s.hire("issue 1", 1, STATUS)


@provokes("OperatorsAccountNotActive")
def _(s: Suite) -> object:
    return s.send("admin 1", "Operators", "retireOperator", account("newcomer"))


@provokes("OperatorsAccountCompromised")
def _(s: Suite) -> object:
    s.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), s.chain.timestamp)
    return s.hire("issue 1", 1, ISSUE)


@provokes("OperatorsTooMany")
def _(s: Suite) -> object:
    return s.govern(*creation(s, 3, [f"crowd {number}" for number in range(64)]))


@provokes("ControllersTooFew")
def _(s: Suite) -> object:
    return s.govern(*creation(s, 3, ["govern 3"]))


@provokes("ControllersDuplicate")
def _(s: Suite) -> object:
    return replace_by_vote(s, controllers(1, govern=[account("govern 1")] * 2))


@provokes("OperatorsAcceptanceExpired")
def _(s: Suite) -> object:
    signature = s.accept("newcomer", 1, ISSUE, s.chain.timestamp - 1)
    return s.send("admin 1", "Operators", "addOperator", account("newcomer"), ISSUE, s.chain.timestamp - 1, signature)


@provokes("OperatorsAcceptanceInvalid")
def _(s: Suite) -> object:
    deadline = s.chain.timestamp + DAY
    signature = s.accept("newcomer", 2, ISSUE, deadline)
    return s.send("admin 1", "Operators", "addOperator", account("newcomer"), ISSUE, deadline, signature)


@provokes("OperatorsAcceptanceCount")
def _(s: Suite) -> object:
    changed = controllers(1, admin=[account("newcomer")])
    return s.send("admin 1", "Operators", "replaceControllers", 1, changed, [])


@provokes("OperatorsSinceOutOfBounds")
def _(s: Suite) -> object:
    return s.send(
        "admin 1", "Operators", "markOperatorCompromised", account("issue 1"), s.chain.timestamp - 90 * DAY - 1
    )


@provokes("ControllersNoReplacement")
def _(s: Suite) -> object:
    return s.send("anyone", "Operators", "applyControllers", 1, controllers(1))


@provokes("ControllersReplacementWaits")
def _(s: Suite) -> object:
    s.send("admin 1", "Operators", "replaceControllers", 1, controllers(1), [])
    s.chain.mine(7 * DAY - 1)
    return s.send("anyone", "Operators", "applyControllers", 1, controllers(1))


@provokes("ControllersReplacementLapsed")
def _(s: Suite) -> object:
    s.send("admin 1", "Operators", "replaceControllers", 1, controllers(1), [])
    s.chain.mine(21 * DAY + 1)
    return s.send("anyone", "Operators", "applyControllers", 1, controllers(1))


@provokes("ControllersRecoveryActs")
def _(s: Suite) -> object:
    return s.hire("recovery 1", 1, ISSUE)


@provokes("ControllersFrozen")
def _(s: Suite) -> object:
    s.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    return s.hire("newcomer", 1, ISSUE)


@provokes("ControllersNotFrozen")
def _(s: Suite) -> object:
    return s.send("govern 1", "Operators", "liftFreeze", account("admin 1"))


@provokes("ControllersNotAdmin")
def _(s: Suite) -> object:
    return s.send("govern 1", "Operators", "freezeAdmin", account("issue 1"))


@provokes("ControllersFreezeSpent")
def _(s: Suite) -> object:
    s.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    s.send("govern 1", "Operators", "liftFreeze", account("admin 1"))
    return s.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))


@provokes("ControllersFreezeOf")
def _(s: Suite) -> object:
    s.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    return s.send("govern 1", "Operators", "confirmFreeze", account("admin 1"))


@provokes("OperatorsAccountNotCompromised")
def _(s: Suite) -> object:
    return s.govern("Operators", "restoreOperator", account("issue 1"), s.chain.timestamp)


@provokes("OperatorsAccountRecovers")
def _(s: Suite) -> object:
    return s.govern("Operators", "markOperatorCompromised", account("recovery 1"), s.chain.timestamp)


@provokes("OperatorsRestoredByVote")
def _(s: Suite) -> object:
    theft = s.chain.timestamp
    s.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), theft - DAY)
    s.govern("Operators", "restoreOperator", account("issue 1"), theft)
    return s.send("admin 1", "Operators", "markOperatorCompromised", account("issue 1"), theft - DAY)


@provokes("OperatorsNoConsent")
def _(s: Suite) -> object:
    return s.govern("Operators", "clearOperator", compromised(s))


@provokes("OperatorsBudgetSpent")
def _(s: Suite) -> object:
    for round_ in range(65):
        s.hire(f"puppet {round_ % 2}", 1, ISSUE)
        s.send("admin 1", "Operators", "retireOperator", account(f"puppet {round_ % 2}"))
    return None


@provokes("OperatorsReserved")
def _(s: Suite) -> object:
    use_up_entries(s)
    return s.hire("newcomer", 1, ISSUE)
