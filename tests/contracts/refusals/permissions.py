"""The refusals of Permissions, each provoked once."""

from tests.contracts.refusals.ground import KEY, LIMITS, NO_ONE, new_permissions, provokes
from tests.contracts.suite import Suite, account, founded, validator


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
    return s.govern("Permissions", "setValidator", KEY, 1, 0)


@provokes("PermissionsEntersWithOne")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 2, 1)


@provokes("PermissionsPowerOutOfBounds")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", validator(1).key, 10**12 + 1, 1)


@provokes("PermissionsNotUnanimous")
def _(s: Suite) -> object:
    return s.govern("Permissions", "setValidator", KEY, 1, 1)


@provokes("PermissionsTooMuchMoved")
def _(_s: Suite) -> object:
    s = founded(6)
    s.decide(("Permissions", "setValidator", validator(1).key, 0, 1))
    return s.decide(("Permissions", "setValidator", validator(2).key, 0, 2))


@provokes("PermissionsInstitutionTooStrong")
def _(_s: Suite) -> object:
    return founded(4).decide(("Permissions", "setValidator", validator(1).key, 150, 1))
