"""The commands that look after a home, through the functions behind them and once through the program itself."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from testamur_node.application import Application
from testamur_node.chain.block import Block, encode_block
from testamur_node.chain.rules import ALLIANCE
from testamur_node.importing import InvalidBlockError, blocks_in
from testamur_node.node import DATA_FOLDER, GENESIS_FILE, VALIDATOR_KEY, Node
from testamur_node.operations import upkeep
from testamur_node.operations.initialise import HomeError
from testamur_node.operations.rollback import roll_back
from testamur_node.operations.upkeep import UpkeepError
from testamur_node.store import StoreError
from testamur_node.store.store import Commit, Store

from tests.node.founding import GOVERN, ISSUE, STRANGER_KEY, make_home, open_application, raw, run_block

HEAD = "e27a3e81bd7cfe2aec2cc9e832c73a17c93e7efcf659cf4b39883b96c48708c2"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An alliance home with three blocks and their signed headers."""
    home = make_home(tmp_path / "home", ALLIANCE)
    node = Node.open(home, time.time_ns, block_time=0)
    for number in range(1, 4):
        node.submit(raw(GOVERN, number - 1))
        assert node.wait_for_block(number, 20)
    node.close()
    return home


def run(*arguments: str, code: int = 0) -> dict[str, object]:
    """What `testamur-node … --json` prints."""
    program = "from testamur_node.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def sibling(home: Path, name: str) -> Path:
    """A home of the same genesis without blocks."""
    other = home.parent / name
    other.mkdir()
    (other / GENESIS_FILE).write_text((home / GENESIS_FILE).read_text(encoding="utf-8"), encoding="utf-8")
    return other


def test_a_rolled_back_chain_goes_on_from_there(home: Path) -> None:
    assert roll_back(home, 2).target == 1
    assert list(upkeep.verify(home)) == []
    node = Node.open(home, time.time_ns, block_time=0)
    node.submit(raw(GOVERN, 1))
    assert node.wait_for_block(2, 20)
    node.close()
    assert list(upkeep.verify(home)) == []
    with pytest.raises(UpkeepError, match="cannot undo 3"):
        roll_back(home, 3)


def test_a_chain_is_not_rolled_back_behind_what_was_pruned(home: Path) -> None:
    assert upkeep.prune(home, 2) > 0
    with pytest.raises(UpkeepError, match="was pruned"):
        roll_back(home, 2)
    assert roll_back(home, 1).target == 2


def test_a_running_node_is_left_alone(home: Path) -> None:
    node = Node.open(home, time.time_ns)
    for treat in (lambda: roll_back(home, 1), lambda: upkeep.prune(home, 1), lambda: upkeep.compact(home)):
        with pytest.raises(StoreError, match="in use"):
            treat()
    node.close()


def test_a_backup_of_a_running_node_restores_to_the_same_chain(home: Path, tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", "from testamur_node.cli import main; main()", "start", "--home", str(home),
         "--http", "127.0.0.1:0", "--json"], stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["chainId"] == 20260
        assert run("backup", "--out", str(tmp_path / "backup"), "--home", str(home))["head"] == 3
        assert run("export", "--out", str(tmp_path / "chain.rlp"), "--home", str(home))["blocks"] == 3
        assert run("verify-db", "--home", str(home)) == {"problems": []}
        running.terminate()
        assert running.wait(30) == 0
    assert (tmp_path / "backup" / VALIDATOR_KEY).stat().st_mode & 0o777 == 0o600
    restored = tmp_path / "restored"
    assert upkeep.restore(tmp_path / "backup", restored) == 3
    node = Node.open(restored, time.time_ns, block_time=0)
    node.submit(raw(GOVERN, 3))
    assert node.wait_for_block(4, 20)
    node.close()
    with pytest.raises(HomeError, match="not empty"):
        upkeep.restore(tmp_path / "backup", restored)


def test_a_backup_may_leave_the_key_out(home: Path, tmp_path: Path) -> None:
    upkeep.back_up(home, tmp_path / "backup", has_key=False)
    assert not (tmp_path / "backup" / VALIDATOR_KEY).exists()


def blocks_of(home: Path) -> Iterator[Block]:
    """The blocks of a home, by way of an export."""
    target = home.parent / f"{home.name}.rlp"
    upkeep.export_chain(home, target)
    return blocks_in(target)


