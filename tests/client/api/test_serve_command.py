"""`testamur serve` as a process: one line when it is ready, and an orderly end."""

import json
import os
import signal
import subprocess
import sys

import httpx
import pytest

from tests.world import World, command


@pytest.mark.parametrize(
    ("number", "is_asked"), [(signal.SIGTERM, True), (signal.SIGINT, True), (signal.SIGINT, False)]
)
def test_it_says_when_it_is_ready_and_ends_with_0(world: World, number: signal.Signals, is_asked: bool) -> None:
    """Also where the signal follows the ready line at once: nobody waits for a request to be able to end it."""
    process = subprocess.Popen(
        [
            sys.executable, "-c", "from testamur.cli import main; main()", "serve", "--port", "0", "--json",
            "--policy", str(world.result.policy), "--rpc", world.result.rpc,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "ETH_HASH_BACKEND": "pysha3"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["pid"] == process.pid
        if is_asked:
            assert httpx.get(f"{ready['url']}/readyz", trust_env=False).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


def test_a_port_that_is_taken_is_a_usage_error(world: World) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = command("serve", "--port", port, "--policy", world.result.policy, "--rpc", world.result.rpc)
    assert result.code == 2
    assert "cannot be listened on" in result.err
