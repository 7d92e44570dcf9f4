"""Java's client and `curl --http2` offer h2c on plain HTTP: whoever does not take it answers as if it were not there
(RFC 9110, 7.8)."""

import json
import socket
import urllib.parse
from typing import Any

import pytest
import websockets.sync.client

from tests.interop.conftest import NodeProcess

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
CURL = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    b"content-type: application/json\r\nContent-Length: %d\r\n\r\n"
)
JAVA = (
    b"POST / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: %d\r\nHost: localhost\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\nUser-Agent: Java\r\n"
    b"Content-Type: application/json\r\n\r\n"
)
ODD = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: TLS/1.0, h2c\r\nConnection: keep-alive\r\n"
    b"content-type: application/json\r\nContent-Length: %d\r\n\r\n"
)


def connect(node: NodeProcess) -> socket.socket:
    address = urllib.parse.urlsplit(node.rpc)
    return socket.create_connection((str(address.hostname), address.port or 0), timeout=60)


def read_answer(connection: socket.socket) -> tuple[bytes, Any]:
    """The first line of one response, and its JSON body."""
    reader = connection.makefile("rb", buffering=0)  # nothing of the next response is taken
    first, length = reader.readline(), 0
    while (line := reader.readline()).strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    body = b""
    while len(body) < length:
        body += reader.read(length - len(body)) or b""
    return first.strip(), json.loads(body)


@pytest.mark.parametrize("head", [CURL, JAVA, ODD])
def test_an_offered_upgrade_is_passed_over(development: NodeProcess, head: bytes) -> None:
    with connect(development) as connection:
        for _ in range(2):  # the connection goes on
            connection.sendall(head % len(BODY) + BODY)
            status, answer = read_answer(connection)
            assert (status, answer["result"]) == (b"HTTP/1.1 200 OK", "0x4f24")


def test_a_body_that_comes_in_pieces_or_behind_others_is_read(development: NodeProcess) -> None:
    whole = (CURL % len(BODY) + BODY) * 2 + b"POST / HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\n"
    whole += b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY + JAVA % len(BODY) + BODY
    with connect(development) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(whole), 97):
            connection.sendall(whole[at : at + 97])
        assert [read_answer(connection)[1]["result"] for _ in range(4)] == ["0x4f24"] * 4
        connection.sendall(whole)
        assert [read_answer(connection)[1]["result"] for _ in range(4)] == ["0x4f24"] * 4


def test_a_chunked_body_is_read_too(development: NodeProcess) -> None:
    head = CURL.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked")
    with connect(development) as connection:
        connection.sendall(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))
        assert read_answer(connection)[1]["result"] == "0x4f24"


@pytest.mark.parametrize("line", [b"CONNECT example.com:80 HTTP/1.1", b"GET / HTTP/9.9", b"\x16\x03\x01\x02\x00"])
def test_what_is_no_request_is_refused(development: NodeProcess, line: bytes) -> None:
    with connect(development) as connection:
        connection.sendall(line + b"\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        status, answer = read_answer(connection)
    assert status == b"HTTP/1.1 400 Bad Request"
    assert answer["error"]["code"] == -32600


def test_a_websocket_still_opens(development: NodeProcess) -> None:
    with websockets.sync.client.connect(str(development.ready["ws"]), open_timeout=60) as connection:
        connection.send(BODY.decode())
        assert json.loads(connection.recv(timeout=60))["result"] == "0x4f24"
