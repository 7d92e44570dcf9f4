"""Engine headers and commits against answers of a real CometBFT 0.38 node, and against commits signed here."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from testamur.proof.cometbft import (
    ABSENT,
    COMMIT,
    NIL,
    BlockId,
    Commit,
    CommitSignature,
    EngineHeader,
    SignedHeader,
    Validator,
    signers,
    validators_hash,
    verify_commit,
    vote_sign_bytes,
)
from testamur.proof.cometbft_json import (
    format_time,
    parse_time,
    signed_header_from_json,
    signed_header_to_json,
    validator_from_json,
    validator_to_json,
)
from testamur.proof.errors import InvalidCommitError, MalformedEvidenceError

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (1, 2, 3, 4)]


def recorded(vectors: Path, name: str) -> dict:
    """The result in an answer of a CometBFT 0.38 node."""
    return json.loads((vectors / "tendermint-light/rpc_v0_38" / name).read_text())["result"]


def raw_key(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def header(validators: list[Validator], **changes: object) -> EngineHeader:
    fields = {
        "chain_id": "testamur-20260",
        "height": 7,
        "time_ns": 1_790_000_000_123_456_789,
        "last_block_id": BlockId(b"\x01" * 32, 1, b"\x02" * 32),
        "last_commit_hash": b"\x03" * 32,
        "data_hash": b"\x04" * 32,
        "validators_hash": validators_hash(validators),
        "next_validators_hash": validators_hash(validators),
        "consensus_hash": b"\x05" * 32,
        "app_hash": b"\x06" * 32,
        "last_results_hash": b"\x07" * 32,
        "evidence_hash": b"\x08" * 32,
        "proposer_address": validators[0].address,
    }
    return EngineHeader(**{**fields, **changes})  # type: ignore[arg-type]


def committed(engine_header: EngineHeader, keys: list[Ed25519PrivateKey], signing: int) -> SignedHeader:
    """The header with a commit in which the first `signing` validators vote for it and the others for no block."""
    block_id = BlockId(engine_header.hash(), 1, b"\x09" * 32)
    places = []
    for place, key in enumerate(sorted(keys, key=lambda key: Validator(raw_key(key), 100).address)):
        voted = block_id if place < signing else None
        time_ns = engine_header.time_ns + place
        message = vote_sign_bytes(engine_header.chain_id, engine_header.height, 0, voted, time_ns)
        address = Validator(raw_key(key), 100).address
        places.append(CommitSignature(COMMIT if voted else NIL, address, time_ns, key.sign(message)))
    return SignedHeader(engine_header, Commit(engine_header.height, 0, block_id, tuple(places)))


FOUR = [Validator(raw_key(key), 100) for key in KEYS]


def test_header_hash_equals_the_block_id_of_a_real_node(vectors: Path) -> None:
    for name in ("block_at_height_1.json", "block_at_height_10.json"):
        answer = recorded(vectors, name)
        commit = {"height": "1", "round": 0, "block_id": answer["block_id"], "signatures": []}
        signed = signed_header_from_json({"header": answer["block"]["header"], "commit": commit})
        assert signed.header.hash() == bytes.fromhex(answer["block_id"]["hash"])


def test_commit_of_a_real_node_verifies_with_the_genesis_key(vectors: Path) -> None:
    answer = recorded(vectors, "commit_at_height_10.json")["signed_header"]
    entry = recorded(vectors, "genesis.json")["genesis"]["validators"][0]
    entry = {**entry, "voting_power": entry["power"]}
    validator = validator_from_json(entry)
    verify_commit(signed_header_from_json(answer), [validator])
    last_commit = recorded(vectors, "block_at_height_10.json")["block"]["last_commit"]
    message_header = replace(signed_header_from_json(answer).header, height=9)
    signed = signed_header_from_json({**answer, "commit": last_commit})
    assert signers(SignedHeader(message_header, signed.commit), [validator]) == (validator,)


def test_json_of_a_real_node_is_written_back_unchanged(vectors: Path) -> None:
    answer = recorded(vectors, "commit_at_height_10.json")["signed_header"]
    assert signed_header_to_json(signed_header_from_json(answer)) == answer


@pytest.mark.parametrize(
    "name", ["app_hash", "data_hash", "validators_hash", "last_commit_hash", "evidence_hash", "proposer_address"]
)
def test_commit_with_one_byte_of_the_header_changed_is_refused(vectors: Path, name: str) -> None:
    answer = recorded(vectors, "commit_at_height_10.json")["signed_header"]
    old = answer["header"][name]
    answer["header"][name] = f"{int(old[:2], 16) ^ 1:02X}{old[2:]}"
    validator = validator_from_json(recorded(vectors, "status.json")["validator_info"])
    with pytest.raises(InvalidCommitError):
        verify_commit(signed_header_from_json(answer), [validator])


def test_commit_of_more_than_two_thirds_is_accepted() -> None:
    verify_commit(committed(header(FOUR), KEYS, signing=3), FOUR)


def test_commit_of_exactly_two_thirds_is_refused() -> None:
    with pytest.raises(InvalidCommitError, match="200 of 300"):
        verify_commit(committed(header(FOUR[:3]), KEYS[:3], signing=2), FOUR[:3])


def test_commit_by_other_validators_than_the_header_names_is_refused() -> None:
    with pytest.raises(InvalidCommitError, match="not the one that the header names"):
        verify_commit(committed(header(FOUR[:3]), KEYS[:3], signing=3), FOUR)


def test_commit_with_one_bit_of_a_signature_changed_is_refused() -> None:
    signed = committed(header(FOUR), KEYS, signing=4)
    first = signed.commit.signatures[0]
    changed = replace(first, signature=bytes([first.signature[0] ^ 1]) + first.signature[1:])
    commit = replace(signed.commit, signatures=(changed, *signed.commit.signatures[1:]))
    with pytest.raises(InvalidCommitError, match="is not valid"):
        verify_commit(replace(signed, commit=commit), FOUR)


def test_commit_signed_for_another_chain_is_refused() -> None:
    signed = committed(header(FOUR, chain_id="testamur-1"), KEYS, signing=4)
    other = header(FOUR, chain_id="testamur-2")
    commit = replace(signed.commit, block_id=BlockId(other.hash(), 1, b"\x09" * 32))
    with pytest.raises(InvalidCommitError):
        verify_commit(SignedHeader(other, commit), FOUR)


def test_commit_with_one_validator_in_two_places_is_refused() -> None:
    signed = committed(header(FOUR), KEYS, signing=4)
    first = signed.commit.signatures[0]
    commit = replace(signed.commit, signatures=(first, first, *signed.commit.signatures[2:]))
    with pytest.raises(InvalidCommitError):
        verify_commit(replace(signed, commit=commit), FOUR)
    with pytest.raises(InvalidCommitError, match="twice"):
        signers(replace(signed, commit=commit), FOUR)


def test_commit_with_a_place_missing_is_refused() -> None:
    signed = committed(header(FOUR), KEYS, signing=4)
    commit = replace(signed.commit, signatures=signed.commit.signatures[:3])
    with pytest.raises(InvalidCommitError, match="3 places"):
        verify_commit(replace(signed, commit=commit), FOUR)


def test_absent_and_nil_votes_do_not_count() -> None:
    signed = committed(header(FOUR), KEYS, signing=2)
    absent = CommitSignature(ABSENT, b"", 0, b"")
    commit = replace(signed.commit, signatures=(*signed.commit.signatures[:3], absent))
    assert len(signers(replace(signed, commit=commit), FOUR)) == 2


def test_validators_hash_does_not_depend_on_the_order_given() -> None:
    assert validators_hash(FOUR) == validators_hash(FOUR[::-1])
    assert validators_hash(FOUR) != validators_hash(FOUR[:3])


def test_validator_is_read_as_written_and_refused_under_another_address() -> None:
    entry = validator_to_json(FOUR[0])
    assert validator_from_json(entry) == FOUR[0]
    with pytest.raises(MalformedEvidenceError, match="address"):
        validator_from_json({**entry, "address": FOUR[1].address.hex()})
    with pytest.raises(MalformedEvidenceError, match="positive power"):
        validator_from_json({**entry, "voting_power": "0"})


@pytest.mark.parametrize(
    "text", ["1970-01-01T00:00:00Z", "2023-05-17T14:12:53.088875124Z", "2023-05-17T14:12:53.5Z", "0001-01-01T00:00:00Z"]
)
def test_times_are_written_as_they_were_read(text: str) -> None:
    assert format_time(parse_time(text)) == text


@pytest.mark.parametrize("text", ["2023-05-17T14:12:53", "2023-13-17T14:12:53Z", "２023-05-17T14:12:53Z", "", None, 7])
def test_time_that_is_not_utc_is_refused(text: object) -> None:
    with pytest.raises(MalformedEvidenceError):
        parse_time(text)


@pytest.mark.parametrize(
    "path",
    [
        ("header",),
        ("commit",),
        ("header", "version"),
        ("header", "app_hash"),
        ("commit", "signatures"),
        ("header", "height"),
        ("commit", "block_id", "parts"),
    ],
)
@pytest.mark.parametrize("value", [7, None, "zz", [1], {"a": 1}])
def test_signed_header_of_another_shape_is_refused(path: tuple[str, ...], value: object) -> None:
    data = signed_header_to_json(committed(header(FOUR), KEYS, signing=4))
    part = data
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    if path == ("header", "height") and value == 7:
        signed_header_from_json(data)
        return
    with pytest.raises(MalformedEvidenceError):
        signed_header_from_json(data)
