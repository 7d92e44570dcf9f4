"""Where the tools stand that `./run test --all` asks, and how a test calls one: its output is the failure's text."""

import os
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

__all__ = ["ANALYSIS", "BROWNIE", "EELS", "GETH", "ROOT", "WEB3", "anvil", "foundry", "output_of", "with_foundry"]

ROOT = Path(__file__).resolve().parent.parent
ANALYSIS = ROOT / ".venv-analysis" / "bin"
"""slither and halmos, as `requirements/analysis.txt` pins them."""
BROWNIE = ROOT / ".venv-brownie" / "bin"
"""brownie, as `requirements/brownie.txt` pins it."""
EELS = ROOT / ".venv-eels" / "bin"
"""The Ethereum execution specification's tools, as `requirements/eels.txt` pins them."""
WEB3 = {version: ROOT / f".venv-web3-{version}" / "bin" / "python" for version in (7, 8)}
"""web3.py 7.16 and 8 with what their suite needs, as `requirements/web3-7.txt` and `web3-8.txt` pin them."""

GETH = ROOT / ".geth" / "geth"
"""go-ethereum of the version that `run` names, which builds it."""


def foundry(tool: str) -> Path:
    """The program forge, cast or anvil inside its npm package: no shell script between, so a signal reaches it."""
    found = sorted((ROOT / "node_modules" / "@foundry-rs").glob(f"{tool}-*/bin/{tool}*"))
    assert found, f"{tool} is not installed: ./run test --all sets it up"
    return found[0]


@contextmanager
def anvil(*options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """An anvil of one's own on a free port: (its address, its process)."""
    with subprocess.Popen([foundry("anvil"), "--port", "0", *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = (line for line in process.stdout if line.startswith("Listening on "))
        address = next(lines, "").removeprefix("Listening on ").strip()
        assert address, "anvil did not get ready"
        drain = Thread(target=deque, args=(process.stdout, 0), daemon=True)  # it stops when nobody reads what it says
        drain.start()
        try:
            yield f"http://{address}", process
        finally:
            process.terminate()
            process.wait(30)
            drain.join(30)


def with_foundry() -> dict[str, str]:
    """The environment in which slither, halmos and brownie find forge and anvil on PATH."""
    folders = [str(foundry(tool).parent) for tool in ("forge", "anvil")]
    return {"PATH": os.pathsep.join([*folders, os.environ["PATH"]])}


def output_of(
    *command: object, cwd: Path = ROOT, environment: Mapping[str, str] | None = None, timeout_seconds: int = 280
) -> str:
    """What the tool said on both streams; where it ended with an error, the test fails with that."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    assert done.returncode == 0, f"{Path(str(command[0])).name} ended with {done.returncode}\n{done.stdout}"
    return done.stdout
