"""Homes as operators find them at three in the morning: in use, half there, replaced, cut off, another's, from the
future. Each is refused in a sentence with advice, and is as it was once the cause is gone.
"""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.node import DATA_FOLDER, VALIDATOR_KEY
from testamur_node.operations import upkeep
from testamur_node.store.environment import Environment
from testamur_node.store.store import SCHEMA

from tests.faults.driving import Load, Nursery, demand_equal_to_a_twin, go_on, refusal
from tests.node.founding import genesis_of, make_home

START = ("start", "--http", "127.0.0.1:0", "--home")


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery.open(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


@pytest.fixture
def load() -> Load:
    return Load(random.Random(6))


@pytest.fixture
def home(nursery: Nursery, tmp_path: Path, load: Load) -> Path:
    home = make_home(tmp_path / "home", DEVELOPMENT)
    go_on(nursery, home, load, 4)
    return home


def test_a_second_process_is_refused_and_the_first_goes_on(nursery: Nursery, home: Path, load: Load) -> None:
    with Nursery.open(home.parent) as other:
        started = other.start(home, "--block-time", "instant")
        assert isinstance(started, str)
        chain = home.parent / "chain.rlp"
        assert nursery.run("export", "--out", chain, "--home", home).code == 0
        for arguments in (
            START[:-1], ("prune", "--keep", "1"), ("compact",), ("rollback", "1", "--yes"), ("import", chain),
        ):  # fmt: skip
            told = refusal(nursery, *arguments, "--home", home, code=1, words="in use by another process")
            assert "stop the other node first" in told
        refusal(nursery, "init", "--home", home, code=2, words="not empty")
        before = max(load.acknowledged)
        load.run(started, 2)
        assert max(load.acknowledged) >= before + 2
        os.kill(other.pid, 15)
        assert other.end().code == 0
    go_on(nursery, home, load)


@pytest.mark.parametrize("command", ["start", "verify-db", "compact", "backup", "export", "rollback", "prune"])
def test_a_folder_that_is_no_home_is_refused_and_nothing_is_made(
    nursery: Nursery, tmp_path: Path, command: str
) -> None:
    more = {
        "backup": ("--out", tmp_path / "b"),
        "export": ("--out", tmp_path / "e"),
        "rollback": (1, "--yes"),
        "prune": ("--keep", 1),
    }
    for home in (tmp_path / "nowhere", tmp_path / "empty"):
        refusal(nursery, command, *more.get(command, ()), "--home", home, code=2, words="testamur-node init")
        assert list(tmp_path.iterdir()) == ([tmp_path / "empty"] if (tmp_path / "empty").exists() else [])
        (tmp_path / "empty").mkdir(exist_ok=True)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (genesis_of(DEVELOPMENT).to_json().encode(), 1, "another chain than genesis.json"),
        (b"{}", 2, "genesis.json cannot be read"),
        (b"\xff\xfe", 2, "genesis.json"),
        (b"", 2, "genesis.json cannot be read"),
        (None, 2, "there is no"),
    ],
    ids=["another chain's", "of nothing", "of garbage", "empty", "missing"],
)
def test_a_genesis_that_is_not_this_chains_is_refused_and_the_chain_unharmed(
    nursery: Nursery, home: Path, load: Load, content: bytes | None, code: int, words: str
) -> None:
    file = home / "genesis.json"
    right = file.read_bytes()
    file.unlink() if content is None else file.write_bytes(content)
    refusal(nursery, *START, home, code=code, words=words)
    file.write_bytes(right)
    go_on(nursery, home, load)


@pytest.mark.parametrize("part", [0, 1 / 2, 4096, 100], ids=["nothing", "half", "one page", "part of a page"])
def test_data_that_was_cut_off_is_refused_and_a_backup_restores_it(
    nursery: Nursery, home: Path, load: Load, part: float
) -> None:
    assert nursery.run("backup", "--out", home.parent / "backup", "--home", home).code == 0
    data = home / DATA_FOLDER / "data.mdb"
    length = int(part) if part > 1 else int(data.stat().st_size * part)
    os.truncate(data, length)
    for arguments in (
        START,
        ("rollback", "1", "--yes", "--home"),
        ("compact", "--home"),
        ("export", "--out", home / "x", "--home"),
    ):
        told = refusal(nursery, *arguments, home, code=1, words="is damaged")
        assert "restore a backup" in told
    assert data.stat().st_size == length  # nothing was begun anew over it
    found = nursery.run("verify-db", "--home", home)
    assert found.code == 1
    assert "cut off" in found.said[0]
    shutil.rmtree(home)
    assert nursery.run("restore", home.parent / "backup", "--home", home).code == 0
    go_on(nursery, home, load)
    demand_equal_to_a_twin(home, home.parent / "twin", load.acknowledged)


def test_a_store_of_a_newer_version_is_refused_untouched(nursery: Nursery, home: Path, load: Load) -> None:
    def set_schema(number: int) -> None:
        environment = Environment(home / DATA_FOLDER)
        with environment.write() as transaction:
            transaction.put(b"schema", number.to_bytes(2, "big"), db=environment.tables["meta"])
        environment.close()

    set_schema(SCHEMA + 1)
    before = (home / DATA_FOLDER / "data.mdb").read_bytes()
    for arguments in (START, ("rollback", "1", "--yes", "--home"), ("export", "--out", home / "x", "--home")):
        told = refusal(nursery, *arguments, home, code=1, words=f"has schema {SCHEMA + 1}")
        assert "use the node version that wrote it" in told
    assert (home / DATA_FOLDER / "data.mdb").read_bytes() == before
    set_schema(SCHEMA)
    go_on(nursery, home, load)


