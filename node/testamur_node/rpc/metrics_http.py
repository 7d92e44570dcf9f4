"""The listener of supervisors: `/metrics` for Prometheus, `/healthz` and `/readyz`, and nothing about the chain."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import orjson

from testamur_node.node import Node
from testamur_node.rpc.access.hosts import HostRules, refusal_of
from testamur_node.rpc.health import health, readiness
from testamur_node.rpc.metrics import CONTENT_TYPE, Metrics
from testamur_node.rpc.wire import Receive, Scope, Send, headers_of, reply

__all__ = ["MetricsApplication"]


@dataclass(frozen=True, slots=True)
class MetricsApplication:
    """Answers GET on three paths (ASGI 3)."""

    node: Node
    metrics: Metrics
    hosts: HostRules
    workers: Executor

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        headers = dict(headers_of(scope))
        reason = refusal_of(self.hosts, headers.get("host"), headers.get("origin"))
        pages: dict[str, Callable[[], tuple[int, bytes, str]]] = {
            "/metrics": lambda: (200, self.metrics.text(), CONTENT_TYPE),
            "/healthz": lambda: _json(health(self.node)),
            "/readyz": lambda: _json(readiness(self.node)),
        }
        page = pages.get(scope["path"])
        if reason is not None:
            await reply(send, 403, orjson.dumps({"error": reason}))
        elif page is None:
            await reply(send, 404, orjson.dumps({"error": "there are /metrics, /healthz and /readyz"}))
        elif scope["method"] not in ("GET", "HEAD"):
            await reply(send, 405, orjson.dumps({"error": "ask with GET"}), {"allow": "GET, HEAD"})
        else:
            status, body, kind = await asyncio.get_running_loop().run_in_executor(self.workers, page)
            await reply(send, status, body, {"content-type": kind})


def _json(answer: tuple[int, dict[str, object]]) -> tuple[int, bytes, str]:
    return answer[0], orjson.dumps(answer[1]), "application/json"
