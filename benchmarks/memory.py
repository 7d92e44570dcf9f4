"""Memory of the node's processes after ten thousand transactions and after ten times as many.

./run bench memory [TRANSACTIONS]

RSS is what the kernel counts as resident, pages of the store's file that the node has mapped included; the largest of
the node's processes stands apart from their sum. The last line is the node process's RSS at the end over that at a
tenth of it: near 1 where nothing grows with the chain.
"""

import sys
import time
from pathlib import Path

from _registry import workload
from _servers import Server, ours

_STEPS = 10
_SETTLE_SECONDS = 0.5


def resident(pid: int) -> tuple[float, float]:
    """(RSS, private part of it) of a process in MiB."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["RssAnon"].split()[0]) / 1024


def children(pid: int) -> list[int]:
    """Processes that the node started."""
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


def tell(server: Server, count: int) -> float:
    """Print a line, return the node process's RSS."""
    time.sleep(_SETTLE_SECONDS)
    rss, private = resident(server.pid)
    others = [resident(child)[0] for child in children(server.pid)]
    print(f"{count:>9} transactions: node {rss:5.0f} MiB ({private:.0f} private), its processes {sum(others):.0f} MiB")
    return rss


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    work = workload(count)
    part = count // _STEPS
    sizes: list[float] = []
    with ours("--block-time", "instant") as server:
        server.send([work.creation])
        for first in range(0, count, part):
            server.send(work.entries[first : first + part])
            server.wait_for(1 + first + part)
            sizes.append(tell(server, first + part))
    print(f"ratio {sizes[-1] / sizes[0]:.2f}")


if __name__ == "__main__":
    main()
