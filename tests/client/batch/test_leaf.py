"""Claims, leaf, batch id and status permutation, against the layouts of docs/protocol.md 2 written out by hand."""

import hashlib
import hmac

import pytest
from eth_abi.abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st
from testamur.batch.anchor import batch_id
from testamur.batch.claims import Claims, level_urn, parse_level
from testamur.batch.leaf import KIND_OWN, LEAF_BYTES, LeafInput, content, foreign_content
from testamur.batch.permutation import status_index
from testamur.credential.canonical import canonical_bytes
from testamur.proof.hashing import keccak256

CLAIMS = st.builds(
    Claims,
    framework=st.integers(0, 2**32 - 1),
    type=st.integers(0, 2**32 - 1),
    rank=st.integers(0, 255),
    region=st.integers(0, 2**16 - 1),
    credits_thousandths=st.integers(0, 2**32 - 1),
    valid_until=st.integers(0, 2**40 - 1),
)


@given(CLAIMS)
def test_claims_are_laid_out_as_the_protocol_says(claims: Claims) -> None:
    data = claims.encode()
    assert data == (
        claims.framework.to_bytes(4, "big")
        + claims.type.to_bytes(4, "big")
        + bytes([claims.rank])
        + claims.region.to_bytes(2, "big")
        + claims.credits_thousandths.to_bytes(4, "big")
        + claims.valid_until.to_bytes(5, "big")
        + bytes(12)
    )
    assert Claims.decode(data) == claims


@pytest.mark.parametrize("data", [b"", bytes(31), bytes(33), bytes(31) + b"\1", bytes(20) + b"\1" + bytes(11)])
def test_bytes_that_no_claims_encode_to_are_refused(data: bytes) -> None:
    assert Claims.decode(data) is None


@given(CLAIMS, st.integers(1, 2**32 - 1))
def test_claims_of_another_origin_are_refused_until_it_can_consent(claims: Claims, origin: int) -> None:
    data = claims.encode()
    assert data[20:24] == bytes(4)
    assert Claims.decode(data[:20] + origin.to_bytes(4, "big") + data[24:]) is None


@given(CLAIMS)
def test_a_level_reads_back_from_its_urn(claims: Claims) -> None:
    level = (claims.framework, claims.type, claims.rank, claims.region)
    assert parse_level(level_urn(*level)) == level


@given(st.text(alphabet="urn:testamframworkypgio0123456789", max_size=70))
def test_text_that_is_not_exactly_a_level_is_none_or_reads_back_the_same(text: str) -> None:
    level = parse_level(text)
    assert level is None or level_urn(*level) == text


@given(CLAIMS, st.binary(min_size=96, max_size=96), st.integers(0, 2**32 - 1))
def test_a_leaf_is_142_bytes_in_the_order_of_the_protocol(claims: Claims, tail: bytes, number: int) -> None:
    leaf = LeafInput(KIND_OWN, number, 3, 94567, claims, tail[:32], tail[32:64], tail[64:])
    expected = b"\1\1" + b"".join(n.to_bytes(4, "big") for n in (number, 3, 94567)) + claims.encode() + tail
    assert leaf.encode() == expected
    assert len(expected) == LEAF_BYTES == 142


def test_content_is_the_salted_hash_of_the_canonical_form() -> None:
    canonical = canonical_bytes({"b": 1, "a": "李"})
    salt = bytes(range(32))
    inner = hashlib.sha256('{"a":"李","b":1}'.encode()).digest()
    assert content(salt, canonical) == hashlib.sha256(salt + inner).digest()
    assert foreign_content(salt, inner) == content(salt, canonical)
    assert content(bytes(32), canonical) != content(salt, canonical)


@given(
    st.integers(0, 2**53),
    st.binary(min_size=20, max_size=20),
    st.integers(1, 2**32 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_batch_id_is_the_keccak_of_the_abi_encoding(chain_id: int, contract: bytes, size: int, root: bytes) -> None:
    types = ["uint256", "address", "uint8", "uint32", "uint32", "uint32", "bytes32"]
    encoded = abi_encode(types, [chain_id, contract, 1, 7, 3, size, root])
    assert batch_id(chain_id, contract, 1, 7, 3, size, root) == keccak256(encoded)


def test_batch_id_differs_with_every_part_of_it() -> None:
    """A batch is not its root (docs/protocol.md 2)."""
    base = (20260, bytes(20), 1, 7, 3, 1000, bytes(32))
    others = [(20261, *base[1:]), (20260, b"\1" * 20, *base[2:])]
    others += [(*base[:i], base[i] + 1, *base[i + 1 :]) for i in (2, 3, 4, 5)]
    others.append((*base[:6], b"\1" * 32))
    assert len({batch_id(*parts) for parts in [base, *others]}) == 8


@pytest.mark.parametrize("log2size", [2, 3, 7, 12])
def test_status_indexes_of_a_whole_list_are_a_permutation(log2size: int) -> None:
    key = bytes(range(32))
    indexes = [status_index(key, counter, log2size) for counter in range(1 << log2size)]
    assert sorted(indexes) == list(range(1 << log2size))


@given(st.binary(min_size=32, max_size=32), st.sampled_from([17, 20, 23, 24]), st.data())
def test_two_counters_never_share_a_status_index(key: bytes, log2size: int, data: st.DataObject) -> None:
    counters = data.draw(st.sets(st.integers(0, (1 << log2size) - 1), min_size=2, max_size=50))
    indexes = {status_index(key, counter, log2size) for counter in counters}
    assert len(indexes) == len(counters)
    assert all(0 <= index < 1 << log2size for index in indexes)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**17 - 1))
def test_the_permutation_is_eight_feistel_rounds_of_hmac_sha256(key: bytes, counter: int) -> None:
    high, low = counter >> 8, counter & 0xFF
    for number in range(8):
        message = b"testamur status index 1" + bytes([17, number]) + (high if number % 2 else low).to_bytes(4, "big")
        mixed = int.from_bytes(hmac.digest(key, message, "sha256")[:4], "big")
        high, low = (high, low ^ mixed & 0xFF) if number % 2 else (high ^ mixed & 0x1FF, low)
    assert status_index(key, counter, 17) == high << 8 | low


def test_another_key_gives_another_order() -> None:
    first = [status_index(bytes(32), counter, 17) for counter in range(100)]
    second = [status_index(b"\1" + bytes(31), counter, 17) for counter in range(100)]
    assert first != second
    assert first != sorted(first)


@pytest.mark.parametrize(("key", "counter"), [(bytes(31), 0), (bytes(32), 1 << 17), (bytes(32), -1)])
def test_a_short_key_or_a_counter_outside_the_list_is_refused(key: bytes, counter: int) -> None:
    with pytest.raises(ValueError, match=r"key|counter"):
        status_index(key, counter, 17)
