"""Judging in processes that can be ended: a bundle, a node or a client that leaves costs nobody else an answer.

The nodes here are real sockets. One that says nothing is waited for without end, so that only ending the process lets
the next caller in; no test waits for a time to pass.
"""

import asyncio
import copy
import http.server
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from testamur.api.judge_process import Job, JudgeProcess, Setup
from testamur.api.judging import Judges, JudgingLimits
from testamur.api.problem import Problem
from testamur.api.service import Limits, Service
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy

from tests.client.api.conftest import Server, running
from tests.client.api.test_verifying import is_problem
from tests.client.verification.world import NOW, credential
from tests.client.verification.world import world as alliance
from tests.world import World

ENDLESS = 10_000.0
"""Seconds that no test waits."""


@contextmanager
def silent_node() -> Iterator[Chain]:
    """A node that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Chain.connect(url, timeout_seconds=ENDLESS, attempts=1) as chain:
            yield chain


def one_process(**limits: Any) -> JudgingLimits:
    return JudgingLimits(processes=1, seconds=ENDLESS, abandoned_seconds=0.0, **limits)


OTHERS: set[int | None] = set()
"""Processes of the servers that tests of other files left running."""


@pytest.fixture(scope="module")
def waiting() -> Iterator[Server]:
    """A server of one process whose node says nothing."""
    OTHERS.update(children())
    with silent_node() as chain:
        limits = replace(Limits(), judging=one_process(quads=1_000))
        yield from running(Service(alliance().policy(), chain, limits))


def children() -> set[int | None]:
    return {child.pid for child in multiprocessing.active_children() if child.name == "testamur-judge"}


def genuine() -> bytes:
    [bundle] = alliance().issue([credential(1)])
    return bundle.dump()


def request_of(server: Server, data: bytes) -> socket.socket:
    """A connection on which a bundle was posted."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(b"POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(data) + data)
    return connection


def verdict(server: Server, data: bytes) -> str:
    answer = server.client.post("/v1/verify", content=data, timeout=300)
    assert answer.status_code == 200
    return str(answer.json()["code"])


def test_a_client_that_leaves_gives_its_process_to_the_next(waiting: Server) -> None:
    assert verdict(waiting, b"{") == "malformed"
    for _ in range(3):
        request_of(waiting, genuine()).close()
    assert verdict(waiting, b"{") == "malformed"


def test_a_process_that_is_killed_costs_one_answer_and_is_replaced(waiting: Server) -> None:
    assert verdict(waiting, b"{") == "malformed"
    [pid] = children() - OTHERS
    assert pid is not None
    with request_of(waiting, genuine()) as asking:
        os.kill(pid, signal.SIGKILL)
        asking.settimeout(300)
        assert asking.recv(64).startswith(b"HTTP/1.1 503 ")
    assert verdict(waiting, b"{") == "malformed"
    assert pid not in children()


def of_new_shapes(count: int) -> list[bytes]:
    """Bundles, no two of them of one shape."""
    trees = []
    for number in range(count):
        tree = copy.deepcopy(credential(number))
        tree["credentialSubject"]["achievement"]["tag"] = [f"t{tag}" for tag in range(1_000 + number)]
        trees.append(tree)
    return [bundle.dump() for bundle in alliance().issue(trees)]


def test_many_new_shapes_in_one_request_are_refused_and_the_process_lives_on(waiting: Server) -> None:
    assert verdict(waiting, b"{") == "malformed"
    before = children()
    answer = waiting.client.post("/v1/verify/batch", content=b"\n".join(of_new_shapes(2)), timeout=300)
    assert is_problem(answer, 422)
    assert "too many new kinds" in answer.json()["detail"]
    assert answer.json()["advice"]
    assert verdict(waiting, b"{") == "malformed"
    assert children() == before


def test_the_greatest_batch_of_usual_new_shapes_is_within_the_budget() -> None:
    quads_of_a_usual_credential = 60
    assert 200 * (quads_of_a_usual_credential + 40) <= JudgingLimits().quads


def test_what_takes_too_long_is_a_problem_and_the_next_is_judged() -> None:
    async def judge(chain: Chain) -> None:
        judges = Judges(Setup(alliance().policy(), chain), replace(one_process(), seconds=0.2))
        try:
            with pytest.raises(Problem) as caught:
                await judges.judge([genuine()], NOW)
            assert caught.value.status == 503
            while True:  # a slow machine may need more than one try within so short a time
                try:
                    [found] = await judges.judge([b"{"], NOW)
                except Problem:
                    continue
                assert found["code"] == "malformed"
                break
        finally:
            await judges.close()

    before = children()
    with silent_node() as chain:
        asyncio.run(judge(chain))
    assert children() <= before


def test_bundles_that_are_too_much_together_are_refused_before_they_wait() -> None:
    async def judge(chain: Chain) -> None:
        judges = Judges(Setup(alliance().policy(), chain), one_process(waiting_bytes=100))
        try:
            with pytest.raises(Problem) as caught:
                await judges.judge([b" " * 60, b" " * 60], NOW)
            assert caught.value.status == 503
            [found] = await judges.judge([b" " * 60], NOW)
            assert found["code"] == "malformed"
        finally:
            await judges.close()

    with silent_node() as chain:
        asyncio.run(judge(chain))


def test_a_process_finds_the_state_once_and_not_for_every_request(world: World) -> None:
    """The node is the alliance's own, behind a socket that counts what is asked."""
    asked: list[str] = []

    class Counting(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append(body.decode())
            headers = {"content-type": "application/json"}
            answer = httpx.post(world.result.rpc, content=body, headers=headers, trust_env=False, timeout=300)
            self.send_response(answer.status_code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to say."""

    policy = Policy.load(world.result.policy)
    now = Service(policy, Chain.offline()).now()
    data = world.cases["valid"].read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting) as node:
        threading.Thread(target=node.serve_forever, daemon=True).start()
        process = JudgeProcess(Setup(policy, Chain.connect(f"http://127.0.0.1:{node.server_port}")))
        try:
            process.wait_until_ready()
            [first] = process.judge(Job([data], now, 1_000)).verdicts
            reads = len(asked)
            again = [process.judge(Job([data], now + timedelta(seconds=1), 1_000)).verdicts[0] for _ in range(3)]
            reads_again = len(asked) - reads
            process.judge(Job([data], now + timedelta(seconds=30), 1_000))
        finally:
            process.end()
            process.join()
            node.shutdown()
    assert first["code"] == "ok"
    assert [found["code"] for found in again] == ["ok"] * 3
    assert (reads > 0, reads_again) == (True, 0)
    assert len(asked) > reads  # the state is looked at anew once it has grown old
