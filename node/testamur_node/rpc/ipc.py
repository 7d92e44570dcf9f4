"""The Unix socket face of JSON-RPC: JSON values one after the other, as geth's IPC takes them.

The socket's file is open to its owner alone, and the kernel is asked who has connected: a file's mode can be changed by
mistake. `node.ipc` is for the operator's programs, `admin.ipc` for what only the operator does.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import re
import socket
import struct
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from testamur_node.errors import NodeError
from testamur_node.rpc.connection import Connection
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher, refusal
from testamur_node.rpc.errors import ResourceLimitError, UnauthorizedError

__all__ = ["LONGEST_PATH", "SocketPathError", "ValueSplitter", "serve_socket"]

_log = logging.getLogger(__name__)
_CHUNK = 64 * 1024
_SECONDS_TO_ASK = 2.0
"""How long one who is turned away may take to ask."""
_SECONDS_TO_READ = 120.0
"""What a message may take to be read; who does not read is cut off."""
_CREDENTIALS = struct.Struct("3i")
"""struct ucred of Linux: process, user, group."""
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


def _user_of(writer: asyncio.StreamWriter) -> int:
    """The user who has connected (SO_PEERCRED, unix(7))."""
    connected: socket.socket = writer.get_extra_info("socket")
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(credentials)[1]
    return user


def _handler(
    dispatcher: Dispatcher[Context], workers: Executor, users: Collection[int]
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    numbers = itertools.count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user = _user_of(writer)
        if user not in users:
            with contextlib.suppress(TimeoutError):  # one that has not asked yet would not read the answer
                await asyncio.wait_for(reader.read(_CHUNK), _SECONDS_TO_ASK)
            _log.warning("user %d may not ask over the Unix socket", user)
            error = UnauthorizedError("Unauthorized: this socket is for the user that the node runs as, and for root")
            writer.write(refusal(error) + b"\n")
            writer.close()
            return

        async def write(message: bytes) -> None:
            writer.write(message + b"\n")
            try:
                async with asyncio.timeout(_SECONDS_TO_READ):
                    await writer.drain()
            except TimeoutError:
                writer.transport.abort()
                raise

        splitter = ValueSplitter()
        with contextlib.suppress(ConnectionError):
            async with Connection.open(dispatcher, workers, write, f"socket:{next(numbers)}") as connection:
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
    path: Path, dispatcher: Dispatcher[Context], workers: Executor, users: Collection[int] | None = None
) -> asyncio.AbstractServer:
    """Listen on a Unix socket that only this user can open; a stale file is replaced.

    `users` may ask: the one that this process runs as, and root, unless others are named.
    """
    own = {os.geteuid(), 0} if users is None else users
    if len(os.fsencode(path)) > LONGEST_PATH:
        advice = "name a shorter one with --ipc or --admin-ipc"
        raise SocketPathError(f"the path {path} is too long for a Unix socket", advice)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(_handler(dispatcher, workers, own), path)
    except OSError as error:
        raise SocketPathError(f"cannot open the Unix socket {path}: {error.strerror}") from error
    finally:
        os.umask(before)
