"""What the benchmarks stand on: a governed chain of its own, an issuer on it, and the peer they are measured against.

The peer is bare Ed25519 of the same library over 64-byte messages: what no signing scheme can go below. It is measured
before and after the work, in the same process, and the mean counts, so that a busy machine slows both alike.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import randrange
from time import perf_counter, process_time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from testamur.batch.example import example_roster
from testamur.credential.template import Template
from testamur.scenario import run as play
from testamur.scenario.node import init_node, start_node

_PEER_ROUNDS = 1500


@contextmanager
def issuer_folder() -> Iterator[tuple[Path, str]]:
    """A folder with profile, policy and template of an issuer on a running chain, and the chain's URL."""
    with tempfile.TemporaryDirectory(prefix="testamur-bench-") as name:
        folder = Path(name)
        init_node(folder / "node", is_development=False)
        node = start_node(folder / "node")
        try:
            play("chengdu", folder / "alliance", rpc=node.rpc, profile=node.home / "testamur.toml", rows=2)
            yield folder / "alliance", node.rpc
        finally:
            node.stop()


def write_roster(folder: Path, template: Path, rows: int) -> Path:
    """A roster of invented learners for the template."""
    roster = folder / "roster.csv"
    roster.write_bytes(example_roster(Template.load(template), rows, seed=randrange(10**6)))
    return roster


class Peer:
    """Bare Ed25519: seconds of processor time for one signature and one verification."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._signed: list[float] = []
        self._verified: list[float] = []

    def measure(self) -> None:
        """Take one more sample of both."""
        public, message = self._key.public_key(), bytes(64)
        start = process_time()
        for _ in range(_PEER_ROUNDS):
            signature = self._key.sign(message)
        middle = process_time()
        for _ in range(_PEER_ROUNDS):
            public.verify(signature, message)
        end = process_time()
        self._signed.append((middle - start) / _PEER_ROUNDS)
        self._verified.append((end - middle) / _PEER_ROUNDS)

    @property
    def sign_seconds(self) -> float:
        return sum(self._signed) / len(self._signed)

    @property
    def verify_seconds(self) -> float:
        return sum(self._verified) / len(self._verified)


class Clock:
    """Wall and processor time of one piece of work."""

    def __init__(self) -> None:
        self._wall, self._processor = perf_counter(), process_time()

    def read(self) -> tuple[float, float]:
        """(seconds on the wall, seconds of this process)."""
        return perf_counter() - self._wall, process_time() - self._processor


def row_count(default: int) -> int:
    """The first argument, or `default`."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else default


def report(what: str, rows: int, work: tuple[float, float], peer_seconds: float) -> None:
    """Two lines: on the wall, chain included; and last the ratio by processor time of this process."""
    wall, processor = work
    print(f"{what}: {rows} in {wall:.2f} s on the wall, {rows / wall:.0f}/s; peer {1 / peer_seconds:.0f}/s")
    print(f"ratio on the wall, waiting for the chain included: {rows * peer_seconds / wall:.3f}")
    print(f"ratio: {rows * peer_seconds / processor:.3f} ({rows / processor:.0f}/s of one core)")
