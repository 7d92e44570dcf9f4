"""Blobs beside a transaction (EIP-4844, 7594): with them it is taken, without them or with others it is refused."""

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import ckzg
import pytest
from eth_account import Account
from testamur_node.chain.sidecar import SidecarError, check_sidecar
from testamur_node.chain.transaction import decode_transaction
from testamur_node.codec import Item, rlp_decode, rlp_encode
from testamur_node.node import Node
from testamur_node.operations.initialise import initialise

from tests.node.founding import CHAIN_ID, KEYS, word

BLOB = b"".join(word(number * number) for number in range(4_096))


@cache
def sent(chain_id: int = CHAIN_ID) -> bytes:
    """A signed type 3 transaction in its network form."""
    fields = {
        "type": 3, "chainId": chain_id, "nonce": 0, "gas": 100_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0,
        "maxFeePerBlobGas": 1, "to": "0x" + "11" * 20, "value": 0, "data": "0x",
    }  # fmt: skip
    return bytes(Account.sign_transaction(fields, KEYS[0], blobs=[BLOB]).raw_transaction)


@cache
def setup() -> Any:
    with resources.as_file(resources.files("eth._utils").joinpath("kzg_trusted_setup.txt")) as path:
        return ckzg.load_trusted_setup(str(path), 0)


def parts(raw: bytes) -> list[Item]:
    """Transaction, blobs, commitments and cell proofs; eth-account makes sidecars of version 1."""
    decoded = rlp_decode(raw[1:])
    assert isinstance(decoded, list)
    transaction, version, blobs, commitments, proofs = decoded
    assert version == b"\x01"
    return [transaction, blobs, commitments, proofs]


def first_version() -> list[Item]:
    """The same with one proof for the blob, as before cells."""
    transaction, blobs, commitments, _ = parts(sent())
    assert isinstance(commitments[0], bytes)
    return [transaction, blobs, commitments, [ckzg.compute_blob_kzg_proof(BLOB, commitments[0], setup())]]


def judged(items: list[Item]) -> None:
    raw = b"\x03" + rlp_encode(items)
    check_sidecar(raw, decode_transaction(raw).blob_hashes)


def test_blobs_that_prove_to_be_the_ones_named_are_taken() -> None:
    judged(first_version())


def test_a_blob_transaction_without_its_blobs_is_refused() -> None:
    transaction = decode_transaction(sent())
    with pytest.raises(SidecarError, match="missing sidecar"):
        check_sidecar(transaction.raw, transaction.blob_hashes)


@pytest.mark.parametrize(("part", "message"), [(1, "proof"), (2, "blob hash"), (3, "sidecar|proof")])
def test_one_changed_byte_of_blob_commitment_or_proof_is_refused(part: int, message: str) -> None:
    items = first_version()
    (content,) = items[part]
    assert isinstance(content, bytes)
    items[part] = [content[:-1] + bytes([content[-1] ^ 1])]
    with pytest.raises(SidecarError, match=message):
        judged(items)


@pytest.mark.parametrize("count", [0, 2])
def test_more_or_fewer_blobs_than_hashes_are_refused(count: int) -> None:
    items = first_version()
    for part in (1, 2, 3):
        items[part] = [*items[part]] * count
    with pytest.raises(SidecarError, match="for 1 blob hashes"):
        judged(items)


def test_cell_proofs_of_version_1_are_taken_and_one_less_is_not() -> None:
    transaction, blobs, commitments, proofs = parts(sent())
    judged([transaction, b"\x01", blobs, commitments, proofs])
    with pytest.raises(SidecarError, match="127 proofs for 1 blobs"):
        judged([transaction, b"\x01", blobs, commitments, proofs[:-1]])
    with pytest.raises(SidecarError, match="invalid blob proof"):
        judged([transaction, b"\x01", blobs, commitments, [*proofs[1:], proofs[0]]])
    with pytest.raises(SidecarError, match="version 1"):
        judged([transaction, b"\x02", blobs, commitments, proofs])


def test_a_node_takes_blobs_into_its_pool_and_refuses_them_bare(tmp_path: Path) -> None:
    home = tmp_path / "home"
    initialise(home, engine="solo", alliance=None, chain_id=CHAIN_ID, is_development=True)
    node = Node.open(home, lambda: 2_000_000_000 * 10**9)
    try:
        with pytest.raises(SidecarError, match="missing sidecar"):
            node.submit(decode_transaction(sent()).raw)
        assert node.submit(sent()) == decode_transaction(sent()).hash
    finally:
        node.close()
