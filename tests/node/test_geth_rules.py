"""geth's rules for messages that are tried out, one by one, each as its source has it (go-ethereum 1.16.5).

That the node answers as geth does is what `tests/interop/tools/test_geth.py` shows; these run without geth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth.vm.forks.prague.constants import DEPOSIT_EVENT_SIGNATURE_HASH, HISTORY_STORAGE_ADDRESS
from py_ecc.fields import optimized_bls12_381_FQ
from testamur_node.chain.block import Header, encode_header
from testamur_node.chain.fees import next_base_fee
from testamur_node.chain.message import BlockOverrides, MessageArguments
from testamur_node.chain.rules import MAINNET_DEPOSIT_CONTRACT, Fork, ForkStart, imported
from testamur_node.chain.transaction import created_address
from testamur_node.codec import rlp_list
from testamur_node.execution.executor import AccountOverride, BlockContext, CallRequest, CallResult
from testamur_node.execution.pyevm import PyEvm
from testamur_node.execution.simulating import BlockPlan, Options, SimulatedBlock, SimulationError, simulate
from testamur_node.rpc.tracers.struct import StructOptions, StructTracer
from testamur_node.simulation import pretended_context, pretended_fork
from testamur_node.state.trie import EMPTY_TRIE_ROOT

SENDER, CODED, HEIR = b"\x5e" * 20, b"\xc0" * 20, b"\x4e" * 20
CONTEXT = BlockContext(
    number=1, timestamp=1, coinbase=bytes(20), prev_randao=bytes(32), gas_limit=30_000_000, base_fee=0, chain_id=1,
    parent_hash=bytes(32), excess_blob_gas=0, blob_base_fee=0,
)  # fmt: skip


def ran(
    fork: Fork, code: str = "", *, to: bytes = CODED, gas: int = 1_000_000, data: bytes = b"", **storage: int
) -> tuple[CallResult, dict[str, Any]]:
    """The result and the struct logs of a call under a fork, of the code or of a precompile."""
    executor = PyEvm(imported((ForkStart(fork, block=0),)), lambda _: None)
    state: Mapping[bytes, AccountOverride] = {
        SENDER: AccountOverride(balance=10**18),
        CODED: AccountOverride(
            balance=1,
            code=bytes.fromhex(code),
            storage_difference={int(slot[1:]): value for slot, value in storage.items()} or None,
        ),
    }
    tracer = StructTracer(StructOptions())
    request = CallRequest(SENDER, to, data, gas=gas)
    context = replace(CONTEXT, difficulty=0 if fork >= Fork.PARIS else 1)
    result = executor.call(EMPTY_TRIE_ROOT, request, context, state, tracer)
    return result, tracer.result(result.gas_used)


def called(fork: Fork, accounts: Mapping[bytes, AccountOverride], request: CallRequest) -> CallResult:
    """A call under a fork, on these accounts alone."""
    context = replace(CONTEXT, difficulty=0 if fork >= Fork.PARIS else 1)
    return PyEvm(imported((ForkStart(fork, block=0),)), lambda _: None).call(
        EMPTY_TRIE_ROOT, request, context, accounts
    )


def simulated(plans: Sequence[BlockPlan]) -> list[SimulatedBlock]:
    """Blocks of Prague made up on nothing."""
    base = Header(
        parent_hash=bytes(32), ommers_hash=bytes(32), coinbase=bytes(20), state_root=EMPTY_TRIE_ROOT,
        transactions_root=bytes(32), receipts_root=bytes(32), logs_bloom=bytes(256), difficulty=0, number=7,
        gas_limit=30_000_000, gas_used=0, timestamp=7, extra_data=b"", mix_hash=bytes(32), nonce=bytes(8), base_fee=0,
        excess_blob_gas=0, blob_gas_used=0,
    )  # fmt: skip
    spec = imported((ForkStart(Fork.PRAGUE, block=0),))
    return simulate(spec, 1, lambda _: None, base, [base.hash], plans, Options(), lambda _: True)


def last_step(fork: Fork, code: str, gas: int, **storage: int) -> dict[str, Any]:
    step: dict[str, Any] = ran(fork, code, gas=gas, **storage)[1]["structLogs"][-1]
    return step


@pytest.mark.parametrize(
    ("number", "data", "words"),
    [
        (6, b"\xff" * 32, "invalid fp.Element encoding"),
        (6, b"\x01" * 32, "point is not on curve"),
        (7, b"\x01" * 32, "point is not on curve"),
        (8, b"\x01" * 64, "bad elliptic curve pairing size"),
        (8, b"\x01" * 192, "point is not on curve"),
        (8, b"\xff" * 192, "invalid fp.Element encoding"),
        (9, b"", "invalid input length"),
        (9, bytes(212) + b"\x02", "invalid final flag"),
        (10, b"", "invalid input length"),
        (10, bytes(192), "mismatched versioned hash"),
        (11, bytes(255), "invalid input length"),
        (11, b"\x01" + bytes(255), "invalid field element top bytes"),
        (11, bytes(16) + b"\xff" * 48 + bytes(192), "invalid fp.Element encoding"),
        (11, bytes(127) + b"\x01" + bytes(128), "invalid point: not on curve"),
        (17, bytes(64) + b"\x01" + bytes(63), "invalid field element top bytes"),
    ],
)
def test_a_precompile_says_in_geths_words_why_it_failed(number: int, data: bytes, words: str) -> None:
    result, _ = ran(Fork.PRAGUE, to=number.to_bytes(20, "big"), data=data)
    assert result.error == words
    assert result.gas_used == 1_000_000


def test_a_point_outside_of_its_subgroup_is_named_by_its_group() -> None:
    modulus = optimized_bls12_381_FQ.field_modulus
    x = next(x for x in range(1, 99) if pow(x**3 + 4, (modulus - 1) // 2, modulus) == 1)
    y = pow(x**3 + 4, (modulus + 1) // 4, modulus)
    result, _ = ran(Fork.PRAGUE, to=b"\x0c".rjust(20, b"\0"), data=x.to_bytes(64) + y.to_bytes(64) + bytes(32))
    assert result.error == "g1 point is not on correct subgroup"


@pytest.mark.parametrize(("number", "length", "price"), [(8, 200, 79_000), (11, 10, 375), (15, 385, 70_300)])
def test_a_precompile_takes_its_price_before_it_looks_at_its_input(number: int, length: int, price: int) -> None:
    intrinsic = 21_000 + 40 * length  # the floor of EIP-7623, above which the call's own gas begins at 4 a byte
    spare = intrinsic - 21_000 - 16 * length
    short, _ = ran(Fork.PRAGUE, to=bytes([*bytes(19), number]), data=b"\1" * length, gas=intrinsic)
    if spare < price:
        assert short.error == "out of gas"
    paid, _ = ran(Fork.PRAGUE, to=bytes([*bytes(19), number]), data=b"\1" * length, gas=intrinsic + price)
    assert paid.error in ("bad elliptic curve pairing size", "invalid input length")


def test_nothing_to_the_power_of_nothing_is_one() -> None:
    lengths = bytes(32) + bytes(32) + (1).to_bytes(32)
    assert ran(Fork.PRAGUE, to=b"\5".rjust(20, b"\0"), data=lengths + b"\5")[0].output == b"\1"
    assert ran(Fork.PRAGUE, to=b"\5".rjust(20, b"\0"), data=lengths + b"\1")[0].output == b"\0"
    with_exponent = bytes(32) + (1).to_bytes(32) + (1).to_bytes(32)
    assert ran(Fork.PRAGUE, to=b"\5".rjust(20, b"\0"), data=with_exponent + b"\1\5")[0].output == b"\0"


@pytest.mark.parametrize(
    ("fork", "code", "gas", "cost", "words"),
    [
        (Fork.PRAGUE, "600160015500", 21_000 + 6 + 2_301, 22_100, "out of gas"),
        (
            Fork.PRAGUE, "600160015500", 21_000 + 6 + 2_300, 0,
            "out of gas: not enough gas for reentrancy sentry",
        ),
        (Fork.BYZANTIUM, "600160015500", 21_000 + 6 + 2_300, 20_000, "out of gas"),
        (Fork.FRONTIER, "600160010a", 21_000 + 6 + 5, 20, "out of gas"),
        (Fork.PRAGUE, "600160010a", 21_000 + 6 + 5, 60, "out of gas"),
        (Fork.PRAGUE, "60206000fd", 21_000 + 6 + 2, 3, "out of gas"),
        (Fork.PRAGUE, "61ffff6103e820", 21_000 + 6 + 40, 30 + 6 * 2_048 + 3 * 2_080 + 2_080**2 // 512, "out of gas"),
        (Fork.PRAGUE, "6001680100000000000000005100", 30_000, 3, "gas uint64 overflow"),
        (Fork.PRAGUE, "600167ffffffffffffff0051", 30_000, 3, "out of gas: gas uint64 overflow"),
        (Fork.PRAGUE, "600060006000600060006133335af1", 21_000 + 20 + 1_000, 100, "out of gas: out of gas"),
        (Fork.HOMESTEAD, "600060006000600060006133335af1", 21_000 + 20 + 49, 40 + 25_000 + 49, "out of gas"),
    ],
)  # fmt: skip
def test_an_instruction_that_lacks_gas_is_shown_with_its_whole_price(
    fork: Fork, code: str, gas: int, cost: int, words: str
) -> None:
    step = last_step(fork, code, gas)
    assert (step["gasCost"], step["error"]) == (cost, words)


def test_an_instruction_that_fails_later_is_shown_with_its_whole_price() -> None:
    step = last_step(Fork.PRAGUE, "6020600060003e", 50_000)
    assert step["op"] == "RETURNDATACOPY"
    assert (step["gasCost"], "error" in step) == (9, False)


def test_an_instruction_without_its_operands_is_shown_with_what_all_of_its_kind_cost() -> None:
    assert last_step(Fork.FRONTIER, "0a", 30_000)["gasCost"] == 0
    assert last_step(Fork.FRONTIER, "31", 30_000)["gasCost"] == 20
    assert last_step(Fork.TANGERINE_WHISTLE, "31", 30_000)["gasCost"] == 400
    assert last_step(Fork.ISTANBUL, "54", 30_000)["gasCost"] == 800
    assert last_step(Fork.PRAGUE, "ff", 30_000)["gasCost"] == 5_000


def test_a_contract_that_destroys_itself_gets_something_back_until_london() -> None:
    assert last_step(Fork.BERLIN, "33ff", 100_000)["refund"] == 24_000
    assert "refund" not in last_step(Fork.LONDON, "33ff", 100_000)
    assert last_step(Fork.TANGERINE_WHISTLE, "33ff", 21_000 + 2 + 10)["refund"] == 24_000


def test_what_a_store_would_have_given_back_is_shown_though_the_gas_did_not_suffice() -> None:
    assert last_step(Fork.PRAGUE, "600060015500", 21_000 + 6 + 3_000, _1=5)["refund"] == 4_800
    assert "refund" not in last_step(Fork.PRAGUE, "600060015500", 21_000 + 6 + 2_300, _1=5)


def test_an_origin_with_code_of_its_own_pays_for_a_creation_once_as_anybody_does() -> None:
    accounts = {
        address: AccountOverride(balance=10**18, code=bytes.fromhex("60216004" + "5ff000"))
        for address in (SENDER, CODED)
    }
    spent = {to: called(Fork.PRAGUE, accounts, CallRequest(SENDER, to, gas=1_000_000)).gas_used for to in accounts}
    assert spent[SENDER] == spent[CODED]


def test_a_nonce_that_cannot_rise_creates_nothing_and_keeps_its_gas() -> None:
    accounts = {SENDER: AccountOverride(nonce=2**64 - 1)}
    result = called(Fork.PRAGUE, accounts, CallRequest(SENDER, None, b"\0", gas=1_000_000))
    assert (result.error, result.gas_used) == ("nonce uint64 overflow", 21_000 + 32_000 + 4 + 2)


def test_nothing_is_created_where_storage_lies() -> None:
    place = {created_address(SENDER, 0): AccountOverride(storage_difference={1: 1})}
    creating = (MessageArguments(sender=SENDER, payload=b"\0", gas=100_000),)
    settled = simulated([BlockPlan(state=place), BlockPlan(calls=creating)])[1].calls[0]
    assert (settled.error, settled.gas_used) == ("contract address collision", 100_000)
    assert simulated([BlockPlan(), BlockPlan(calls=creating)])[1].calls[0].error is None


def test_a_creation_where_something_lies_costs_what_it_hands_on_as_well() -> None:
    steps = ran(Fork.PRAGUE, "5f5f5f5ff5" + "5f5f5f5ff5" + "00", gas=300_000)[1]["structLogs"]
    first, second = (step for step in steps if step["op"] == "CREATE2")
    assert (first["gasCost"], second["gasCost"]) == (32_000, 32_000)
    assert steps[-1]["gas"] == (second["gas"] - 32_000) // 64
    assert steps[-1]["stack"][-1] == "0x0"


def test_a_cold_account_that_cannot_be_paid_for_is_refused_before_memory_is_counted() -> None:
    step = last_step(Fork.PRAGUE, "640800000000" + "5f5f5f5f" + "6133335af1", 21_000 + 20 + 1_000)
    assert step["error"] == "out of gas: out of gas"


def test_a_pretended_balance_runs_over_instead_of_failing() -> None:
    accounts = {
        SENDER: AccountOverride(balance=5),
        CODED: AccountOverride(balance=2**256 - 1, code=bytes.fromhex("475f5260205ff3")),
    }
    assert int.from_bytes(called(Fork.PRAGUE, accounts, CallRequest(SENDER, CODED, value=3)).output) == 2


def test_a_coinbase_that_is_paid_nothing_is_not_touched() -> None:
    call = (MessageArguments(sender=SENDER, to=CODED),)
    empty = simulated([BlockPlan(BlockOverrides(coinbase=HEIR), {HEIR: AccountOverride(balance=0)}, call)])[0]
    absent = simulated([BlockPlan(BlockOverrides(coinbase=HEIR), {}, call)])[0]
    assert empty.block.header.state_root != absent.block.header.state_root


def test_a_slot_of_nobody_set_to_zero_makes_an_account() -> None:
    written = simulated([BlockPlan(state={HEIR: AccountOverride(storage_difference={1: 0})})])[0]
    named = simulated([BlockPlan(state={HEIR: AccountOverride()})])[0]
    touched = simulated([BlockPlan(state={HEIR: AccountOverride(balance=0)})])[0]
    assert named.block.header.state_root == EMPTY_TRIE_ROOT
    assert written.block.header.state_root == touched.block.header.state_root != EMPTY_TRIE_ROOT


def test_unsigned_transactions_that_are_the_same_have_the_last_sender() -> None:
    accounts = {address: AccountOverride(balance=1) for address in (SENDER, HEIR)}
    calls = tuple(MessageArguments(sender=address, to=CODED, gas=21_000) for address in (SENDER, HEIR))
    block = simulated([BlockPlan(state=accounts, calls=calls)])[0].block
    assert [transaction.sender for transaction in block.transactions] == [HEIR, HEIR]


def replaced(*codes: str) -> bytes:
    """The state root after blocks before which the history contract got one of these codes each."""
    plans = [BlockPlan(state={HISTORY_STORAGE_ADDRESS: AccountOverride(code=bytes.fromhex(code))}) for code in codes]
    return simulated(plans)[-1].block.header.state_root


def test_a_system_contract_that_is_replaced_is_called_and_one_that_fails_is_refused() -> None:
    assert replaced("60015f5500", "00") != replaced("00", "00")
    with pytest.raises(SimulationError, match="system call"):
        replaced("fe")


def test_a_system_contract_that_calls_nobody_leaves_nobody_behind() -> None:
    assert replaced("5f5f5f5f5f335af100", "00") == replaced("00", "00")


def test_a_deposit_of_another_form_is_refused() -> None:
    event = DEPOSIT_EVENT_SIGNATURE_HASH.hex()
    contract = {MAINNET_DEPOSIT_CONTRACT: AccountOverride(code=bytes.fromhex(f"7f{event}6102405fa100"))}
    call = (MessageArguments(to=MAINNET_DEPOSIT_CONTRACT),)
    assert simulated([BlockPlan(state=contract, calls=call)])[0].calls[0].error is None
    short = {MAINNET_DEPOSIT_CONTRACT: AccountOverride(code=bytes.fromhex(f"7f{event}61023f5fa100"))}
    with pytest.raises(SimulationError, match="deposit wrong length: want 576, have 575"):
        simulated([BlockPlan(state=short, calls=call)])


def test_a_header_without_a_field_that_a_later_one_follows_has_it_empty(header: Header) -> None:
    bare = replace(header, base_fee=None)
    assert len(rlp_list(encode_header(bare), 15)) == 15
    items = rlp_list(encode_header(replace(bare, withdrawals_root=EMPTY_TRIE_ROOT)), 17)
    assert items[15:] == [b"", EMPTY_TRIE_ROOT]


SCHEDULE = imported(
    (ForkStart(Fork.BERLIN, block=0), ForkStart(Fork.LONDON, block=10), ForkStart(Fork.PARIS, block=20),
     ForkStart(Fork.SHANGHAI, timestamp=100))
)  # fmt: skip


@pytest.mark.parametrize(
    ("difficulty", "wanted", "fork"),
    [
        (1, BlockOverrides(), Fork.LONDON),
        (1, BlockOverrides(time=1_000), Fork.LONDON),
        (1, BlockOverrides(prev_randao=bytes(32)), Fork.PARIS),
        (1, BlockOverrides(prev_randao=bytes(32), time=1_000), Fork.SHANGHAI),
        (1, BlockOverrides(prev_randao=bytes(32), number=9), Fork.BERLIN),
        (0, BlockOverrides(), Fork.PARIS),
        (0, BlockOverrides(number=9, time=1_000), Fork.BERLIN),
    ],
)
def test_a_random_number_makes_a_block_of_proof_of_work_one_since_the_merge(
    difficulty: int, wanted: BlockOverrides, fork: Fork
) -> None:
    assert pretended_fork(SCHEDULE, replace(CONTEXT, number=12, difficulty=difficulty), wanted) == fork


def test_the_base_fee_begins_anew_in_london_whatever_a_block_before_pretended(header: Header) -> None:
    before, after = replace(header, number=9, base_fee=1), replace(header, number=10, base_fee=1)
    assert next_base_fee(before, SCHEDULE, Fork.LONDON) == 10**9
    assert next_base_fee(after, SCHEDULE, Fork.LONDON) == 1


def test_a_made_up_block_is_merged_by_its_number_or_by_its_time_alone() -> None:
    assert [SCHEDULE.is_merged(*at) for at in ((19, 99), (20, 0), (5, 100))] == [False, True, True]


def test_only_a_traced_call_in_the_next_block_may_ask_for_the_hash_of_the_newest(header: Header) -> None:
    before = replace(CONTEXT, number=header.number, ancestors=(b"\1" * 32,))
    following, later = BlockOverrides(number=header.number + 1), BlockOverrides(number=header.number + 2)

    def ancestors(wanted: BlockOverrides, follows: bool) -> list[bytes]:
        return list(pretended_context(before, header, wanted, Fork.PRAGUE, follows).ancestors)

    assert ancestors(following, True) == [header.hash, b"\1" * 32]
    assert ancestors(following, False) == [bytes(32), b"\1" * 32]
    assert ancestors(later, True) == [bytes(32), bytes(32), b"\1" * 32]


@pytest.fixture
def header() -> Header:
    return Header(
        parent_hash=bytes(32), ommers_hash=bytes(32), coinbase=bytes(20), state_root=bytes(32),
        transactions_root=bytes(32), receipts_root=bytes(32), logs_bloom=bytes(256), difficulty=0, number=7,
        gas_limit=1, gas_used=0, timestamp=7, extra_data=b"", mix_hash=bytes(32), nonce=bytes(8), base_fee=0,
    )  # fmt: skip
