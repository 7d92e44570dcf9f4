"""Judging many bundles: the same verdicts as `verify`, with what they share found once.

Online one state is looked at for all, found anew when it has grown old; its registry records, list blocks and the
standing of each batch are read once. Offline each bundle stands on its own evidence.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from testamur.batch.bundle import Bundle
from testamur.verification.connection import Chain
from testamur.verification.ground import Ground, find_ground
from testamur.verification.memory import Memory
from testamur.verification.policy import Policy
from testamur.verification.trust import At
from testamur.verification.verdict import Verdict
from testamur.verification.verify import examine, judge, refuse

__all__ = ["Verifier", "verify_many"]


class Verifier:
    """Judges one bundle after another by one policy; for programs that run on, such as a server.

    May be used from several threads: what they share is only ever replaced whole.
    """

    def __init__(self, chain: Chain, policy: Policy, *, refresh_seconds: float = 2.0) -> None:
        """`refresh_seconds` is how long one state is looked at: a revocation is seen that much later at most."""
        self._chain = chain
        self._policy = policy
        self._refresh = timedelta(seconds=refresh_seconds)
        self._memory = Memory.of(policy)
        self._shared: tuple[datetime, At, Ground] | None = None

    def judge(self, bundle: Bundle | bytes, now: datetime | None = None, *, at: At = None) -> Verdict:
        """The verdict that `verify` gives."""
        opening, parsed = examine(bundle)
        if parsed is None:
            return refuse(opening)
        return judge(opening, parsed, self._ground(parsed, now or datetime.now(UTC), at), self._policy)

    def _ground(self, bundle: Bundle, now: datetime, at: At) -> Ground:
        if self._chain.rpc is None or at == "evidence":
            return find_ground(bundle, self._chain, self._policy, self._memory, now, at)
        if self._shared is not None:
            found_at, moment, ground = self._shared
            if moment == at and found_at <= now <= found_at + self._refresh:
                return ground.at_clock(now) if at is None else ground
        ground = find_ground(bundle, self._chain, self._policy, self._memory, now, at)
        self._shared = now, at, ground
        return ground


def verify_many(
    bundles: Iterable[Bundle | bytes], chain: Chain, policy: Policy, now: datetime | None = None, *, at: At = None
) -> Iterator[Verdict]:
    """The verdict of each bundle, in order, as `verify` gives them; bundles are taken one at a time.

    `now` fixes the clock; None lets it run. One state is looked at for an engine's heartbeat of 30 seconds.
    """
    verifier = Verifier(chain, policy, refresh_seconds=30)
    return (verifier.judge(bundle, now, at=at) for bundle in bundles)
