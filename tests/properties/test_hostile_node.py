"""A node that answers generated nonsense over real HTTP: verify, prove and compare come to an end in words (6.3)."""

import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from testamur.batch.evidence import NotProvableError, prove
from testamur.chain.rpc import Rpc
from testamur.verification.comparison import compare_nodes
from testamur.verification.connection import Chain
from testamur.verification.memory import Memory
from testamur.verification.verify import verify

from tests.client.verification.world import NOW, Node, credential, world

FOUNDED = world()
BUNDLE = FOUNDED.issue([credential(n, status_index=70_000 + n) for n in range(2)])[0]
POLICIES = (FOUNDED.policy(), FOUNDED.policy(trust="rpc", urls=("http://127.0.0.1:1",)))
JUNK: list[Any] = [
    None, True, -1, 0.5, 2**63, "", "0x", "0x0", "0x_1", "0x-1", " 0x1", "0x" + "f" * 64, "0x" + "f" * 66,
    "0x" + "1" * 999, "٣", "\x1b[2J", [], {}, [[]], {"a": []}, [None] * 3, {"error": {}}, {"code": -32005},
    "1970-01-01T00:00:00Z",
]  # fmt: skip
Spoil = Callable[[bytes], bytes]


class Hostile:
    """A server that spoils the answers of the true node."""

    def __init__(self) -> None:
        self.node = Node(FOUNDED)
        self.spoil: Spoil = bytes
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                content = hostile.spoil(orjson.dumps(hostile.node._exchange(body)))
                self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content))

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    made = Hostile()
    with made.server:
        thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.server.shutdown()
        thread.join()


def places(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(value, (*way, key))


def exchanged(data: bytes, choice: int, junk: Any) -> bytes:
    """The answer with one of its values, at any depth, exchanged for another."""
    tree = json.loads(data)
    ways = list(places(tree))
    way = ways[choice % len(ways)]
    if not way:
        return json.dumps(junk).encode()
    part = tree
    for key in way[:-1]:
        part = part[key]
    part[way[-1]] = copy.deepcopy(junk)
    return json.dumps(tree).encode()


def cut(data: bytes, choice: int, junk: Any) -> bytes:
    place = choice % (len(data) + 1)
    return data[:place] + str(junk).encode(errors="replace") + data[place + choice % 7 :]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10**6), st.sampled_from(JUNK), st.sampled_from([exchanged, cut]), st.integers(0, 7), st.booleans()
)
def test_a_hostile_node_never_makes_anything_raise(
    hostile: Hostile, choice: int, junk: Any, how: Callable[[bytes, int, Any], bytes], late: int, is_past: bool
) -> None:
    moment = NOW.replace(minute=44) if is_past else None
    for policy in POLICIES:
        answered = 0

        def spoil(data: bytes) -> bytes:
            nonlocal answered
            answered += 1
            return how(data, choice, junk) if answered > late else data

        hostile.spoil = spoil
        with Chain.connect(hostile.url, attempts=1) as chain:
            verdict = verify(BUNDLE, chain, policy, NOW, at=moment)
            assert verdict.outcome in ("valid", "invalid", "indeterminate")
            json.dumps(verdict.to_json())
            if policy is POLICIES[0] and verdict.outcome == "valid":
                assert verdict.code == "ok"
            answered = 0
            with suppress(NotProvableError):
                assert prove(BUNDLE, chain, policy, NOW, at=moment).evidence
        answered = 0
        with Rpc(hostile.url, attempts=1) as rpc:
            (report,) = compare_nodes(policy, [hostile.url], Memory.of(policy), NOW, {hostile.url: rpc}.__getitem__)
        assert report.problem or report.height is not None


def test_the_same_node_unspoiled_proves_and_compares(hostile: Hostile) -> None:
    hostile.spoil = bytes
    with Chain.connect(hostile.url, attempts=1) as chain:
        assert [verify(BUNDLE, chain, policy, NOW).code for policy in POLICIES] == ["ok", "ok"]
        assert prove(BUNDLE, chain, POLICIES[0], NOW).evidence
    (report,) = compare_nodes(POLICIES[0], [hostile.url], Memory.of(POLICIES[0]), NOW)
    assert (report.problem, report.height) == (None, FOUNDED.block)
