"""A node on a home folder: solo engine, finality proofs, logs, estimates, time travel, and a second process."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from eth_account import Account
from testamur.proof.cometbft import verify_commit
from testamur.proof.cometbft_json import signed_header_from_json, validator_from_json
from testamur_node.calls import Place
from testamur_node.chain.block import Block
from testamur_node.chain.development import impersonation_key
from testamur_node.chain.fees import next_base_fee
from testamur_node.chain.rules import DEVELOPMENT, DEVELOPMENT_WITH_FEES, Fork
from testamur_node.chain.transaction import created_address, decode_transaction
from testamur_node.engine.headers import decode_signed
from testamur_node.execution.executor import AccountOverride, CallRequest
from testamur_node.node import DevelopmentOnlyError, Node, RefusedError, UnknownBlockError
from testamur_node.pool import NonceTooLowError
from testamur_node.store import StoreError
from testamur_node.store.store import Commit

from tests.node.founding import (
    ADDRESSES,
    CHAIN_ID,
    DEPLOYER,
    GENESIS_TIME,
    GOVERN,
    KEYS,
    STORING_CODE,
    STRANGER_KEY,
    creating,
    make_home,
    raw,
    word,
)


class SteppedClock:
    """A clock that tests set; it never moves by itself."""

    def __init__(self, seconds: float = GENESIS_TIME + 1000) -> None:
        self.nanoseconds = int(seconds * 10**9)

    def __call__(self) -> int:
        return self.nanoseconds


@pytest.fixture
def development(tmp_path: Path) -> Iterator[Node]:
    node = Node.open(make_home(tmp_path, DEVELOPMENT), SteppedClock())
    yield node
    node.close()


def sealed(node: Node, transaction: bytes) -> Block:
    """Submit and wait for the block that holds it."""
    number = node.head.number + 1
    digest = node.submit(transaction)
    assert node.wait_for_block(number, 20)
    assert node.locate(digest) == (number, 0)
    return node.head


def deploy(node: Node, runtime: bytes) -> bytes:
    nonce = node.state_at(node.head.number).nonce(ADDRESSES[DEPLOYER])
    sealed(node, raw(DEPLOYER, nonce, to=None, data=creating(runtime)))
    return created_address(ADDRESSES[DEPLOYER], nonce)


def test_an_alliance_node_seals_signs_and_proves(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path), time.time_ns)
    try:
        block = sealed(node, raw(GOVERN, 0))
        assert abs(block.header.timestamp - time.time()) < 3
        proof = node.finality_proof(1)
        assert proof is not None
        signed = signed_header_from_json(json.loads(json.dumps(proof))["signedHeader"])
        verify_commit(signed, [validator_from_json(entry) for entry in proof["validators"]])
        assert signed.header.app_hash == block.hash
        assert signed.header.chain_id == "testamur-20260"
        assert signed.header.time_ns > block.header.timestamp * 10**9
        assert node.finality_proof(2) is None
        with pytest.raises(DevelopmentOnlyError):
            node.development.development.mine()
    finally:
        node.close()


def test_engine_headers_form_a_chain_and_rise_in_time(development: Node) -> None:
    for nonce in range(3):
        sealed(development, raw(GOVERN, nonce))
    stored = [development.store.signed_header(height) for height in range(1, development.engine_height + 1)]
    headers = [decode_signed(encoded).header for encoded in stored if encoded]
    assert len(headers) == 7
    for before, after in pairwise(headers):
        assert after.height == before.height + 1
        assert after.time_ns > before.time_ns
        assert after.last_block_id.hash == before.hash()
        assert after.next_validators_hash == before.validators_hash


def test_a_heartbeat_renews_the_proof_and_makes_no_block(tmp_path: Path) -> None:
    clock = SteppedClock()
    node = Node.open(make_home(tmp_path), clock)
    try:
        first = node.finality_proof(0)
        deadline = time.monotonic() + 20
        while first is None and time.monotonic() < deadline:
            first = node.finality_proof(0)
        assert first is not None
        for _ in range(3):
            height = node.engine_height
            clock.nanoseconds += 31 * 10**9
            assert node._engine is not None
            node._engine.notify()
            while node.engine_height == height and time.monotonic() < deadline:
                time.sleep(0.01)
        newest = node.finality_proof(0)
        assert newest is not None
        assert newest["signedHeader"]["header"]["time"] > first["signedHeader"]["header"]["time"]
        assert node.head.number == 0
        # only the first and the newest header that carry a block are kept
        assert node.store.statistics()["engine"] == 2
    finally:
        node.close()


def test_a_block_waits_for_a_later_second_than_its_parent(tmp_path: Path) -> None:
    clock = SteppedClock(GENESIS_TIME + 0.5)
    node = Node.open(make_home(tmp_path), clock)
    try:
        node.submit(raw(GOVERN, 0))
        assert not node.wait_for_block(1, 0.3)
        clock.nanoseconds = (GENESIS_TIME + 1) * 10**9
        assert node._engine is not None
        node._engine.notify()
        assert node.wait_for_block(1, 20)
        assert node.head.header.timestamp == GENESIS_TIME + 1
    finally:
        node.close()


def test_a_refused_transaction_says_why(development: Node) -> None:
    with pytest.raises(RefusedError, match="invalid chain id"):
        development.submit(raw(GOVERN, 0, chainId=1))
    with pytest.raises(RefusedError, match="insufficient funds"):
        development.submit(raw(STRANGER_KEY, 0, value=1))
    sealed(development, raw(GOVERN, 0))
    with pytest.raises((RefusedError, NonceTooLowError), match="nonce too low"):
        development.submit(raw(GOVERN, 0, value=1))


def test_a_gap_waits_until_it_is_filled(development: Node) -> None:
    later = development.submit(raw(GOVERN, 1))
    assert not development.wait_for_block(1, 0.2)
    development.submit(raw(GOVERN, 0))
    assert development.wait_for_block(1, 20)
    assert development.wait_for_block(development.locate(later)[0] if development.locate(later) else 2, 20)  # type: ignore[index]
    assert development.locate(later) is not None


def test_what_becomes_unincludable_in_a_run_goes_at_once_and_its_followers_wait_for_its_nonce(tmp_path: Path) -> None:
    """Blocks that others keep full do not let it hold its sender's up (complaint 9 of operating a chain)."""
    clock = SteppedClock()
    node = Node.open(make_home(tmp_path), clock, block_time=0)
    try:
        # as if the right to deploy had been taken away after it was accepted
        run = [decode_transaction(item) for item in (raw(GOVERN, 0), raw(GOVERN, 1, to=None), raw(GOVERN, 2))]
        assert node._engine is not None
        node._engine.run(lambda: [node.pool.add(item, 0) for item in (*run, decode_transaction(raw(DEPLOYER, 0)))])
        assert node.wait_for_block(1, 20)
        assert [item.nonce for item in node.block(1).transactions] == [0, 0]  # type: ignore[union-attr]
        assert node.pool.counts() == (0, 1)
        assert node.pending_nonce(ADDRESSES[GOVERN]) == 1
        filling = node.submit(raw(GOVERN, 1))
        clock.nanoseconds += 10**9
        assert node.wait_for_block(2, 20)
        assert node.locate(filling) == (2, 0)
        assert len(node.pool) == 0
        assert [item.nonce for item in node.block(2).transactions] == [1, 2]  # type: ignore[union-attr]
    finally:
        node.close()


