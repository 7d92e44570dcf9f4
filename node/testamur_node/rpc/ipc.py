"""The Unix socket face of JSON-RPC: JSON values one after the other, as geth's IPC takes them.

The socket's file is open to its owner alone, which is why every namespace is open on it.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio

from testamur_node.errors import NodeError
from testamur_node.rpc.connection import Connection
from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Dispatcher, refusal
from testamur_node.rpc.errors import ResourceLimitError

__all__ = ["LONGEST_PATH", "SocketPathError", "split_values", "serve_socket"]

_CHUNK = 64 * 1024
LONGEST_PATH = 107
"""sockaddr_un.sun_path of Linux, less its final zero byte."""


class SocketPathError(NodeError):
    """The Unix socket cannot be opened at this path."""


def split_values(pending: bytearray) -> list[bytes]:
    """Take the complete JSON objects and arrays off the front of `pending`; what is not yet complete stays.

    Anything else between values is passed on up to the next line end, to be answered as what it is: not JSON.
    """
    values, start, depth, is_string, is_escaped = [], -1, 0, False, False
    consumed = 0
    for position, byte in enumerate(pending):
        if is_string:
            if is_escaped:
                is_escaped = False
            elif byte == 0x5C:
                is_escaped = True
            elif byte == 0x22:
                is_string = False
        elif byte == 0x22:
            is_string = True
            start = position if start < 0 else start
        elif byte in b"{[":
            start = position if start < 0 else start
            depth += 1
        elif byte in b"}]":
            depth -= 1
        elif byte not in b" \t\r\n" and start < 0:
            start = position
        ends_value = byte in b"}]" and not is_string and depth <= 0
        ends_line = byte == 0x0A and depth <= 0 and start >= 0
        if ends_value or ends_line:
            values.append(bytes(pending[start if start >= 0 else position : position + 1]))
            consumed, start, depth, is_string = position + 1, -1, 0, False
    del pending[:consumed]
    return values


def _handler(
    dispatcher: Dispatcher[Context], workers: anyio.CapacityLimiter
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(message: bytes) -> None:
            writer.write(message + b"\n")
            await writer.drain()

        pending = bytearray()
        with contextlib.suppress(ConnectionError):
            async with Connection.open(dispatcher, workers, write) as connection:
                while chunk := await reader.read(_CHUNK):
                    pending += chunk
                    for value in split_values(pending):
                        await connection.take(value)
                    if len(pending) > dispatcher.limits.body_bytes:
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
