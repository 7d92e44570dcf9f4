"""Registry-like transactions (46k gas) through JSON-RPC into durable blocks: our node, anvil, and py-evm as the floor.

./run bench node [TRANSACTIONS [ROUNDS]]

Our node is a process of its own with its disk and its signatures; anvil (in memory) and the floor (py-evm's `mine_all`
in this process, without RPC and disk) run in the same minutes. All are measured in turn, three rounds by default, and
medians count, so that a busy machine slows all alike.
"""

import statistics
import sys
import time
from collections.abc import Callable

import httpx
from _floor import apply_all, mine_all
from _registry import Workload, workload
from _servers import REQUEST_BATCH, Server, anvil, has_anvil, ours

_BLOCK = 500


def through(server: Server, work: Workload, mine: int = 0, batch: int = REQUEST_BATCH) -> float:
    """Transactions a second from the first request until the last one's block; with `mine`, evm_mine after so many."""
    server.send([work.creation])
    if mine:
        server.ask("evm_mine")
    server.wait_for(1)
    started = time.perf_counter()
    for first in range(0, len(work.entries), step := mine or len(work.entries)):
        server.send(work.entries[first : first + step], batch)
        if mine:
            server.ask("evm_mine")
    server.wait_for(1 + len(work.entries))
    return len(work.entries) / (time.perf_counter() - started)


def node(work: Workload) -> float:
    """Ours, sealing what waits as soon as the block before is on disk."""
    with ours("--block-time", "instant") as server:
        return through(server, work)


def anvil_batch(work: Workload) -> float:
    """anvil, told to mine after every 500."""
    with anvil("--no-mining", "--order", "fifo") as server:
        return through(server, work, mine=_BLOCK)


def anvil_automine(work: Workload) -> float:
    """anvil as it comes: a block for each transaction, each sent alone, since batches make it stand still at times."""
    with anvil() as server:
        return through(server, work, batch=1)


def main() -> None:
    count, rounds = (int(word) for word in (sys.argv[1:] + ["2000", "3"][len(sys.argv) - 1 :])[:2])
    work = workload(count)
    columns: dict[str, Callable[[Workload], float]] = {
        "py-evm mine_all, memory only": mine_all,
        "py-evm apply_transaction, memory only": apply_all,
        "our node, JSON-RPC to durable blocks": node,
    }
    if has_anvil():
        columns["anvil, JSON-RPC, mined every 500"] = anvil_batch
        columns["anvil, JSON-RPC, automine"] = anvil_automine
    else:
        print("anvil is not installed: with Node.js 20 and npm on PATH, ./run bench node installs it")
    rates: dict[str, list[float]] = {name: [] for name in columns}
    for _ in range(rounds):
        for name, measure in columns.items():
            try:
                rates[name].append(measure(work))
            except httpx.HTTPError as error:
                if not name.startswith("anvil"):
                    raise
                print(f"{name}: {error}", file=sys.stderr)
    medians = {name: statistics.median(found) for name, found in rates.items() if found}
    floor = medians["py-evm mine_all, memory only"]
    for name, rate in medians.items():
        print(f"{name:<40}{rate:10.0f} tx/s{rate / floor:8.2f} × mine_all")
    print(f"ratio {medians['our node, JSON-RPC to durable blocks'] / floor:.2f}")


if __name__ == "__main__":
    main()
