"""Every custom error of the suite is reached by a call that provokes it."""

import pytest
from testamur.artifacts import error_abis

from tests.contracts.evm import Reverted
from tests.contracts.refusals import CASES
from tests.contracts.suite import Suite

LIBRARY_ERRORS = {
    "SafeCastOverflowedUintDowncast": "time, block and version numbers do not outgrow their fields within 10,000 years",
    "InvalidShortString": "the EIP-712 names are constants that fit",
    "StringTooLong": "the EIP-712 names are constants that fit",
}
"""OpenZeppelin's errors that no call reaches, with the reason."""


def test_every_custom_error_has_a_case() -> None:
    assert set(CASES) | set(LIBRARY_ERRORS) == {entry["name"] for entry in error_abis()}


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_refusal_is_reached(name: str, issuing: Suite) -> None:
    with pytest.raises(Reverted) as caught:
        CASES[name](issuing)
    assert caught.value.cause.name == name or caught.value.name == name, str(caught.value)
