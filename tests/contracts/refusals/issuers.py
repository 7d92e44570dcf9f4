"""The refusals of IssuerRegistry, each provoked once."""

from tests.contracts.named import named
from tests.contracts.refusals.ground import DOCUMENT, KEY, NO_ONE, provokes
from tests.contracts.suite import SCOPE, Suite, text_hash


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
    return s.govern("IssuerRegistry", "addScope", 1, (1, 0, 5, 4, 0, 0, 0), DOCUMENT)


@provokes("IssuerRegistryNoScope")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "withdraw", 1, DOCUMENT)
    return s.govern("IssuerRegistry", "admit", 1, [], DOCUMENT)


@provokes("IssuerRegistryUnknownScope")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "endScope", 1, 2, s.chain.timestamp, DOCUMENT)


@provokes("IssuerRegistryEndOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "endScope", 1, 1, s.chain.timestamp - 1, DOCUMENT)


@provokes("IssuerRegistryNotRecognised")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    return s.anchor(1)


@provokes("IssuerRegistryScopeNotInForce")
def _(s: Suite) -> object:
    return s.anchor(1, scope=2)


@provokes("IssuerRegistryScopeOfOldAdmission")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "withdraw", 1, DOCUMENT)
    s.govern("IssuerRegistry", "admit", 1, [SCOPE], DOCUMENT)
    return s.anchor(1)


@provokes("IssuerRegistryScopeSuspended")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "suspendScope", 1, 1, DOCUMENT)
    return s.anchor(1)


@provokes("IssuerRegistryCannotLift")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "liftScope", 1, 1, DOCUMENT)


def below(s: Suite, child: int, parent: int, scope: tuple[int, ...] = SCOPE, creator: int = 3) -> object:
    """The contract of accreditations gives `child` a scope below the first of `parent`."""
    contract = named(s, "Accreditation")
    registry = s.address("IssuerRegistry")
    return s.chain.send(contract, registry, "addScopeUnder", child, scope, (parent, 1, creator), DOCUMENT)


@provokes("IssuerRegistryScopeExceedsParent")
def _(s: Suite) -> object:
    return below(s, 2, 1, (2, 0, 1, 1, 0, 0, 0))


@provokes("IssuerRegistryTooDeep")
def _(s: Suite) -> object:
    contract, registry = named(s, "Accreditation"), s.address("IssuerRegistry")
    for child, parent, scope in ((2, 1, 1), (1, 2, 2), (2, 1, 2), (1, 2, 3)):
        s.chain.send(contract, registry, "addScopeUnder", child, SCOPE, (parent, scope, 3), DOCUMENT)
    return None


@provokes("IssuerRegistryOwnParent")
def _(s: Suite) -> object:
    return below(s, 1, 1)


@provokes("IssuerRegistryNoParent")
def _(s: Suite) -> object:
    return below(s, 1, 0)


@provokes("IssuerRegistryUnknownCreator")
def _(s: Suite) -> object:
    return below(s, 2, 1, creator=60)


@provokes("IssuerRegistryNotAccreditation")
def _(s: Suite) -> object:
    return s.send("admin 1", "IssuerRegistry", "suspendScope", 1, 1, DOCUMENT)


@provokes("IssuerRegistryNotAuditor")
def _(s: Suite) -> object:
    return s.send("admin 1", "IssuerRegistry", "hold", 1, 1, 0, DOCUMENT)


@provokes("IssuerRegistryHoldMalformed")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "hold", 1, 0, 0, DOCUMENT)


@provokes("IssuerRegistryHeld")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "hold", 1, 1, 0, DOCUMENT)
    return s.anchor(1)


@provokes("IssuerRegistryHoldRests")
def _(s: Suite) -> object:
    contract, registry = named(s, "QualityAudits"), s.address("IssuerRegistry")
    s.chain.send(contract, registry, "hold", 1, 1, 0, DOCUMENT)
    return s.chain.send(contract, registry, "hold", 1, 1, 7, DOCUMENT)


@provokes("IssuerRegistryTooManyHolds")
def _(s: Suite) -> object:
    for kind in range(17):
        s.govern("IssuerRegistry", "hold", 1, 1, kind, DOCUMENT)
    return None


@provokes("IssuerRegistryUnknownHold")
def _(s: Suite) -> object:
    return s.govern("IssuerRegistry", "setHoldEnd", 1, 1, s.chain.timestamp, DOCUMENT)


@provokes("IssuerRegistryNotCurrent")
def _(s: Suite) -> object:
    parts = [s.address(name) for name in ("Alliance", "Operators", "Directory", "IssuerRegistry")]
    waiting = s.chain.deploy("IssuerRegistry", NO_ONE, ["address"] * 4, parts)
    return s.chain.send(NO_ONE, waiting, "carryOver", 1)
