"""How long a read takes, at the median and at the 99th percentile, on our node and on anvil, with one client and eight.

./run bench latency [REQUESTS]

Both hold the same chain: a registry and 2,000 entries. Clients keep a connection each and ask one thing after the
other over bare sockets, so that the client costs little. The last line is anvil's time over ours, as the geometric mean
over all lines of the table: above 1 ours is faster.
"""

import json
import math
import socket
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from _registry import ENTRY_TOPIC, Workload, slot_of, workload
from _servers import Server, anvil, ours

_ENTRIES = 2_000
_CLIENTS = (1, 8)


class Connection:
    """One client's connection: sends a body, reads the answer of the length that its header names."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host = address.netloc
        self._socket = socket.create_connection((address.hostname, address.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, body: bytes) -> bytes:
        """The answer's body."""
        head = f"POST / HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self._socket.sendall(head.encode() + b"\r\n\r\n" + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._part()
        headers, _, answer = received.partition(b"\r\n\r\n")
        length = int(headers.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(answer) < length:
            answer += self._part()
        return answer

    def _part(self) -> bytes:
        part = self._socket.recv(1 << 20)
        assert part, "the server closed the connection"
        return part


def questions(work: Workload) -> dict[str, Callable[[int], tuple[str, list[object]]]]:
    """What is asked: each names a different entry every time."""
    registry = "0x" + work.registry.hex()

    def key(at: int) -> str:
        return "0x" + work.keys[at * 7919 % len(work.keys)].hex()

    def topics(at: int) -> dict[str, object]:
        return {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": registry,
            "topics": ["0x" + ENTRY_TOPIC.hex(), key(at)],
        }

    def proof(at: int) -> list[object]:
        return [registry, ["0x" + slot_of(work.keys[at * 7919 % len(work.keys)]).hex()], "latest"]

    return {
        "eth_call": lambda at: ("eth_call", [{"to": registry, "data": key(at)}, "latest"]),
        "eth_getLogs, one of all": lambda at: ("eth_getLogs", [topics(at)]),
        "eth_getLogs, a block of 500": lambda _: ("eth_getLogs", [{"fromBlock": "0x2", "toBlock": "0x2"}]),
        "eth_getProof": lambda at: ("eth_getProof", proof(at)),
    }


def percentiles(server: Server, bodies: list[bytes], clients: int) -> tuple[float, float]:
    """(p50, p99) in milliseconds of all bodies, shared out among `clients`."""
    taken: list[float] = []

    def client(share: list[bytes]) -> None:
        connection = Connection(server.url)
        for body in share:
            started = time.perf_counter()
            answer = connection.ask(body)
            taken.append(time.perf_counter() - started)
            assert b'"result"' in answer, answer[:300]

    threads = [threading.Thread(target=client, args=(bodies[at::clients],)) for at in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(bodies), "a client ended before it had asked everything"
    taken.sort()
    return 1000 * taken[len(taken) // 2], 1000 * taken[min(len(taken) - 1, len(taken) * 99 // 100)]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    work = workload(_ENTRIES)
    ratios: list[float] = []
    print(f"{'milliseconds':<30}{'clients':>8}{'ours p50':>10}{'p99':>8}{'anvil p50':>12}{'p99':>8}{'anvil/ours':>16}")
    with ours("--block-time", "instant") as mine, anvil("--no-mining", "--order", "fifo") as theirs:
        for server in (mine, theirs):
            fill(server, work)
        for name, question in questions(work).items():
            bodies = [body_of(at, *question(at)) for at in range(count)]
            for clients in _CLIENTS:
                for server in (mine, theirs):
                    percentiles(server, bodies[: 8 * clients], clients)  # caches and worker processes warm up
                (median, high), (their_median, their_high) = (percentiles(s, bodies, clients) for s in (mine, theirs))
                pair = their_median / median, their_high / high
                ratios += pair
                print(
                    f"{name:<30}{clients:>8}{median:>10.2f}{high:>8.2f}{their_median:>12.2f}{their_high:>8.2f}"
                    f"{pair[0]:>8.2f}{pair[1]:>8.2f}"
                )
    print(f"ratio {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")


def fill(server: Server, work: Workload) -> None:
    """Bring the chain to the same blocks on both: the registry, then 500 entries a block."""
    automines = server.ask("anvil_getAutomine")
    if automines:
        server.ask("evm_setAutomine", False)
    for part in ([work.creation], *(work.entries[first : first + 500] for first in range(0, _ENTRIES, 500))):
        server.send(part)
        server.ask("evm_mine")
    server.wait_for(1 + _ENTRIES)


def body_of(identity: int, method: str, parameters: list[object]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": identity, "method": method, "params": parameters}).encode()


if __name__ == "__main__":
    main()
