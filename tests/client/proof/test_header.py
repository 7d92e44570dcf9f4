"""EVM headers and finality proofs: a Prague block of geth's, its account proofs, and every field one byte away."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import rlp
from testamur.proof.errors import InvalidCommitError, InvalidHeaderError, MalformedEvidenceError, ProofError
from testamur.proof.finality import FinalityProof, holds_at, verify_single_signer
from testamur.proof.header import EvmHeader
from testamur.proof.mpt import account, nodes_by_hash, storage

from tests.client.verification.world import ENGINE_CHAIN_ID, OTHER_KEY, SEALED, SOLO_KEY, World, raw, world

MEMBERS = {
    "parent_hash": "parentHash",
    "ommers_hash": "sha3Uncles",
    "coinbase": "miner",
    "prev_randao": "mixHash",
    "withdrawals_root": "withdrawalsRoot",
    "requests_hash": "requestsHash",
}


def recorded(vectors: Path, name: str) -> Any:
    """The answer in a recorded conversation."""
    lines = (vectors / "rpc-compat" / name).read_text().splitlines()
    return json.loads(next(line for line in lines if line.startswith("<< "))[3:])["result"]


def prague_header(vectors: Path) -> tuple[EvmHeader, bytes]:
    """A Prague header as geth tells it, and its hash."""
    block = recorded(vectors, "eth_getBlockByNumber/get-block-prague-fork.io")
    values: dict[str, Any] = {}
    for item in fields(EvmHeader):
        head, *tail = item.name.split("_")
        text = block[MEMBERS.get(item.name, head + "".join(part.title() for part in tail))]
        values[item.name] = int(text, 16) if item.type is int else bytes.fromhex(text[2:])
    return EvmHeader(**values), bytes.fromhex(block["hash"][2:])


def test_a_prague_header_hashes_to_the_blocks_hash_and_is_read_back(vectors: Path) -> None:
    header, block_hash = prague_header(vectors)
    assert header.hash() == block_hash
    assert EvmHeader.decode(header.encode()) == header


def test_geths_own_proofs_verify_under_its_state_root(vectors: Path) -> None:
    header, _ = prague_header(vectors)
    answer = recorded(vectors, "eth_getProof/get-account-proof-with-storage.io")
    proofs = [answer["accountProof"], *(entry["proof"] for entry in answer["storageProof"])]
    nodes = nodes_by_hash(bytes.fromhex(node[2:]) for proof in proofs for node in proof)
    found = account(header.state_root, bytes.fromhex(answer["address"][2:]), nodes)
    assert found is not None
    assert found.balance == int(answer["balance"], 16)
    assert found.code_hash == bytes.fromhex(answer["codeHash"][2:])
    for entry in answer["storageProof"]:
        assert storage(found.storage_root, int(entry["key"], 16), nodes) == int(entry["value"], 16)


@pytest.mark.parametrize("place", range(21))
def test_every_field_of_a_header_counts_for_its_hash(place: int) -> None:
    header = world().header()
    name = fields(EvmHeader)[place].name
    value = getattr(header, name)
    other = value + 1 if isinstance(value, int) else bytes(len(value)) if any(value) else b"\x01" * len(value)
    changed = replace(header, **{name: other if other != value else b"\x01"})
    assert changed.hash() != header.hash()
    assert EvmHeader.decode(changed.encode()) == changed


@pytest.mark.parametrize("change", ["short", "long", "list", "zero", "size", "tail", "empty", "string"])
def test_a_header_of_another_shape_is_refused(change: str) -> None:
    items = rlp.decode(world().header().encode())
    encoded = {
        "short": rlp.encode(items[:-1]),
        "long": rlp.encode([*items, b""]),
        "list": rlp.encode([[], *items[1:]]),
        "zero": rlp.encode([*items[:8], b"\x00\x01", *items[9:]]),
        "size": rlp.encode([items[0] + b"\x00", *items[1:]]),
        "tail": rlp.encode(items) + b"\x00",
        "empty": b"",
        "string": rlp.encode(b"header"),
    }[change]
    with pytest.raises(InvalidHeaderError):
        EvmHeader.decode(encoded)


# finality -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def chain() -> World:
    return world()


def test_a_solo_engines_proof_is_read_as_written_and_gives_its_state(chain: World) -> None:
    proof = FinalityProof.from_json(json.loads(json.dumps(chain.finality().to_json())))
    assert proof == chain.finality()
    state = verify_single_signer(proof, ENGINE_CHAIN_ID, raw(SOLO_KEY))
    assert (state.header, state.hash) == (chain.header(), chain.header().hash())
    assert state.engine_time_ns // 10**9 == SEALED


def test_another_key_chain_or_state_is_refused(chain: World) -> None:
    proof = chain.finality()
    with pytest.raises(InvalidCommitError):
        verify_single_signer(proof, ENGINE_CHAIN_ID, raw(OTHER_KEY))
    with pytest.raises(InvalidHeaderError):
        verify_single_signer(proof, "testamur-20261", raw(SOLO_KEY))
    with pytest.raises(InvalidHeaderError):
        verify_single_signer(replace(proof, header=replace(proof.header, number=5)), ENGINE_CHAIN_ID, raw(SOLO_KEY))
    with pytest.raises(InvalidCommitError):
        verify_single_signer(replace(proof, validators=proof.validators * 2), ENGINE_CHAIN_ID, raw(SOLO_KEY))


def test_a_state_holds_from_its_block_until_a_signed_header_says_otherwise(chain: World) -> None:
    state = verify_single_signer(chain.finality(), ENGINE_CHAIN_ID, raw(SOLO_KEY))
    begin, end = state.header.timestamp * 10**9, state.engine_time_ns
    assert [holds_at(state, moment) for moment in (begin - 1, begin, end - 1, end)] == [False, True, True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"evmHeader": 5},
        {"evmHeader": "00"},
        {"evmHeader": "0xzz"},
        {"evmHeader": "0x" + "00" * 3000},
        {"signedHeader": None},
        {"validators": []},
        {"validators": {}},
        {"validators": [{}]},
        {"validators": [None] * 1001},
        {"path": 5},
        {"path": [5]},
        {"path": [{}] * 501},
    ],
)
def test_a_proof_of_another_shape_is_refused(chain: World, change: dict[str, Any]) -> None:
    with pytest.raises(ProofError):
        FinalityProof.from_json({**chain.finality().to_json(), **change})
    with pytest.raises(MalformedEvidenceError):
        FinalityProof.from_json([])
