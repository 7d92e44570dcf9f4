"""Light verification: from one trusted engine header to a later one, by the signatures of those trusted before.

A header is adjacent to the trusted one, and then its validator set is the one that the trusted header announced; or
it is further on, and then more than a third of the announced power must have signed it, so that at least one honest
validator vouches for the new set (CometBFT v0.38, spec/light-client/verification). `now` is an argument; the
signatures, the expensive part, are judged last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from testamur.proof.cometbft import SignedHeader, Validator, signers, validators_hash, verify_commit, voting_power
from testamur.proof.errors import InvalidCommitError, InvalidHeaderError, ProofError

__all__ = ["LightBlock", "NotEnoughTrustError", "verify_path", "verify_step"]


class NotEnoughTrustError(ProofError):
    """Too few of those trusted before signed a header further on; a header in between may bridge it."""


@dataclass(frozen=True, slots=True)
class LightBlock:
    """A signed header with the set that signed it and the set that signs the next one."""

    signed: SignedHeader
    validators: tuple[Validator, ...]
    next_validators: tuple[Validator, ...] | None
    """None where the next step is not asked for."""


def verify_step(
    trusted: SignedHeader,
    trusted_next: Sequence[Validator],
    block: LightBlock,
    *,
    trust_period_ns: int,
    now_ns: int,
    clock_drift_ns: int = 0,
) -> tuple[Validator, ...]:
    """Require that `block` follows from the trusted header and the set it announced. Returns those who signed it.

    1. the trusted header is younger than the trust period       -> InvalidHeaderError
    2. the block is of the same chain, higher, later, and not
       from the future                                           -> InvalidHeaderError
    3. its sets are the ones that its header names               -> InvalidHeaderError
    4. adjacent: its set is the announced one                    -> InvalidHeaderError
    5. further on: more than 1/3 of the announced power signed   -> NotEnoughTrustError
    6. more than 2/3 of its own set's power signed               -> InvalidCommitError
    """
    old, new = trusted.header, block.signed.header
    if old.time_ns + trust_period_ns <= now_ns:
        raise InvalidHeaderError(f"the trusted header at height {old.height} is older than the trust period")
    if new.chain_id != old.chain_id:
        raise InvalidHeaderError(f"the header is of chain {new.chain_id!r}, not {old.chain_id!r}")
    if new.height <= old.height:
        raise InvalidHeaderError(f"height {new.height} is not above the trusted height {old.height}")
    if new.time_ns <= old.time_ns:
        raise InvalidHeaderError(f"the header at height {new.height} is not later than the trusted one")
    if new.time_ns >= now_ns + clock_drift_ns:
        raise InvalidHeaderError(f"the header at height {new.height} is from the future")
    if validators_hash(block.validators) != new.validators_hash:
        raise InvalidHeaderError("the validator set is not the one that the header names")
    if block.next_validators is not None and validators_hash(block.next_validators) != new.next_validators_hash:
        raise InvalidHeaderError("the next validator set is not the one that the header announces")
    if block.signed.commit.block_id.hash != new.hash() or block.signed.commit.height != new.height:
        raise InvalidCommitError(f"the commit is not for the header at height {new.height}")
    if validators_hash(trusted_next) != old.next_validators_hash:
        raise InvalidHeaderError("the trusted set is not the one that the trusted header announces")
    if new.height == old.height + 1:
        if new.validators_hash != old.next_validators_hash:
            raise InvalidHeaderError(f"the set at height {new.height} is not the one announced before")
    else:
        power, total = voting_power(signers(block.signed, trusted_next)), voting_power(trusted_next)
        if 3 * power <= total:
            raise NotEnoughTrustError(f"{power} of {total} trusted voting power signed height {new.height}")
    return verify_commit(block.signed, block.validators)


def verify_path(
    path: Sequence[LightBlock], *, trust_period_ns: int, now_ns: int, clock_drift_ns: int = 0
) -> tuple[Validator, ...]:
    """Require that each block of `path` follows from the one before it; the first is what the caller trusts.

    Returns those who signed the last; nobody where the path is the first alone.

    Raises as `verify_step` does, and InvalidHeaderError where a block on the way does not bring the next set.
    """
    signed: tuple[Validator, ...] = ()
    for trusted, block in pairwise(path):
        if trusted.next_validators is None:
            raise InvalidHeaderError(f"the path does not bring the set announced at {trusted.signed.header.height}")
        signed = verify_step(
            trusted.signed,
            trusted.next_validators,
            block,
            trust_period_ns=trust_period_ns,
            now_ns=now_ns,
            clock_drift_ns=clock_drift_ns,
        )
    return signed
