"""The refusals of IssuerRegistry, each provoked once."""

from tests.contracts.refusals.ground import DOCUMENT, KEY, provokes
from tests.contracts.suite import Suite, text_hash


@provokes("IssuerRegistryUnknownInstitution")
def _(s: Suite) -> object:
    return s.register(3)


@provokes("IssuerRegistryWrongState")
def _(s: Suite) -> object:
    return s.register(1)


@provokes("IssuerRegistryNameMalformed")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "rename", 1, "北京\u202e大学", KEY)


@provokes("IssuerRegistryNameTaken")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "rename", 1, "大学 2", text_hash("folded 大学 2"))


@provokes("IssuerRegistryScopeMalformed")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "addScope", 1, (1, 0, 5, 4, 0, 0, 0))


@provokes("IssuerRegistryNoScope")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "withdraw", 1, DOCUMENT)
    return s.govern("IssuerRegistry", "admit", 1, [])


@provokes("IssuerRegistryUnknownScope")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "endScope", 1, 2, s.chain.timestamp)


@provokes("IssuerRegistryEndOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "endScope", 1, 1, s.chain.timestamp - 1)


@provokes("IssuerRegistryNotRecognised")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    return s.anchor(1)


@provokes("IssuerRegistryScopeNotInForce")
def _(s: Suite) -> object:
    return s.anchor(1, scope=2)
