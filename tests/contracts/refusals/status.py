"""The refusals of StatusRegistry, each provoked once."""

from tests.contracts.court import appoint, leaf, recorded
from tests.contracts.refusals.ground import DOCUMENT, FULL, KEY, new_status_registry, provokes, succeed
from tests.contracts.suite import ISSUE, PERIODS, Suite, account


@provokes("StatusRegistrySizeOutOfBounds")
def _(s: Suite) -> object:
    return s.open_list(1, 16)


@provokes("StatusRegistryUnknownList")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "revoke", 3, 0, 0)


@provokes("StatusRegistryNotIssueOperator")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "openList", 17)


@provokes("StatusRegistryNotRecognised")
def _(s: Suite) -> object:
    s.govern("IssuerRegistry", "suspend", 1, DOCUMENT)
    return s.open_list(1)


@provokes("StatusRegistryNotCurrent")
def _(s: Suite) -> object:
    succeed(s, "StatusRegistry", new_status_registry(s, 1))
    return s.open_list(1)


@provokes("StatusRegistryNotBatches")
def _(s: Suite) -> object:
    return s.send("issue 1", "StatusRegistry", "advance", 1, 1, 4, 0, 1)


@provokes("StatusRegistryNotIssuer")
def _(s: Suite) -> object:
    return s.anchor(1, list_=2)


@provokes("StatusRegistryNotHolder")
def _(s: Suite) -> object:
    s.hire("newcomer", 1, ISSUE)
    return s.send("newcomer", "CredentialBatches", "anchor", KEY, 100, 1, 0, 1, 1)


@provokes("StatusRegistryNotAdmin")
def _(s: Suite) -> object:
    return s.send("issue 1", "StatusRegistry", "handOver", 1, account("issue 1"))


@provokes("StatusRegistryAdminFrozen")
def _(s: Suite) -> object:
    s.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    return s.send("admin 1", "StatusRegistry", "handOver", 1, account("issue 1"))


@provokes("StatusRegistryCannotHold")
def _(s: Suite) -> object:
    return s.send("admin 1", "StatusRegistry", "handOver", 1, account("status 1"))


@provokes("CounterMoved")
def _(s: Suite) -> object:
    return s.anchor(1, first=1)


@provokes("StatusRegistryListFull")
def _(s: Suite) -> object:
    return s.anchor(1, size=2**17 + 1)


@provokes("StatusRegistryNotKeeper")
def _(s: Suite) -> object:
    return s.send("status 2", "StatusRegistry", "revoke", 1, 0, 0)


@provokes("StatusRegistryIndexOutOfBounds")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "revoke", 1, 2**17, 0)


@provokes("StatusRegistryWordOutOfBounds")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "revokeWords", 1, [0, 512], [FULL, FULL], 0)


@provokes("StatusRegistryLengthMismatch")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "suspendWords", 1, [0, 1], [FULL], 0)


@provokes("StatusRegistryReasonOutOfBounds")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "suspend", 1, 0, 4)


@provokes("StatusRegistryUnchanged")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "reinstate", 1, 0, 0)


@provokes("StatusRegistryFirstListZero")
def _(s: Suite) -> object:
    return new_status_registry(s, 0)


@provokes("StatusRegistryUnknownInstitution")
def _(s: Suite) -> object:
    return s.govern("StatusRegistry", "setCustodian", 1, 3, DOCUMENT)


def _void(s: Suite, person: str = "status 1", *, size: int = 100) -> bytes:
    batch: bytes = s.anchor(1).output
    s.send(person, "StatusRegistry", "voidBatch", 1, batch, size, 1)
    return batch


@provokes("BatchVoidsUnknownBatch")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "voidBatch", 1, KEY, 100, 1)


@provokes("BatchVoidsOtherSize")
def _(s: Suite) -> object:
    return _void(s, size=99)


@provokes("BatchVoidsVoidAlready")
def _(s: Suite) -> object:
    _void(s)
    return _void(s)


@provokes("BatchVoidsNotVoid")
def _(s: Suite) -> object:
    return s.govern("StatusRegistry", "clearVoid", 1, KEY, DOCUMENT)


@provokes("BatchVoidsCannotLift")
def _(s: Suite) -> object:
    return s.send("status 1", "StatusRegistry", "liftVoid", 1, _void(s))


@provokes("BatchVoidsLiftTooLate")
def _(s: Suite) -> object:
    batch = _void(s)
    s.chain.mine(PERIODS["voidDelay"])
    return s.send("govern 1", "StatusRegistry", "liftVoid", 1, batch)


@provokes("StatusRegistryNotDisputes")
def _(s: Suite) -> object:
    return s.send("govern 1", "StatusRegistry", "remedy", KEY, 1, KEY, leaf(0), 0, [], 1)


@provokes("StatusRegistryRemedied")
def _(s: Suite) -> object:
    court = appoint(s)
    batch, _ = recorded(s, [leaf(0)])
    for _ in range(2):
        s.chain.send(court, s.address("StatusRegistry"), "remedy", KEY, 1, batch, leaf(0), 0, [], 1)
    return None


@provokes("StatusRegistryNotInBatch")
def _(s: Suite) -> object:
    court = appoint(s)
    batch, _ = recorded(s, [leaf(0)])
    return s.chain.send(court, s.address("StatusRegistry"), "remedy", KEY, 1, batch, leaf(1), 0, [], 1)
