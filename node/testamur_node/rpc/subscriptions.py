"""The subscriptions of one connection: what it wants to hear, and the notifications that tell it.

The node calls back on its engine's thread and must not wait, so a callback only queues a function that renders the
notification later, on the connection's own time. What a new subscription has to tell stays back until its id was sent.
"""

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import orjson

from testamur_node.chain.block import Block
from testamur_node.chain.transaction import Transaction
from testamur_node.node import Node
from testamur_node.rpc.codec import data
from testamur_node.rpc.errors import DecodeError, InvalidParametersError, ResourceLimitError
from testamur_node.rpc.methods.logs import located_log_json
from testamur_node.rpc.parameters import LogQuery, read_boolean, read_log_query
from testamur_node.rpc.rendering import header_json, pending_transaction_json

__all__ = ["Answering", "Render", "Subscriptions"]

Render = Callable[[], list[bytes]]
"""Makes the messages of one happening; called on a worker thread."""

_MOST = 256
"""Subscriptions of one connection."""


@dataclass(slots=True)
class _Subscription:
    end: Callable[[], None] | None = None
    """What unhooks it; None while it is being hooked."""
    held_back: list[Render] | None = field(default_factory=list)
    """What happened before the id was sent; None once it was."""


class Subscriptions:
    """Those of one connection. `publish` queues a function for its writer, from any thread, without waiting."""

    def __init__(self, node: Node, publish: Callable[[Render], None]) -> None:
        self._node = node
        self._publish = publish
        self._active: dict[str, _Subscription] = {}
        self._is_closed = False
        self._lock = threading.Lock()

    def subscribe(self, kind: str, options: object) -> str:
        """Begin newHeads, logs, newPendingTransactions or syncing."""
        identity = hex(int.from_bytes(secrets.token_bytes(16), "big") | 1 << 127)
        subscription = _Subscription()
        with self._lock:
            if self._is_closed:
                raise ResourceLimitError("the connection is ending")
            if len(self._active) >= _MOST:
                raise ResourceLimitError(f"too many subscriptions: {_MOST} are open on this connection")
            self._active[identity] = subscription  # before the node can call back
        try:
            end = self._begin(kind, options, identity)
        except BaseException as error:
            with self._lock:
                self._active.pop(identity, None)
            if isinstance(error, DecodeError):
                raise InvalidParametersError(f"invalid argument 1: {error}") from error
            raise
        with self._lock:
            subscription.end = end
            is_over = identity not in self._active  # the connection ended meanwhile
        if is_over:
            end()
        return identity

    def _begin(self, kind: str, options: object, identity: str) -> Callable[[], None]:
        """Hook into what the node announces; returns what unhooks."""
        if kind == "newHeads":
            return self._node.subscribe(lambda block: self._tell(identity, lambda: [_header(block)]))
        if kind == "logs":
            query = read_log_query({} if options is None else options)
            return self._node.subscribe(lambda block: self._tell(identity, lambda: self._logs(query, block)))
        if kind == "newPendingTransactions":
            full = read_boolean(options) if options is not None else False
            return self._node.pool.subscribe(
                lambda transactions: self._tell(identity, lambda: _waiting(transactions, full))
            )
        if kind == "syncing":
            return lambda: None
        raise InvalidParametersError(f'no "{kind}" subscription in eth namespace')

    def _logs(self, query: LogQuery, block: Block) -> list[object]:
        found = self._node.logs(block.number, block.number, query.addresses, query.topics)
        return [located_log_json(located) for located in found]

    def _tell(self, identity: str, results: Callable[[], Iterable[object]]) -> None:
        """Queue notifications, or hold them back while the subscriber does not know the id."""

        def render() -> list[bytes]:
            return [_notification(identity, result) for result in results()]

        with self._lock:
            subscription = self._active.get(identity)
            if subscription is None:
                return
            if subscription.held_back is not None:
                subscription.held_back.append(render)
                return
        self._publish(render)

    def release(self, identities: Iterable[str]) -> None:
        """The answer that names these was sent: let go what they have to tell."""
        with self._lock:
            for subscription in (self._active.get(identity) for identity in identities):
                if subscription is not None:
                    held_back, subscription.held_back = subscription.held_back, None
                    for render in held_back or ():
                        self._publish(render)

    def unsubscribe(self, identity: str) -> bool:
        """End one; False where there is none with that id."""
        with self._lock:
            subscription = self._active.pop(identity, None)
        if subscription is not None and subscription.end is not None:
            subscription.end()
        return subscription is not None

    def close(self) -> None:
        """End them all: the connection is gone. None begins after that."""
        with self._lock:
            self._is_closed = True
            identities = list(self._active)
        for identity in identities:
            self.unsubscribe(identity)


class Answering:
    """The `Session` of one message: knows which subscriptions its answer names, and lets go of those alone. Other
    messages of the connection are answered beside it.
    """

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self._begun: list[str] = []

    def subscribe(self, kind: str, options: object) -> str:
        """See `Subscriptions.subscribe`."""
        identity = self._subscriptions.subscribe(kind, options)
        self._begun.append(identity)
        return identity

    def unsubscribe(self, identity: str) -> bool:
        """See `Subscriptions.unsubscribe`."""
        return self._subscriptions.unsubscribe(identity)

    def release(self) -> None:
        """The answer was sent."""
        self._subscriptions.release(self._begun)


def _header(block: Block) -> object:
    return header_json(block.header, block.hash)


def _waiting(transactions: Iterable[Transaction], full: bool) -> list[object]:
    return [pending_transaction_json(item) if full else data(item.hash) for item in transactions]


def _notification(identity: str, result: object) -> bytes:
    parameters = {"subscription": identity, "result": result}
    return orjson.dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": parameters})
