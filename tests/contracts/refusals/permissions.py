"""The refusals of Permissions, each provoked once."""

from tests.contracts.refusals.ground import DOCUMENT, KEY, LIMITS, NO_ONE, new_permissions, provokes
from tests.contracts.suite import DAY, Suite, account, founded, validator


def request(suite: Suite, key: bytes = KEY) -> object:
    """Institution 1 asks for its validator's key to be exchanged."""
    return suite.send("admin 1", "Permissions", "requestExchange", validator(1).key, key)


def approve(suite: Suite, key: bytes = KEY) -> None:
    """… and a second account wants it too."""
    request(suite, key)
    suite.send("govern 1", "Permissions", "approveExchange", validator(1).key, key)


@provokes("PermissionsNotOperators")
def _(s: Suite) -> object:
    return s.send("admin 1", "Permissions", "acquire", account("admin 1"))


@provokes("PermissionsNotAcquired")
def _(s: Suite) -> object:
    return s.chain.send(s.address("Operators"), s.address("Permissions"), "release", NO_ONE)


@provokes("PermissionsParameterOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setParameters", (9_999_999, *LIMITS[1:]))


@provokes("PermissionsEmptySet")
def _(s: Suite) -> object:
    return new_permissions(s, [])


@provokes("PermissionsTooMany")
def _(s: Suite) -> object:
    return new_permissions(s, [(number.to_bytes(32, "big"), 1, 1) for number in range(1, 258)])


@provokes("PermissionsDuplicateValidator")
def _(s: Suite) -> object:
    return new_permissions(s, [(KEY, 100, 1), (KEY, 100, 2)])


@provokes("PermissionsUnknownValidator")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 0, 1)


@provokes("PermissionsValidatorOfAnother")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", validator(1).key, 200, 2)


@provokes("PermissionsNoInstitution")
def _(s: Suite) -> object:
    return new_permissions(s, [(KEY, 1, 0)])


@provokes("PermissionsEntersWithOne")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 2, 1)


@provokes("PermissionsPowerOutOfBounds")
def _(s: Suite) -> object:
    return s.decide(("Permissions", "setValidator", validator(1).key, 10**12 + 1, 1))


@provokes("PermissionsNotUnanimous")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 1, 1)


@provokes("PermissionsNotMember")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 1, 900)


@provokes("PermissionsKeyUsedBefore")
def _(s: Suite) -> object:
    s.decide(("Permissions", "setValidator", validator(2).key, 0, 2))
    return s.govern("Permissions", "setValidator", validator(2).key, 1, 1)


@provokes("PermissionsNotGovern")
def _(s: Suite) -> object:
    return s.send("admin 1", "Permissions", "withdrawValidator", validator(1).key)


@provokes("PermissionsTooFewToLeave")
def _(s: Suite) -> object:
    return s.send("govern 1", "Permissions", "withdrawValidator", validator(1).key)


@provokes("PermissionsNotSystem")
def _(s: Suite) -> object:
    return s.send("govern 1", "Permissions", "confirmSigning", KEY)


@provokes("PermissionsTooFewPeers")
def _(s: Suite) -> object:
    s.govern("Permissions", "setPeer", NO_ONE, True)
    return s.govern("Permissions", "setPeer", NO_ONE, False)


@provokes("PermissionsNotController")
def _(s: Suite) -> object:
    return s.send("admin 2", "Permissions", "requestExchange", validator(1).key, KEY)


@provokes("PermissionsExchangeUnderWay")
def _(s: Suite) -> object:
    request(s)
    return request(s)


@provokes("PermissionsNoExchange")
def _(s: Suite) -> object:
    return s.send("admin 1", "Permissions", "approveExchange", validator(1).key, KEY)


@provokes("PermissionsSameAccount")
def _(s: Suite) -> object:
    request(s)
    return s.send("admin 1", "Permissions", "approveExchange", validator(1).key, KEY)


@provokes("PermissionsExchangeWaits")
def _(s: Suite) -> object:
    approve(s)
    return s.send("anyone", "Permissions", "enterExchange", validator(1).key)


@provokes("PermissionsExchangeLapsed")
def _(s: Suite) -> object:
    approve(s)
    s.chain.mine(38 * DAY)
    return s.send("anyone", "Permissions", "enterExchange", validator(1).key)


@provokes("PermissionsOneExchangeADay")
def _(s: Suite) -> object:
    s.decide(("Permissions", "setValidator", DOCUMENT, 1, 1))
    for old, new in ((validator(1).key, KEY), (DOCUMENT, b"\x22" * 32)):
        s.send("admin 1", "Permissions", "requestExchange", old, new)
        s.send("govern 1", "Permissions", "approveExchange", old, new)
    s.chain.mine(7 * DAY)
    s.send("anyone", "Permissions", "enterExchange", DOCUMENT)
    return s.send("anyone", "Permissions", "enterExchange", validator(1).key)


@provokes("PermissionsTooMuchMoved")
def _(_s: Suite) -> object:
    s = founded(6)
    first, second = (s.adopt(("Permissions", "setValidator", validator(number).key, 0, number)) for number in (1, 2))
    s.execute(first)
    return s.execute(second)


@provokes("PermissionsInstitutionTooStrong")
def _(_s: Suite) -> object:
    return founded(4).decide(("Permissions", "setValidator", validator(1).key, 150, 1))
