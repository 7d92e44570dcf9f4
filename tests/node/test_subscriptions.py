"""Subscriptions of one connection: nothing is told before its id, nothing is lost before it, none outlives it."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import Node
from testamur_node.rpc.errors import InvalidParametersError, ResourceLimitError
from testamur_node.rpc.subscriptions import Answering, Render, Subscriptions

from tests.node.founding import GOVERN, make_home, raw
from tests.node.test_node import SteppedClock


@pytest.fixture
def node(tmp_path: Path) -> "Node":
    return Node.open(make_home(tmp_path, DEVELOPMENT), SteppedClock())


def told(queue: list[Render]) -> list[bytes]:
    return [message for render in queue for message in render()]


def test_an_answer_lets_go_of_its_own_subscriptions_alone(node: Node) -> None:
    queue: list[Render] = []
    subscriptions = Subscriptions(node, queue.append)
    first, second = Answering(subscriptions), Answering(subscriptions)
    known, unknown = first.subscribe("newHeads", None), second.subscribe("newHeads", None)
    first.release()
    node.submit(raw(GOVERN, 0))
    node.wait_until_sealed()
    assert [known.encode() in message for message in told(queue)] == [True]
    second.release()
    assert [unknown.encode() in message for message in told(queue)] == [False, True]
    subscriptions.close()
    node.close()


def test_what_happens_while_a_subscription_begins_is_told(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    queue: list[Render] = []
    subscriptions = Subscriptions(node, queue.append)
    hook = node.subscribe

    def hook_and_seal(callback: Callable[..., None]) -> Callable[[], None]:
        end = hook(callback)
        node.submit(raw(GOVERN, 0))  # a block comes before the subscriber is known
        node.wait_until_sealed()
        return end

    monkeypatch.setattr(node, "subscribe", hook_and_seal)
    session = Answering(subscriptions)
    session.subscribe("newHeads", None)
    session.release()
    assert len(told(queue)) == 1
    subscriptions.close()
    node.close()


def test_one_that_begins_while_the_connection_ends_does_not_stay(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    subscriptions = Subscriptions(node, lambda _: None)
    hook, is_hooked, is_closed = node.subscribe, threading.Event(), threading.Event()

    def slow(callback: Callable[..., None]) -> Callable[[], None]:
        is_hooked.set()
        is_closed.wait(60)
        return hook(callback)

    monkeypatch.setattr(node, "subscribe", slow)
    subscriber = threading.Thread(target=subscriptions.subscribe, args=("newHeads", None))
    subscriber.start()
    assert is_hooked.wait(60)
    subscriptions.close()
    is_closed.set()
    subscriber.join(60)
    assert node._watchers._callbacks == []
    with pytest.raises(ResourceLimitError, match="the connection is ending"):
        subscriptions.subscribe("newHeads", None)
    node.close()


def test_a_subscription_that_cannot_begin_takes_no_place(node: Node) -> None:
    subscriptions = Subscriptions(node, lambda _: None)
    for _ in range(300):
        with pytest.raises(InvalidParametersError):
            subscriptions.subscribe("weather", None)
    assert len({subscriptions.subscribe("syncing", None) for _ in range(256)}) == 256
    with pytest.raises(ResourceLimitError, match="too many subscriptions"):
        subscriptions.subscribe("syncing", None)
    subscriptions.close()
    node.close()
