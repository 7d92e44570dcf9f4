"""Numbers for Prometheus: verdicts by outcome and code, and how long judging took. No line names a person or a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

__all__ = ["Metrics"]


class Metrics:
    """The counters of one server (a registry of its own: two servers in one process do not mix)."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._verdicts = Counter("testamur_verdicts", "Verdicts given.", ["outcome", "code"], registry=self._registry)
        self._refused = Counter("testamur_requests_refused", "Requests refused.", ["status"], registry=self._registry)
        self._seconds = Histogram(
            "testamur_verify_seconds", "Seconds to judge the bundles of one request.", registry=self._registry
        )

    def count(self, verdict: dict[str, Any]) -> None:
        """One more verdict."""
        self._verdicts.labels(verdict["outcome"], verdict["code"]).inc()

    def refused(self, status: int) -> None:
        """One more request without an answer."""
        self._refused.labels(str(status)).inc()

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Time what happens inside."""
        start = perf_counter()
        yield
        self._seconds.observe(perf_counter() - start)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
