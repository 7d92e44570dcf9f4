"""The Unix socket face of JSON-RPC: JSON values one after the other, as geth's IPC takes them.

The socket's file is open to its owner alone, which is why every namespace is open on it.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio

from testamur_node.errors import NodeError
from testamur_node.rpc.connection import Connection
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher, refusal
from testamur_node.rpc.errors import ResourceLimitError

__all__ = ["LONGEST_PATH", "SocketPathError", "ValueSplitter", "serve_socket"]

_CHUNK = 64 * 1024
_STRUCTURE = re.compile(rb'["\\{}\[\]\n]')
LONGEST_PATH = 107
"""sockaddr_un.sun_path of Linux, less its final zero byte."""


class SocketPathError(NodeError):
    """The Unix socket cannot be opened at this path."""


class ValueSplitter:
    """Cuts a stream of bytes into JSON objects and arrays; each byte is looked at once, however it arrives.

    Anything else between values is passed on up to the next line end, to be answered as what it is: not JSON.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._position = 0
        self._depth = 0
        self._is_string = False

    def __len__(self) -> int:
        """Bytes of the value that is not complete yet."""
        return len(self._pending)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The values that `chunk` completes."""
        self._pending += chunk
        values: list[bytes] = []
        start = 0
        while (found := _STRUCTURE.search(self._pending, self._position)) is not None:
            mark = found.group()
            if mark == b"\\" and found.end() == len(self._pending):
                break  # what it escapes has not arrived
            self._position = found.end() + (mark == b"\\")
            if mark == b'"':
                self._is_string = not self._is_string
            elif mark == b"\n":
                if self._depth <= 0:
                    start = self._cut(start, values)
            elif not self._is_string and mark != b"\\":
                self._depth += 1 if mark in b"{[" else -1
                if self._depth <= 0:
                    start = self._cut(start, values)
        else:
            self._position = len(self._pending)
        del self._pending[:start]
        self._position -= start
        return values

    def _cut(self, start: int, values: list[bytes]) -> int:
        """End a value at the present position; where the next one begins."""
        value = bytes(self._pending[start : self._position]).strip()
        if value:
            values.append(value)
        self._depth, self._is_string = 0, False
        return self._position


def _handler(
    dispatcher: Dispatcher[Context], workers: anyio.CapacityLimiter
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(message: bytes) -> None:
            writer.write(message + b"\n")
            await writer.drain()

        splitter = ValueSplitter()
        with contextlib.suppress(ConnectionError):
            async with Connection.open(dispatcher, workers, write) as connection:
                while chunk := await reader.read(_CHUNK):
                    for value in splitter.feed(chunk):
                        await connection.take(value)
                    if len(splitter) > dispatcher.limits.body_bytes:
                        most = dispatcher.limits.body_bytes
                        await write(refusal(ResourceLimitError(f"request too large, at most {most} bytes are taken")))
                        break
        writer.close()

    return serve


async def serve_socket(
    path: Path, dispatcher: Dispatcher[Context], workers: anyio.CapacityLimiter
) -> asyncio.AbstractServer:
    """Listen on a Unix socket that only this user can open; a stale file is replaced."""
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise SocketPathError(f"the path {path} is too long for a Unix socket", "name a shorter one with --ipc")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(_handler(dispatcher, workers), path)
    except OSError as error:
        raise SocketPathError(f"cannot open the Unix socket {path}: {error.strerror}") from error
    finally:
        os.umask(before)
