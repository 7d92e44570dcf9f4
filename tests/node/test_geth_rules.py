"""geth's rules for messages that are tried out, one by one, each as its source has it (go-ethereum 1.16.5).

That the node answers as geth does is what `tests/interop/tools/test_geth.py` shows; these run without geth.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from py_ecc.fields import optimized_bls12_381_FQ
from testamur_node.chain.block import Header
from testamur_node.chain.message import BlockOverrides
from testamur_node.chain.rules import Fork, ForkStart, imported
from testamur_node.execution.executor import AccountOverride, BlockContext, CallRequest, CallResult
from testamur_node.execution.pyevm import PyEvm
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
