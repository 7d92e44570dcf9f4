"""A running node under generated hostile requests, while honest transactions are sent and honest questions asked.

    python -m tests.faults.soak --seconds 1800 --seed 1

prints each ten seconds what has been done and the resident memory of the node and of all its processes, and at the end
whether it lives, what the honest ones met, and how memory went in the second half. Ends with 0 where all is well.
"""

import argparse
import contextlib
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.faults.hostile import attack
from tests.interop.conftest import COMMAND, ENVIRONMENT, NodeProcess
from tests.node.founding import ISSUE, make_home, raw

__all__ = ["Outcome", "soak"]

_PATIENCE = 120.0
"""Seconds after which an honest request counts as lost; the machine may be slow."""
_HELD_SECONDS = 5.0
MOST_GROWTH = 0.10
"""Of memory in the second half of a run of ten minutes and more: what is above it is no noise."""
_REST_SECONDS = 60.0
"""A pause of the attackers: what they asked for has ended by then, and what it took was given back."""


@dataclass
class Outcome:
    """What a soak has shown."""

    attacks: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    """Honest questions that were answered."""
    mined: int = 0
    """Honest transactions that a block has."""
    faults: list[str] = field(default_factory=list)
    """What went wrong with them."""
    memory: list[tuple[float, float, float]] = field(default_factory=list)
    """(seconds, MiB of the node, MiB of all its processes)."""
    exit_code: int | None = None
    log: str = ""

    rests: list[float] = field(default_factory=list)
    """MiB of the node when the attackers had paused: after half of the time, and at the end."""

    def growth(self) -> float:
        """How much the node's memory at rest grew over the second half, as a part of it. What requests at work take
        comes and goes with the load of the machine, by a fifth and more.
        """
        return self.rests[-1] / self.rests[0] - 1 if len(self.rests) > 1 else 0.0


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def ask(url: str, method: str, *parameters: object) -> Any:
    """The result of an honest request; raises where there is none."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=_PATIENCE) as response:
        answer = json.load(response)
    if "result" not in answer:
        raise ValueError(f"{method}: {answer.get('error')}")
    return answer["result"]


def _attack(
    url: str, websocket: str, chance: random.Random, stop: threading.Event, pause: threading.Event, outcome: Outcome
) -> None:
    held: list[tuple[float, socket.socket]] = []
    while not stop.is_set():
        if pause.is_set():
            while held:
                held.pop()[1].close()
            stop.wait(0.5)
            continue
        one = attack(chance)
        outcome.attacks[one.kind] += 1
        address = urlsplit(websocket if one.kind == "websocket" else url)
        while held and (held[0][0] < time.monotonic() or len(held) > 20):
            held.pop(0)[1].close()
        with contextlib.suppress(OSError):
            connection = socket.create_connection((str(address.hostname), address.port or 0), timeout=10)
            with contextlib.ExitStack() as closing:
                closing.callback(connection.close)
                for piece in one.pieces:
                    connection.sendall(piece)
                if one.reads:
                    connection.settimeout(1.0)
                    while len(connection.recv(1 << 16)) > 0:
                        pass
                elif one.holds:
                    held.append((time.monotonic() + _HELD_SECONDS, connection))
                    closing.pop_all()
    for _, connection in held:
        connection.close()


def _be_honest(url: str, stop: threading.Event, outcome: Outcome) -> None:
    """Send a transaction, wait for its receipt, call, ask; again and again."""
    nonce, call = 0, {"to": "0x" + "00" * 19 + "ff", "data": "0x"}
    while not stop.is_set():
        try:
            sent = ask(url, "eth_sendRawTransaction", "0x" + raw(ISSUE, nonce).hex())
            until = time.monotonic() + _PATIENCE
            while ask(url, "eth_getTransactionReceipt", sent) is None:
                if time.monotonic() > until:
                    raise TimeoutError(f"no receipt for {sent}")
                outcome.answered += 1
                stop.wait(0.5)
            nonce += 1
            outcome.mined += 1
            ask(url, "eth_call", call, "latest")
            ask(url, "eth_getBlockByNumber", "latest", True)
            outcome.answered += 2
        except (OSError, ValueError) as error:
            outcome.faults.append(f"{type(error).__name__}: {error}")
            if stop.wait(1.0):
                return


def _resident(pid: int) -> float:
    """MiB of memory of its own that one process has resident."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text(encoding="ascii").split()]
    return [each for child in found for each in (child, *_children(child))]


