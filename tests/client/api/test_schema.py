"""schemathesis: every answer fits what /openapi.json announces, whatever is sent."""

import subprocess
import sys
from pathlib import Path

from tests.client.api.conftest import Server


def test_schemathesis_finds_nothing(server: Server, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    options = ("--max-examples=25", "--seed=1", "--generation-deterministic", "--workers=1", "--no-color")
    done = subprocess.run(
        [str(program), "run", f"{server.url}/openapi.json", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-6000:]
