"""Rates and connections per address against a running node that measures this machine as well."""

import asyncio
import json
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.access.asking import call, exchange, opened
from tests.interop.conftest import NodeProcess

SETTINGS = """
[rates]
requests_per_second = 0.05
burst = 25
loopback = true
[rates.weights]
eth_getLogs = 10
eth_simulateV1 = 25
debug = 25

[limits]
connections_per_address = 3
"""
MACHINE = iter(range(2, 250))


@pytest.fixture(scope="module")
def node(started: Callable[..., NodeProcess]) -> NodeProcess:
    """Fills a bucket once in eight minutes, so that what these tests take does not come back meanwhile."""
    return started("--dev", start_options=("--ws", "127.0.0.1:0", "--metrics", "127.0.0.1:0"), settings=SETTINGS)


@pytest.fixture
def address() -> str:
    """An address of this machine that nobody has asked from: all of 127.0.0.0/8 is its own."""
    return f"127.0.0.{next(MACHINE)}"


def asked(node: NodeProcess, address: str, request: object, **headers: str) -> tuple[int, object, dict[str, str]]:
    """One POST from an address."""
    place = urllib.parse.urlsplit(node.rpc)
    body = json.dumps(request).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((place.hostname, place.port), 60, (address, 0)) as connection:
        connection.sendall(
            f"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nconnection: close\r\n"
            f"{more}content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head, _, content = connection.makefile("rb").read().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    named = {key.lower(): text for key, _, text in (line.partition(": ") for line in lines[1:])}
    return int(lines[0].split()[1]), json.loads(content), named


def test_a_burst_passes_and_more_is_429_with_the_time_to_wait(node: NodeProcess, address: str) -> None:
    assert [asked(node, address, call("eth_chainId"))[0] for _ in range(25)] == [200] * 25
    status, body, headers = asked(node, address, call("eth_chainId"))
    assert status == 429
    assert isinstance(body, dict)
    assert body["error"]["code"] == -32005
    assert "limit exceeded" in body["error"]["message"]
    assert 1 <= int(headers["retry-after"]) <= 20


def test_a_batch_costs_as_much_as_its_items(node: NodeProcess, address: str) -> None:
    status, body, _ = asked(node, address, [call("eth_chainId", identity=number) for number in range(30)])
    assert status == 200
    assert isinstance(body, list)
    assert [item.get("error", {}).get("code") for item in body] == [None] * 25 + [-32005] * 5
    assert asked(node, address, [call("eth_chainId"), call("net_version")])[0] == 429


def test_a_dear_method_costs_more(node: NodeProcess, address: str) -> None:
    assert [asked(node, address, call("eth_getLogs", {}))[0] for _ in range(3)] == [200, 200, 429]
    assert asked(node, address, call("eth_chainId"))[0] == 200


@pytest.mark.parametrize("body", ["nonsense", [], 5, {"method": 5}, [[]]], ids=str)
def test_what_is_no_request_counts_as_one(node: NodeProcess, address: str, body: object) -> None:
    statuses = [asked(node, address, body)[0] for _ in range(26)]
    assert statuses == [200] * 25 + [429]


def test_what_a_caller_writes_about_itself_changes_nothing(node: NodeProcess, address: str) -> None:
    assert asked(node, address, [call("eth_chainId")] * 25)[0] == 200
    for header in ("x_forwarded_for", "forwarded", "x_real_ip", "x_client_ip", "cf_connecting_ip"):
        for text in ("203.0.113.7", "127.0.0.1", "127.0.0.1, 203.0.113.7", "for=203.0.113.7", "\x01"):
            assert asked(node, address, call("eth_chainId"), **{header: text})[0] in (400, 429)
    other = f"127.0.1.{next(MACHINE)}"
    assert asked(node, other, call("eth_chainId"))[0] == 200


def test_the_unix_socket_is_not_measured(node: NodeProcess) -> None:
    answers = exchange(Path(str(node.ready["ipc"])), [call("eth_chainId")] * 200)
    assert all("result" in answer for answer in answers)


def test_a_websocket_is_measured_by_request(node: NodeProcess) -> None:
    async def spoken() -> list[object]:
        answers = []
        async with opened(str(node.ready["ws"])) as connection:
            for _ in range(27):
                await connection.send(json.dumps(call("eth_chainId")))
                answers.append(json.loads(await connection.recv()))
        return answers

    answers = asyncio.run(spoken())
    assert [answer.get("error", {}).get("code") for answer in answers][-3:] == [None, -32005, -32005]  # type: ignore[attr-defined]


@pytest.fixture
def held(node: NodeProcess, address: str) -> Iterator[tuple[str, ExitStack]]:
    """An address that holds three connections."""
    place = urllib.parse.urlsplit(node.rpc)
    with ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(socket.create_connection((place.hostname, place.port), 60, (address, 0)))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            assert connection.recv(20).startswith(b"HTTP/1.1 200")
        yield address, stack


def test_an_address_holds_so_many_connections_and_no_more(node: NodeProcess, held: tuple[str, ExitStack]) -> None:
    address, stack = held
    status, body, _ = asked(node, address, call("eth_chainId"))
    assert status == 429
    assert "too many connections" in str(body)
    assert asked(node, f"127.0.2.{next(MACHINE)}", call("eth_chainId"))[0] == 200
    stack.close()
    until = time.monotonic() + 60
    while asked(node, address, call("eth_chainId"))[0] != 200:
        assert time.monotonic() < until, "the address's connections were never given back"
