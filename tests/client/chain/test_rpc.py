"""The JSON-RPC client against a real HTTP server that misbehaves in the ways nodes do."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from testamur.chain.contracts import Contract, Suite
from testamur.chain.errors import ChainUnreachableError, RpcError, WrongChainError
from testamur.chain.rpc import Rpc, to_quantity

Answer = Callable[[Any, int], tuple[int, bytes]]
"""(request body, number of the request) -> status and body."""


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    counter = iter(range(10_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, content = answer(body, next(counter))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}"
        finally:
            running.shutdown()
            thread.join()


def echo(body: Any, number: int) -> tuple[int, bytes]:
    bodies = body if isinstance(body, list) else [body]
    replies = [{"jsonrpc": "2.0", "id": item["id"], "result": item["params"]} for item in bodies]
    return 200, json.dumps(replies if isinstance(body, list) else replies[0]).encode()


def connect(url: str) -> Rpc:
    return Rpc(url, pause=lambda seconds: None, timeout_seconds=5.0)


def test_a_batch_is_answered_in_its_order_whatever_the_node_sends() -> None:
    def backwards(body: Any, number: int) -> tuple[int, bytes]:
        status, content = echo(body, number)
        return status, json.dumps(list(reversed(json.loads(content)))).encode()

    with server(backwards) as url, connect(url) as rpc:
        assert rpc.batch([("m", (i,)) for i in range(5)]) == [[0], [1], [2], [3], [4]]


def test_a_long_batch_goes_in_several_posts() -> None:
    sizes: list[int] = []

    def counting(body: Any, number: int) -> tuple[int, bytes]:
        sizes.append(len(body))
        return echo(body, number)

    with server(counting) as url, connect(url) as rpc:
        assert rpc.batch([("m", (i,)) for i in range(250)]) == [[i] for i in range(250)]
    assert sizes == [100, 100, 50]


def test_a_busy_node_is_asked_again() -> None:
    with server(lambda body, number: (503, b"") if number < 2 else echo(body, number)) as url, connect(url) as rpc:
        assert rpc.call("m", 7) == [7]


def test_a_node_that_stays_busy_is_unreachable_with_exit_code_7() -> None:
    with (
        server(lambda body, number: (503, b"")) as url,
        connect(url) as rpc,
        pytest.raises(ChainUnreachableError, match="HTTP 503") as caught,
    ):
        rpc.call("m")
    assert caught.value.exit_code == 7


def test_a_dead_node_is_unreachable() -> None:
    with server(echo) as url:
        pass
    with connect(url) as rpc, pytest.raises(ChainUnreachableError, match="4 attempts"):
        rpc.call("m")


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"",
        b"[]",
        b"7",
        b"\xff",
        b"[" * 100_000,
        b'{"id":0,"result":' + b"[" * 65 + b"]" * 65 + b"}",
        b'{"jsonrpc":"2.0","id":99,"result":1}',
        b'{"jsonrpc":"2.0","id":[],"result":1}',
        b'{"jsonrpc":"2.0","id":{},"result":1}',
        b'{"jsonrpc":"2.0","id":"0","result":1}',
        b'{"jsonrpc":"2.0","id":false,"result":1}',
        b'{"jsonrpc":"2.0","id":0.0,"result":1}',
        b'[{"id":0,"result":1},{"id":0,"result":2}]',
        b'{"id":7,"error":{"code":1,"message":"other"}}',
    ],
)
def test_an_answer_that_is_none_is_unreachable_not_a_result(content: bytes) -> None:
    with server(lambda body, number: (200, content)) as url, connect(url) as rpc, pytest.raises(ChainUnreachableError):
        rpc.call("m")


def test_an_error_of_the_node_carries_code_reason_and_data() -> None:
    def refusing(body: Any, number: int) -> tuple[int, bytes]:
        error = {"code": 3, "message": "execution reverted", "data": "0x01"}
        return 200, json.dumps({"jsonrpc": "2.0", "id": body["id"], "error": error}).encode()

    with server(refusing) as url, connect(url) as rpc, pytest.raises(RpcError) as caught:
        rpc.call("eth_call")
    assert (caught.value.code, caught.value.reason, caught.value.data) == (3, "execution reverted", "0x01")


def test_a_batch_refused_as_a_whole_is_an_error_of_each() -> None:
    error = json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch too large"}})
    with server(lambda body, number: (200, error.encode())) as url, connect(url) as rpc:
        answers = rpc.batch_answers([("m", ()), ("n", ())])
    assert [str(answer.reason) for answer in answers] == ["batch too large"] * 2


def test_an_address_without_scheme_is_refused() -> None:
    with pytest.raises(ChainUnreachableError, match="no http or https address"):
        Rpc("127.0.0.1:8545")


def test_quantities_are_written_without_leading_zeros() -> None:
    assert (to_quantity(0), to_quantity(255), to_quantity("latest")) == ("0x0", "0xff", "latest")


@pytest.mark.parametrize("result", [None, "", "0xzz", 7, [], {}, "latest"])
def test_a_result_of_the_wrong_kind_is_told_as_such(result: object) -> None:
    def answer(body: Any, number: int) -> tuple[int, bytes]:
        return 200, json.dumps({"jsonrpc": "2.0", "id": body["id"], "result": result}).encode()

    with server(answer) as url, connect(url) as rpc:
        for ask in (rpc.chain_id, rpc.block_number, lambda: rpc.block_hash(0), lambda: rpc.nonce(bytes(20))):
            with pytest.raises(ChainUnreachableError):
                ask()


@pytest.mark.parametrize(("result", "code"), [("0x", "0x"), ("0x01", "0x00"), ("0x" + "ff" * 64, "0x00")])
def test_another_contract_than_the_one_meant_is_a_wrong_chain(result: str, code: str) -> None:
    def answer(body: Any, number: int) -> tuple[int, bytes]:
        bodies = body if isinstance(body, list) else [body]
        replies = [
            {"jsonrpc": "2.0", "id": item["id"], "result": code if item["method"] == "eth_getCode" else result}
            for item in bodies
        ]
        return 200, json.dumps(replies if isinstance(body, list) else replies[0]).encode()

    with server(answer) as url, connect(url) as rpc:
        registry = Contract("StatusRegistry", bytes(20), rpc)
        with pytest.raises(WrongChainError, match="StatusRegistry should"):
            registry.read("listOf", 1)
        with pytest.raises(WrongChainError, match="StatusRegistry should"):
            registry.read_many("listOf", [(1,), (2,)])
        with pytest.raises(WrongChainError):
            Suite(rpc, bytes(20)).contract("StatusRegistry")