def test_logs_are_found_by_address_and_topic_as_by_reading_every_receipt(development: Node) -> None:
    first, second = deploy(development, STORING_CODE), deploy(development, STORING_CODE)
    nonce = development.state_at(development.head.number).nonce(ADDRESSES[GOVERN])
    for index in range(8):
        target = (first, second)[index % 2]
        sealed(development, raw(GOVERN, nonce + index, to=target, data=word(index // 3, index + 1)))
    last = development.head.number
    everything = development.logs(0, last)
    assert len(everything) == 8
    for addresses in ((), (first,), (second,), (first, second), (b"\x01" * 20,)):
        for topics in ((), (None,), ((word(1),),), ((word(0), word(2)),), (None, (word(1),)), ((word(9),),)):
            for low, high in ((0, last), (4, 6), (last, last), (7, 3)):
                expected = [
                    found
                    for found in everything
                    if low <= found.block_number <= high
                    and (not addresses or found.log.address in addresses)
                    and len(topics) <= len(found.log.topics)
                    and all(not wanted or found.log.topics[at] in wanted for at, wanted in enumerate(topics))
                ]
                assert development.logs(low, high, addresses, topics) == expected
    assert len(development.logs(0, last, limit=3)) == 4


def test_the_estimate_is_enough_and_a_little_less_is_not(development: Node) -> None:
    contract = deploy(development, STORING_CODE)
    request = CallRequest(ADDRESSES[GOVERN], contract, word(3, 4))
    here, next_block = Place(development.head.number), Place(None)
    estimate = development.calls.estimate_gas(request, here)
    assert estimate.error is None
    ran = development.calls.call(replace(request, gas=estimate.gas_used), next_block)
    assert ran.error is None
    assert development.calls.call(replace(request, gas=ran.gas_used - 1), next_block).error == "out of gas"
    transfer = CallRequest(ADDRESSES[GOVERN], b"\x55" * 20, value=1)
    assert development.calls.estimate_gas(transfer, here).gas_used == 21_000


def test_an_estimate_of_what_always_reverts_carries_the_reason(development: Node) -> None:
    contract = deploy(development, bytes.fromhex("602a5f5260205ffd"))
    result = development.calls.estimate_gas(CallRequest(to=contract), Place(development.head.number))
    assert (result.is_revert, result.output) == (True, word(42))


def test_time_travels_on_a_development_chain(development: Node) -> None:
    start = development.head.header.timestamp
    development.development.mine(3)
    assert development.head.number == 3
    shifted = development.development.increase_time(3600)
    development.development.mine()
    assert development.head.header.timestamp >= start + 3600 == start + shifted
    wanted = development.head.header.timestamp + 500
    development.development.set_next_timestamp(wanted)
    development.development.mine(2)
    first, second = development.block(5), development.block(6)
    assert first is not None
    assert second is not None
    assert first.header.timestamp == wanted < second.header.timestamp
    with pytest.raises(DevelopmentOnlyError, match="not above"):
        development.development.set_next_timestamp(wanted)


def test_a_snapshot_brings_back_state_blocks_and_time(development: Node) -> None:
    sealed(development, raw(GOVERN, 0, value=1))
    before = development.head
    snapshot = development.development.snapshot()
    digest = sealed(development, raw(GOVERN, 1, value=5)).transactions[0].hash
    development.development.increase_time(10_000)
    assert development.development.revert(snapshot)
    assert (development.head, development.locate(digest)) == (before, None)
    assert not development.development.revert(snapshot)
    sealed(development, raw(GOVERN, 1, value=7))
    assert development.head.header.timestamp < before.header.timestamp + 10_000
    assert development.finality_proof(2) is not None


def test_a_reset_brings_back_block_0_and_the_chain_goes_on_from_there(development: Node) -> None:
    genesis = development.head.hash
    sealed(development, raw(0, 0))
    snapshot = development.development.snapshot()
    development.development.impersonate(ADDRESSES[9])
    development.development.increase_time(1000)
    development.development.reset()
    assert development.head.hash == genesis
    assert not development.development.revert(snapshot)
    assert not development.impersonates(ADDRESSES[9])
    assert sealed(development, raw(0, 0)).header.timestamp == GENESIS_TIME + 1000


def test_without_automine_transactions_wait_for_mine(development: Node) -> None:
    development.development.set_automine(False)
    digest = development.submit(raw(GOVERN, 0))
    assert not development.wait_for_block(1, 0.2)
    development.development.mine()
    assert development.locate(digest) == (1, 0)


def test_a_block_time_seals_by_the_clock_with_transactions_and_without(tmp_path: Path) -> None:
    clock = SteppedClock()
    node = Node.open(make_home(tmp_path, DEVELOPMENT), clock, block_time=3)
    try:
        digest = node.submit(raw(0, 0))
        assert not node.wait_for_block(1, 0.3)
        clock.nanoseconds += 3 * 10**9
        node.development.set_automine(False)  # wakes the engine, which counts real seconds while this clock stands
        assert node.wait_for_block(1, 20)
        assert node.locate(digest) == (1, 0)
        node.development.mine(10)
        assert node.head.header.timestamp > clock.nanoseconds // 10**9
        clock.nanoseconds += 3 * 10**9
        node.development.set_automine(True)
        assert node.wait_for_block(12, 20)
        assert node.head.transactions == ()
        assert not node.wait_for_block(13, 0.3)
    finally:
        node.close()


def test_a_chain_with_fees_charges_them_and_refuses_who_offers_too_little(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path, DEVELOPMENT_WITH_FEES, base_fee=10**9), SteppedClock())
    try:
        with pytest.raises(RefusedError, match="less than block base fee: maxFeePerGas: 1 baseFee: 875000000"):
            node.submit(raw(0, 0, gasPrice=1))
        with pytest.raises(RefusedError, match="insufficient funds for gas"):
            node.submit(raw(STRANGER_KEY, 0))
        with pytest.raises(RefusedError, match="gas tip cap 0, minimum needed 1"):
            node.submit(raw(0, 0, maxFeePerGas=10**10, maxPriorityFeePerGas=0))
        before = node.state_at(0).balance(ADDRESSES[0])
        block = sealed(node, raw(0, 0, gas=21_000))
        fee = 21_000 * (875_000_000 + 10**9)
        assert block.header.base_fee == 875_000_000
        assert before - node.state_at(1).balance(ADDRESSES[0]) == fee
        assert node.state_at(1).balance(block.header.coinbase) == 21_000 * 10**9
    finally:
        node.close()


def test_what_the_base_fee_has_risen_above_waits_until_it_comes_down(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path, DEVELOPMENT_WITH_FEES, base_fee=10**9), SteppedClock())
    try:
        endless = deploy(node, bytes.fromhex("5b5f56"))
        node.development.set_automine(False)
        node.development.mine()
        limit, base_fee = node.head.header.gas_limit, next_base_fee(node.head.header, node.spec, Fork.PRAGUE)
        node.submit(raw(0, 1, to=endless, gas=limit - 100_000))
        waiting = node.submit(raw(1, 0, maxFeePerGas=base_fee, maxPriorityFeePerGas=1))  # there is no room for it
        node.development.mine()
        with pytest.raises(RefusedError, match="less than block base fee"):
            node.submit(raw(2, 0, maxFeePerGas=base_fee, maxPriorityFeePerGas=1))
        node.development.mine()
        assert node.locate(waiting) is None
        assert node.pool.get(waiting) is not None
        node.development.mine()
        assert node.locate(waiting) == (node.head.number, 0)
    finally:
        node.close()


def test_a_transaction_that_another_of_its_block_made_unpayable_fails_in_it(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path, DEVELOPMENT_WITH_FEES, base_fee=10**9), SteppedClock())
    try:
        delegated = Account.sign_authorization(
            {"chainId": CHAIN_ID, "address": bytes(19) + b"\xee", "nonce": 0}, KEYS[1]
        )
        node.development.set_automine(False)
        node.submit(raw(0, 0, authorizationList=[delegated], to=ADDRESSES[0]))  # uses up the other account's nonce
        late = node.submit(raw(1, 0))
        node.development.mine()
        number, index = node.locate(late) or (0, 0)
        receipt = node.receipt(number, index)
        assert receipt is not None
        assert not receipt.is_successful
    finally:
        node.close()


