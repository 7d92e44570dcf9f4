"""Inclusion: one function for pool, proposal and judgement. Beside each acceptance its refusal."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testamur.artifacts import GENESIS_ADDRESSES
from testamur.artifacts.slots import nested_slot
from testamur_node.application import Application
from testamur_node.chain.rules import DEVELOPMENT
from testamur_node.chain.transaction import Transaction, created_address, decode_transaction
from testamur_node.governance import is_named
from testamur_node.permission import BlockSoFar, Parent, Reason, includable
from testamur_node.rpc.signing import UnsignedTransaction, sign_transaction

from tests.node.founding import (
    ADDRESSES,
    ADMIN,
    DEPLOYER,
    GOVERN,
    KEYS,
    STORING_CODE,
    STRANGER_KEY,
    creating,
    genesis_of,
    open_application,
    raw,
    run_block,
    transaction,
)


@pytest.fixture(scope="module")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Application:
    return open_application(tmp_path_factory.mktemp("alliance"), genesis_of())


def reason(item: Transaction, parent: Parent, block: BlockSoFar | None = None) -> Reason | None:
    refusal = includable(item, parent, block or BlockSoFar())
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: transaction(GOVERN, 0), None),
        (lambda: transaction(GOVERN, 0, gasPrice=10**12), None),
        (lambda: transaction(GOVERN, 0, gasPrice=0, accessList=[], type=1), None),
        (lambda: transaction(GOVERN, 0, value=1), Reason.UNFIT),
        (lambda: transaction(GOVERN, 0, chainId=1), Reason.UNFIT),
        (lambda: transaction(GOVERN, 0, gas=20_999), Reason.UNFIT),
        (lambda: transaction(GOVERN, 0, gas=21_000), None),
        (lambda: transaction(GOVERN, 0, maxFeePerGas=1, maxPriorityFeePerGas=2), Reason.UNFIT),
        (lambda: transaction(GOVERN, 0, maxFeePerBlobGas=1, blobVersionedHashes=["0x01" + "00" * 31]), Reason.UNFIT),
        (lambda: transaction(STRANGER_KEY, 0), Reason.NOT_PERMITTED),
        (lambda: transaction(DEPLOYER, 0, to=None, data=creating(STORING_CODE)), None),
        (lambda: transaction(GOVERN, 0, to=None, data=creating(STORING_CODE)), Reason.NOT_PERMITTED),
        (lambda: transaction(DEPLOYER, 0, to=None, data=bytes(49_153), gas=3_000_000), Reason.UNFIT),
        (lambda: transaction(GOVERN, 1), Reason.NONCE_GAP),
        (lambda: transaction(GOVERN, 0, gas=30_000_000), None),
        (lambda: transaction(GOVERN, 0, gas=30_000_001), Reason.TOO_LARGE),
        (lambda: transaction(GOVERN, 0, gas=10_000_000, data=bytes(262_145)), Reason.TOO_LARGE),
    ],
)
def test_what_the_parent_state_allows(
    alliance: Application, make: Callable[[], Transaction], expected: Reason | None
) -> None:
    assert reason(make(), alliance.parent()) is expected


def test_a_delegating_transaction_is_refused_by_the_alliance_alone(alliance: Application, tmp_path: Path) -> None:
    from eth_account import Account

    from tests.node.founding import CHAIN_ID

    authorization = Account.sign_authorization({"chainId": CHAIN_ID, "address": "0x" + "11" * 20, "nonce": 0}, KEYS[1])
    item = transaction(GOVERN, 0, authorizationList=[authorization])
    assert reason(item, alliance.parent()) is Reason.UNFIT
    assert reason(item, open_application(tmp_path, genesis_of(DEVELOPMENT)).parent()) is None


def test_a_transaction_for_any_chain_is_taken_by_a_development_chain_alone(
    alliance: Application, tmp_path: Path
) -> None:
    unprotected = UnsignedTransaction(None, 0, 21_000, bytes(20), 0, b"", 0, None, None, None)
    item = decode_transaction(sign_transaction(unprotected, KEYS[GOVERN]))
    assert (item.chain_id, item.sender) == (None, ADDRESSES[GOVERN])
    assert reason(item, alliance.parent()) is Reason.UNFIT
    assert reason(item, open_application(tmp_path, genesis_of(DEVELOPMENT)).parent()) is None


def test_nonces_continue_within_the_block(alliance: Application) -> None:
    parent, block = alliance.parent(), BlockSoFar()
    block.take(transaction(GOVERN, 0))
    assert reason(transaction(GOVERN, 1), parent, block) is None
    assert reason(transaction(GOVERN, 0), parent, block) is Reason.NONCE_TOO_LOW
    assert reason(transaction(GOVERN, 2), parent, block) is Reason.NONCE_GAP


def test_gas_and_bytes_are_added_up(alliance: Application) -> None:
    parent = alliance.parent()
    item = transaction(GOVERN, 0, gas=100_000)
    assert reason(item, parent, BlockSoFar(gas=29_900_000)) is None
    assert reason(item, parent, BlockSoFar(gas=29_900_001)) is Reason.BLOCK_FULL
    room = parent.parameters.max_block_bytes - len(item.raw)
    assert reason(item, parent, BlockSoFar(size_bytes=room)) is None
    assert reason(item, parent, BlockSoFar(size_bytes=room + 1)) is Reason.BLOCK_FULL


def test_a_development_account_can_send_what_it_has(tmp_path: Path) -> None:
    parent = open_application(tmp_path, genesis_of(DEVELOPMENT)).parent()
    wealth = 10_000 * 10**18
    assert reason(transaction(0, 0, value=wealth), parent) is None
    assert reason(transaction(0, 0, value=wealth + 1), parent) is Reason.INSUFFICIENT_FUNDS
    block = BlockSoFar()
    block.take(transaction(0, 0, value=wealth), wealth)
    assert reason(transaction(0, 1, value=1), parent, block) is Reason.INSUFFICIENT_FUNDS


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([100_000, 14_000_000])), max_size=12))
def test_whatever_is_proposed_is_valid(alliance: Application, wishes: list[tuple[int, int, int]]) -> None:
    candidates = [transaction(account, nonce, gas=gas) for account, nonce, gas in wishes]
    proposal = alliance.propose(candidates)
    time = (alliance.head.timestamp + 1) * 10**9
    assert alliance.validate(time, [item.raw for item in proposal.transactions]) is None
    assert proposal.hopeless == ()


def test_what_the_state_forbids_is_told_apart_from_what_must_wait(alliance: Application) -> None:
    run = [transaction(GOVERN, 0), transaction(GOVERN, 1, to=None), transaction(GOVERN, 2)]
    waiting = [transaction(DEPLOYER, nonce, gas=14_000_000) for nonce in range(4)]
    proposal = alliance.propose([*run, *waiting])
    assert proposal.transactions == (run[0], *waiting[:2])
    assert [(item, refusal.reason) for item, refusal in proposal.hopeless] == [(run[1], Reason.NOT_PERMITTED)]


def test_a_proposal_with_one_forbidden_transaction_is_refused_whole(alliance: Application) -> None:
    time = (alliance.head.timestamp + 1) * 10**9
    good = [transaction(GOVERN, 0).raw, transaction(DEPLOYER, 0).raw]
    assert alliance.validate(time, good) is None
    assert "transaction 2" in (alliance.validate(time, [*good, transaction(STRANGER_KEY, 0).raw]) or "")
    assert "transaction 1" in (alliance.validate(time, [good[0], good[0]]) or "")
    assert "RLP" in (alliance.validate(time, [good[0][:-1]]) or "")
    assert "time" in (alliance.validate(alliance.head.timestamp * 10**9, good) or "")


def test_members_take_turns_in_a_block(alliance: Application) -> None:
    parent = alliance.parent()
    assert [parent.institution(address) for address in ADDRESSES] == [1] * 5 + [2] * 5
    assert replace(parent, spec=DEVELOPMENT).institution(ADDRESSES[0]) == 0


def test_strangers_are_not_remembered_without_end(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    parent = application.parent()
    for number in range(10_000):
        address = (2**100 + number).to_bytes(20, "big")
        assert parent.nonce(address) == 0
        assert parent.permission(address).transact == 0
        assert parent.institution(address) == 0
    for known in (parent._nonces, parent._permissions, parent._institutions):
        assert len(known) <= 4_096
    assert parent.permission(ADDRESSES[GOVERN]).transact > 0
    application.store.close()


def test_code_that_the_alliance_did_not_vote_for_gets_little_gas_of_a_block(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    run_block(application, [raw(DEPLOYER, 0, to=None, data=creating(STORING_CODE))])
    parent, foreign = application.parent(), created_address(ADDRESSES[DEPLOYER], 0)
    named = GENESIS_ADDRESSES["StatusRegistry"]

    def after(*items: Transaction) -> BlockSoFar:
        block = BlockSoFar()
        for item in items:
            assert reason(item, parent, block) is None
            block.take(item, load=parent.load(item, block))
        return block

    call = transaction(GOVERN, 0, to=foreign, gas=1_000_000)
    creation = transaction(DEPLOYER, 1, to=None, data=creating(STORING_CODE), gas=6_000_000)
    assert reason(transaction(GOVERN, 0, to=named, gas=29_000_000), parent) is None
    assert reason(transaction(GOVERN, 0, gas=29_000_000), parent) is None, "there is no code"
    assert reason(transaction(GOVERN, 0, to=foreign, gas=1_000_001), parent) is Reason.TOO_LARGE
    assert reason(transaction(DEPLOYER, 1, to=None, data=b"\0", gas=6_000_001), parent) is Reason.TOO_LARGE
    assert reason(transaction(ADMIN, 0, to=foreign, gas=21_000), parent, after(call)) is Reason.BLOCK_FULL
    assert reason(transaction(ADMIN, 0, to=named, gas=21_000), parent, after(call, creation)) is None
    second = transaction(DEPLOYER, 2, to=None, data=b"\0", gas=60_000)
    assert reason(second, parent, after(creation)) is Reason.BLOCK_FULL
    # what a block creates it must not call with more
    fresh = created_address(ADDRESSES[DEPLOYER], 1)
    assert reason(transaction(GOVERN, 0, to=fresh, gas=1_000_001), parent, after(creation)) is Reason.TOO_LARGE
    assert reason(transaction(GOVERN, 0, to=fresh, gas=1_000_000), parent, after(creation)) is None
    application.store.close()


def test_voted_limits_of_gas_hold_at_the_parent_state(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of())
    run_block(application, [raw(DEPLOYER, 0, to=None, data=creating(STORING_CODE))])
    parent, foreign = application.parent(), created_address(ADDRESSES[DEPLOYER], 0)
    voted = replace(parent.parameters, transaction_gas=20_000_000, unnamed_gas=2_000_000, creation_gas=7_000_000)
    parent = replace(parent, parameters=voted)
    for gas, most in ((20_000_000, None), (20_000_001, Reason.TOO_LARGE)):
        assert reason(transaction(GOVERN, 0, gas=gas), parent) is most
    for gas, most in ((2_000_000, None), (2_000_001, Reason.TOO_LARGE)):
        assert reason(transaction(GOVERN, 0, to=foreign, gas=gas), parent) is most
    for gas, most in ((7_000_000, None), (7_000_001, Reason.TOO_LARGE)):
        assert reason(transaction(DEPLOYER, 1, to=None, data=b"\0", gas=gas), parent) is most
    application.store.close()


def test_a_development_chain_gives_any_code_what_the_block_has(tmp_path: Path) -> None:
    application = open_application(tmp_path, genesis_of(DEVELOPMENT))
    assert reason(transaction(GOVERN, 0, to=None, data=b"\0", gas=29_000_000), application.parent()) is None
    application.store.close()


def test_a_contract_that_the_directory_named_is_voted_for_and_no_other(alliance: Application) -> None:
    state = alliance.state()
    assert all(is_named(state, address) for address in GENESIS_ADDRESSES.values())
    assert not is_named(state, ADDRESSES[GOVERN])
    # by storage alone: the Directory's own record of a contract, not the list of genesis
    name, registry = b"StatusRegistry".ljust(32, b"\0"), GENESIS_ADDRESSES["StatusRegistry"]
    slot = nested_slot("Directory", "_wasNamed", name, registry)
    assert state.storage(GENESIS_ADDRESSES["Directory"], slot) == 1
