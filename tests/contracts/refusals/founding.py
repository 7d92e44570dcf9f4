"""The refusals of what is founded and sealed, each provoked once."""

from tests.contracts.refusals.ground import NO_ONE, new_alliance, provokes
from tests.contracts.suite import Suite, account


@provokes("FoundingNotFounder")
def _(s: Suite) -> object:
    return s.chain.send(s.address("Alliance"), new_alliance(s), "foundMembers", [1])


@provokes("FoundingSealed")
def _(s: Suite) -> object:
    return s.chain.send(NO_ONE, s.address("Alliance"), "seal")


@provokes("FoundingNotSealed")
def _(s: Suite) -> object:
    return s.chain.send(account("govern 1"), new_alliance(s), "signAgreement", 1)
