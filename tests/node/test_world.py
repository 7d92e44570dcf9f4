"""Our account database and trie update against py-evm's, over random histories with reverts, wipes and deletions."""

from typing import Any

import pytest
from eth.constants import BLANK_ROOT_HASH
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur_node.chain.block import EMPTY_TRIE_ROOT
from testamur_node.execution.executor import ExecutionError
from testamur_node.execution.overlay import Overlay
from testamur_node.execution.world import World
from testamur_node.state.reader import StateReader
from testamur_node.state.trie import MissingNodeError, build
from testamur_node.state.update import update

ADDRESSES = [bytes([number]) * 20 for number in range(4)]

OPERATION = st.one_of(
    st.tuples(st.just("set_storage"), st.sampled_from(ADDRESSES), st.integers(0, 5), st.integers(0, 3)),
    st.tuples(st.just("set_balance"), st.sampled_from(ADDRESSES), st.integers(0, 2**70)),
    st.tuples(st.just("set_nonce"), st.sampled_from(ADDRESSES), st.integers(0, 9)),
    st.tuples(st.just("increment_nonce"), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("set_code"), st.sampled_from(ADDRESSES), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("delete_code"), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("touch_account"), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("delete_storage"), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("mark_address_warm"), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("mark_storage_warm"), st.sampled_from(ADDRESSES), st.integers(0, 5)),
)
MESSAGE = st.tuples(st.lists(OPERATION, max_size=6), st.booleans())
"""Changes, and whether they are reverted."""
TRANSACTION = st.tuples(st.lists(MESSAGE, max_size=4), st.sets(st.sampled_from(ADDRESSES), max_size=1))
"""Messages, and the accounts that selfdestruct at the end."""


class Both:
    """The two implementations, driven and read alike."""

    def __init__(self) -> None:
        self.nodes: dict[bytes, bytes] = {}
        self.overlay = Overlay(self.nodes.get)
        self.ours = World(self.overlay, EMPTY_TRIE_ROOT)
        self.theirs = AccountDB(AtomicDB(), BLANK_ROOT_HASH)

    def apply(self, name: str, *arguments: Any) -> None:
        getattr(self.ours, name)(*arguments)
        getattr(self.theirs, name)(*arguments)

    def compare(self, wiped: set[bytes]) -> None:
        for address in ADDRESSES:
            for name in ("get_nonce", "get_balance", "get_code", "get_code_hash", "account_exists", "account_is_empty"):
                assert getattr(self.ours, name)(address) == getattr(self.theirs, name)(address), name
            assert self.ours.is_address_warm(address) == self.theirs.is_address_warm(address)
            for slot in range(6):
                # an account that a transaction wiped has no original values (EELS: those of a created account are
                # zero); py-evm forgets those in the trie alone. Only CREATE2 wipes, where nothing can be.
                for from_journal in (True,) if address in wiped else (True, False):
                    ours = self.ours.get_storage(address, slot, from_journal)
                    assert ours == self.theirs.get_storage(address, slot, from_journal), (slot, from_journal)
                assert self.ours.is_storage_warm(address, slot) == self.theirs.is_storage_warm(address, slot)


@settings(max_examples=150)
@given(st.lists(st.lists(TRANSACTION, max_size=3), max_size=3))
def test_random_blocks_give_py_evms_roots_and_values(blocks: list[list[Any]]) -> None:
    both = Both()
    for block in blocks:
        for messages, destroyed in block:
            both.apply("lock_changes")
            wiped: set[bytes] = set()  # py-evm itself can undo only one wipe of an account in a transaction
            for operations, is_reverted in messages:
                checkpoint = both.ours.record(), both.theirs.record()
                for operation in operations:
                    if operation[0] == "delete_storage":
                        if operation[1] in wiped:
                            continue
                        wiped.add(operation[1])
                    both.apply(*operation)
                both.compare(wiped)
                if is_reverted:
                    both.ours.discard(checkpoint[0])
                    both.theirs.discard(checkpoint[1])
                else:
                    both.theirs.commit(checkpoint[1])
                both.compare(wiped)
            for address in destroyed - wiped:
                both.apply("delete_account", address)
        both.ours.persist()
        both.theirs.persist()
        assert both.ours.state_root == both.theirs.state_root
        # a block ends: what it wrote is all that the next one starts from
        both.nodes |= both.overlay.writes
        both.overlay = Overlay(both.nodes.get)
        both.ours = World(both.overlay, both.theirs.state_root)
        reader = StateReader(both.theirs.state_root, both.nodes.get)
        both.theirs.lock_changes()
        for address in ADDRESSES:
            assert reader.nonce(address) == both.theirs.get_nonce(address)
            assert reader.storage(address, 1) == both.theirs.get_storage(address, 1)