def test_a_damaged_backup_is_not_restored(home: Path, tmp_path: Path) -> None:
    upkeep.back_up(home, tmp_path / "backup")
    data = tmp_path / "backup" / DATA_FOLDER / "data.mdb"
    octets = bytearray(data.read_bytes())
    octets[octets.index(next(blocks_of(home)).header.state_root)] ^= 1
    data.write_bytes(octets)
    with pytest.raises(UpkeepError, match="damaged"):
        upkeep.restore(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_an_exported_alliance_chain_imports_into_another_home(home: Path, tmp_path: Path) -> None:
    assert upkeep.export_chain(home, tmp_path / "chain.rlp") == 3
    with pytest.raises(UpkeepError, match="cannot write"):
        upkeep.export_chain(home, tmp_path / "chain.rlp")
    other = sibling(home, "other")
    done = upkeep.import_blocks(other, tmp_path / "chain.rlp")
    assert (done.blocks, done.head) == (3, 3)
    assert upkeep.import_blocks(other, tmp_path / "chain.rlp").blocks == 0
    application = open_application(home, upkeep.load_genesis(home))
    assert application.head.hash == done.head_hash
    application.store.close()


def test_an_import_keeps_the_blocks_before_one_that_it_refuses(home: Path, tmp_path: Path) -> None:
    first, second, third = blocks_of(home)
    spoilt = replace(third, header=replace(third.header, gas_used=1))
    (tmp_path / "spoilt.rlp").write_bytes(b"".join(map(encode_block, (first, second, spoilt))))
    other = sibling(home, "other")
    with pytest.raises(InvalidBlockError, match="block 3: gas used"):
        upkeep.import_blocks(other, tmp_path / "spoilt.rlp")
    done = upkeep.import_blocks(other, tmp_path / "home.rlp")
    assert (done.blocks, done.head) == (1, 3)


def test_what_is_written_together_is_read_at_once_and_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    commit = Commit(nodes={bytes(32): b"node"}, meta={"name": b"value"})
    seen: list[bytes | None] = []

    def write_and_break() -> None:
        with store.environment.together():
            store.append(commit)
            seen.append(store.read_node(bytes(32)))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_and_break()
    assert (seen, store.read_node(bytes(32))) == ([b"node"], None)
    with store.environment.together():
        store.append(commit)
    assert (store.read_node(bytes(32)), store.meta("name")) == (b"node", b"value")
    store.close()


def forged_block(application: Application) -> Block:
    """A block as a node without permissions would make it."""
    application.spec = replace(application.spec, is_permissioned=False)
    finalized = run_block(application, [raw(STRANGER_KEY, 0), raw(ISSUE, 0)])
    assert finalized.block is not None
    return finalized.block


def test_an_import_takes_nothing_that_the_alliance_would_not_have_made(home: Path, tmp_path: Path) -> None:
    application = open_application(sibling(home, "forger"), upkeep.load_genesis(home))
    (tmp_path / "forged.rlp").write_bytes(encode_block(forged_block(application)))
    application.store.close()
    with pytest.raises(InvalidBlockError, match="may not transact"):
        upkeep.import_blocks(sibling(home, "other"), tmp_path / "forged.rlp")


def test_an_import_of_another_history_is_refused(home: Path, tmp_path: Path) -> None:
    other = sibling(home, "other")
    node = Node(upkeep.load_genesis(home), open_application(other, upkeep.load_genesis(home)).store, time.time_ns)
    node.close()
    upkeep.export_chain(home, tmp_path / "chain.rlp")
    upkeep.import_blocks(other, tmp_path / "chain.rlp")
    roll_back(other, 3)
    application = open_application(other, upkeep.load_genesis(home))
    finalized = run_block(application, [raw(ISSUE, 0)])
    assert finalized.block is not None
    application.store.close()
    with pytest.raises(InvalidBlockError, match="another"):
        upkeep.import_blocks(other, tmp_path / "chain.rlp")


def test_the_program_imports_another_chain_and_verifies_it(tmp_path: Path, vectors: Path) -> None:
    folder, home = vectors / "rpc-compat", str(tmp_path / "home")
    arguments = ["--genesis", str(folder / "genesis.json"), "--blocks", str(folder / "chain.rlp")]
    done = run("import-chain", "--home", home, *arguments)
    assert done == {"blocks": 45, "head": 45, "headHash": "0x" + HEAD}
    assert run("import-chain", "--home", home, *arguments)["blocks"] == 0
    assert run("verify-db", "--home", home) == {"problems": []}
    assert run("rollback", "5", "--home", home, "--yes")["head"] == 40
    assert run("import", str(folder / "chain.rlp"), "--home", home)["headHash"] == "0x" + HEAD
    assert run("prune", "--keep", "3", "--home", home)["removed"]
    assert run("verify-db", "--home", home) == {"problems": []}
    data = Path(home) / DATA_FOLDER / "data.mdb"
    compacted = run("compact", "--home", home)
    assert compacted["bytesAfter"] == data.stat().st_size
    assert run("export", "--out", str(tmp_path / "again.rlp"), "--home", home)["blocks"] == 45
    assert (tmp_path / "again.rlp").read_bytes() == (folder / "chain.rlp").read_bytes()
