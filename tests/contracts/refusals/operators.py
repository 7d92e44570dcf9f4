"""The refusals of Operators, each provoked once."""

from typing import Any

from tests.contracts.refusals.ground import provokes
from tests.contracts.suite import DAY, GOVERN, ISSUE, STATUS, Suite, account, founded_in_block_0


def controllers(number: int, **changes: Any) -> tuple[Any, ...]:
    """Founder `number`'s controllers, but for the changes."""
    present = {
        "govern": [account(f"govern {number}"), account(f"deputy {number}")],
        "admin": [account(f"admin {number}")],
        "recovery": account(f"recovery {number}"),
    }
    return tuple((present | changes).values())


@provokes("OriginBoundUnknown")
def _(_s: Suite) -> object:
    unaware = founded_in_block_0()
    return unaware.hire("newcomer", 1, ISSUE)


@provokes("OperatorsUnexpectedNumber")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 4, *controllers(3))


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
    return s.send("admin 1", "Operators", "cancelControllers", 1)


@provokes("OperatorsRolesOutOfBounds")
def _(s: Suite) -> object:
    return s.hire("newcomer", 1, GOVERN | ISSUE)


@provokes("OperatorsZeroAccount")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 3, *controllers(3, recovery=b"\0" * 20))


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
    crowd = [account(f"crowd {number}") for number in range(64)]
    return s.govern("Operators", "createInstitution", 3, *controllers(3, govern=crowd))


@provokes("ControllersTooFew")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 3, *controllers(3, govern=[account("govern 3")]))


@provokes("ControllersDuplicate")
def _(s: Suite) -> object:
    return s.govern("Operators", "createInstitution", 3, *controllers(3, govern=[account("govern 3")] * 2))


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
