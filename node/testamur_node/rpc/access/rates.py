"""How fast one caller may ask: a token bucket for each, filled at a steady rate, emptied by the weight of each request.

The library `limits` was looked at: it counts in windows, reads the clock itself and keeps every key until it expires,
so that whoever has many addresses fills the memory. Here the clock is handed in and the number of buckets is bounded:
the one that was not used for longest makes way, and one that comes back begins full.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from testamur_node.rpc.access.permissions import namespace_of

__all__ = ["DEFAULT_WEIGHTS", "RateRules", "Rates"]

DEFAULT_WEIGHTS: Mapping[str, int] = {
    "eth_call": 2, "eth_estimateGas": 5, "eth_createAccessList": 5, "eth_getProof": 2, "eth_getLogs": 10,
    "eth_getFilterLogs": 10, "eth_simulateV1": 25, "eth_feeHistory": 5, "debug": 50,
}  # fmt: skip
"""What a request counts, by method or namespace; 1 where nothing is said. About the ratio of their running times."""


@dataclass(frozen=True, slots=True)
class RateRules:
    """How much one caller may ask."""

    requests_per_second: float = 1_000.0
    """Filled into the bucket each second: as much as one node can take in transactions, so that an institution that
    issues is not held up, and one caller can not keep all others from being served. 0: no limit."""
    burst: int = 10_000
    """What a bucket holds: ten batches of the largest size that is taken."""
    weights: Mapping[str, int] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    loopback: bool = False
    """Whether callers on this machine are measured too. They are the operator's own programs, or a proxy that stands
    for many callers and would have them share one bucket."""
    buckets: int = 10_000
    """Callers that are remembered at once."""

    def weight(self, method: str) -> int:
        """What a request for this method counts."""
        return self.weights.get(method, self.weights.get(namespace_of(method), 1))


class Rates:
    """The buckets of one node; `take` may be called from any thread."""

    def __init__(self, rules: RateRules, clock: Callable[[], float]) -> None:
        self.rules = rules
        self._clock = clock
        """Seconds that only rise."""
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """caller -> (content, when that was); the one used last stands last."""

    def __len__(self) -> int:
        """Callers that are remembered."""
        return len(self._buckets)

    def take(self, caller: str, weight: int) -> float:
        """Take `weight` from a caller's bucket; 0 where it was there, else the seconds until it will be."""
        rate, burst = self.rules.requests_per_second, float(self.rules.burst)
        if rate <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            content, then = self._buckets.pop(caller, (burst, now))
            content = min(burst, content + max(0.0, now - then) * rate)
            wait = 0.0 if content >= weight else (weight - content) / rate
            self._buckets[caller] = (content if wait else content - weight, now)
            if len(self._buckets) > self.rules.buckets:
                self._buckets.popitem(last=False)
        return wait

    def charge(self, caller: str, units: int) -> None:
        """Take what a caller's requests have cost beyond their weights, once that is known; nobody owes more than a
        full bucket."""
        if units <= 0 or self.rules.requests_per_second <= 0:
            return
        self.take(caller, 0)  # brings its content up to now
        with self._lock:
            content, then = self._buckets.get(caller, (float(self.rules.burst), self._clock()))
            self._buckets[caller] = (max(-float(self.rules.burst), content - units), then)
