"""Alliances that tests begin with: made once, copied for each test."""

import pytest

from tests.contracts.suite import Suite, founded


@pytest.fixture
def suite() -> Suite:
    """An alliance of two founders in block 1, nothing registered."""
    return founded(2)


@pytest.fixture(scope="session")
def _issuing() -> Suite:
    suite = founded(2)
    suite.admit(1)
    suite.open_list(1)
    suite.admit(2)
    suite.open_list(2)
    suite.chain.mine(3600)
    return suite


@pytest.fixture
def issuing(_issuing: Suite) -> Suite:
    """The same alliance with both founders recognised; list 1 is the first's, list 2 the second's."""
    return _issuing.fork()
