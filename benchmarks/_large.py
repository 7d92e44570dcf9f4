"""Gas of an alliance of 211 institutions with six accounts each: its founding by transactions, and one decision of it.

The floor of a signed vote is what any contract takes that recovers a signer and writes one fresh slot: 3,000 gas for
ecrecover, 22,100 for the slot, 1,040 for the signature's bytes, and its share of the transaction's 21,000.
"""

from collections.abc import Iterator

from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.founding_calls import founding_calls
from testamur.artifacts.genesis import Founding, constructions

from tests.contracts.evm import SYSTEM
from tests.contracts.suite import ORIGIN, PERIODS, Suite, founder, validator
from tests.contracts.test_founding import constructed
from tests.contracts.test_signed_votes import signed

__all__ = ["INSTITUTIONS", "report"]

INSTITUTIONS = 211
_CHUNK = 25_000_000
"""Gas that a transaction of the founding may take."""
_VALIDATORS = 100
"""The most that an engine is run with; the rest of the institutions read."""
_SLOT_AND_SIGNER = 3_000 + 22_100 + 1_040
_TRANSACTION = 21_000


def report() -> Iterator[str]:
    """The lines of the section; half a minute of work."""
    suite, creations, entries = _found()
    total, count = sum(creations) + sum(entries), len(creations) + len(entries)
    yield f"founding {INSTITUTIONS}: {total:,} gas in {count} transactions, the largest {max(creations + entries):,}"
    yield f"  contracts {sum(creations):,} in {len(creations)}; entries {sum(entries):,} in {len(entries)}"
    each = sum(entries) / INSTITUTIONS
    slots = 6 * 2 * 22_100  # an account's record and its reference, each one slot at least
    yield f"  an institution with six accounts {each:,.0f}; floor of twelve fresh slots {slots:,}: {each / slots:.2f}"
    for chunk in (1, 47, 140):
        gas, votes = _decide(suite, chunk)
        floor = _SLOT_AND_SIGNER + _TRANSACTION / min(chunk, votes)
        most = max(gas)
        yield (
            f"decision of {INSTITUTIONS}, {votes} signed votes, {chunk} a transaction: {sum(gas):,} gas in {len(gas)}, "
            f"the largest {most:,}; a vote {sum(gas) / votes:,.0f}, floor {floor:,.0f}: {sum(gas) / votes / floor:.2f}"
        )


def _found() -> tuple[Suite, list[int], list[int]]:
    numbers = range(1, INSTITUTIONS + 1)
    what = Founding(
        tuple(founder(number) for number in numbers),
        tuple(validator(number) for number in numbers[:_VALIDATORS]),
        periods=PERIODS,
    )
    suite = constructed(what)
    again = suite.fork()
    creations = [again.chain.gas_of_creation(SYSTEM, item.init_code) for item in constructions(what)]
    calls = founding_calls(what, gas=_CHUNK)
    entries = [suite.chain.send_raw(SYSTEM, call.address, call.data).gas for call in calls]
    suite.chain.mine()
    suite.chain.send_raw(SYSTEM, GENESIS_ADDRESSES["BlockHistory"], ORIGIN)
    return suite, creations, entries


def _decide(start: Suite, chunk: int) -> tuple[list[int], int]:
    """The gas of each transaction that hands votes in, until enough have said yes; and how many votes those were."""
    suite = start.fork()
    proposal = suite.propose(("Alliance", "setThreshold", 2, 3))
    need = suite.call("Alliance", "tally", proposal)["need"]
    votes = [signed(suite, f"govern {number}", proposal) for number in range(2, need + 1)]  # the proposer has said yes
    gas = []
    for first in range(0, len(votes), chunk):
        suite.chain.mine()
        gas.append(suite.send("anyone", "Alliance", "voteMany", votes[first : first + chunk]).gas)
    tally = suite.call("Alliance", "tally", proposal)
    assert tally["yes"] == need, tally
    return gas, len(votes)
