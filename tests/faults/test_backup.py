"""Backups and exports of a node under load: each is one moment of the chain, whole, and the node goes on meanwhile."""

import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from testamur_node.chain.rules import DEVELOPMENT

from tests.faults.driving import WAIT_SECONDS, Load, Nursery, demand_equal_to_a_twin, go_on
from tests.node.founding import make_home


def moved_beyond(head: int, load: Load) -> None:
    """Wait until the node has told the load of a later block: it goes on while copies are made."""
    ends = time.monotonic() + WAIT_SECONDS
    while max(load.acknowledged, default=0) <= head:
        assert time.monotonic() < ends, "the node stands still"
        time.sleep(0.01)


@pytest.mark.timeout(600)
def test_backups_of_a_node_under_load_verify_restore_and_continue(tmp_path: Path, is_slow: bool) -> None:
    home = make_home(tmp_path / "home", DEVELOPMENT)
    load = Load(random.Random(12), pause_seconds=0.1)
    heads = []
    with Nursery.open(tmp_path) as running, Nursery.open(tmp_path) as nursery:
        go_on(running, home, load, 3)
        started = running.start(home, "--block-time", "instant")
        assert isinstance(started, str)
        working = threading.Thread(target=load.run, args=(started,))
        working.start()
        try:
            for turn in range(12 if is_slow else 2):
                made = nursery.run("backup", "--out", tmp_path / f"backup{turn}", "--home", home, "--json")
                assert made.code == 0, made.told
                heads.append(int(json.loads(made.said[-1])["head"]))
                moved_beyond(heads[-1], load)
                exported = nursery.run("export", "--out", tmp_path / f"chain{turn}.rlp", "--home", home, "--json")
                assert exported.code == 0, exported.told
                assert json.loads(exported.said[-1])["blocks"] >= heads[-1]
                assert nursery.run("verify-db", "--home", home).code == 0
        finally:
            os.kill(running.pid, signal.SIGTERM)
            working.join(60)
        assert running.end().code == 0
        assert heads == sorted(set(heads))
        told = load.acknowledged
        for turn, head in enumerate(heads):
            restored = tmp_path / f"restored{turn}"
            assert nursery.run("restore", tmp_path / f"backup{turn}", "--home", restored).code == 0
            # what the original acknowledged up to that moment is in the copy
            known = Load(random.Random(1), {number: words for number, words in told.items() if number <= head})
            go_on(nursery, restored, known, 2)
            demand_equal_to_a_twin(restored, tmp_path / f"twin{turn}", known.acknowledged)
            if turn and not is_slow:
                continue
            other = tmp_path / f"imported{turn}"
            other.mkdir()
            (other / "genesis.json").write_bytes((home / "genesis.json").read_bytes())
            assert nursery.run("import", tmp_path / f"chain{turn}.rlp", "--home", other).code == 0
            assert nursery.run("verify-db", "--home", other).code == 0
        go_on(nursery, home, load)
    demand_equal_to_a_twin(home, tmp_path / "twin", load.acknowledged)
