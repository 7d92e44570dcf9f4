"""POST /v1/verify and /v1/verify/batch: every completed verdict is 200; what cannot be answered is problem+json."""

import io
import json
import socket
import zipfile

import httpx
import pytest
from testamur.demo import EXPECTED
from testamur.verification.verdict import CHECK_NAMES

from tests.client.api.conftest import Server
from tests.world import World


@pytest.mark.parametrize("case", EXPECTED)
def test_each_case_comes_to_its_code_with_status_200(world: World, server: Server, case: str) -> None:
    answer = server.client.post("/v1/verify", content=world.cases[case].read_bytes())
    assert answer.status_code == 200
    assert answer.json()["code"] == EXPECTED[case]
    assert [check["name"] for check in answer.json()["checks"]] == list(CHECK_NAMES)


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b"\xff\xfe", b"null", b"{}" * 3, b"[" * 100_000])
def test_what_is_no_bundle_is_a_malformed_verdict(server: Server, body: bytes) -> None:
    answer = server.client.post("/v1/verify", content=body)
    assert (answer.status_code, answer.json()["code"]) == (200, "malformed")


def is_problem(answer: httpx.Response, status: int) -> bool:
    """Whether it is a problem of RFC 9457."""
    body = answer.json()
    kind = answer.headers["content-type"]
    return answer.status_code == status == body["status"] and kind == "application/problem+json" and bool(body["title"])


def test_an_empty_body_is_a_problem(server: Server) -> None:
    assert is_problem(server.client.post("/v1/verify", content=b""), 400)


def test_an_oversized_body_is_a_problem(server: Server) -> None:
    assert is_problem(server.client.post("/v1/verify", content=b"x" * 300_001), 413)


def test_a_body_without_a_length_is_bounded_too(server: Server) -> None:
    assert is_problem(server.client.post("/v1/verify", content=(b"x" * 100_000 for _ in range(4))), 413)


def test_another_method_and_another_path_are_problems(server: Server) -> None:
    assert is_problem(server.client.get("/v1/verify"), 405)
    assert is_problem(server.client.get("/v1/nothing"), 404)


def test_a_batch_is_judged_in_order_from_an_array_or_from_lines(world: World, server: Server) -> None:
    bundles = [path.read_bytes().strip() for path in world.cases.values()]
    for body in (b"[" + b",".join(bundles) + b"]", b"\n".join(bundles)):
        answer = server.client.post("/v1/verify/batch", content=body)
        assert [verdict["code"] for verdict in answer.json()["verdicts"]] == list(EXPECTED.values())


def test_a_duplicate_key_in_a_batch_reaches_the_strict_parser(world: World, server: Server) -> None:
    twice = world.cases["valid"].read_bytes().strip().replace(b'"version":1', b'"version":1,"version":1', 1)
    answer = server.client.post("/v1/verify/batch", content=b"[" + twice + b"]")
    assert answer.json()["verdicts"][0]["code"] == "malformed"


@pytest.mark.parametrize("body", [b"", b"[]", b"[{}", b"[{]", b"\xff"])
def test_a_batch_that_cannot_be_cut_into_bundles_is_a_problem(server: Server, body: bytes) -> None:
    assert is_problem(server.client.post("/v1/verify/batch", content=body), 400)


def test_a_json_body_that_is_no_array_is_a_problem(server: Server) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert is_problem(server.client.post("/v1/verify/batch", content=b"{}", headers=headers), 400)


def test_too_many_bundles_are_a_problem(server: Server) -> None:
    assert is_problem(server.client.post("/v1/verify/batch", content=b"{}\n" * 11), 422)


def test_a_slow_sender_is_told_to_stop_while_a_good_one_is_served(world: World, server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        good = server.client.post("/v1/verify", content=world.cases["valid"].read_bytes())
        assert good.json()["code"] == "ok"
        slow.settimeout(20)
        assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_a_header_that_does_not_end_is_hung_up_on_also_behind_a_good_request(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("testamur.api.server._HEADER_SECONDS", 0.2)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = slow.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200 ")
        slow.sendall(b"GET /healthz HT")
        while rest := slow.recv(4096):
            answer += rest
        assert answer.count(b"HTTP/1.1") == 1


def test_a_hundred_silent_connections_keep_nobody_out(world: World, server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        answer = server.client.post("/v1/verify", content=world.cases["valid"].read_bytes())
        assert answer.json()["code"] == "ok"
    finally:
        for connection in silent:
            connection.close()


def test_bodies_that_are_too_much_together_are_refused_and_the_next_is_served(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = b"POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-length: 250000\r\n\r\n"
    senders = [socket.create_connection((host, int(port))) for _ in range(5)]
    answers = []
    try:
        for sender in senders:
            sender.settimeout(20)
            sender.sendall(head + b"x" * 240_000)
        answers = [sender.recv(64) for sender in senders]
    finally:
        for sender in senders:
            sender.close()
    assert {answer.split(b" ")[1] for answer in answers} == {b"503", b"408"}
    assert server.client.get("/healthz").status_code == 200


def test_a_header_that_never_ends_is_refused(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as hostile:
        hostile.settimeout(20)
        hostile.sendall(b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000)
        try:
            answer = hostile.recv(4096)
        except ConnectionError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def test_the_answer_carries_the_headers_that_keep_it_private(world: World, server: Server) -> None:
    answer = server.client.post("/v1/verify", content=world.cases["valid"].read_bytes())
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


def test_nothing_of_a_forged_credential_is_shown(world: World, server: Server) -> None:
    answer = server.client.post("/v1/verify", content=world.cases["forged"].read_bytes())
    assert answer.json()["facts"] == {}
    assert "张三丰" not in answer.text


def test_the_metrics_count_verdicts_and_name_nobody(world: World, server: Server) -> None:
    server.client.post("/v1/verify", content=world.cases["valid"].read_bytes())
    text = server.client.get("/metrics").text
    assert 'testamur_verdicts_total{code="ok",outcome="valid"}' in text
    assert json.loads(world.cases["valid"].read_bytes())["anchor"]["batchId"] not in text


def test_a_delivered_zip_is_opened_and_other_kinds_are_named(world: World, server: Server) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("R1.json", world.cases["revoked"].read_bytes())
        archive.writestr("holder.json", '{"type": "TestamurHolder"}')
    answer = server.client.post("/v1/verify", content=file.getvalue(), headers={"content-type": "application/zip"})
    assert answer.json()["code"] == "revoked"
    paper = server.client.post("/v1/verify", content=b"%PDF-1.7").json()
    assert (paper["code"], paper["checks"][0]["facts"]["kind"]) == ("malformed", "pdf")
    assert "not judged" in paper["checks"][0]["message"]
