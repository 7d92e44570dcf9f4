"""A disk that takes no more: the node halts with a clear refusal, has lost nothing, and goes on once there is room."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import DATA_FOLDER, GENESIS_FILE, Node
from testamur_node.store import Store, StoreError

from tests.conftest import ROOT
from tests.node.founding import GOVERN, make_home, raw

FILLING = """
import os, resource, signal, sys, time
from pathlib import Path
from testamur_node.node import HaltedError, Node
from tests.node.founding import GOVERN, raw

home = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
room = (home / "data" / "data.mdb").stat().st_size + 400_000
node = Node.open(home, time.time_ns, block_time=0)
def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # a line in one write: two threads say something

node.subscribe(lambda block: say(block.number, block.hash.hex()))
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
nonce = node.state_at(node.head.number).nonce(node.transaction(1, 0).sender)
try:
    while True:
        kept = node.submit(raw(GOVERN, nonce, data=bytes([nonce % 255 + 1]) * 5000, gas=400_000))
        say("kept", kept.hex())
        nonce += 1
        time.sleep(0.005)
except HaltedError as error:
    say("halted", error)
    node.close()
"""


def test_a_full_disk_halts_the_node_and_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = Node.open(home, time.time_ns)
    node.submit(raw(GOVERN, 0))
    assert node.wait_for_block(1, 20)
    node.close()
    path = os.pathsep.join((str(ROOT), str(ROOT / "client"), str(ROOT / "node")))
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(home)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    *lines, last = done.stdout.splitlines()
    blocks = [line for line in lines if not line.startswith("kept")]
    kept = [bytes.fromhex(line.split()[1]) for line in lines if line.startswith("kept")]
    assert done.returncode == 0, done.stderr
    assert last.startswith("halted")
    assert "cannot commit" in last
    assert len(blocks) > 0
    node = Node.open(home, time.time_ns)
    try:
        for line in blocks:
            number, block_hash = line.split()
            block = node.block(int(number))
            assert block is not None
            assert block.hash.hex() == block_hash
        deadline = time.monotonic() + 30
        while len(node.pool) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [node.locate(digest) for digest in kept if node.locate(digest) is None] == []
        following = node.head.number + 1
        node.submit(raw(GOVERN, node.head.transactions[-1].nonce + 1))
        assert node.wait_for_block(following, 20)
    finally:
        node.close()


def test_a_place_that_cannot_be_written_is_refused_by_name() -> None:
    # not even root may make a folder here
    with pytest.raises(StoreError, match="cannot write to /proc/testamur"):
        Store.open(Path("/proc/testamur"))


def test_a_place_that_holds_no_folder_is_refused_by_name(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    (home / DATA_FOLDER).write_text("a file")
    with pytest.raises(StoreError, match="cannot write to"):
        Node.open(home, time.time_ns)
    (home / DATA_FOLDER).unlink()
    Node.open(home, time.time_ns).close()
    assert (home / GENESIS_FILE).exists()
