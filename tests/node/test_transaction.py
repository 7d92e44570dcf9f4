"""Decoding: only canonical bytes with a recoverable signature become a transaction."""

from typing import Any

import pytest
import rlp
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st
from testamur.proof.hashing import keccak256
from testamur_node.chain.transaction import created_address, decode_transaction
from testamur_node.codec import DecodingError

from tests.node.founding import ADDRESSES, CHAIN_ID, KEYS, raw

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ACCESS = [{"address": "0x" + "11" * 20, "storageKeys": ["0x" + "22" * 32]}]


@pytest.mark.parametrize(
    ("type_id", "fields"),
    [
        (0, {"gasPrice": 7}),
        (1, {"gasPrice": 7, "accessList": ACCESS, "type": 1}),
        (2, {"accessList": ACCESS}),
    ],
)
def test_each_type_decodes_to_what_was_signed(type_id: int, fields: dict[str, Any]) -> None:
    encoded = raw(3, 5, value=9, data=b"\x01\x02", **fields)
    found = decode_transaction(encoded)
    assert (found.type_id, found.nonce, found.value, found.data) == (type_id, 5, 9, b"\x01\x02")
    assert (found.sender, found.chain_id, found.to) == (ADDRESSES[3], CHAIN_ID, bytes(19) + b"\xff")
    assert (found.raw, found.hash) == (encoded, keccak256(encoded))
    assert found.gas_price == fields.get("gasPrice")
    assert len(found.access_list) == (1 if "accessList" in fields else 0)


def test_a_delegating_transaction_decodes_with_its_authorizations() -> None:
    authorization = Account.sign_authorization({"chainId": CHAIN_ID, "address": "0x" + "11" * 20, "nonce": 1}, KEYS[1])
    found = decode_transaction(raw(0, 0, authorizationList=[authorization]))
    assert found.type_id == 4
    assert [item.address for item in found.authorizations] == [b"\x11" * 20]


@pytest.mark.parametrize("fields", [{"gasPrice": 7}, {"accessList": ACCESS}])
@pytest.mark.parametrize("end", [b"\xc1", b"\x81", b"\xb8"])
def test_an_outsider_gives_no_transaction_a_second_hash(fields: dict[str, Any], end: bytes) -> None:
    """An item that begins at the end of the list and claims to go on beyond it says nothing, and is refused."""
    encoded = raw(3, 5, **fields)
    kind = encoded[: encoded[0] < 0xC0]
    content = b"".join(map(rlp.encode, rlp.decode(encoded[len(kind) :]))) + end
    assert len(content) < 256
    with pytest.raises(DecodingError):
        decode_transaction(kind + bytes((0xF8, len(content))) + content)


def test_a_given_sender_is_not_recovered_again() -> None:
    assert decode_transaction(raw(0, 0), sender=bytes(20)).sender == bytes(20)


def test_an_unprotected_legacy_transaction_has_no_chain_id() -> None:
    fields = {"nonce": 0, "gasPrice": 1, "gas": 21_000, "to": "0x" + "11" * 20, "value": 0, "data": b""}
    encoded = bytes(Account.sign_transaction(fields, KEYS[0]).raw_transaction)
    assert decode_transaction(encoded).chain_id is None
    assert decode_transaction(encoded).sender == ADDRESSES[0]


@pytest.mark.parametrize("encoded", [b"", b"\x05\xc0", b"\x02", b"\xc0", b"\x02\xc0", b"\x7f" * 9, b"\xc1\xc1\xc0"])
def test_what_is_no_transaction_is_refused(encoded: bytes) -> None:
    with pytest.raises(DecodingError):
        decode_transaction(encoded)


def test_a_trailing_byte_is_refused() -> None:
    with pytest.raises(DecodingError):
        decode_transaction(raw(0, 0) + b"\x00")


def test_a_number_with_a_leading_zero_is_refused() -> None:
    fields = rlp.decode(raw(0, 1)[1:])
    fields[1] = b"\x00\x01"
    with pytest.raises(DecodingError, match="leading zeros"):
        decode_transaction(b"\x02" + rlp.encode(fields))


def test_the_mirrored_signature_is_refused() -> None:
    fields = rlp.decode(raw(0, 1)[1:])
    fields[-3] = b"" if fields[-3] else b"\x01"
    fields[-1] = (ORDER - int.from_bytes(fields[-1], "big")).to_bytes(32, "big")
    with pytest.raises(DecodingError, match="signature values"):
        decode_transaction(b"\x02" + rlp.encode(fields))


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=1))
def test_any_changed_byte_is_refused_or_names_another_sender(place: int, byte: bytes) -> None:
    encoded = raw(0, 1, data=b"credential")
    at = place % len(encoded)
    changed = encoded[:at] + byte + encoded[at + 1 :]
    if changed == encoded:
        return
    try:
        found = decode_transaction(changed)
    except DecodingError:
        return
    assert found.sender != ADDRESSES[0]


def test_the_address_of_a_created_contract_follows_sender_and_nonce() -> None:
    # the address that every development tool shows for that account's first contract
    assert created_address(ADDRESSES[0], 0).hex() == "5fbdb2315678afecb367f032d93f642f64180aa3"
