"""What `init` and `deploy` refuse before anything is done is what the contracts refuse, and nothing else is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from testamur.artifacts.founding_calls import founding_calls
from testamur.artifacts.genesis import ChainParameters, Founding, constructions
from testamur.artifacts.soundness import UnsoundFoundingError, demand_sound

from tests.contracts.evm import SYSTEM, Chain, refused
from tests.contracts.suite import GENESIS_TIME, account, founder, validator

DAY = 86_400


def founding(institutions: int = 2, **changes: Any) -> Founding:
    numbers = range(1, institutions + 1)
    sound = Founding(tuple(founder(number) for number in numbers), tuple(validator(number) for number in numbers))
    return replace(sound, **changes)


def with_first(**changes: Any) -> Founding:
    """The first institution otherwise."""
    return founding(founders=(replace(founder(1), **changes), founder(2)))


def with_parameters(**changes: int) -> Founding:
    return founding(parameters=replace(ChainParameters(), **changes))


def found(what: Founding) -> None:
    chain = Chain(GENESIS_TIME)
    for each in constructions(what):
        chain.construct(each.name, each.address, each.init_code)
    for call in founding_calls(what, gas=25_000_000):
        chain.send_raw(SYSTEM, call.address, call.data)


def accounts(count: int) -> tuple[bytes, ...]:
    return tuple(number.to_bytes(20, "big") for number in range(1000, 1000 + count))


UNSOUND: dict[str, tuple[Callable[[], Founding], str, str]] = {
    "nobody": (lambda: founding(0, validators=(validator(1),)), "a founding", "PermissionsNotMember"),
    "one govern": (lambda: with_first(govern=(account("a"),)), "two govern", "ControllersTooFew"),
    "no admin": (lambda: with_first(admin=()), "an admin", "ControllersTooFew"),
    "no recovery": (lambda: with_first(recovery=bytes(20)), "zero address", "OperatorsZeroAccount"),
    "zero issue": (lambda: with_first(issue=(bytes(20),)), "zero address", "OperatorsZeroAccount"),
    "govern twice": (lambda: with_first(govern=(account("a"),) * 2), "twice", "ControllersDuplicate"),
    "two roles": (lambda: with_first(issue=(account("admin 1"),)), "twice", "OperatorsAccountActive"),
    "of another": (lambda: with_first(issue=(account("admin 2"),)), "institution 2", "OperatorsAccountOfAnother"),
    "recovery of another": (
        lambda: with_first(recovery=account("recovery 2")), "1 and institution 2", "OperatorsAccountOfAnother"
    ),
    "recovery governs": (lambda: with_first(recovery=account("govern 1")), "governs", "ControllersRecoveryActs"),
    "recovery administers": (lambda: with_first(recovery=account("admin 1")), "governs", "ControllersRecoveryActs"),
    "65 accounts": (lambda: with_first(issue=accounts(61)), "65 accounts of at most 64", "OperatorsTooMany"),
    "unknown member": (lambda: founding(members=(1, 3)), "member 3", "AllianceUnknownInstitution"),
    "member twice": (lambda: founding(members=(1, 1)), "twice among", "AllianceAlreadyMember"),
    "half": (lambda: founding(threshold=(1, 2)), "threshold 1/2", "AllianceThresholdOutOfBounds"),
    "more than all": (lambda: founding(threshold=(4, 3)), "threshold 4/3", "AllianceThresholdOutOfBounds"),
    "no time to vote": (lambda: founding(periods={"votingPeriod": 59}), "votingPeriod", "AllianceParameterOutOfBounds"),
    "no time to execute": (
        lambda: founding(periods={"executionWindow": 59}), "executionWindow", "AllianceParameterOutOfBounds"
    ),
    "no delay": (lambda: founding(periods={"directoryDelay": 0}), "directoryDelay", "AllianceParameterOutOfBounds"),
    "a long delay": (
        lambda: founding(periods={"recoveryDelay": 366 * DAY + 1}), "recoveryDelay", "AllianceParameterOutOfBounds"
    ),
    "recovery in haste": (
        lambda: founding(periods={"recoveryDelay": 7 * DAY}), "not longer than", "AllianceParameterOutOfBounds"
    ),
    "no validator": (lambda: founding(validators=()), "between one", "PermissionsEmptySet"),
    "257 validators": (
        lambda: founding(validators=tuple(replace(validator(n), institution=1 + n % 2) for n in range(257))),
        "not 257",
        "PermissionsTooMany",
    ),
    "validator twice": (
        lambda: founding(validators=(validator(1), validator(1))), "twice in the set", "PermissionsDuplicateValidator"
    ),
    "of nobody": (
        lambda: founding(validators=(replace(validator(1), institution=0),)), "no member", "PermissionsNotMember"
    ),
    "no power": (lambda: founding(validators=(validator(1, 0),)), "power 0", "PermissionsPowerOutOfBounds"),
    "a third": (
        lambda: founding(4, validators=(validator(1, 150), *(validator(n) for n in (2, 3, 4)))),
        "holds 150 of 450",
        "PermissionsInstitutionTooStrong",
    ),
    "a small block": (lambda: with_parameters(gas_limit=9_999_999), "gas_limit", "PermissionsParameterOutOfBounds"),
    "a short memory": (
        lambda: with_parameters(evidence_max_age_seconds=86_399), "age_seconds", "PermissionsParameterOutOfBounds"
    ),
    "few blocks": (lambda: with_parameters(evidence_max_age_blocks=999), "blocks", "PermissionsParameterOutOfBounds"),
    "small transactions": (
        lambda: with_parameters(transaction_gas=9_999_999), "transaction_gas", "PermissionsParameterOutOfBounds"
    ),
    "no calls": (lambda: with_parameters(unnamed_gas=99_999), "unnamed_gas", "PermissionsParameterOutOfBounds"),
    "no creations": (lambda: with_parameters(creation_gas=1), "creation_gas", "PermissionsParameterOutOfBounds"),
    "a slow heart": (lambda: with_parameters(heartbeat_seconds=61), "heartbeat", "PermissionsParameterOutOfBounds"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNSOUND)
def test_what_cannot_be_is_refused_beforehand_as_the_contracts_would(what: str) -> None:
    make, words, error = UNSOUND[what]
    with pytest.raises(UnsoundFoundingError, match=words):
        demand_sound(make())
    with refused(error):
        found(make())


@pytest.mark.parametrize(
    "make",
    [
        lambda: founding(1),
        lambda: with_first(issue=accounts(60)),
        lambda: founding(threshold=(1, 1), members=(2,), validators=(validator(2),)),
        lambda: founding(periods={"votingPeriod": 60, "directoryDelay": 1, "recoveryDelay": 366 * DAY}),
        lambda: founding(3, validators=(validator(1, 10**12), validator(2), validator(3))),
        lambda: founding(4),
        lambda: with_parameters(gas_limit=10_000_000, heartbeat_seconds=60),
    ],
)
def test_what_just_can_be_is_founded(make: Callable[[], Founding]) -> None:
    demand_sound(make())
    found(make())