def _start(home: Path) -> NodeProcess:
    """A node with WebSocket, its log in a file."""
    options = ("start", "--home", str(home), "--http", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--json")
    with (home / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=log, text=True, env=ENVIRONMENT)
    assert process.stdout is not None
    return NodeProcess(home, process, json.loads(process.stdout.readline()))


def _measure(node: NodeProcess, began: float, outcome: Outcome, tells: bool) -> None:
    pid = node.process.pid
    own = _resident(pid)
    whole = own + sum(map(_resident, _children(pid)))
    outcome.memory.append((time.monotonic() - began, own, whole))
    if tells:
        done = " ".join(f"{kind} {count}" for kind, count in sorted(outcome.attacks.items()))
        _tell(
            f"{outcome.memory[-1][0]:6.0f} s  node {own:6.1f} MiB  with its processes {whole:6.1f} MiB  {done}  "
            f"mined {outcome.mined}  answered {outcome.answered}  faults {len(outcome.faults)}"
        )


def _rest(node: NodeProcess, pause: threading.Event, began: float, outcome: Outcome, tells: bool) -> None:
    """Have the attackers pause, and note the least that the node has meanwhile."""
    pause.set()
    ends, first = time.monotonic() + _REST_SECONDS, len(outcome.memory)
    while time.monotonic() < ends:
        time.sleep(5.0)
        _measure(node, began, outcome, tells)
    outcome.rests.append(min(own for _, own, _ in outcome.memory[first:]))
    pause.clear()


def soak(
    folder: Path, seconds: float, seed: int, *, attackers: int = 4, attacks: int | None = None, tells: bool = False
) -> Outcome:
    """Run one in `folder` for so long, or until so many attacks were made and five transactions mined."""
    node = _start(make_home(folder))
    url, websocket = str(node.ready["rpc"]), str(node.ready["ws"])
    outcome, stop, pause, began = Outcome(), threading.Event(), threading.Event(), time.monotonic()
    threads = [threading.Thread(target=_be_honest, args=(url, stop, outcome))]
    for number in range(attackers):
        chance = random.Random(f"{seed}/{number}")
        threads.append(threading.Thread(target=_attack, args=(url, websocket, chance, stop, pause, outcome)))
    for thread in threads:
        thread.start()
    try:
        while time.monotonic() - began < seconds and node.process.poll() is None:
            _measure(node, began, outcome, tells)
            if attacks is not None and outcome.attacks.total() >= attacks and outcome.mined >= 5:
                break
            stop.wait(10.0 if attacks is None else 0.5)
            if attacks is None and time.monotonic() - began > seconds / 2 and not outcome.rests:
                _rest(node, pause, began, outcome, tells)
        if attacks is None and node.process.poll() is None:
            _rest(node, pause, began, outcome, tells)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        outcome.exit_code = node.process.poll()
        if outcome.exit_code is None:
            outcome.exit_code = node.stop()
        outcome.log = (folder / "log").read_text(encoding="utf-8")
    return outcome


def main() -> int:
    """The command."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reader.add_argument("--seconds", type=float, default=1_800.0)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--attackers", type=int, default=4)
    wishes = reader.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(Path(folder), wishes.seconds, wishes.seed, attackers=wishes.attackers, tells=True)
    for fault in outcome.faults[:20]:
        _tell(f"fault: {fault}")
    _tell(f"log: {len(outcome.log)} bytes, the last of it:\n{outcome.log[-2_000:]}")
    _tell(f"exit code {outcome.exit_code}, memory at rest {outcome.rests} MiB, {outcome.growth():+.1%}")
    is_flat = wishes.seconds < 600 or outcome.growth() <= MOST_GROWTH
    return 0 if outcome.exit_code == 0 and not outcome.faults and outcome.mined > 0 and is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
