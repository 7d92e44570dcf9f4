"""What crosses to the processes that work apart: packed by position, and the same on the other side."""

import pickle
from dataclasses import replace

import pytest
from testamur_node.calls import Place
from testamur_node.chain.message import BlockOverrides
from testamur_node.chain.receipt import Log
from testamur_node.chain.transaction import AccessEntry
from testamur_node.execution.executor import AccountOverride, CallRequest, CallResult

REQUEST = CallRequest(
    sender=bytes([1]) * 20, to=None, data=b"\x00", value=1, gas=2, gas_price=3, fee_cap=4, tip_cap=5, nonce=6,
    access_list=(AccessEntry(bytes(20), (bytes(32),)),), authorizations=(), blob_hashes=(bytes(32),), blob_fee_cap=7,
)  # fmt: skip
OVERRIDES = BlockOverrides(number=1, time=2, coinbase=bytes(20), withdrawals=())
ITEMS = [
    REQUEST,
    OVERRIDES,
    Place(5, {bytes(20): AccountOverride(balance=1, storage={1: 2})}, OVERRIDES, moves_precompiles=False),
    CallResult(b"out", 21_000, "execution reverted", (Log(bytes(20), (bytes(32),), b"data"),), 22_000),
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: type(item).__name__)
def test_it_is_the_same_on_the_other_side(item: object) -> None:
    assert pickle.loads(pickle.dumps(item, pickle.HIGHEST_PROTOCOL)) == item  # noqa: S301 - our own bytes


def test_a_changed_field_crosses_as_changed() -> None:
    crossed = pickle.loads(pickle.dumps(replace(REQUEST, tip_cap=9)))  # noqa: S301 - our own bytes
    assert crossed.tip_cap == 9
    assert crossed != REQUEST


def test_it_takes_no_longer_form_than_its_fields() -> None:
    fields = tuple(getattr(REQUEST, name) for name in CallRequest.__slots__)
    assert len(pickle.dumps(REQUEST)) - len(pickle.dumps(fields)) < 100
