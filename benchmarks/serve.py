"""Bundles judged a second by `testamur serve`, one a request and a hundred a request, against the SDK in the same run.

./run bench serve [ROWS]

One client asks, and waits for each answer before it asks again; the server runs as its own process on loopback.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from _ground import Clock, issuer_folder, row_count, write_roster
from testamur.issuer import Issuer
from testamur.profile import Profile
from testamur.verification.bulk import verify_many
from testamur.verification.connection import Chain
from testamur.verification.policy import Policy

_BATCH = 100
_GENUINE = {"ok", "not_yet_valid"}


def main() -> None:
    rows = row_count(5_000)
    with issuer_folder() as (folder, url):
        template = folder / "cdou" / "template.json"
        with Issuer.open(Profile.load(folder / "testamur.toml"), "cdou") as issuer:
            issuer.issue(write_roster(folder, template, rows), template, folder / "out")
        lines = (folder / "out" / "bundles.jsonl").read_bytes().splitlines()
        policy = Policy.load(folder / "policy.toml")
        with Chain.connect(url) as chain, _serving(folder / "policy.toml", url) as client:

            def sdk(bundles: Sequence[bytes]) -> list[str]:
                return [verdict.code for verdict in verify_many(bundles, chain, policy)]

            def single(bundles: Sequence[bytes]) -> list[str]:
                return [client.post("/v1/verify", content=bundle).json()["code"] for bundle in bundles]

            def batches(bundles: Sequence[bytes]) -> list[str]:
                found: list[str] = []
                for first in range(0, len(bundles), _BATCH):
                    body = b"\n".join(bundles[first : first + _BATCH])
                    answer = client.post("/v1/verify/batch", content=body).json()
                    found += [verdict["code"] for verdict in answer["verdicts"]]
                return found

            ways = {"SDK": sdk, "one a request": single, f"{_BATCH} a request": batches}
            rates = {name: (_rate(way, lines), _rate(way, lines)) for name, way in ways.items()}
        for name, (first, second) in rates.items():
            print(f"{name}: {first:.0f}/s, again {second:.0f}/s")
        best = {name: max(pair) for name, pair in rates.items()}
        print(f"one a request to SDK: {best['one a request'] / best['SDK']:.3f}")
        print(f"ratio: {best[f'{_BATCH} a request'] / best['SDK']:.3f} ({_BATCH} a request to SDK)")


def _rate(way: Callable[[Sequence[bytes]], list[str]], lines: Sequence[bytes]) -> float:
    """Bundles a second on the wall, after a few to warm up."""
    way(lines[:_BATCH])
    clock = Clock()
    codes = way(lines)
    seconds, _ = clock.read()
    assert len(codes) == len(lines), len(codes)
    assert set(codes) <= _GENUINE, set(codes)
    return len(lines) / seconds


@contextmanager
def _serving(policy: Path, rpc: str) -> Iterator[httpx.Client]:
    """A client of a server that runs as its own process."""
    command = [sys.executable, "-c", "from testamur.cli import main; main()", "serve", "--port", "0", "--json"]
    with subprocess.Popen([*command, "--policy", str(policy), "--rpc", rpc], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            url = json.loads(process.stdout.readline())["url"]
            with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
                yield client
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
