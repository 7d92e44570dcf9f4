"""What a founder enters once the contracts stand: institutions, members, validators, and the sealing.

A genesis takes each kind in one call. On another chain a call fits into a block, so that many institutions come in
chunks; what stands there already is left out, so that an interrupted founding goes on where it stopped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.genesis import Founder, Founding
from testamur.proof.hashing import keccak256

__all__ = ["SEALED", "Entered", "FoundingCall", "founding_calls"]

SEALED = ("Permissions", "Operators", "Alliance")
"""The contracts that are founded, in the order in which they are sealed: the Alliance asks the others."""

_CALL_GAS = 60_000
"""What a transaction takes beside its entries, at most."""
_INSTITUTION_GAS = 120_000
"""What an institution takes beside its accounts, at most."""
_ACCOUNT_GAS = 240_000
"""What one more account of an institution takes, at most."""
_MEMBER_GAS = 80_000
_VALIDATOR_GAS = 170_000
_SEAL_GAS = 3_000_000
"""At most: Permissions goes through 256 validators for the rule of the third."""


@dataclass(frozen=True, slots=True)
class Entered:
    """How much of a founding stands on the chain already."""

    institutions: int = 0
    members: int = 0
    validators: int = 0
    sealed: frozenset[str] = frozenset()
    """Names out of SEALED."""


@dataclass(frozen=True, slots=True)
class FoundingCall:
    """One call by the founder."""

    name: str
    """The contract's."""
    function: str
    address: bytes
    data: bytes
    entries: int
    """How many institutions, members or validators it enters; 0 for a sealing."""
    gas: int
    """What its transaction takes at most."""


def founding_calls(
    founding: Founding,
    addresses: Mapping[str, bytes] = GENESIS_ADDRESSES,
    *,
    gas: int | None = None,
    entered: Entered = Entered(),
) -> Iterator[FoundingCall]:
    """The calls in order; none takes more than `gas`, unless a single institution does. None: no limit."""
    from eth_abi.abi import encode

    def call(name: str, function: str, types: list[str], values: list[object], entries: int, used: int) -> FoundingCall:
        selector = keccak256(f"{function}({','.join(types)})".encode())[:4]
        return FoundingCall(name, function, addresses[name], selector + encode(types, values), entries, used)

    number = entered.institutions + 1
    institutions = founding.founders[entered.institutions :]
    for start, end, used in _chunks([_founder_gas(founder) for founder in institutions], gas):
        founders = [(f.govern, f.admin, f.issue, f.status, f.recovery) for f in institutions[start:end]]
        types = ["uint32", "(address[],address[],address[],address[],address)[]"]
        yield call("Operators", "foundInstitutions", types, [number + start, founders], end - start, used)
    members = (founding.members or tuple(range(1, len(founding.founders) + 1)))[entered.members :]
    for start, end, used in _chunks([_MEMBER_GAS] * len(members), gas):
        yield call("Alliance", "foundMembers", ["uint32[]"], [members[start:end]], end - start, used)
    validators = founding.validators[entered.validators :]
    for start, end, used in _chunks([_VALIDATOR_GAS] * len(validators), gas):
        powers = [(entry.key, entry.power, entry.institution) for entry in validators[start:end]]
        types = ["(bytes32,uint64,uint32)[]"]
        yield call("Permissions", "foundValidators", types, [powers], end - start, used)
    for name in SEALED:
        if name not in entered.sealed:
            yield call(name, "seal", [], [], 0, _SEAL_GAS if name == "Permissions" else 2 * _CALL_GAS)


def _founder_gas(founder: Founder) -> int:
    accounts = (*founder.govern, *founder.admin, *founder.issue, *founder.status, founder.recovery)
    return _INSTITUTION_GAS + _ACCOUNT_GAS * len(accounts)


def _chunks(costs: Sequence[int], gas: int | None) -> Iterator[tuple[int, int, int]]:
    """(start, end, gas) of each chunk: as many entries as fit, one at least."""
    start = 0
    while start < len(costs):
        end, used = start + 1, _CALL_GAS + costs[start]
        while end < len(costs) and (gas is None or used + costs[end] <= gas):
            used += costs[end]
            end += 1
        yield start, end, used
        start = end