KEY = st.binary(min_size=1, max_size=3).map(lambda key: key.ljust(3, b"\0"))
CHANGES = st.dictionaries(KEY, st.one_of(st.none(), st.binary(min_size=1, max_size=40)), max_size=12)


@settings(max_examples=300)
@given(st.lists(CHANGES, max_size=5))
def test_an_updated_trie_is_the_one_built_of_what_it_holds(steps: list[dict[bytes, bytes | None]]) -> None:
    root, nodes, held = EMPTY_TRIE_ROOT, dict[bytes, bytes](), dict[bytes, bytes]()
    for changes in steps:
        root = update(root, changes, nodes.get, nodes)
        for key, value in changes.items():
            if value is None:
                held.pop(key, None)
            else:
                held[key] = value
        assert root == build(held.items())


def test_an_update_over_a_missing_node_is_an_error() -> None:
    nodes: dict[bytes, bytes] = {}
    root = update(EMPTY_TRIE_ROOT, {bytes([number]) * 4: b"v" * 33 for number in range(40)}, nodes.get, nodes)
    del nodes[root]
    with pytest.raises(MissingNodeError):
        update(root, {b"\x01" * 4: b"w"}, nodes.get, nodes)


def test_missing_code_and_impossible_balances_halt() -> None:
    nodes: dict[bytes, bytes] = {}
    overlay = Overlay(nodes.get)
    world = World(overlay, EMPTY_TRIE_ROOT)
    world.set_code(ADDRESSES[0], b"\x00")
    overlay.writes.clear()
    with pytest.raises(ExecutionError, match="code of"):
        world.get_code(ADDRESSES[0])
    for balance in (-1, 2**256):
        with pytest.raises(ExecutionError, match="balance"):
            world.set_balance(ADDRESSES[1], balance)


def test_transient_storage_is_undone_with_its_message_and_ends_with_the_transaction() -> None:
    world = World(Overlay(lambda _: None), EMPTY_TRIE_ROOT)
    world.set_transient(ADDRESSES[0], 1, b"\x01")
    checkpoint = world.record()
    world.set_transient(ADDRESSES[0], 1, b"\x02")
    assert world.get_transient(ADDRESSES[0], 1) == b"\x02"
    world.discard(checkpoint)
    assert world.get_transient(ADDRESSES[0], 1) == b"\x01"
    world.clear_transient()
    assert world.get_transient(ADDRESSES[0], 1) == b""


def test_what_calls_remember_is_told_apart_by_its_root_and_does_not_grow_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("testamur_node.execution.overlay._MOST_KNOWN", 3)
    overlay = Overlay(lambda _: None)
    roots = []
    for balance in (1, 2):
        world = World(overlay, EMPTY_TRIE_ROOT)
        world.set_balance(ADDRESSES[0], balance)
        roots.append(world.make_state_root())
    known: dict[tuple[bytes, bytes], bytes | None] = {}
    for _ in range(2):
        for balance, root in enumerate(roots, 1):
            world = World(Overlay(overlay.find, known), root)
            assert [world.get_balance(address) for address in ADDRESSES[:2]] == [balance, 0]
            assert len(known) <= 3
    reads: list[bytes] = []
    again = World(Overlay(reads.append, known), roots[1])  # type: ignore[arg-type] # it must not be asked
    assert again.get_balance(ADDRESSES[1]) == 0
    assert reads == []
