"""Looking after a store: verification finds one flipped byte in any record; pruning, compacting and copies lose
nothing.
"""

import contextlib
import random
import time
from pathlib import Path

import pytest
from testamur_node.application import Application
from testamur_node.codec import to_hex
from testamur_node.engine.key import ValidatorKey
from testamur_node.genesis import Genesis
from testamur_node.node import DATA_FOLDER, GENESIS_FILE, VALIDATOR_KEY, Node, UnknownBlockError
from testamur_node.store import StoreError
from testamur_node.store.environment import Environment
from testamur_node.store.maintenance import compact, copy_store, prune
from testamur_node.store.store import Store
from testamur_node.store.verification import problems_of

from tests.node.founding import (
    ADDRESSES,
    GOVERN,
    ISSUE,
    open_application,
    raw,
)


def problems(home: Path) -> list[str]:
    """What verification finds in a closed home."""
    with contextlib.closing(Environment(home / DATA_FOLDER, writes=False)) as environment:
        return found(home, environment)


def found(home: Path, environment: Environment) -> list[str]:
    genesis = Genesis.from_json((home / GENESIS_FILE).read_text(encoding="utf-8"))
    return list(problems_of(environment, genesis.hash, ValidatorKey.load(home / VALIDATOR_KEY)))


def application_of(home: Path) -> Application:
    return open_application(home, Genesis.from_json((home / GENESIS_FILE).read_text(encoding="utf-8")))


def test_a_sound_store_has_no_problems(home: Path) -> None:
    assert problems(home) == []


@pytest.mark.timeout(900)
def test_one_flipped_bit_in_any_record_is_found(home: Path, is_slow: bool) -> None:
    chance = random.Random(5)
    with contextlib.closing(Environment(home / DATA_FOLDER)) as environment:
        rows = []
        for name, table in environment.tables.items():
            with environment.lmdb.begin(db=table) as view:
                rows += [(name, key, value) for key, value in view.cursor()]
        assert {name for name, _, _ in rows} == set(environment.tables) - {"bodies"}
        for name, key, value in rows if is_slow else chance.sample(rows, 60):
            at, bit = chance.randrange(len(key + value)), 1 << chance.randrange(8)
            damaged = bytearray(key + value)
            damaged[at] ^= bit
            swap(environment, name, key, bytes(damaged[: len(key)]), bytes(damaged[len(key) :]))
            assert found(home, environment) != [], f"{name} {to_hex(key)} byte {at} bit {bit}"
            swap(environment, name, bytes(damaged[: len(key)]), key, value)
        assert found(home, environment) == []


def test_a_missing_record_is_found_in_every_table(home: Path) -> None:
    with contextlib.closing(Environment(home / DATA_FOLDER)) as environment:
        for name in sorted(set(environment.tables) - {"bodies"}):
            with environment.write() as transaction:
                cursor = transaction.cursor(environment.tables[name])
                assert cursor.last()
                key, value = cursor.item()
                cursor.delete()
            assert found(home, environment) != [], name
            swap(environment, name, key, key, value)
        assert found(home, environment) == []


def test_a_surplus_record_is_found_in_every_table(home: Path) -> None:
    with contextlib.closing(Environment(home / DATA_FOLDER)) as environment:
        for name in sorted(set(environment.tables) - {"nodes"}):  # a node that no state needs is what rollback leaves
            key = b"\xff" * 8
            with environment.write() as transaction:
                transaction.put(key, b"\xff" * 16, db=environment.tables[name])
            assert found(home, environment) != [], name
            with environment.write() as transaction:
                transaction.delete(key, db=environment.tables[name])
        assert found(home, environment) == []


def swap(environment: Environment, name: str, old_key: bytes, new_key: bytes, value: bytes) -> None:
    """Put a record in the place of another."""
    with environment.write() as transaction:
        transaction.delete(old_key, db=environment.tables[name])
        transaction.put(new_key, value, db=environment.tables[name])


def test_every_state_is_kept_until_it_is_pruned(home: Path) -> None:
    application = application_of(home)
    head, store = application.head.number, application.store
    for number in range(head + 1):
        header = store.header(number)
        assert header is not None
        sent = sum(
            item.sender == ADDRESSES[GOVERN]
            for below in range(1, number + 1)
            for item in (store.block(below) or pytest.fail("no block")).transactions
        )
        assert application.state(header).nonce(ADDRESSES[GOVERN]) == sent
    store.close()


def test_pruning_keeps_the_newest_states_whole_and_every_block(home: Path) -> None:
    store = Store.open(home / DATA_FOLDER)
    assert prune(store, 2) > 0
    assert prune(store, 2) == 0
    with pytest.raises(StoreError, match="at least one"):
        prune(store, 0)
    store.close()
    assert problems(home) == []
    node = Node.open(home, time.time_ns)
    try:
        head = node.head.number
        assert [node.block(number) is not None for number in range(head + 1)] == [True] * (head + 1)
        assert node.state_at(head).nonce(ADDRESSES[GOVERN]) == 6
        assert node.state_at(head - 1).nonce(ADDRESSES[ISSUE]) == 0
        with pytest.raises(UnknownBlockError, match="pruned"):
            node.state_at(head - 2)
        node.submit(raw(GOVERN, 6))
        assert node.wait_for_block(head + 1, 20)
    finally:
        node.close()
    assert problems(home) == []


def test_compacting_shrinks_the_file_and_changes_nothing(home: Path) -> None:
    store = Store.open(home / DATA_FOLDER)
    prune(store, 1)
    statistics = store.statistics()
    store.close()
    before, after = compact(home / DATA_FOLDER)
    assert after < before
    store = Store.open(home / DATA_FOLDER)
    assert store.statistics() == statistics
    with pytest.raises(StoreError, match="in use"):
        compact(home / DATA_FOLDER)
    store.close()
    assert problems(home) == []


def test_a_copy_of_a_running_node_is_a_whole_chain(home: Path, tmp_path: Path) -> None:
    node = Node.open(home, time.time_ns)
    try:
        node.submit(raw(GOVERN, 6))
        assert node.wait_for_block(node.head.number, 20)
        copied = tmp_path / "copied"
        (copied / "engine").mkdir(parents=True)
        copy_store(node.store.environment, copied / DATA_FOLDER)
        with pytest.raises(StoreError, match="cannot copy"):
            copy_store(node.store.environment, copied / DATA_FOLDER)
        for name in (GENESIS_FILE, VALIDATOR_KEY):
            (copied / name).write_bytes((home / name).read_bytes())
    finally:
        node.close()
    assert problems(copied) == []
    assert application_of(copied).head.number >= 8
