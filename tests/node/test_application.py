"""The application as an engine drives it: nothing outside (parent state, transactions, time) decides a block."""

from pathlib import Path

import pytest
from testamur.proof import mpt
from testamur.proof.cometbft import Validator
from testamur.proof.hashing import keccak256
from testamur.proof.header import EvmHeader
from testamur_node.abci import Decided
from testamur_node.application import Application, ApplicationError, prev_randao
from testamur_node.chain.block import encode_header
from testamur_node.chain.rules import ALLIANCE, DEVELOPMENT, ChainSpec
from testamur_node.chain.transaction import created_address
from testamur_node.genesis import Genesis
from testamur_node.governance import next_gas_limit, validator_updates
from testamur_node.store.store import Commit

from tests.node.founding import (
    ADDRESSES,
    DEPLOYER,
    GOVERN,
    ISSUE,
    STORING_CODE,
    creating,
    genesis_of,
    open_application,
    raw,
    run_block,
    word,
)


def grow(application: Application) -> None:
    """A few blocks with creations, storage, failures and several senders."""
    run_block(application, [raw(DEPLOYER, 0, to=None, data=creating(STORING_CODE)), raw(GOVERN, 0)])
    contract = created_address(ADDRESSES[DEPLOYER], 0)
    for turn in range(3):
        transactions = [raw(ISSUE, 4 * turn + i, to=contract, data=word(turn * 10 + i, i + 1)) for i in range(4)]
        transactions.append(raw(GOVERN, 1 + turn, to=contract, gas=21_500 + turn))
        run_block(application, transactions, seconds=1 + turn)


@pytest.mark.parametrize("spec", [ALLIANCE, DEVELOPMENT], ids=lambda spec: spec.name)
def test_the_same_blocks_through_two_stores_give_equal_hashes(tmp_path: Path, spec: ChainSpec) -> None:
    genesis = genesis_of(spec)
    first, second = open_application(tmp_path / "1", genesis), open_application(tmp_path / "2", genesis)
    grow(first)
    second.store.close()
    second = open_application(tmp_path / "2", Genesis.from_json(genesis.to_json()))
    grow(second)
    assert first.head.number == second.head.number == 4
    assert first.head.hash == second.head.hash
    assert first.info() == second.info()


def test_a_restart_continues_where_the_last_commit_was(tmp_path: Path) -> None:
    genesis = genesis_of()
    application = open_application(tmp_path, genesis)
    grow(application)
    before = application.info()
    application.store.close()
    assert open_application(tmp_path, genesis).info() == before


def test_what_is_finalized_but_not_committed_is_not_there_after_a_restart(tmp_path: Path) -> None:
    genesis = genesis_of()
    application = open_application(tmp_path, genesis)
    decided = Decided(1, (application.head.timestamp + 1) * 10**9, (raw(GOVERN, 0),))
    lost = application.finalize(decided)
    application.store.close()
    application = open_application(tmp_path, genesis)
    assert application.head.number == 0
    assert application.finalize(decided).app_hash == lost.app_hash


def test_a_height_without_transactions_makes_no_block(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    before = application.head.hash
    assert application.finalize(Decided(1, 10**18, (), forces_block=True)).block is None
    application.commit()
    assert (application.head.hash, application.info().engine_height) == (before, 1)


def test_a_block_not_above_its_parents_time_is_refused(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    time = application.head.timestamp * 10**9
    with pytest.raises(ApplicationError, match="its parent"):
        application.finalize(Decided(1, time + 999_999_999, (raw(GOVERN, 0),)))
    assert application.finalize(Decided(1, time + 10**9, (raw(GOVERN, 0),))).block is not None


def test_commit_needs_finalize(tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match="without finalize"):
        open_application(tmp_path, genesis_of()).commit()


def test_another_chains_store_is_refused(tmp_path: Path) -> None:
    open_application(tmp_path, genesis_of()).store.close()
    with pytest.raises(ApplicationError, match="another chain"):
        open_application(tmp_path, genesis_of(DEVELOPMENT))


def test_the_header_carries_what_the_protocol_says(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    parent = application.head
    block = run_block(application, [raw(GOVERN, 0)]).block
    assert block is not None
    header = block.header
    assert header.mix_hash == prev_randao(parent.hash, 1) == keccak256(parent.hash + word(1))
    assert (header.coinbase, header.difficulty, header.base_fee, header.extra_data) == (bytes(20), 0, 0, b"")
    read = EvmHeader.decode(encode_header(header))
    assert (read.number, read.state_root) == (1, header.state_root)


def test_the_verifiers_reader_believes_our_proofs(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    grow(application)
    contract = created_address(ADDRESSES[DEPLOYER], 0)
    state = application.state()
    proof = state.account_proof(contract, [0, 1, 21, 999])
    nodes = {keccak256(node): node for node in (*proof.nodes, *(n for item in proof.storage for n in item.nodes))}
    account = mpt.account(application.head.state_root, contract, nodes)
    assert account is not None
    assert (account.code_hash, account.storage_root) == (proof.account.code_hash, proof.account.storage_root)
    assert [mpt.storage(account.storage_root, slot, nodes) for slot in (0, 1, 21, 999)] == [1, 2, 2, 0]
    assert [item.value for item in proof.storage] == [1, 2, 2, 0]
    absent = state.account_proof(b"\x99" * 20)
    assert mpt.account(application.head.state_root, b"\x99" * 20, {keccak256(n): n for n in absent.nodes}) is None


def test_going_back_forgets_blocks_transactions_and_logs(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    grow(application)
    block = application.store.block(4)
    assert block is not None
    application.roll_back(2)
    assert (application.head.number, application.store.block(3)) == (2, None)
    assert application.store.locate(block.transactions[0].hash) is None
    assert application.store.number_of(block.hash) is None
    statistics = application.store.statistics()
    application.roll_back(2)
    assert application.store.statistics() == statistics


def test_a_commit_that_fails_writes_nothing(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    before = application.store.statistics()
    application.finalize(Decided(1, (application.head.timestamp + 1) * 10**9, (raw(GOVERN, 0),)))
    with pytest.raises(TypeError):
        application.store.append(Commit(meta={"a": b"1", "b": 7}))  # type: ignore[dict-item]
    assert application.store.statistics() == before
    application.commit()
    assert application.head.number == 1


def test_the_gas_limit_moves_towards_the_voted_one_in_small_steps() -> None:
    assert next_gas_limit(30_000_000, 30_000_000) == 30_000_000
    assert next_gas_limit(30_000_000, 60_000_000) == 30_000_000 + 30_000_000 // 1024 - 1
    assert next_gas_limit(30_000_000, 10_000_000) == 30_000_000 - 30_000_000 // 1024 + 1
    assert next_gas_limit(30_000_000, 30_000_005) == 30_000_005


def test_validator_updates_name_what_changed_and_never_empty_the_set() -> None:
    one, two = Validator(b"\x01" * 32, 100), Validator(b"\x02" * 32, 1)
    assert validator_updates((one,), (one,)) == ()
    assert validator_updates((one,), (one, two)) == (two,)
    assert validator_updates((one, two), (two,)) == (Validator(one.key, 0),)
    assert validator_updates((one, two), (one, Validator(two.key, 5))) == (Validator(two.key, 5),)
    assert validator_updates((one,), ()) == ()
