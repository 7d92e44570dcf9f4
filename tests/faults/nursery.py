"""A process that imports the node once and forks a running node for each command, so that fifty crashes stay quick.

`python nursery.py HOME`; a line `SEED FAULT` on standard input starts a node on HOME in a forked child, which seals
random load and reports `block NUMBER HASH TXHASH…` for each block that it was told is committed. FAULT names a place
where the child kills itself with SIGKILL (`-`: it waits to be killed). The nursery prints `child PID` and, when it
ends, `ended`.
"""

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testamur_node.chain.block import Block
from testamur_node.codec import word
from testamur_node.node import Node
from testamur_node.store.store import Store

from tests.node.founding import ADDRESSES, STORING_CODE, creating, raw

FAULTS = ("before-append", "inside-append", "after-append")


def say(line: str) -> None:
    """One whole line in one write, since the reader may kill us right after."""
    os.write(1, (line + "\n").encode())


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(fault: str, countdown: int) -> None:
    """Make the store's `countdown`-th block commit from now the last thing this process does."""
    remaining = countdown

    def is_due() -> bool:
        nonlocal remaining
        remaining -= 1
        return remaining == 0

    if fault == "inside-append":
        original_put: Callable[..., None] = Store._put_signed_header

        def put(self: Store, *arguments: Any) -> None:
            original_put(self, *arguments)
            if is_due():
                die()  # every record is written, the transaction is not committed

        Store._put_signed_header = put  # type: ignore[method-assign]
        return
    original: Callable[..., None] = Store.append

    def append(self: Store, commit: Any) -> None:
        due = is_due()
        if due and fault == "before-append":
            die()
        original(self, commit)
        if due:
            die()  # on disk, but nobody was told

    Store.append = append  # type: ignore[method-assign]


def serve(home: Path, seed: int, fault: str) -> None:
    """Run a node under random load until something kills the process."""
    chance = random.Random(seed)
    if fault in FAULTS:
        arm(fault, chance.randint(2, 8))
    node = Node.open(home, time.time_ns, block_time=0)

    def report(block: Block) -> None:
        hashes = " ".join(transaction.hash.hex() for transaction in block.transactions)
        say(f"block {block.number} {block.hash.hex()} {hashes}")

    node.subscribe(report)
    say(f"ready {node.head.number} {node.head.hash.hex()}")
    nonces = [node.state_at(node.head.number).nonce(address) for address in ADDRESSES]
    while True:
        sender = chance.randrange(len(ADDRESSES))
        if chance.random() < 0.15:
            fields: dict[str, Any] = {"to": None, "data": creating(STORING_CODE)}
        elif chance.random() < 0.3:
            fields = {"to": ADDRESSES[chance.randrange(len(ADDRESSES))], "value": chance.randrange(10**9)}
        else:
            fields = {"to": None, "data": bytes.fromhex("5f355f5560015f5500") + word(chance.randrange(2**64))}
        node.submit(raw(sender, nonces[sender], **fields))
        nonces[sender] += 1
        node.raise_if_halted()
        time.sleep(chance.random() * 0.003)


def main() -> None:
    """Fork a node for each line."""
    home = Path(sys.argv[1])
    say("warm")
    for line in sys.stdin:
        seed, fault = line.split()
        child = os.fork()
        if child == 0:
            try:
                serve(home, int(seed), fault)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(3)
        say(f"child {child}")
        _, status = os.waitpid(child, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