def test_subscribers_hear_of_each_block_until_they_end(development: Node) -> None:
    heard: list[int] = []
    end = development.subscribe(lambda block: heard.append(block.number))
    development.development.mine(2)
    end()
    development.development.mine()
    assert heard == [1, 2]


def test_a_block_is_seen_once_it_is_the_head_and_not_while_it_is_written(
    development: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, is_written, may_go_on = development.store.append, threading.Event(), threading.Event()

    def slow(commit: Commit) -> None:
        append(commit)
        if commit.block is not None:  # else the engine's first header
            is_written.set()
            may_go_on.wait(20)

    monkeypatch.setattr(development.store, "append", slow)
    waiting = raw(GOVERN, 0)
    digest = decode_transaction(waiting).hash

    def hand_in() -> None:
        development.submit(waiting)
        development.wait_until_sealed()  # then its hash is handed out

    sender = threading.Thread(target=hand_in)
    sender.start()
    assert is_written.wait(20)
    block = development.store.block(1)
    assert block is not None
    assert development.head.number == 0
    assert development.locate(digest) is None
    assert development.block(1) is development.block(block.hash) is development.header(1) is None
    assert development.receipts(1) == ()
    with pytest.raises(UnknownBlockError, match="block 1"):
        development.state_at(1)
    may_go_on.set()
    sender.join(60)
    assert development.locate(digest) == (1, 0)
    assert development.block(block.hash) == block
    assert development.state_at(1).nonce(ADDRESSES[GOVERN]) == 1


def test_an_unknown_block_is_named(development: Node) -> None:
    assert development.block(7) is None
    assert development.block(b"\x00" * 32) is None
    with pytest.raises(UnknownBlockError, match="block 7"):
        development.state_at(7)


def test_a_second_node_on_the_same_home_is_refused(tmp_path: Path) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = Node.open(home, SteppedClock())
    with pytest.raises(StoreError, match="in use"):
        Node.open(home, SteppedClock())
    node.close()
    Node.open(home, SteppedClock()).close()


def test_a_failing_commit_halts_the_node_and_a_restart_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path, DEVELOPMENT)
    node = Node.open(home, SteppedClock())
    sealed(node, raw(GOVERN, 0))

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(node.store, "append", full)
        waiting = node.submit(raw(GOVERN, 1))
        deadline = time.monotonic() + 20
        while node._engine is not None and node._engine.failure is None and time.monotonic() < deadline:
            time.sleep(0.01)
    with pytest.raises(Exception, match="the disk is full"):
        node.submit(raw(GOVERN, 1))
    assert node.head.number == 1
    node.close()
    node = Node.open(home, SteppedClock())
    assert node.wait_for_block(2, 20)
    assert node.locate(waiting) == (2, 0)
    sealed(node, raw(GOVERN, 2))
    node.close()


