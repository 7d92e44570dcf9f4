"""The refusals of Keys, each provoked once."""

from testamur.proof.hashing import keccak256

from tests.contracts.refusals.ground import DOCUMENT, KEY, provokes
from tests.contracts.suite import DAY, Suite, account, text_hash

HASH = keccak256(KEY)


def marked(s: Suite) -> Suite:
    """Institution 1's key, cut off a day ago."""
    s.send("admin 1", "Keys", "addKey", KEY, 1)
    s.send("admin 1", "Keys", "markKeyCompromised", 1, HASH, s.chain.timestamp - DAY)
    return s


@provokes("KeysUnknownInstitution")
def _(s: Suite) -> object:
    return s.govern("Keys", "addDid", 3, "did:web:x.example")


@provokes("KeysDidMalformed")
def _(s: Suite) -> object:
    return s.govern("Keys", "addDid", 1, "did:web:two words")


@provokes("KeysDidTaken")
def _(s: Suite) -> object:
    return s.govern("Keys", "addDid", 1, "did:web:university-2.example")


@provokes("KeysUnknownDid")
def _(s: Suite) -> object:
    return s.govern("Keys", "endDid", text_hash("did:web:nobody.example"), 0, DOCUMENT)


@provokes("KeysNotAdmin")
def _(s: Suite) -> object:
    return s.send("govern 1", "Keys", "addKey", KEY, 1)


@provokes("KeysAdminFrozen")
def _(s: Suite) -> object:
    s.send("govern 1", "Operators", "freezeAdmin", account("admin 1"))
    return s.send("admin 1", "Keys", "addKey", KEY, 1)


@provokes("KeysNotGovern")
def _(s: Suite) -> object:
    return marked(s).send("admin 1", "Keys", "consentToClearKey", 1, HASH)


@provokes("KeysKeyMalformed")
def _(s: Suite) -> object:
    return s.send("admin 1", "Keys", "addKey", b"\0" * 32, 1)


@provokes("KeysKeyTaken")
def _(s: Suite) -> object:
    s.send("admin 1", "Keys", "addKey", KEY, 1)
    return s.send("admin 1", "Keys", "addKey", KEY, 2)


@provokes("KeysUnknownUsage")
def _(s: Suite) -> object:
    return s.send("admin 1", "Keys", "addKey", KEY, 3)


@provokes("KeysUnknownKey")
def _(s: Suite) -> object:
    return s.send("admin 1", "Keys", "retireKey", 1, HASH, 0)


@provokes("KeysEndOutOfBounds")
def _(s: Suite) -> object:
    s.send("admin 1", "Keys", "addKey", KEY, 1)
    s.send("admin 1", "Keys", "retireKey", 1, HASH, 0)
    return s.send("admin 1", "Keys", "retireKey", 1, HASH, 0)


@provokes("KeysSinceOutOfBounds")
def _(s: Suite) -> object:
    s.send("admin 1", "Keys", "addKey", KEY, 1)
    return s.send("admin 1", "Keys", "markKeyCompromised", 1, HASH, s.chain.timestamp + 1)


@provokes("KeysNotCompromised")
def _(s: Suite) -> object:
    s.send("admin 1", "Keys", "addKey", KEY, 1)
    return s.govern("Keys", "restoreKey", 1, HASH, s.chain.timestamp, DOCUMENT)


@provokes("KeysRestoredByVote")
def _(s: Suite) -> object:
    marked(s).govern("Keys", "restoreKey", 1, HASH, s.chain.timestamp, DOCUMENT)
    return s.send("admin 1", "Keys", "markKeyCompromised", 1, HASH, s.chain.timestamp - DAY)


@provokes("KeysNoConsent")
def _(s: Suite) -> object:
    return marked(s).govern("Keys", "clearKey", 1, HASH, DOCUMENT)
