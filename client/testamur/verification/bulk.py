"""Judging many bundles: the same verdicts as `verify`, with what they share found once.

Online one state is looked at for all, found anew when it has grown old; its registry records, list blocks and the
standing of each batch are read once. Bundles are taken and verdicts given one at a time, in order.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from testamur.batch.bundle import Bundle
from testamur.verification.connection import Chain
from testamur.verification.ground import Ground, find_ground
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy
from testamur.verification.trust import At
from testamur.verification.verdict import Verdict
from testamur.verification.verify import examine, judge, refuse

__all__ = ["verify_many"]

_REFRESH_SECONDS = 30
"""How long one state is looked at: an engine's heartbeat."""


def verify_many(
    bundles: Iterable[Bundle | bytes], chain: Chain, policy: Policy, now: datetime | None = None, *, at: At = None
) -> Iterator[Verdict]:
    """The verdict of each bundle, in order, as `verify` gives them. `now` fixes the clock; None lets it run."""
    memory = Memory.of(policy)
    ground: Ground | None = None
    found_at = datetime.min.replace(tzinfo=UTC)
    is_shared = chain.rpc is not None and at != "evidence"
    for data in bundles:
        opening, bundle = examine(data)
        if bundle is None:
            yield refuse(opening)
            continue
        clock = now or datetime.now(UTC)
        if ground is None or not is_shared or (clock - found_at).total_seconds() > _REFRESH_SECONDS:
            ground, found_at = find_ground(bundle, chain, policy, memory, clock, at), clock
        yield judge(opening, bundle, ground, policy)
