"""The blobs that travel beside a type 3 transaction (EIP-4844, 7594): checked when it is sent, never put into a block.

Flow: raw bytes from a sender -> `check_sidecar` -> pool, which keeps the form that blocks hold.
"""

from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

import ckzg

from testamur_node.codec import DecodingError, Item, rlp_decode

__all__ = ["SidecarError", "check_sidecar"]

_BLOB_BYTES = 131_072
_POINT_BYTES = 48
_CELLS = 128
"""Cell proofs of one blob (EIP-7594)."""


class SidecarError(DecodingError):
    """A blob transaction without its blobs, or with blobs that are not the ones it names."""


def check_sidecar(raw: bytes, hashes: tuple[bytes, ...]) -> None:
    """Refuse the network form of a type 3 transaction unless its blobs are there and prove to be the ones it names."""
    fields = rlp_decode(raw[1:])
    if not isinstance(fields, list) or len(fields) not in (4, 5) or not isinstance(fields[0], list):
        raise SidecarError("missing sidecar in blob transaction", "send it with its blobs, commitments and proofs")
    if len(fields) == 5 and fields[1] != b"\x01":
        raise SidecarError("a sidecar with a version has version 1")
    blobs, commitments, proofs = (_bytes_of(item) for item in fields[-3:])
    if not hashes:
        raise SidecarError("blobless blob transaction")
    if len(blobs) != len(hashes) or len(commitments) != len(hashes):
        raise SidecarError(f"{len(blobs)} blobs and {len(commitments)} commitments for {len(hashes)} blob hashes")
    for commitment, wanted in zip(commitments, hashes, strict=True):
        if b"\x01" + sha256(commitment).digest()[1:] != wanted:
            raise SidecarError(f"commitment 0x{commitment.hex()} is not the one of blob hash 0x{wanted.hex()}")
    _check_sizes(blobs, _BLOB_BYTES)
    _check_sizes([*commitments, *proofs], _POINT_BYTES)
    wanted_proofs = len(blobs) * (_CELLS if len(fields) == 5 else 1)
    if len(proofs) != wanted_proofs:
        raise SidecarError(f"{len(proofs)} proofs for {len(blobs)} blobs, expected {wanted_proofs}")
    try:
        is_proven = (_cells_match if len(fields) == 5 else _blobs_match)(blobs, commitments, proofs)
    except (ValueError, RuntimeError) as error:  # bytes that are no field elements or points
        raise SidecarError("the sidecar holds no valid blobs, commitments and proofs") from error
    if not is_proven:
        raise SidecarError("invalid blob proof")


def _bytes_of(item: Item) -> list[bytes]:
    if not isinstance(item, list) or not all(isinstance(part, bytes) for part in item):
        raise SidecarError("a sidecar holds lists of blobs, commitments and proofs")
    return [part for part in item if isinstance(part, bytes)]


def _check_sizes(parts: list[bytes], size: int) -> None:
    if any(len(part) != size for part in parts):
        raise SidecarError(f"a part of the sidecar has not {size} bytes")


@cache
def _setup() -> Any:
    """The points of the KZG ceremony, as py-evm brings them."""
    with resources.as_file(resources.files("eth._utils").joinpath("kzg_trusted_setup.txt")) as path:
        return ckzg.load_trusted_setup(str(path), 0)


def _blobs_match(blobs: list[bytes], commitments: list[bytes], proofs: list[bytes]) -> bool:
    return bool(ckzg.verify_blob_kzg_proof_batch(b"".join(blobs), b"".join(commitments), b"".join(proofs), _setup()))


def _cells_match(blobs: list[bytes], commitments: list[bytes], proofs: list[bytes]) -> bool:
    cells = [cell for blob in blobs for cell in ckzg.compute_cells(blob, _setup())]
    owners = [commitment for commitment in commitments for _ in range(_CELLS)]
    return bool(ckzg.verify_cell_kzg_proof_batch(owners, list(range(_CELLS)) * len(blobs), cells, proofs, _setup()))
