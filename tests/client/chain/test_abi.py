"""Call data, results and logs, against eth_abi and known selectors."""

import pytest
from eth_abi.abi import encode
from testamur.chain.contracts import interface
from testamur.proof.hashing import keccak256


def test_a_call_is_the_selector_and_its_arguments() -> None:
    data = interface("StatusRegistry").encode("revoke", [1, 2, 3])
    assert data == keccak256(b"revoke(uint32,uint32,uint8)")[:4] + encode(["uint32", "uint32", "uint8"], [1, 2, 3])


def test_a_list_of_structs_is_given_by_name() -> None:
    batches = interface("CredentialBatches")
    entry = {"root": b"\x01" * 32, "size": 2, "list": 3, "first": 4, "scopeIndex": 5, "kind": 1}
    data = batches.encode("anchorMany", [[entry]])
    kinds = "(bytes32,uint32,uint32,uint32,uint16,uint8)[]"
    assert data[4:] == encode([kinds], [[tuple(entry.values())]])


def test_a_struct_comes_back_by_name() -> None:
    result = encode(["(uint32,uint8,uint40,uint32,uint32,uint16)"], [(7, 17, 1000, 5, 0, 4)])
    assert interface("StatusRegistry").decode_result("listOf", result) == {
        "issuer": 7,
        "log2size": 17,
        "openedAt": 1000,
        "next": 5,
        "custodian": 0,
        "holder": 4,
    }


def test_named_results_come_back_by_name_and_a_single_one_alone() -> None:
    registry = interface("StatusRegistry")
    assert registry.decode_result("statusOf", encode(["bool", "bool"], [True, False])) == {
        "revoked": True,
        "suspended": False,
    }
    assert registry.decode_result("nextList", encode(["uint32"], [9])) == 9
    assert interface("Alliance").decode_result("vote", b"") is None


def test_an_address_comes_back_as_bytes() -> None:
    assert interface("Directory").decode_result("current", encode(["address"], [b"\x11" * 20])) == b"\x11" * 20


def test_a_log_is_decoded_with_its_indexed_values() -> None:
    registry = interface("StatusRegistry")
    log = {
        "address": "0x" + "22" * 20,
        "topics": [
            "0x" + registry.topic("CredentialRevoked").hex(),
            "0x" + (1).to_bytes(32, "big").hex(),
            "0x" + (77).to_bytes(32, "big").hex(),
        ],
        "data": "0x" + encode(["uint8"], [2]).hex(),
        "blockNumber": "0x10",
        "transactionHash": "0x" + "33" * 32,
        "logIndex": "0x0",
    }
    entry = registry.decode_log(log)
    assert entry is not None
    assert (entry.event, entry.arguments) == ("CredentialRevoked", {"list": 1, "index": 77, "reason": 2})
    assert registry.decode_log({**log, "topics": ["0x" + "00" * 32]}) is None
    assert registry.decode_log({**log, "topics": []}) is None


def test_an_unknown_function_or_a_wrong_number_of_arguments_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError, match="no function melt"):
        interface("StatusRegistry").encode("melt", [])
    with pytest.raises(ValueError, match="argument"):
        interface("StatusRegistry").encode("revoke", [1])
