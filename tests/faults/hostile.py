"""Hostile requests out of a seed: JSON-RPC, the framing of HTTP, and WebSocket, each written here from its standard.

Nothing of the node is imported: what is generated is what somebody sends who has read the RFCs and means no good. Each
generator gives the bytes of one connection, in the pieces in which they are sent, and how that connection ends.
"""

import json
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["KINDS", "Attack", "attack", "frame", "rlp_bytes", "rpc_body"]

ENDLESS = "0x5b600056"
"""JUMPDEST PUSH1 0 JUMP: init code that never ends."""
METHODS = [
    "eth_call",
    "eth_estimateGas",
    "eth_sendRawTransaction",
    "eth_getLogs",
    "eth_getBlockByNumber",
    "eth_getBlockByHash",
    "eth_getProof",
    "eth_getStorageAt",
    "eth_getCode",
    "eth_getBalance",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
    "eth_feeHistory",
    "eth_createAccessList",
    "eth_simulateV1",
    "eth_newFilter",
    "eth_newBlockFilter",
    "eth_newPendingTransactionFilter",
    "eth_getFilterChanges",
    "eth_getFilterLogs",
    "eth_uninstallFilter",
    "eth_subscribe",
    "eth_unsubscribe",
    "eth_getBlockReceipts",
    "eth_sign",
    "eth_signTypedData_v4",
    "eth_sendTransaction",
    "eth_fillTransaction",
    "net_version",
    "web3_sha3",
    "debug_traceBlock",
    "debug_traceCall",
    "debug_traceTransaction",
    "testamur_finalityProof",
    "rpc_modules",
    "admin_peers",
    "txpool_content",
    "evm_mine",
]
_TAGS = ("latest", "pending", "earliest", "safe", "finalized", "0x0", "0x1", "0xffffffffffffffff", "")
_NAMES = [
    "from",
    "to",
    "data",
    "input",
    "gas",
    "gasPrice",
    "maxFeePerGas",
    "value",
    "nonce",
    "accessList",
    "address",
    "topics",
    "fromBlock",
    "toBlock",
    "blockHash",
    "stateDiff",
    "state",
    "code",
    "balance",
    "blockStateCalls",
    "calls",
    "tracer",
    "types",
    "primaryType",
    "domain",
    "message",
]


@dataclass(frozen=True, slots=True)
class Attack:
    """One connection."""

    kind: str
    pieces: tuple[bytes, ...]
    """Sent one after the other."""
    reads: bool
    """Whether the attacker reads what is answered; else it hangs up at once, or holds on and reads nothing."""
    holds: bool = False
    """Whether it stays connected for a while, reading nothing."""


def rlp_bytes(chance: random.Random, depth: int = 0) -> bytes:
    """RLP, now and then with lengths that lie, lists without bottom, or cut off (Yellow Paper, appendix B)."""
    if depth == 0 and chance.random() < 0.1:
        return _framed_lists(chance.choice([50, 2_000, 2_000, 60_000]))
    if depth < 4 and chance.random() < 0.5:
        payload = b"".join(rlp_bytes(chance, depth + 1) for _ in range(chance.choice([0, 1, 2, 4, 9])))
        return _headed(chance, 0xC0, payload)
    payload = chance.randbytes(chance.choice([0, 1, 8, 20, 32, 55, 56, 65, 300]))
    return payload if len(payload) == 1 and payload[0] < 0x80 else _headed(chance, 0x80, payload)


def _headed(chance: random.Random, first: int, payload: bytes) -> bytes:
    size = len(payload) + (chance.choice([-1, 1, 100, 1 << 40]) if chance.random() < 0.03 else 0)
    size = max(0, size)
    if size < 56:
        return bytes([first + size]) + payload
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([first + 55 + len(digits)]) + digits + payload


