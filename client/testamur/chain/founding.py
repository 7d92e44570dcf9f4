"""Who founds an alliance, read from alliance.toml or from a profile's accounts: for a deployment on a chain not ours.

Only what the contracts take is read here: members with their accounts, threshold, periods, validators. The rest of
alliance.toml is the node's.
"""

import tomllib
from pathlib import Path
from typing import Any

from testamur.artifacts.genesis import Founder, Founding, FoundingValidator
from testamur.artifacts.soundness import UnsoundFoundingError, demand_sound
from testamur.chain.signer import keystore_address
from testamur.errors import TestamurError
from testamur.foreign import read_toml
from testamur.profile import Profile
from testamur.proof.hashing import keccak256

__all__ = ["FoundingError", "founding_from_file", "founding_from_profile"]

_DAY = 86_400
_MOST_PLACEHOLDERS = 4
"""Fewer would let one institution hold a third of nothing."""


class FoundingError(TestamurError):
    """The founders are not named completely, or an alliance as it is described cannot be."""

    exit_code = 2


def founding_from_file(path: Path) -> Founding:
    """The founding that an alliance.toml describes. Raises FoundingError where the contracts would refuse it."""
    try:
        table = read_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FoundingError(f"{path} cannot be read: {error}") from error
    try:
        numerator, denominator = table.get("threshold", (2, 3))
        periods = dict(table.get("periods", {}))
        unit = {"days": _DAY, "seconds": 1}[periods.pop("unit", "days")]
        founding = Founding(
            founders=tuple(_founder(member) for member in table["member"]),
            validators=tuple(_validator(item) for item in table.get("validator", ()))
            or _placeholders(len(table["member"])),
            threshold=(int(numerator), int(denominator)),
            periods={name: int(value) * unit for name, value in periods.items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FoundingError(f"{path} does not describe an alliance: {error}", "see `testamur deploy --help`") from error
    return _sound(founding)


def founding_from_profile(profile: Profile) -> Founding:
    """The founding by the institutions of a profile, which must be numbered 1, 2, … in order."""
    founders = []
    for position, institution in enumerate(profile.institutions, 1):
        if institution.number != position:
            raise FoundingError(f"institution {institution.number} of {profile.path} is not number {position}")
        accounts = institution.accounts
        govern = [_of_keystore(profile, path) for path in accounts.govern]
        if len(govern) < 2 or accounts.admin is None or accounts.recovery is None:
            raise FoundingError(
                f"institution {position} needs two govern accounts, an admin and a recovery account in {profile.path}"
            )
        founders.append(
            Founder(
                govern=tuple(govern),
                admin=(_of_keystore(profile, accounts.admin),),
                recovery=_of_keystore(profile, accounts.recovery),
                issue=(_of_keystore(profile, accounts.issue),) if accounts.issue else (),
                status=(_of_keystore(profile, accounts.status),) if accounts.status else (),
            )
        )
    if not founders:
        raise FoundingError(f"{profile.path} holds no institution", "name the founders with --alliance alliance.toml")
    return _sound(Founding(founders=tuple(founders), validators=_placeholders(len(founders))))


def _sound(founding: Founding) -> Founding:
    try:
        demand_sound(founding)
    except UnsoundFoundingError as error:
        raise FoundingError(error.message, error.advice) from error
    return founding


def _placeholders(founders: int) -> tuple[FoundingValidator, ...]:
    """A validator for each of few founders, of a key that nobody has: another chain has its own, no set is empty."""
    numbers = range(1, min(founders, _MOST_PLACEHOLDERS) + 1)
    keys = (keccak256(b"testamur: no validator of institution %d" % number) for number in numbers)
    return tuple(FoundingValidator(key, number) for number, key in enumerate(keys, 1))


def _founder(member: dict[str, Any]) -> Founder:
    def accounts(role: str) -> tuple[bytes, ...]:
        value = member.get(role, [])
        listed = [bytes.fromhex(item.removeprefix("0x")) for item in (value if isinstance(value, list) else [value])]
        if any(len(address) != 20 for address in listed):
            raise ValueError(f"{role} of {member.get('name')!r} is no address")
        return tuple(listed)

    return Founder(
        accounts("govern"), accounts("admin"), accounts("recovery")[0], accounts("issue"), accounts("status")
    )


def _validator(item: dict[str, Any]) -> FoundingValidator:
    return FoundingValidator(
        bytes.fromhex(item["key"].removeprefix("0x")), int(item["institution"]), int(item.get("power", 100))
    )


def _of_keystore(profile: Profile, path: str) -> bytes:
    address = keystore_address(profile.resolve(path))
    if address is None:
        raise FoundingError(f"the keystore {path} of {profile.path} does not name its address")
    return address
