"""How much slow reads delay blocks: a transaction until its receipt, alone and while four clients ask for much.

./run bench delay [TRANSACTIONS]

The peer is the same node without readers, measured before and after in the same run. Readers are processes of their
own, but of the same machine: with as many cores as readers and node need, the ratios would be higher. The last line is
the time alone over the time beside readers, as the geometric mean over the kinds of reads: 1 means no delay.
"""

import json
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from _registry import Workload, workload
from _servers import Server, ours
from latency import Connection, body_of
from testamur.proof.hashing import keccak256

_ENTRIES = 4_000
_READERS = 4


def heavy_reads() -> dict[str, bytes]:
    """What readers ask, over and over."""
    everything = {"fromBlock": "0x0", "toBlock": "latest"}
    balances = [("eth_getBalance", ["0x" + keccak256(bytes([at % 250])).hex()[:40], "latest"]) for at in range(1_000)]
    blocks = [("eth_getBlockByNumber", [hex(number), True]) for number in range(1, 41)]
    return {
        "eth_getLogs, all of 4,000": body_of(0, "eth_getLogs", [everything]),
        "40 whole blocks in a batch": b"[" + b",".join(body_of(at, *asked) for at, asked in enumerate(blocks)) + b"]",
        "1,000 balances in a batch": b"[" + b",".join(body_of(at, *asked) for at, asked in enumerate(balances)) + b"]",
        "eth_call, a million loops": body_of(0, "eth_call", [{"data": _LOOP, "gas": hex(30_000_000)}, "latest"]),
    }


_LOOP = "0x620f42405b600190038060045700"
"""Creation code: counts a million down to nothing."""


def read(url: str, body: bytes) -> None:
    """A reader: asks again as soon as it has its answer."""
    connection = Connection(url)
    while True:
        connection.ask(body)


@contextmanager
def readers(url: str, body: bytes | None) -> Iterator[None]:
    """Four readers while the block lasts; none without a body."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=read, args=(url, body)) for _ in range(_READERS if body else 0)]
    for process in processes:
        process.start()
    if processes:
        time.sleep(3)  # they import and connect
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def delays(server: Server, transactions: list[bytes]) -> list[float]:
    """Sorted milliseconds from handing a transaction in until its receipt, one after the other."""
    connection, taken = Connection(server.url), []
    for transaction in transactions:
        started = time.perf_counter()
        answer = json.loads(connection.ask(body_of(0, "eth_sendRawTransaction", ["0x" + transaction.hex()])))
        asking = body_of(0, "eth_getTransactionReceipt", [answer["result"]])
        while json.loads(connection.ask(asking))["result"] is None:
            time.sleep(0.001)
        taken.append(1000 * (time.perf_counter() - started))
    return sorted(taken)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    kinds = {"alone": None, **heavy_reads(), "alone again": None}
    work: Workload = workload(_ENTRIES + count * len(kinds))
    medians: dict[str, float] = {}
    print(f"{'milliseconds to the receipt':<30}{'p50':>8}{'p90':>8}{'most':>8}")
    with ours("--block-time", "instant") as server:
        server.send([work.creation])
        server.send(work.entries[:_ENTRIES])
        server.wait_for(1 + _ENTRIES)
        for place, (name, body) in enumerate(kinds.items()):
            first = _ENTRIES + place * count
            with readers(server.url, body):
                taken = delays(server, list(work.entries[first : first + count]))
            medians[name] = taken[len(taken) // 2]
            print(f"{name:<30}{medians[name]:>8.1f}{taken[len(taken) * 9 // 10]:>8.1f}{taken[-1]:>8.1f}")
    alone = (medians["alone"] + medians["alone again"]) / 2
    ratios = [alone / medians[name] for name in heavy_reads()]
    print(f"ratio {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")


if __name__ == "__main__":
    main()
