"""Another network's chain comes in block by block, to the head hash its file is known by; a spoilt one stops."""

from dataclasses import replace
from pathlib import Path

import pytest
from testamur_node.application import Application
from testamur_node.chain.block import Block, decode_block, encode_block
from testamur_node.chain.rules import ALLIANCE
from testamur_node.codec import DecodingError
from testamur_node.genesis import Genesis
from testamur_node.importing import InvalidBlockError, blocks_in, import_block

from tests.node.founding import GOVERN, ISSUE, STRANGER_KEY, genesis_of, open_application, raw, run_block

HEAD = "e27a3e81bd7cfe2aec2cc9e832c73a17c93e7efcf659cf4b39883b96c48708c2"


@pytest.fixture
def imported(tmp_path: Path, vectors: Path) -> Application:
    genesis = Genesis.from_json((vectors / "rpc-compat" / "genesis.json").read_text(encoding="utf-8"))
    return open_application(tmp_path, genesis)


def test_the_chain_from_homestead_to_prague_ends_in_its_known_head(imported: Application, vectors: Path) -> None:
    for block in blocks_in(vectors / "rpc-compat" / "chain.rlp"):
        import_block(imported, block)
        assert imported.store.block(block.number) == block
    assert (imported.head.number, imported.head.hash.hex()) == (45, HEAD)


def spoilt(block: Block, **changes: object) -> Block:
    header = replace(block.header, **changes)  # type: ignore[arg-type]
    return replace(block, header=header, hash=header.hash)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state_root": bytes(32)}, "state root"),
        ({"gas_used": 1}, "gas used"),
        ({"receipts_root": bytes(32)}, "receipts root"),
        ({"logs_bloom": b"\x01" * 256}, "logs bloom"),
        ({"number": 2}, "number"),
        ({"parent_hash": bytes(32)}, "parent hash"),
        ({"timestamp": 0}, "timestamp"),
        ({"gas_limit": 1}, "gas limit"),
        ({"transactions_root": bytes(32)}, "transactions root"),
    ],
)
def test_a_spoilt_block_is_refused_and_nothing_of_it_kept(
    imported: Application, vectors: Path, change: dict[str, object], words: str
) -> None:
    block = next(blocks_in(vectors / "rpc-compat" / "chain.rlp"))
    before = imported.store.statistics()
    with pytest.raises(InvalidBlockError, match=words):
        import_block(imported, spoilt(block, **change))
    assert imported.store.statistics() == before
    import_block(imported, block)


def test_a_truncated_file_is_refused(tmp_path: Path, vectors: Path) -> None:
    block = next(blocks_in(vectors / "rpc-compat" / "chain.rlp"))
    encoded = encode_block(block)
    file = tmp_path / "chain.rlp"
    file.write_bytes(encoded + encoded[:-1])
    with pytest.raises(DecodingError, match="ends within"):
        list(blocks_in(file))
    file.write_bytes(b"\x80" + encoded)
    with pytest.raises(DecodingError, match="one RLP list"):
        list(blocks_in(file))
    file.write_bytes(b"")
    assert list(blocks_in(file)) == []


def test_an_alliance_chain_imports_into_another_home(tmp_path: Path) -> None:
    genesis = genesis_of()
    first, second = open_application(tmp_path / "1", genesis), open_application(tmp_path / "2", genesis)
    for nonce in range(3):
        run_block(first, [raw(GOVERN, nonce)])
        block = first.store.block(first.head.number)
        assert block is not None
        import_block(second, decode_block(encode_block(block)))
    assert second.head == first.head


def test_an_import_takes_nothing_that_the_alliance_would_not_have_made(tmp_path: Path) -> None:
    genesis = genesis_of()
    lax = replace(genesis, spec=replace(ALLIANCE, is_permissioned=False))
    forger = open_application(tmp_path / "forger", lax)
    honest = open_application(tmp_path / "honest", genesis)
    forged = run_block(forger, [raw(STRANGER_KEY, 0), raw(ISSUE, 0)]).block
    assert forged is not None
    with pytest.raises(InvalidBlockError, match="may not transact"):
        import_block(honest, forged)
    for change in (
        {"coinbase": b"\x01" * 20},
        {"mix_hash": bytes(32)},
        {"gas_limit": 30_000_001},
        {"extra_data": b"x"},
    ):
        with pytest.raises(InvalidBlockError, match="expected"):
            import_block(honest, spoilt(forged, **change))
