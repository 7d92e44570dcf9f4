"""Whether an alliance can be founded as it is described: what the contracts would refuse, said before anything is done.

`init` and `deploy` ask here alike. Each rule is one of the contracts' own; a test founds what is refused here all the
same and sees them refuse it.
"""

from collections import Counter
from collections.abc import Iterator

from testamur.artifacts.genesis import DEFAULT_PERIODS, ChainParameters, Founder, Founding, FoundingValidator

__all__ = ["UnsoundFoundingError", "demand_sound"]

_MOST_ACCOUNTS = 64
_MOST_VALIDATORS = 256
_MOST_POWER = 10**12
_LONGEST_PERIOD = 366 * 86_400
_SHORTEST_WINDOW = 60
_FEW_INSTITUTIONS = 4
"""So many that validate may not hold a third of the power each (Permissions)."""


class UnsoundFoundingError(Exception):
    """An alliance that cannot be: what is wrong with it, and what to do."""

    def __init__(self, message: str, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def demand_sound(founding: Founding) -> None:
    """Raises `UnsoundFoundingError` naming the first thing that the contracts would refuse."""
    if not founding.founders:
        raise UnsoundFoundingError("an alliance needs a founding institution")
    owners: dict[bytes, int] = {}
    for number, founder in enumerate(founding.founders, 1):
        _demand_institution(number, founder)
        for account in {*_acting(founder), founder.recovery}:
            if account in owners:
                raise UnsoundFoundingError(
                    f"account 0x{account.hex()} stands with institution {owners[account]} and institution {number}",
                    "an account belongs to one institution for ever",
                )
            owners[account] = number
    members = set(founding.members or range(1, len(founding.founders) + 1))
    _demand_members(founding)
    _demand_threshold(*founding.threshold)
    _demand_periods({**DEFAULT_PERIODS, **founding.periods})
    _demand_validators(founding.validators, members)
    _demand_parameters(founding.parameters)


def _acting(founder: Founder) -> tuple[bytes, ...]:
    return (*founder.govern, *founder.admin, *founder.issue, *founder.status)


def _demand_institution(number: int, founder: Founder) -> None:
    if len(founder.govern) < 2 or not founder.admin:
        raise UnsoundFoundingError(
            f"institution {number} needs at least two govern accounts and an admin",
            "one lost key would otherwise lock it for ever",
        )
    acting = _acting(founder)
    if bytes(20) in (*acting, founder.recovery):
        raise UnsoundFoundingError(f"institution {number} names the zero address, which nobody holds a key of")
    twice = next((account for account, times in Counter(acting).items() if times > 1), None)
    if twice is not None:
        raise UnsoundFoundingError(
            f"institution {number} names account 0x{twice.hex()} twice", "each account takes one role at the founding"
        )
    if founder.recovery in (*founder.govern, *founder.admin):
        raise UnsoundFoundingError(
            f"the recovery account of institution {number} governs or administers it as well",
            "keep a key of its own for recovery, apart from the others",
        )
    if len(acting) > _MOST_ACCOUNTS:
        raise UnsoundFoundingError(f"institution {number} names {len(acting)} accounts of at most {_MOST_ACCOUNTS}")


def _demand_members(founding: Founding) -> None:
    unknown = [number for number in founding.members if not 1 <= number <= len(founding.founders)]
    if unknown:
        raise UnsoundFoundingError(f"member {unknown[0]} is none of the {len(founding.founders)} founding institutions")
    if len(set(founding.members)) < len(founding.members):
        raise UnsoundFoundingError("an institution is named twice among the members")


def _demand_threshold(numerator: int, denominator: int) -> None:
    if not (2 * numerator > denominator and numerator <= denominator < 2**16):
        raise UnsoundFoundingError(
            f"threshold {numerator}/{denominator} is no fraction above one half and at most one",
            "with less, two decisions against each other could both pass",
        )


def _demand_periods(periods: dict[str, int]) -> None:
    for name, seconds in periods.items():
        if name not in DEFAULT_PERIODS:
            raise UnsoundFoundingError(f"there is no period {name}: known are {', '.join(DEFAULT_PERIODS)}")
        lowest = _SHORTEST_WINDOW if name in ("votingPeriod", "executionWindow") else 1
        if not lowest <= seconds <= _LONGEST_PERIOD:
            raise UnsoundFoundingError(f"{name} is {seconds} s, not between {lowest} and {_LONGEST_PERIOD}")
    controllers, recovery = periods["controllerDelay"], periods["recoveryDelay"]
    if recovery <= controllers:
        raise UnsoundFoundingError(
            f"recoveryDelay, {recovery} s, is not longer than controllerDelay, {controllers} s",
            "whoever holds the recovery key alone must leave the others time to object",
        )


def _demand_validators(validators: tuple[FoundingValidator, ...], members: set[int]) -> None:
    if not 1 <= len(validators) <= _MOST_VALIDATORS:
        raise UnsoundFoundingError(f"a chain has between one and {_MOST_VALIDATORS} validators, not {len(validators)}")
    twice = next((key for key, times in Counter(v.key for v in validators).items() if times > 1), None)
    if twice is not None:
        raise UnsoundFoundingError(f"validator key {twice.hex()} stands twice in the set")
    powers: Counter[int] = Counter()
    for entry in validators:
        if entry.institution not in members:
            raise UnsoundFoundingError(
                f"validator {entry.key.hex()} is of institution {entry.institution}, which is no member"
            )
        if not 1 <= entry.power <= _MOST_POWER:
            raise UnsoundFoundingError(
                f"validator {entry.key.hex()} has power {entry.power}, not between 1 and {_MOST_POWER}"
            )
        powers[entry.institution] += entry.power
    institution, most = powers.most_common(1)[0]
    if len(powers) >= _FEW_INSTITUTIONS and 3 * most >= powers.total():
        raise UnsoundFoundingError(
            f"institution {institution} holds {most} of {powers.total()} validating power, a third or more",
            "one institution could stop the chain",
        )


def _demand_parameters(parameters: ChainParameters) -> None:
    for name, value, lowest, highest in _bounds(parameters):
        if not lowest <= value <= highest:
            raise UnsoundFoundingError(f"{name} is {value}, not between {lowest} and {highest}")


def _bounds(p: ChainParameters) -> Iterator[tuple[str, int, int, int]]:
    """Name, value, lowest, highest, as ChainParameters has them."""
    yield "gas_limit", p.gas_limit, 10_000_000, 1_000_000_000
    yield "max_transaction_bytes", p.max_transaction_bytes, 131_072, 16_777_216
    yield "max_block_bytes", p.max_block_bytes, 2 * p.max_transaction_bytes, 104_857_600
    yield "heartbeat_seconds", p.heartbeat_seconds, 1, 60
    yield "evidence_max_bytes", p.evidence_max_bytes, 1024, p.max_block_bytes
    yield "evidence_max_age_seconds", p.evidence_max_age_seconds, 86_400, 3650 * 86_400
    yield "evidence_max_age_blocks", p.evidence_max_age_blocks, 1000, 1_000_000_000
    yield "transaction_gas", p.transaction_gas, 10_000_000, 1_000_000_000
    yield "unnamed_gas", p.unnamed_gas, 100_000, 100_000_000
    yield "creation_gas", p.creation_gas, 6_000_000, 100_000_000
