"""Every custom error of the suite is explained, and whatever a node sends as revert data is understood."""

import string

import pytest
from eth_abi.abi import encode
from testamur.artifacts import error_abis
from testamur.chain.abi import Interface
from testamur.chain.errors import RpcError
from testamur.chain.refusals import decode_refusal, refusal_error, revert_data, sentences
from testamur.proof.hashing import keccak256

COUNTER_MOVED = keccak256(b"CounterMoved(uint32)")[:4] + encode(["uint32"], [42])


def test_every_custom_error_of_the_suite_has_a_sentence_and_no_sentence_is_left_over() -> None:
    names = {entry["name"] for entry in error_abis()} | {"Error", "Panic"}
    assert set(sentences()) == names


@pytest.mark.parametrize("entry", error_abis(), ids=lambda entry: str(entry["name"]))
def test_each_sentence_names_only_values_that_the_error_has(entry: dict[str, object]) -> None:
    inputs = {item["name"] for item in entry["inputs"]}  # type: ignore[attr-defined]
    texts = sentences()[str(entry["name"])]
    used = {name for text in texts.values() for _, name, _, _ in string.Formatter().parse(text) if name}
    assert used <= inputs
    assert set(texts) <= {"sentence", "advice"}


def test_a_refusal_becomes_a_sentence_with_its_remedy() -> None:
    error = refusal_error("CredentialBatches.anchor", COUNTER_MOVED)
    assert error.exit_code == 10
    assert error.error == "CounterMoved"
    assert error.arguments == {"next": 42}
    assert "next counter is 42" in str(error)
    assert "--resume" in str(error.advice)


def test_a_refusal_inside_a_batch_call_names_its_position() -> None:
    outer = keccak256(b"CredentialBatchesAnchoringFailed(uint256,bytes)")[:4]
    data = outer + encode(["uint256", "bytes"], [3, COUNTER_MOVED])
    error = refusal_error("CredentialBatches.anchorMany", data)
    assert error.error == "CounterMoved"
    assert error.arguments == {"next": 42, "position": 3}
    assert "anchorMany[3]" in error.message


def test_a_reason_string_and_a_panic_are_told() -> None:
    interface = Interface([])
    told = keccak256(b"Error(string)")[:4] + encode(["string"], ["no room"])
    assert "no room" in refusal_error("x", told).message
    assert refusal_error("x", keccak256(b"Panic(uint256)")[:4] + encode(["uint256"], [17])).error == "Panic"
    assert interface.decode_refusal(told) is not None


@pytest.mark.parametrize("data", [b"", b"\x01", b"\xde\xad\xbe\xef" * 5, COUNTER_MOVED[:-1]])
def test_revert_data_that_no_error_fits_is_told_as_it_is(data: bytes) -> None:
    assert decode_refusal(data) is None
    error = refusal_error("x.y", data)
    assert error.error == ""
    assert "x.y was refused" in error.message


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RpcError("eth_call", 3, "execution reverted", "0x1234"), b"\x12\x34"),
        (RpcError("eth_call", -32000, "reverted", {"data": "0x1234"}), b"\x12\x34"),
        (RpcError("eth_call", -32015, "VM execution error", "Reverted 0x1234"), b"\x12\x34"),
        (RpcError("eth_call", 3, "execution reverted", None), b""),
        (RpcError("eth_call", -32602, "invalid params", None), None),
    ],
)
def test_revert_bytes_are_found_wherever_a_node_puts_them(error: RpcError, expected: bytes | None) -> None:
    assert revert_data(error) == expected


def test_a_refusal_names_moments_as_dates_and_what_does_not_end_so() -> None:
    entry = next(item for item in error_abis() if item["name"] == "ControllersFrozen")
    name = f"ControllersFrozen({','.join(item['type'] for item in entry['inputs'])})"
    for until, words in ((1_796_139_795, "2026-12-01T15:43:15Z"), ((1 << 40) - 1, "further notice")):
        data = keccak256(name.encode())[:4] + encode(["address", "uint40"], [b"\1" * 20, until])
        error = refusal_error("Operators.freezeAdmin", data)
        assert f"frozen until {words}" in error.message
        assert error.arguments["until"] == until