def test_a_tool_writes_state_into_a_block_of_its_own(development: Node) -> None:
    target = b"\x77" * 20
    development.development.write_state({target: AccountOverride(balance=5, nonce=3, code=STORING_CODE)})
    development.development.write_state({target: AccountOverride(storage_difference={7: 9})})
    state = development.state_at(development.head.number)
    assert (state.balance(target), state.nonce(target), state.code(target)) == (5, 3, STORING_CODE)
    assert (state.storage(target, 7), development.head.number) == (9, 2)
    sealed(development, raw(GOVERN, 0, to=target, data=word(7, 10)))
    assert development.state_at(3).storage(target, 7) == 10
    assert development.state_at(2).storage(target, 7) == 9


def test_a_nonce_that_a_tool_writes_is_followed_by_what_waits(development: Node) -> None:
    development.development.set_automine(False)
    for nonce in (0, 1, 3):
        development.submit(raw(GOVERN, nonce))
    development.development.write_state({ADDRESSES[GOVERN]: AccountOverride(nonce=3)})
    assert [item.nonce for item in development.pool.waiting()] == [3]
    assert development.pool.counts() == (1, 0)
    assert development.pending_nonce(ADDRESSES[GOVERN]) == 4


def test_an_impersonated_account_sends_without_its_key_until_that_ends(development: Node) -> None:
    target = b"\x78" * 20
    transaction = raw(impersonation_key(target), 0, value=1)
    with pytest.raises(DevelopmentOnlyError, match="not impersonated"):
        development.submit(transaction, target)
    development.development.impersonate(target)
    with pytest.raises(RefusedError, match="insufficient funds"):
        development.submit(transaction, target)
    development.development.write_state({target: AccountOverride(balance=10)})
    digest = development.submit(transaction, target)
    assert development.wait_for_block(2, 20)
    assert development.locate(digest) == (2, 0)
    assert development.state_at(2).balance(target) == 9
    found = development.transaction(2, 0)
    assert found is not None
    assert found.sender == target
    development.development.impersonate(target, False)
    with pytest.raises(DevelopmentOnlyError, match="not impersonated"):
        development.submit(raw(impersonation_key(target), 1), target)


def test_an_alliance_knows_neither_written_state_nor_impersonation(tmp_path: Path) -> None:
    node = Node.open(make_home(tmp_path), time.time_ns)
    try:
        with pytest.raises(DevelopmentOnlyError):
            node.development.development.write_state({ADDRESSES[0]: AccountOverride(balance=1)})
        with pytest.raises(DevelopmentOnlyError):
            node.development.development.impersonate(ADDRESSES[0])
        with pytest.raises(DevelopmentOnlyError):
            node.submit(raw(impersonation_key(ADDRESSES[0]), 0), ADDRESSES[0])
    finally:
        node.close()


def test_who_reads_much_can_wait_while_a_block_is_written(development: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, commit = development._engine, development._application.commit
    assert engine is not None
    seen: list[bool] = []

    def watched(*arguments: object) -> None:
        seen.append(engine.at_rest.is_set())
        development.give_way(0.001)  # it ends though the block is not written yet
        commit(*arguments)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(development._application, "commit", watched)
    development.development.mine()
    assert seen
    assert not any(seen)
    assert engine.at_rest.is_set()
    development.give_way(60)
