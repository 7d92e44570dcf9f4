"""The alliance's rules inside a block, and what every block does besides its transactions."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from testamur.artifacts import GENESIS_ADDRESSES, slot
from testamur.artifacts.slots import mapping_slot
from testamur_node.application import Application
from testamur_node.chain.receipt import bloom_of
from testamur_node.chain.rules import ALLIANCE, DEVELOPMENT, Fork, ForkStart, imported
from testamur_node.chain.transaction import created_address
from testamur_node.execution.executor import AccountOverride, BlockContext, CallRequest, ExecutionError
from testamur_node.execution.intrinsic import intrinsic_gas, least_gas_limit
from testamur_node.execution.pretending import OverrideError
from testamur_node.execution.pyevm import PyEvm
from testamur_node.execution.threads import Workers
from testamur_node.execution.trial import RefusedMessageError

from tests.node.founding import (
    ADDRESSES,
    CHAIN_ID,
    DEPLOYER,
    GOVERN,
    KEYS,
    STORING_CODE,
    creating,
    genesis_of,
    open_application,
    raw,
    run_block,
    transaction,
    word,
)

FACTORY = bytes.fromhex("5f5f5ff05f5260205ff3")
"""CREATE of nothing; returns the address."""
SALTED_FACTORY = bytes.fromhex("5f5f5f5ff55f5260205ff3")


@pytest.fixture
def alliance(tmp_path: Path) -> Application:
    return open_application(tmp_path, genesis_of())


def context(application: Application, **changes: object) -> BlockContext:
    head = application.head
    made = BlockContext(
        number=head.number + 1, timestamp=head.timestamp + 1, coinbase=bytes(20), prev_randao=bytes(32),
        gas_limit=30_000_000, base_fee=0, chain_id=CHAIN_ID, parent_hash=head.hash, excess_blob_gas=0,
        parent_beacon_root=bytes(32), withdrawals=(), deployers=frozenset({ADDRESSES[DEPLOYER]}),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def deploy(application: Application, runtime: bytes) -> bytes:
    """Deploy as the account that may; returns the address."""
    nonce = application.state().nonce(ADDRESSES[DEPLOYER])
    finalized = run_block(application, [raw(DEPLOYER, nonce, to=None, data=creating(runtime))])
    assert finalized.receipts[0].is_successful
    address = created_address(ADDRESSES[DEPLOYER], nonce)
    assert application.state().code(address) == runtime
    return address


def call(application: Application, to: bytes, sender: int = GOVERN, data: bytes = b"") -> bytes:
    executor = PyEvm(application.spec, application.store.read_node)
    made = context(application)
    result = executor.call(application.head.state_root, CallRequest(ADDRESSES[sender], to, data), made)
    assert result.error is None
    return result.output


def test_a_transaction_with_web3s_fees_costs_nothing(alliance: Application) -> None:
    finalized = run_block(alliance, [raw(GOVERN, 0), raw(GOVERN, 1, gasPrice=10**9)])
    assert [receipt.is_successful for receipt in finalized.receipts] == [True, True]
    assert finalized.block is not None
    assert finalized.block.header.base_fee == 0
    assert alliance.state().balance(ADDRESSES[GOVERN]) == 0
    assert alliance.state().account(bytes(20)) is None


@pytest.mark.parametrize("runtime", [FACTORY, SALTED_FACTORY])
def test_a_contract_creates_only_when_the_origin_may_deploy(alliance: Application, runtime: bytes) -> None:
    factory = deploy(alliance, runtime)
    assert call(alliance, factory, DEPLOYER) != word(0)
    assert call(alliance, factory, GOVERN) == word(0)
    assert alliance.state().nonce(factory) == 1


def test_a_creation_by_another_fails_in_the_executor_too(alliance: Application) -> None:
    executor = PyEvm(ALLIANCE, alliance.store.read_node)
    creation = raw(GOVERN, 0, to=None, data=creating(STORING_CODE))
    refused = executor.execute(alliance.head.state_root, [creation], context(alliance)).receipts[0]
    assert (refused.is_successful, refused.gas_used) == (False, 200_000)
    allowed = context(alliance, deployers=frozenset({ADDRESSES[GOVERN]}))
    assert executor.execute(alliance.head.state_root, [creation], allowed).receipts[0].is_successful


@pytest.mark.parametrize("number", range(1, 0x12))
def test_costly_precompiles_answer_like_empty_accounts(alliance: Application, number: int) -> None:
    executor = PyEvm(ALLIANCE, alliance.store.read_node)
    request = CallRequest(to=number.to_bytes(20, "big"), data=b"testamur", gas=1_000_000)
    result = executor.call(alliance.head.state_root, request, context(alliance))
    expected = {2: hashlib.sha256(b"testamur").digest(), 4: b"testamur"}
    if number == 3:
        assert len(result.output) == 32
    else:
        assert result.output == expected.get(number, b"")
    if number >= 5:
        assert result.error is None


def test_logs_reach_receipt_and_filter(alliance: Application) -> None:
    contract = deploy(alliance, STORING_CODE)
    finalized = run_block(alliance, [raw(GOVERN, 0, to=contract, data=word(7, 11))])
    receipt = finalized.receipts[0]
    assert [(log.address, log.topics, log.data) for log in receipt.logs] == [(contract, (word(7),), b"")]
    assert receipt.logs_bloom == bloom_of(receipt.logs) != bytes(256)
    assert finalized.block is not None
    assert finalized.block.header.logs_bloom == receipt.logs_bloom
    assert alliance.state().storage(contract, 7) == 11


def test_a_reverted_transaction_leaves_a_failed_receipt_and_no_trace(alliance: Application) -> None:
    contract = deploy(alliance, bytes.fromhex("60015f555f5ffd"))
    finalized = run_block(alliance, [raw(GOVERN, 0, to=contract)])
    assert not finalized.receipts[0].is_successful
    assert alliance.state().storage(contract, 0) == 0
    assert alliance.state().nonce(ADDRESSES[GOVERN]) == 1


def test_every_blocks_hash_is_kept_in_the_history_contract_and_eip_2935(alliance: Application) -> None:
    hashes = [alliance.head.hash]
    for nonce in range(3):
        run_block(alliance, [raw(GOVERN, nonce)])
        hashes.append(alliance.head.hash)
    state = alliance.state()
    history = slot("BlockHistory", "_hashes")
    recent = bytes.fromhex("0000f90827f1c53a10cb7a02335b175320002935")
    for number, block_hash in enumerate(hashes[:-1]):
        expected = int.from_bytes(block_hash, "big")
        assert state.storage(GENESIS_ADDRESSES["BlockHistory"], mapping_slot(history, number)) == expected
        assert state.storage(recent, number) == expected
    assert state.storage(GENESIS_ADDRESSES["BlockHistory"], mapping_slot(history, 3)) == 0


def test_blockhash_reads_the_ancestors(alliance: Application) -> None:
    contract = deploy(alliance, bytes.fromhex("600143035f55600243034060015500"))
    parent = alliance.store.header(alliance.head.number - 1)
    assert parent is not None
    run_block(alliance, [raw(GOVERN, 0, to=contract)])
    assert alliance.state().storage(contract, 1) == int.from_bytes(parent.hash, "big")


def test_calls_nest_to_the_protocols_depth_without_exhausting_the_stack(alliance: Application) -> None:
    # storage[0] counts frames: increment, then call itself with all the gas left
    contract = deploy(alliance, bytes.fromhex("5f54600101805f555f5f5f5f5f305af1505f545f5260205ff3"))
    executor = PyEvm(ALLIANCE, alliance.store.read_node)
    workers = Workers(1, "deep")
    try:
        result = workers.run(
            lambda: executor.call(
                alliance.head.state_root,
                CallRequest(to=contract, gas=2**50),
                context(alliance, gas_limit=2**50),
            )
        )
    finally:
        workers.close()
    assert result.output == word(1025)


def test_an_internal_error_is_raised_never_swallowed(alliance: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise RecursionError("deep")

    executor = PyEvm(DEVELOPMENT, alliance.store.read_node)
    monkeypatch.setattr("testamur_node.execution.machine._StateRules._authorize", exhausted)
    authorization = Account.sign_authorization({"chainId": CHAIN_ID, "address": "0x" + "11" * 20, "nonce": 0}, KEYS[1])
    delegating = raw(0, 0, authorizationList=[authorization])
    with pytest.raises(RecursionError):
        executor.execute(alliance.head.state_root, [delegating], context(alliance, deployers=None))


def test_a_transaction_that_no_block_may_hold_halts(alliance: Application) -> None:
    executor = PyEvm(ALLIANCE, alliance.store.read_node)
    root = alliance.head.state_root
    executor.execute(root, [raw(GOVERN, 0)], context(alliance))
    with pytest.raises(ExecutionError, match="chain id"):
        executor.execute(root, [raw(GOVERN, 0, chainId=1)], context(alliance))
    with pytest.raises(ExecutionError, match="gas limit"):
        executor.execute(root, [raw(GOVERN, 0)], context(alliance, gas_limit=199_999))


def test_state_overrides_touch_the_call_alone(alliance: Application) -> None:
    executor = PyEvm(ALLIANCE, alliance.store.read_node)
    target, root = b"\x77" * 20, alliance.head.state_root
    reader = bytes.fromhex("5f545f5260015460205260405ff3")
    overrides = {target: AccountOverride(code=reader, storage={0: 5, 1: 6})}
    result = executor.call(root, CallRequest(to=target), context(alliance), overrides)
    assert result.output == word(5, 6)
    both = {target: AccountOverride(code=reader, storage={0: 5}, storage_difference={1: 6})}
    with pytest.raises(OverrideError, match="both 'state' and 'stateDiff'"):
        executor.call(root, CallRequest(to=target), context(alliance), both)
    assert executor.call(root, CallRequest(to=target), context(alliance)).output == b""


def test_a_price_is_paid_on_an_imported_chain_and_shown_nowhere_on_a_free_one(alliance: Application) -> None:
    target, root = b"\x77" * 20, alliance.head.state_root
    overrides = {target: AccountOverride(code=bytes.fromhex("3a5f5260205ff3"))}
    request = CallRequest(to=target, gas_price=12, fee_cap=12, tip_cap=12)
    free = PyEvm(ALLIANCE, alliance.store.read_node).call(root, request, context(alliance), overrides)
    assert free.output == word(0)
    priced = PyEvm(imported((ForkStart(Fork.PRAGUE, block=0),)), alliance.store.read_node)
    with pytest.raises(RefusedMessageError, match="insufficient funds"):
        priced.call(root, request, context(alliance), overrides)
    rich = {**overrides, bytes(20): AccountOverride(balance=10**18)}
    assert priced.call(root, request, context(alliance), rich).output == word(12)


def test_a_block_takes_nine_blobs_and_refuses_ten(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of(DEVELOPMENT))
    executor = PyEvm(DEVELOPMENT, application.store.read_node)
    hashes = ["0x01" + "00" * 31]

    def blobs(*counts: int) -> list[bytes]:
        return [
            raw(index, 0, maxFeePerBlobGas=1, blobVersionedHashes=hashes * count) for index, count in enumerate(counts)
        ]

    made = context(application, deployers=None)
    result = executor.execute(application.head.state_root, blobs(6, 3), made)
    assert result.blob_gas_used == 9 * 131_072
    with pytest.raises(ExecutionError, match="blob gas limit"):
        executor.execute(application.head.state_root, blobs(6, 4), made)


def test_the_fork_decides_what_a_creation_costs() -> None:
    made = transaction(0, 0, to=None, data=b"\x01\x00" * 16)
    assert intrinsic_gas(made, Fork.FRONTIER) == 21_000 + 16 * 68 + 16 * 4
    assert intrinsic_gas(made, Fork.HOMESTEAD) == intrinsic_gas(made, Fork.FRONTIER) + 32_000
    assert least_gas_limit(made, Fork.SHANGHAI) == 53_000 + 16 * 20 + 2