def test_a_killed_nodes_word_and_socket_are_not_believed(nursery: Nursery, home: Path, load: Load) -> None:
    started = nursery.start(home)
    assert isinstance(started, str)
    os.kill(nursery.pid, 9)
    assert nursery.end().code == -9
    assert (home / "running.json").exists()
    assert (home / "node.ipc").exists()
    told = refusal(nursery, "status", "--home", home, code=7, words="ended without a word: it was killed")
    assert "begin it again with testamur-node start" in told
    go_on(nursery, home, load)
    for word in ("", "{", "[]", json.dumps({"rpc": None}), json.dumps({"pid": -1})):
        (home / "running.json").write_text(word)
        refusal(nursery, "status", "--home", home, code=7, words="no node runs on")
    go_on(nursery, home, load)
    assert not (home / "running.json").exists()


@pytest.mark.tool  # becomes another user, which takes root
def test_a_home_of_another_user_is_refused_in_words(nursery: Nursery, tmp_path: Path, load: Load) -> None:
    home = make_home(tmp_path / "home", DEVELOPMENT)
    go_on(nursery, home, load, 2)
    home.chmod(0o755)
    for folder in [home, *home.parents]:
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    stranger = 65534
    key = home / VALIDATOR_KEY
    refusal(nursery, *START, home, code=1, words="cannot read the validator key", user=stranger)
    os.chown(key, stranger, stranger)
    told = refusal(nursery, *START, home, code=1, words="Permission denied", user=stranger)
    assert "owns the folder" in told
    refusal(nursery, "backup", "--out", home / "copy", "--home", home, code=2, words="Permission denied", user=stranger)
    os.chown(key, 0, 0)
    go_on(nursery, home, load)


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda octets: octets[:-1], 2, "ends within"),
        (lambda octets: octets[:3], 2, "ends within"),
        (lambda _: b"not blocks at all", 2, "one RLP list after the other"),
        (lambda octets: b"\xc0" + octets, 2, "cannot read"),
        (lambda octets: octets[: len(octets) // 2] + b"\xf9" + octets[len(octets) // 2 :], 2, ""),
    ],
    ids=["a byte short", "three bytes", "garbage", "an empty list", "spoilt in the middle"],
)
def test_a_spoilt_export_is_refused_and_a_whole_one_goes_on_from_there(
    nursery: Nursery, home: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], code: int, words: str
) -> None:
    chain, spoilt, other = tmp_path / "chain.rlp", tmp_path / "spoilt.rlp", tmp_path / "other"
    assert nursery.run("export", "--out", chain, "--home", home).code == 0
    other.mkdir()
    shutil.copy(home / "genesis.json", other / "genesis.json")
    spoilt.write_bytes(spoil(chain.read_bytes()))
    ended = nursery.run("import", spoilt, "--home", other)
    assert ended.code == code, ended.told
    assert "Traceback" not in ended.told
    assert words in ended.told
    assert list(upkeep.verify(other)) == []
    twice = tmp_path / "twice.rlp"
    twice.write_bytes(chain.read_bytes() * 2)  # duplicate blocks are passed over
    done = json.loads(nursery.run("import", twice, "--home", other, "--json").said[-1])
    assert done["head"] == height(home)
    assert nursery.run("export", "--out", tmp_path / "again.rlp", "--home", other).code == 0
    assert (tmp_path / "again.rlp").read_bytes() == chain.read_bytes()


def height(home: Path) -> int:
    environment = Environment(home / DATA_FOLDER, writes=False)
    head = environment.get("meta", b"head")
    environment.close()
    assert head is not None
    return int.from_bytes(head, "big")


def test_blocks_of_another_chain_are_refused_and_none_of_them_kept(
    nursery: Nursery, home: Path, tmp_path: Path
) -> None:
    other = make_home(tmp_path / "other", DEVELOPMENT)
    foreign = Load(random.Random(3))
    go_on(nursery, other, foreign, 2)
    assert nursery.run("export", "--out", tmp_path / "foreign.rlp", "--home", other).code == 0
    before = height(home)
    refused = nursery.run("import", tmp_path / "foreign.rlp", "--home", home)
    assert refused.code == 2
    assert "is another than the one this home has" in refused.told
    assert height(home) == before


def test_the_doctor_names_a_key_that_others_read_and_what_a_killed_init_left(nursery: Nursery, home: Path) -> None:
    def finding() -> dict[str, str]:
        said = json.loads(nursery.run("doctor", "--home", home, "--json").said[-1])
        return {one["name"]: one for one in said["findings"]}["home"]

    assert finding()["result"] == "pass"
    left = home.with_name(".home.partial")
    left.mkdir()
    assert finding()["result"] == "warn"
    assert str(left) in finding()["message"]
    left.rmdir()
    (home / VALIDATOR_KEY).chmod(0o640)
    assert finding()["result"] == "fail"
    assert "chmod 600" in finding()["message"]
    (home / VALIDATOR_KEY).chmod(0o600)
    assert finding()["result"] == "pass"
