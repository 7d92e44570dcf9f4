"""Receipts and logs: the encoding that blocks hold, what is read of it, and the JSON that is written of a log."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from testamur_node.chain.receipt import Log, Receipt, bloom_of, decode_logs, decode_receipt, encode_receipt
from testamur_node.codec import DecodingError, rlp_encode
from testamur_node.rpc.codec import data, optional_data, quantity
from testamur_node.rpc.rendering import log_json

HASHES = st.binary(min_size=32, max_size=32)
LOGS = st.builds(
    Log, st.binary(min_size=20, max_size=20), st.lists(HASHES, max_size=4).map(tuple), st.binary(max_size=200)
)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    """One of any type, before and since Byzantium."""
    logs = tuple(draw(st.lists(LOGS, max_size=3)))
    root = draw(st.none() | HASHES)
    gas = draw(st.integers(0, 2**64 - 1))
    succeeds = root is None and draw(st.booleans())
    type_id = 0 if root is not None else draw(st.integers(0, 4))
    return Receipt(type_id, succeeds, root, gas, gas, logs, bloom_of(logs))


@given(receipts())
def test_the_logs_alone_are_those_of_the_receipt(receipt: Receipt) -> None:
    encoded = encode_receipt(receipt)
    assert decode_receipt(encoded, 0) == receipt
    assert decode_logs(encoded) == receipt.logs


def test_logs_that_are_no_list_are_refused() -> None:
    with pytest.raises(DecodingError, match="its logs last"):
        decode_logs(rlp_encode([b"\x01", b"\x05", bytes(256), b"no logs"]))


@given(LOGS, st.none() | HASHES, HASHES, st.tuples(*[st.integers(0, 2**64)] * 4))
def test_a_log_is_written_as_its_json_object(
    log: Log, block_hash: bytes | None, transaction_hash: bytes, numbers: tuple[int, int, int, int]
) -> None:
    number, timestamp, transaction, index = numbers
    expected = {
        "address": data(log.address),
        "topics": [data(topic) for topic in log.topics],
        "data": data(log.data),
        "blockNumber": quantity(number),
        "blockHash": optional_data(block_hash),
        "blockTimestamp": quantity(timestamp),
        "transactionHash": data(transaction_hash),
        "transactionIndex": quantity(transaction),
        "logIndex": quantity(index),
        "removed": False,
    }
    written = log_json(log, number, block_hash, timestamp, transaction_hash, transaction, index)
    assert orjson.dumps(written) == orjson.dumps(expected)
