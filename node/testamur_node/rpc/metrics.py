"""Numbers for Prometheus about one node: its chain, its pool, its store, and what it was asked. No line names a caller.

Counters are told by the dispatchers and on each new block; everything else is read from the node when it is asked for.
A method that the node does not have counts as `other`, so that nobody can make up labels.
"""

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from testamur_node.apart import ApartError, BusyError, TooSlowError
from testamur_node.chain.block import Block
from testamur_node.errors import NodeError
from testamur_node.node import Node
from testamur_node.rpc.context import CLIENT_VERSION
from testamur_node.rpc.errors import (
    InternalRpcError,
    MethodNotFoundError,
    RateLimitError,
    RequestTimedOutError,
    UnauthorizedError,
)
from testamur_node.rpc.health import readiness
from testamur_node.rpc.methods import NAMESPACES

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_KNOWN = frozenset(name for namespace in NAMESPACES.values() for name in namespace.methods)
_OUTCOMES: tuple[tuple[type[NodeError], str], ...] = (
    (RateLimitError, "limited"),
    (UnauthorizedError, "unauthorized"),
    (MethodNotFoundError, "not_found"),
    (BusyError, "busy"),
    (TooSlowError, "killed"),
    (RequestTimedOutError, "killed"),
    (ApartError, "killed"),
    (InternalRpcError, "failed"),
)
"""What a request met -> the label; `error` is any other refusal, a revert among them."""
_REQUEST_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
_BLOCK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def _outcome(error: NodeError | None) -> str:
    if error is None:
        return "ok"
    return next((label for kind, label in _OUTCOMES if isinstance(error, kind)), "error")


class Metrics:
    """The numbers of one node, in a registry of their own: two nodes in one process do not mix."""

    def __init__(self, node: Node, clock: Callable[[], float] = time.time) -> None:
        self._node = node
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "testamur_node_rpc_requests", "Requests answered.", ["method", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "testamur_node_rpc_seconds", "Seconds to answer a request.", ["method"],
            buckets=_REQUEST_SECONDS, registry=registry,
        )  # fmt: skip
        self._executing = Histogram(
            "testamur_node_block_execution_seconds", "Seconds to execute a block.", buckets=_BLOCK_SECONDS,
            registry=registry,
        )  # fmt: skip
        self._committing = Histogram(
            "testamur_node_block_commit_seconds", "Seconds to sign a block and write it to disk.",
            buckets=_BLOCK_SECONDS, registry=registry,
        )  # fmt: skip
        self._transactions = Counter("testamur_node_transactions", "Transactions in blocks.", registry=registry)
        self._gas = Counter("testamur_node_gas", "Gas used by blocks.", registry=registry)
        registry.register(_Standing(node, clock))
        ProcessCollector(registry=registry)

    def observe(self, method: str, error: NodeError | None, seconds: float) -> None:
        """One request was answered."""
        label = method if method in _KNOWN else "other"
        self._requests.labels(label, _outcome(error)).inc()
        self._seconds.labels(label).observe(seconds)

    def count(self, block: Block) -> None:
        """A block was made; called on the engine's thread, which has just timed it."""
        self._transactions.inc(len(block.transactions))
        self._gas.inc(block.header.gas_used)
        times = self._node.block_times
        if times is not None:
            self._executing.observe(times.executing_seconds)
            self._committing.observe(times.committing_seconds)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """What is read from the node at each scrape."""

    def __init__(self, node: Node, clock: Callable[[], float]) -> None:
        self._node = node
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Chain, pool and store as they are now."""
        node, now = self._node, self._clock()
        pending, queued = node.pool.counts()
        usage = node.store.environment.usage()
        version = {"version": CLIENT_VERSION, "chain_id": str(node.chain_id), "spec": node.spec.name}
        yield InfoMetricFamily("testamur_node", "Which node this is.", value=version)
        yield _gauge("height", "Height of the newest block.", node.head.number)
        yield _gauge("block_age_seconds", "Seconds since the newest block.", now - node.head.header.timestamp)
        signed_at = node.signed_at_ns
        if signed_at is not None:
            yield _gauge("signed_age_seconds", "Seconds since the newest signed header.", now - signed_at / 1e9)
        yield _gauge("ready", "1 where requests are served and blocks can be made.", readiness(node)[0] == 200)
        waiting = GaugeMetricFamily("testamur_node_pool_transactions", "Transactions that wait.", labels=["state"])
        waiting.add_metric(["pending"], pending)
        waiting.add_metric(["queued"], queued)
        yield waiting
        yield _gauge("pool_bytes", "Bytes of the transactions that wait.", node.pool.total_bytes)
        yield _gauge("store_bytes", "Bytes of the data file that are in use or were.", usage.total_bytes)
        yield _gauge("store_free_pages", "Pages of the data file that a later block can use.", usage.free_pages)
        yield _gauge("store_page_bytes", "Bytes of a page.", usage.page_bytes)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"testamur_node_{name}", text, value=float(value))
