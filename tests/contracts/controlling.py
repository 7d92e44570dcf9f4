"""Sets of controllers, and the calls that create or replace them with everybody's acceptance."""

from typing import Any

from testamur.artifacts.slots import nested_slot

from tests.contracts.evm import Receipt
from tests.contracts.suite import ADMIN, GOVERN, Suite, account

__all__ = [
    "ADMIN_ASKED",
    "RECOVERY",
    "RECOVERY_ASKED",
    "TOGETHER",
    "controllers",
    "creation",
    "exchange",
    "replace_by_vote",
    "use_up_entries",
]

RECOVERY = 0
"""The roles that a recovery account accepts."""
ADMIN_ASKED, RECOVERY_ASKED, TOGETHER = 0, 1, 2
"""IControllers.Asker."""


def controllers(number: int, **changes: Any) -> tuple[Any, ...]:
    """Founder `number`'s controllers, but for the changes."""
    present = {
        "govern": [account(f"govern {number}"), account(f"deputy {number}")],
        "admin": [account(f"admin {number}")],
        "recovery": account(f"recovery {number}"),
    }
    return tuple((present | changes).values())


def creation(suite: Suite, number: int, govern: list[str] | None = None) -> tuple[Any, ...]:
    """The call that creates institution `number` with a newcomer in each place, for a proposal."""
    names = govern if govern is not None else [f"govern {number}", f"deputy {number}"]
    people = [(name, GOVERN) for name in names] + [(f"admin {number}", ADMIN), (f"recovery {number}", RECOVERY)]
    chosen = controllers(number, govern=[account(name) for name in names])
    return "Operators", "createInstitution", number, chosen, suite.acceptances(number, *people)


def exchange(suite: Suite, number: int, govern: list[str]) -> Receipt:
    """These people govern institution `number` from now on, as a vote decides; its other controllers stay."""
    wanted = controllers(number, govern=[account(name) for name in govern])
    newcomers = [
        (name, GOVERN) for name in govern if not suite.call("Operators", "hasRole", account(name), number, GOVERN)
    ]
    return replace_by_vote(suite, wanted, *newcomers, number=number)


def use_up_entries(suite: Suite, number: int = 1, made: int = 61_440) -> None:
    """Let institution `number` have made that many entries; by default all but the reserve."""
    slot = nested_slot("Operators", "_institutions", number)
    word = suite.chain.storage(suite.address("Operators"), slot)
    suite.chain.store(suite.address("Operators"), slot, word & ~0xFFFF | made)
    assert suite.call("Operators", "institutionOf", number)["operatorCount"] == made


def replace_by_vote(suite: Suite, wanted: tuple[Any, ...], *newcomers: tuple[str, int], number: int = 1) -> Receipt:
    """What a passed proposal does, with the newcomers' acceptances."""
    accepted = suite.acceptances(number, *newcomers)
    return suite.govern("Operators", "replaceControllers", number, wanted, accepted)
