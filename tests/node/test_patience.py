"""Who asks and does not read, or begins and does not go on, is cut off, and what was kept for them is let go."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import Node
from testamur_node.rpc import connection, head_limit, patience
from testamur_node.rpc.connection import Connection
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.server import Listeners, dispatcher_for, serve
from testamur_node.rpc.subscriptions import Subscriptions

from tests.faults.hostile import frame
from tests.node.founding import make_home

CALL = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
LARGE = orjson.dumps([{**CALL, "method": "eth_getBlockByNumber", "params": ["0x0", False]}] * 1_000)
HEAD = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
OPENING = (
    b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
AGES = 120.0


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node.open(make_home(tmp_path_factory.mktemp("home"), DEVELOPMENT), time.time_ns)
    yield node
    node.close()


@contextlib.asynccontextmanager
async def connected(
    node: Node, limits: Limits | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A raw connection to a listener with HTTP and WebSocket."""
    listeners = Listeners("127.0.0.1:0", None, limits=limits or Limits())
    async with serve(node, listeners) as serving:
        port = int(str(serving.endpoints.rpc).rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


async def cut_off(writer: asyncio.StreamWriter, message: bytes) -> None:
    """Send and never read until the other side ends the connection."""
    async with asyncio.timeout(AGES):
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(message)
                await writer.drain()
                await asyncio.sleep(0.01)


def test_who_does_not_read_answers_is_cut_off(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "READING_SECONDS", 0.3)

    async def go() -> None:
        async with connected(node) as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined] # as a client that does not read
            await cut_off(writer, HEAD % len(LARGE) + LARGE)

    asyncio.run(go())


@pytest.mark.parametrize("begun", [b"", b"POST / HTT", b"POST / HTTP/1.1\r\nhost: localhost\r\n"])
def test_a_head_that_does_not_end_ends_its_connection(
    node: Node, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(head_limit, "HEAD_SECONDS", 0.2)

    async def go() -> None:
        async with connected(node) as (reader, writer):
            writer.write(begun)
            async with asyncio.timeout(AGES):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""

    asyncio.run(go())


def test_a_body_that_does_not_end_is_answered_with_408(node: Node) -> None:
    async def go() -> None:
        async with connected(node, Limits(body_seconds=0.2)) as (reader, writer):
            writer.write(HEAD % 500 + b"{")
            async with asyncio.timeout(AGES):
                assert (await reader.read()).startswith(b"HTTP/1.1 408 ")

    asyncio.run(go())


def test_an_honest_request_is_answered_meanwhile(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "READING_SECONDS", 30.0)
    body = orjson.dumps(CALL)

    async def go() -> None:
        async with connected(node) as (reader, writer):
            for _ in range(3):
                writer.write(HEAD % len(body) + body)
                async with asyncio.timeout(AGES):
                    assert await reader.readuntil(b'"result":"0x4f24"}')

    asyncio.run(go())


def test_requests_whose_answers_are_not_read_hold_back_the_next(node: Node) -> None:
    """Each answer may have 25 MB: eight are worked on or wait to be sent, and what comes then waits."""
    written: list[bytes] = []

    async def go() -> None:
        reads = asyncio.Event()

        async def write(message: bytes) -> None:
            await reads.wait()
            written.append(message)

        dispatcher = dispatcher_for(node, ["eth"], Limits())
        with ThreadPoolExecutor(4) as workers:
            async with asyncio.timeout(AGES), Connection.open(dispatcher, workers, write, "a") as opened:
                for _ in range(8):
                    await opened.take(orjson.dumps(CALL))
                ninth = asyncio.create_task(opened.take(orjson.dumps(CALL)))
                while len(opened._tasks):
                    await asyncio.sleep(0.01)  # all eight are answered
                assert not ninth.done()
                assert written == []
                reads.set()
                await ninth
                while len(written) < 9:
                    await asyncio.sleep(0.01)

    asyncio.run(go())
    assert {orjson.loads(message)["result"] for message in written} == {"0x4f24"}


@pytest.mark.parametrize(
    "message", [frame(9, bytes(125)) * 500, frame(1, b"", final=False) + frame(0, b"", final=False) * 20_000]
)
def test_pings_that_nobody_reads_and_fragments_without_end_end_the_connection(
    node: Node, monkeypatch: pytest.MonkeyPatch, message: bytes
) -> None:
    monkeypatch.setattr(patience, "READING_SECONDS", 0.3)

    async def go() -> None:
        async with serve(node, Listeners(None, "127.0.0.1:0")) as serving:
            port = int(str(serving.endpoints.websocket).rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(OPENING)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            reader._transport.pause_reading()  # type: ignore[attr-defined] # as a client that does not read
            await cut_off(writer, message)
            writer.transport.abort()

    asyncio.run(go())


def test_who_hangs_up_while_its_requests_wait_is_not_worked_for(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end stands behind messages that are not read while eight are worked on."""
    monkeypatch.setattr(connection, "_LOOKING_SECONDS", 0.05)
    ended: list[object] = []
    close = Subscriptions.close
    monkeypatch.setattr(Subscriptions, "close", lambda self: (ended.append(self), close(self)))

    async def go() -> None:
        at_work, may_end = threading.Semaphore(0), threading.Event()

        def hold(_node: Node) -> int:
            at_work.release()
            may_end.wait(AGES)
            return 1

        monkeypatch.setattr(Node, "chain_id", property(hold), raising=False)
        try:
            async with serve(node, Listeners(None, "127.0.0.1:0")) as serving, asyncio.timeout(AGES):
                port = int(str(serving.endpoints.websocket).rpartition(":")[2])
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(OPENING)
                await reader.readuntil(b"\r\n\r\n")
                writer.write(frame(1, orjson.dumps(CALL)) * 12)
                for _ in range(8):
                    await asyncio.to_thread(at_work.acquire)
                assert ended == []
                writer.close()
                while not ended:
                    await asyncio.sleep(0.01)
                may_end.set()
        finally:
            may_end.set()

    asyncio.run(go())


def test_a_text_that_is_no_utf8_ends_the_connection_and_leaves_no_traceback(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    async def go() -> bytes:
        async with serve(node, Listeners(None, "127.0.0.1:0")) as serving, asyncio.timeout(AGES):
            port = int(str(serving.endpoints.websocket).rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(OPENING)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(frame(1, b"{\xc3(}"))
            answered = await reader.read()
            writer.close()
            return answered

    assert (1007).to_bytes(2, "big") + b"no UTF-8" in asyncio.run(go())
    assert "Traceback" not in caplog.text