def _framed_lists(depth: int) -> bytes:
    parts, length = [b"\xc0"], 1
    for _ in range(depth):
        digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
        parts.append(bytes([0xC0 + length]) if length < 56 else bytes([0xF7 + len(digits)]) + digits)
        length += len(parts[-1])
    return b"".join(reversed(parts))


def _value(chance: random.Random, depth: int = 0) -> object:
    """A value that is nearly what some method wants."""
    simple: tuple[Callable[[], object], ...] = (
        lambda: chance.choice(_TAGS),
        lambda: "0x" + chance.randbytes(chance.choice([0, 1, 20, 20, 32, 32, 400])).hex(),
        lambda: hex(chance.randrange(1 << chance.choice([1, 8, 24, 64, 256, 300]))),
        lambda: chance.choice([None, True, False, 0, -1, 1.5, 1e300, 2**64 - 1, "\u0000", "x" * 3_000, ENDLESS]),
        lambda: "0x" + rlp_bytes(chance).hex(),
    )
    if depth > 3 or chance.random() < 0.55:
        return chance.choice(simple)()
    if chance.random() < 0.3:
        return [_value(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    return {chance.choice(_NAMES): _value(chance, depth + 1) for _ in range(chance.randint(0, 5))}


def _request(chance: random.Random) -> object:
    roll = chance.random()
    if roll < 0.08:
        return _value(chance)
    if roll < 0.14:
        method, parameters = "eth_call", [{"data": ENDLESS, "gas": hex(chance.choice([10**6, 10**8]))}, "latest"]
    elif roll < 0.3:
        method, parameters = (
            "eth_sendRawTransaction",
            ["0x" + chance.choice(["", "01", "02", "03"]) + rlp_bytes(chance).hex()],
        )
    else:
        method, parameters = chance.choice(METHODS), [_value(chance) for _ in range(chance.randint(0, 4))]
    request: dict[str, object] = {
        "jsonrpc": chance.choice(["2.0"] * 9 + ["1.0"]),
        "method": method,
        "params": parameters,
    }
    if chance.random() < 0.9:
        request["id"] = chance.choice([1, "a", None, 2**53, [], {}])
    return request


def rpc_body(chance: random.Random) -> bytes:
    """One body: a request, a batch, or what is no JSON."""
    roll = chance.random()
    if roll < 0.1:
        opening = chance.choice([b"[", b'{"a":', b'[{"', b'"\\', b"[[],", b"[" + b"[]," * 400_000])
        return opening * (chance.choice([50, 5_000, 200_000]) if len(opening) < 100 else 1)
    if roll < 0.35:
        count = chance.choice([0, 2, 20, 150, 1_001])
        several = [_request(chance) for _ in range(min(count, 20))]
        body = json.dumps([chance.choice(several) for _ in range(count)]).encode()
    else:
        body = json.dumps(_request(chance)).encode()
    if chance.random() < 0.2:
        changed = bytearray(body)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        body = bytes(changed)
    return body


def _head(chance: random.Random, length: int | None, *extra: bytes) -> bytes:
    lines = [b"POST / HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", *extra]
    if length is not None:
        lines.append(b"Content-Length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _rpc(chance: random.Random) -> Attack:
    bodies = [rpc_body(chance) for _ in range(chance.randint(1, 3))]
    pieces = tuple(_head(chance, len(body)) + body for body in bodies)
    return Attack("rpc", pieces, reads=chance.random() < 0.7, holds=chance.random() < 0.3)


def _http(chance: random.Random) -> Attack:
    """Framing that lies, floods, stops in the middle, or offers other protocols (RFC 9112)."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
    whole = chance.choice(
        [
            _head(chance, len(body) + chance.choice([1, 10_000_000, 10**30])) + body,
            _head(chance, len(body) - 5) + body,
            _head(chance, len(body), b"Content-Length: 5") + body,
            _head(chance, None, b"Transfer-Encoding: chunked") + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
            _head(chance, None, b"Transfer-Encoding: chunked") + b"ffffffffffffffffff\r\n" + body,
            _head(chance, None, b"Transfer-Encoding: chunked") + b"1\r\n{\r\n" * 3_000,
            _head(chance, len(body), b"Transfer-Encoding: chunked") + body,
            _head(chance, len(body), b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c") + body,
            (_head(chance, 0, b"Connection: Upgrade", b"Upgrade: h2c")) * chance.choice([1, 300]),
            (_head(chance, len(body)) + body) * chance.choice([2, 500]),
            _head(chance, 6_000_000) + b" " * 6_000_000,
            b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * chance.choice([10, 20_000]),
            b"POST /" + b"a" * chance.choice([100, 70_000]) + b" HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            b"\x16\x03\x01" + chance.randbytes(300),
            chance.randbytes(chance.choice([1, 40, 5_000])),
        ]
    )
    cut = chance.randrange(len(whole)) if chance.random() < 0.25 else len(whole)
    size = chance.choice([len(whole), max(1, len(whole) // 7)])
    pieces = tuple(whole[at : min(at + size, cut)] for at in range(0, cut, size))
    return Attack("http", pieces, reads=chance.random() < 0.5, holds=chance.random() < 0.3)


def _frame(chance: random.Random, opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """One frame of a client, now and then with a length that lies or without its mask (RFC 6455, 5.2)."""
    length = len(payload) if chance.random() < 0.93 else chance.choice([0, 125, 1 << 20, (1 << 63) - 1])
    is_masked = chance.random() < 0.95
    first = (0x80 if final else 0) | opcode | (chance.choice([0x40, 0x20]) if chance.random() < 0.03 else 0)
    mask_bit = 0x80 if is_masked else 0
    if length < 126:
        head = struct.pack("!BB", first, mask_bit | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", first, mask_bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, length)
    if not is_masked:
        return head + payload
    mask = chance.randbytes(4)
    repeated = mask * (len(payload) // 4 + 1)
    hidden = int.from_bytes(payload, "big") ^ int.from_bytes(repeated[: len(payload)], "big")
    return head + mask + hidden.to_bytes(len(payload), "big")


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """One frame of a client as it should be, with a mask of zeros; up to 125 bytes."""
    return struct.pack("!BBI", (0x80 if final else 0) | opcode, 0x80 | len(payload), 0) + payload


def _websocket(chance: random.Random) -> Attack:
    version = chance.choice([b"13"] * 12 + [b"8", b"x"])
    opening = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: %b\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % version
    )
    pieces = [opening]
    for _ in range(chance.randint(0, 12)):
        roll = chance.random()
        if roll < 0.35:
            pieces.append(_frame(chance, 1, rpc_body(chance)))
        elif roll < 0.5:
            wish = chance.choice(["newHeads", "logs", "newPendingTransactions", "syncing", "x"])
            subscription = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "eth_subscribe",
                "params": [wish, {}][: chance.randint(1, 2)],
            }
            pieces.append(_frame(chance, 1, json.dumps(subscription).encode()))
        elif roll < 0.6:
            block = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["0x0", True]}
            pieces.append(_frame(chance, 1, json.dumps([block] * 900).encode()))
        elif roll < 0.75:
            pieces.append(
                _frame(chance, chance.choice([0, 1, 2]), rpc_body(chance)[:2_000], final=chance.random() < 0.5)
            )
        elif roll < 0.9:
            pieces.append(_frame(chance, chance.choice([8, 9, 10]), chance.randbytes(chance.choice([0, 2, 125, 126]))))
        else:
            pieces.append(_frame(chance, chance.randrange(16), chance.randbytes(chance.randint(0, 300))))
    return Attack("websocket", tuple(pieces), reads=chance.random() < 0.5, holds=chance.random() < 0.4)


KINDS: tuple[Callable[[random.Random], Attack], ...] = (_rpc, _http, _websocket)


def attack(chance: random.Random) -> Attack:
    """One connection of any kind."""
    return chance.choice(KINDS)(chance)
