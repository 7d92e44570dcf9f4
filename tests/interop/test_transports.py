"""HTTP, WebSocket and the Unix socket of a running node: who may ask, how much, and what a subscription tells."""

import asyncio
import http.client
import json
import socket
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
import websockets
from eth_account import Account
from web3 import AsyncWeb3, WebSocketProvider
from web3.providers.persistent import AsyncIPCProvider

from tests.interop.conftest import NodeProcess

CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()


def ask(
    node: NodeProcess, body: bytes = CALL, method: str = "POST", path: str = "/", **headers: str
) -> tuple[int, Any, dict[str, str]]:
    """(status, body, headers) of one raw HTTP request."""
    address = urllib.parse.urlsplit(node.rpc)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, body, sent)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text else None, {k.lower(): v for k, v in response.getheaders()}


def test_a_request_from_this_machine_passes(development: NodeProcess) -> None:
    status, answer, headers = ask(development)
    assert (status, answer["result"]) == (200, "0x4f24")
    assert "server" not in headers
    assert ask(development, host="localhost:8545")[0] == 200
    assert ask(development, host="[::1]:8545")[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8545", "localhost.evil.example", "", "127.0.0.1.evil.example"]
)
def test_a_foreign_host_is_refused(development: NodeProcess, host: str) -> None:
    status, answer, _ = ask(development, host=host)
    assert status in (400, 403)  # an empty Host does not even get past the HTTP parser
    assert answer is None or "not allowed" in answer["error"]["message"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost"])
def test_a_foreign_origin_is_refused(development: NodeProcess, origin: str) -> None:
    status, answer, headers = ask(development, origin=origin)
    assert status == 403
    assert "access-control-allow-origin" not in headers
    assert "not allowed" in answer["error"]["message"]
    assert ask(development, b"", "OPTIONS", origin=origin)[0] == 403


def test_an_allowed_host_and_origin_pass(started: Callable[..., NodeProcess]) -> None:
    page = "https://verify.example"
    node = started("--dev", start_options=("--http-host", "node.example", "--http-origin", page, "--ipc", "none"))
    status, _, headers = ask(node, host="node.example", origin=page)
    assert (status, headers["access-control-allow-origin"]) == (200, page)
    assert ask(node, b"", "OPTIONS", origin=page)[0] == 204
    assert ask(node, host="other.example")[0] == 403
    assert node.ready["ipc"] is None


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_can_send_is_refused(development: NodeProcess, kind: str) -> None:
    """A cross-site form needs no preflight, so only JSON's content type is taken."""
    assert ask(development, content_type=kind)[0] == 415


def test_other_methods_than_post_are_refused(development: NodeProcess) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert ask(development, method=method)[0] == 405


def test_a_body_beyond_the_limit_is_refused_with_the_limit(development: NodeProcess) -> None:
    status, answer, _ = ask(development, b" " * (5 * 1024 * 1024 + 1))
    assert status == 413
    assert "5242880" in answer["error"]["message"]
    assert ask(development)[0] == 200


def head_answered(node: NodeProcess, length: int, end: bytes) -> bytes:
    """The first line of the answer to a request whose head has so many bytes of one header, before `end`."""
    address = urllib.parse.urlsplit(node.rpc)
    head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(CALL)}"
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"\r\nX-Long: " + b"a" * length + end)
        if end:
            connection.sendall(CALL)
        return connection.recv(100).split(b"\r\n")[0]


def test_a_head_that_does_not_end_is_refused_and_a_long_one_passes(development: NodeProcess) -> None:
    assert head_answered(development, 60_000, b"\r\n\r\n") == b"HTTP/1.1 200 OK"
    assert head_answered(development, 70_000, b"") == b"HTTP/1.1 400 Bad Request"


def test_a_batch_beyond_the_limit_is_refused_with_the_limit(development: NodeProcess) -> None:
    status, answer, _ = ask(development, b"[" + b",".join([CALL] * 1001) + b"]")
    assert status == 200
    assert answer[0]["error"]["code"] == -32600
    assert "1000" in answer[0]["error"]["message"]
    assert len(ask(development, b"[" + b",".join([CALL] * 1000) + b"]")[1]) == 1000


def test_a_supervisor_may_ask_for_health(development: NodeProcess) -> None:
    status, answer, _ = ask(development, b"", "GET", "/healthz")
    assert status == 200
    assert set(answer) == {"height", "hash", "time"}


def test_namespaces_that_were_not_named_are_closed(alliance: NodeProcess) -> None:
    for method in ("admin_nodeInfo", "debug_getRawBlock", "txpool_status", "evm_mine"):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
        assert ask(alliance, body)[1]["error"]["code"] == -32601
    modules = ask(alliance, b'{"jsonrpc":"2.0","id":1,"method":"rpc_modules"}')[1]["result"]
    assert set(modules) == {"eth", "net", "web3", "rpc", "testamur"}


