"""New shapes are paid for out of a budget, by their size and never by the clock; known ones cost nothing."""

import copy
from typing import Any

import pytest
from testamur.batch.bundle import Bundle
from testamur.credential.budget import Budget, BudgetExceededError, limited
from testamur.credential.document import from_tree
from testamur.verification.checks import check_document

from tests.client.verification.world import credential, world


def of_a_new_shape(number: int) -> dict[str, Any]:
    """A credential whose achievement has `number` tags more than any other here."""
    tree: dict[str, Any] = copy.deepcopy(credential(1))
    tree["credentialSubject"]["achievement"]["tag"] = [f"t{tag}" for tag in range(300 + number)]
    return tree


def test_shapes_that_were_never_seen_use_the_budget_up() -> None:
    budget = Budget(1_000)
    with limited(budget):
        from_tree(of_a_new_shape(1))
        from_tree(of_a_new_shape(2))
        with pytest.raises(BudgetExceededError, match="too many new kinds"):
            from_tree(of_a_new_shape(3))
    from_tree(of_a_new_shape(3))  # nobody set a budget here


def test_a_shape_that_came_twice_costs_nothing_more() -> None:
    from_tree(of_a_new_shape(4))
    from_tree(of_a_new_shape(4))
    budget = Budget(0)
    with limited(budget):
        from_tree(of_a_new_shape(4))
        with pytest.raises(BudgetExceededError):
            from_tree(of_a_new_shape(5))


def test_a_budget_that_is_used_up_is_no_verdict_on_a_bundle() -> None:
    [bundle] = world().issue([of_a_new_shape(6)])
    with limited(Budget(0)), pytest.raises(BudgetExceededError):
        check_document(bundle.dump())
    assert check_document(bundle.dump()) == (check_document(bundle)[0], Bundle.parse(bundle.dump()))
