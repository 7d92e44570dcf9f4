"""The carrier of JSON-RPC before nodes, proxies and environments that do as they like: in words, never a crash."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest
from testamur.chain import transport
from testamur.chain.access import NO_ACCESS
from testamur.chain.errors import ChainUnreachableError
from testamur.chain.proxies import proxy_for
from testamur.chain.transport import LONGEST_PAUSE_SECONDS, Transport

GOOD = b'{"jsonrpc":"2.0","id":0,"result":"0x1"}'
Reply = tuple[int, dict[str, str], bytes]


@contextmanager
def node(reply: Callable[[int], Reply]) -> Iterator[str]:
    numbers = count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status, headers, content = reply(next(numbers))
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name, value)
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


def exchange(url: str, pauses: list[float] | None = None, **options: Any) -> Any:
    waited = [] if pauses is None else pauses
    settings: dict[str, Any] = {"timeout_seconds": 60.0, "attempts": 4, "pause": waited.append, **options}
    carrier = Transport(url, NO_ACCESS, **settings)
    try:
        return carrier.exchange(b"{}")
    finally:
        carrier.close()


def busy(number: int, headers: dict[str, str], refused: int = 2) -> Reply:
    return (429, headers, b"") if number < refused else (200, {}, GOOD)


def test_retry_after_is_obeyed_in_seconds_and_as_a_date() -> None:
    pauses: list[float] = []
    with node(lambda number: busy(number, {"retry-after": "3"})) as url:
        assert exchange(url, pauses)["result"] == "0x1"
    assert pauses == [3.0, 3.0]
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=25), usegmt=True)
    with node(lambda number: busy(number, {"retry-after": later}, 1)) as url:
        exchange(url, pauses)
    assert 0.1 < pauses[-1] <= LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize("value", ["", "soon", "-5", "1e9", "٣", "Mon, 99 Foo 99999 99:99:99 GMT", "3.5"])
def test_a_retry_after_that_says_nothing_is_no_wish(value: str) -> None:
    pauses: list[float] = []
    with node(lambda number: busy(number, {"retry-after": value.encode().decode("latin-1")}, 1)) as url:
        assert exchange(url, pauses)["result"] == "0x1"
    assert pauses == [0.1]


def test_a_node_that_asks_for_hours_is_not_waited_for() -> None:
    pauses: list[float] = []
    with (
        node(lambda number: busy(number, {"retry-after": "86400"})) as url,
        pytest.raises(ChainUnreachableError, match="left alone for 86400 s"),
    ):
        exchange(url, pauses)
    assert pauses == []


def test_a_refusal_for_load_with_200_is_tried_again_and_one_for_size_is_not() -> None:
    def refusing(words: str) -> Callable[[int], Reply]:
        error = json.dumps({"jsonrpc": "2.0", "id": 0, "error": {"code": -32005, "message": words}}).encode()
        return lambda number: (200, {"retry-after": "2"}, error) if number < 2 else (200, {}, GOOD)

    pauses: list[float] = []
    with node(refusing("request rate exceeded")) as url:
        assert exchange(url, pauses)["result"] == "0x1"
    assert pauses == [2.0, 2.0]
    with node(refusing("query returned more than 10000 results")) as url:
        assert exchange(url, pauses)["error"]["code"] == -32005
    assert pauses == [2.0, 2.0]


def test_a_node_that_refuses_for_load_to_the_end_is_unreachable_in_its_own_words() -> None:
    error = json.dumps({"id": 0, "error": {"code": -32005, "message": "too\x1b[31m many\nrequests"}}).encode()
    with (
        node(lambda number: (200, {}, error)) as url,
        pytest.raises(ChainUnreachableError, match=r"too \[31m many requests"),
    ):
        exchange(url)


def test_an_answer_is_bounded_in_size_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", len(GOOD))
    with node(lambda number: (200, {}, GOOD)) as url:
        assert exchange(url)["result"] == "0x1"
        with pytest.raises(ChainUnreachableError, match="does not come to an end"):
            exchange(url, clock=count(0, 1_000).__next__)
    with (
        node(lambda number: (200, {}, GOOD + b" ")) as url,
        pytest.raises(ChainUnreachableError, match=f"more than {len(GOOD)} bytes"),
    ):
        exchange(url)


def test_a_packed_answer_is_never_unpacked() -> None:
    packed = gzip.compress(GOOD)
    with (
        node(lambda number: (200, {"content-encoding": "gzip"}, packed)) as url,
        pytest.raises(ChainUnreachableError, match="packs its answer"),
    ):
        exchange(url)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8545", "ftp://a/", "http://", "http://[::1", "http://a:port", "http://a:0", "http://a:99999"]
)
def test_an_address_that_is_none_is_told_as_such(url: str) -> None:
    with pytest.raises(ChainUnreachableError, match="no http or https address"):
        Transport(url, NO_ACCESS, timeout_seconds=1.0, attempts=1)


@pytest.mark.parametrize("url", ["http://a b/", "http://\x00/", "http://xn--/", "http://" + "a" * 300, "http://ü..ü/"])
def test_an_address_that_no_name_service_takes_is_unreachable(url: str) -> None:
    with pytest.raises(ChainUnreachableError):
        exchange(url, attempts=1)


FAR = "http://node.example:8545"
HTTP = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"http_proxy": HTTP}, HTTP),
        ({"HTTP_PROXY": HTTP}, HTTP),
        ({"HTTP_PROXY": HTTP, "REQUEST_METHOD": "GET"}, None),
        ({"https_proxy": HTTP}, None),
        ({"all_proxy": "proxy.example:3128"}, HTTP),
        ({"http_proxy": HTTP, "all_proxy": "socks5://127.0.0.1:7890"}, HTTP),
        ({"ALL_PROXY": HTTP, "no_proxy": "[::1]"}, HTTP),
        ({"ALL_PROXY": HTTP, "no_proxy": "localhost,[::1],[,]:,.,*.,:::,10.0.0.0/99"}, HTTP),
        ({"ALL_PROXY": HTTP, "no_proxy": "*"}, None),
        ({"ALL_PROXY": HTTP, "NO_PROXY": "example"}, None),
        ({"ALL_PROXY": HTTP, "no_proxy": ".node.EXAMPLE"}, None),
        ({"ALL_PROXY": HTTP, "no_proxy": "*.example:8545"}, None),
        ({"ALL_PROXY": HTTP, "no_proxy": "node.example:80"}, HTTP),
        ({"ALL_PROXY": HTTP, "no_proxy": "ode.example"}, HTTP),
    ],
)
def test_the_environments_proxy_is_read_as_curl_reads_it(environment: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(FAR, environment) == proxy


@pytest.mark.parametrize(
    ("url", "exempt"),
    [("http://[fd00::1]:8545", "[fd00::1]:8545"), ("http://10.1.2.3", "10.0.0.0/8"), ("http://[fd00::1]", "fd00::/8")],
)
def test_addresses_and_networks_are_exempt(url: str, exempt: str) -> None:
    assert proxy_for(url, {"all_proxy": HTTP, "no_proxy": exempt}) is None
    assert proxy_for(url, {"all_proxy": HTTP, "no_proxy": "192.168.0.0/16"}) == HTTP


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://me:secret@127.0.0.1:7890", "speaks socks5"),
        ("socks://127.0.0.1:7890/", "speaks socks"),
        ("http://", "not the address"),
        ("http://[::1", "not the address"),
        ("http://a:port", "not the address"),
        ("http://a b:1", "not the address"),
        ("http://ü:1", "not the address"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_in_words_without_its_password(proxy: str, words: str) -> None:
    with pytest.raises(ChainUnreachableError, match=words) as refused:
        exchange(FAR, environment={"all_proxy": proxy})
    assert "all_proxy" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "no_proxy=node.example" in str(refused.value)


def test_a_node_on_this_machine_is_asked_without_the_environments_proxy() -> None:
    with node(lambda number: (200, {}, GOOD)) as url:
        assert exchange(url, environment={"all_proxy": "socks5://127.0.0.1:1"})["result"] == "0x1"


def test_certificates_of_the_environment_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    with pytest.raises(ChainUnreachableError, match="SSL_CERT_FILE"):
        exchange("https://node.example:8545")