def test_the_unix_socket_takes_values_without_line_ends_and_in_pieces(alliance: NodeProcess) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(alliance.ready["ipc"]))
        answers = connection.makefile("rb")
        for piece in (CALL[:10], CALL[10:] + CALL, b"\n[", CALL + b"]", b"nonsense\n"):
            connection.sendall(piece)
        results = [json.loads(answers.readline()) for _ in range(4)]
    assert sum(answer == {"jsonrpc": "2.0", "id": 1, "result": "0x4f24"} for answer in results) == 2
    assert [{"jsonrpc": "2.0", "id": 1, "result": "0x4f24"}] in results
    assert any(isinstance(answer, dict) and answer.get("error", {}).get("code") == -32700 for answer in results)


async def open_websocket(node: NodeProcess, **headers: str) -> int:
    """The HTTP status that a WebSocket meets; 101 when it opens."""
    try:
        async with websockets.connect(str(node.ready["ws"]), additional_headers=headers, proxy=None):
            return 101
    except websockets.exceptions.InvalidStatus as error:
        return error.response.status_code


def test_a_foreign_page_cannot_open_a_websocket(development: NodeProcess) -> None:
    assert asyncio.run(open_websocket(development)) == 101
    assert asyncio.run(open_websocket(development, Origin="https://evil.example")) == 403


def test_the_websocket_listener_does_not_answer_posts(development: NodeProcess) -> None:
    address = urllib.parse.urlsplit(str(development.ready["ws"]))
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    connection.request("POST", "/", CALL, {"content-type": "application/json"})
    assert connection.getresponse().status == 405
    connection.close()


async def follow(w3: AsyncWeb3[Any]) -> dict[str, Any]:
    """Subscribe to everything, send one transaction that logs nothing, and collect what is told."""
    told: dict[str, Any] = {}
    names = {}
    for kind in ("newHeads", "newPendingTransactions", "logs", "syncing"):
        identity = await w3.eth.subscribe(kind)  # type: ignore[arg-type]
        names[identity] = kind
    sender = Account.create()
    fields = {
        "chainId": await w3.eth.chain_id, "nonce": 0, "gas": 100_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0,
        "value": 0, "data": "0x60005fa000",
    }  # fmt: skip
    raw = sender.sign_transaction(fields).raw_transaction
    told["hash"] = await w3.eth.send_raw_transaction(raw)
    async for message in w3.socket.process_subscriptions():
        told[names[message["subscription"]]] = message["result"]
        if {"newHeads", "newPendingTransactions", "logs"} <= set(told):
            break
    told["ended"] = [await w3.eth.unsubscribe(identity) for identity in names]
    return told


async def follow_over_websocket(node: NodeProcess) -> dict[str, Any]:
    async with AsyncWeb3(WebSocketProvider(str(node.ready["ws"]))) as w3:
        return await follow(w3)


async def follow_over_ipc(node: NodeProcess) -> dict[str, Any]:
    async with AsyncWeb3(AsyncIPCProvider(str(node.ready["ipc"]))) as w3:
        return await follow(w3)


@pytest.mark.parametrize("transport", [follow_over_websocket, follow_over_ipc])
def test_a_subscriber_hears_of_heads_logs_and_waiting_transactions(
    development: NodeProcess, transport: Callable[[NodeProcess], Any]
) -> None:
    told = asyncio.run(asyncio.wait_for(transport(development), 60))
    assert told["newPendingTransactions"] == told["hash"]
    assert told["logs"]["transactionHash"] == told["hash"]
    assert told["newHeads"]["number"] == told["logs"]["blockNumber"]
    assert told["ended"] == [True] * 4


async def subscribe_badly(node: NodeProcess) -> list[int]:
    codes = []
    async with websockets.connect(str(node.ready["ws"]), proxy=None) as connection:
        for parameters in (["nothing"], ["logs", {"address": "0x1"}], ["newPendingTransactions", 5], [], [5]):
            await connection.send(
                json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": parameters})
            )
            codes.append(json.loads(await connection.recv())["error"]["code"])
    return codes


def test_a_subscription_that_makes_no_sense_is_refused(development: NodeProcess) -> None:
    assert asyncio.run(asyncio.wait_for(subscribe_badly(development), 60)) == [-32602] * 5


def test_subscriptions_need_a_connection_that_can_be_written_to(development: NodeProcess) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}'
    answer = ask(development, body)[1]
    assert answer["error"]["code"] == -32601
    assert "notifications not supported" in answer["error"]["message"]
