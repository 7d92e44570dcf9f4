"""The EVM header that a proof starts from: Prague's 21 fields, read from RLP and written back to the same bytes.

keccak-256 of the encoding is the block's hash and stands as `app_hash` in the engine header that makes the block
final (docs/protocol.md 4.1). Chains that imported older forks' blocks are read by the node, not here: a state that
is judged is always one that our engine carried.
"""

from dataclasses import dataclass, fields

from testamur.proof.errors import InvalidHeaderError, MalformedEvidenceError
from testamur.proof.hashing import keccak256
from testamur.proof.rlp import decode, decode_uint, encode, encode_uint

__all__ = ["EvmHeader"]


@dataclass(frozen=True, slots=True)
class EvmHeader:
    """One header of the EVM chain, its fields in the order they are encoded."""

    parent_hash: bytes
    ommers_hash: bytes
    coinbase: bytes
    state_root: bytes
    """Root of the accounts' trie after this block."""
    transactions_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    """Whole seconds since 1970; above the parent's."""
    extra_data: bytes
    prev_randao: bytes
    nonce: bytes
    base_fee_per_gas: int
    withdrawals_root: bytes
    blob_gas_used: int
    excess_blob_gas: int
    parent_beacon_block_root: bytes
    requests_hash: bytes

    @classmethod
    def decode(cls, encoded: bytes) -> "EvmHeader":
        """The header in its RLP. Raises InvalidHeaderError for anything but Prague's 21 fields in their sizes."""
        try:
            items = decode(encoded)
            if not isinstance(items, list) or len(items) != len(_SIZES):
                raise InvalidHeaderError("an EVM header is a list of 21 fields")
            values: dict[str, bytes | int] = {}
            for (name, size), item in zip(_SIZES.items(), items, strict=True):
                if size is None:
                    values[name] = decode_uint(item)
                elif isinstance(item, bytes) and (len(item) == size or (name == "extra_data" and len(item) <= size)):
                    values[name] = item
                else:
                    raise InvalidHeaderError(f"{name} of an EVM header is not of {size} bytes")
        except MalformedEvidenceError as error:
            raise InvalidHeaderError(f"an EVM header is not well-formed RLP: {error.message}") from error
        return cls(**values)  # type: ignore[arg-type]  # _SIZES tells numbers from byte strings

    def encode(self) -> bytes:
        """The RLP that `decode` reads and `hash` hashes."""
        values = (getattr(self, name) for name in _SIZES)
        return encode([encode_uint(value) if isinstance(value, int) else value for value in values])

    def hash(self) -> bytes:
        """keccak-256 of the encoding: the block's hash, 32 bytes."""
        return keccak256(self.encode())


_BYTES = {"coinbase": 20, "logs_bloom": 256, "extra_data": 32, "nonce": 8}
_SIZES = {f.name: None if f.type is int else _BYTES.get(f.name, 32) for f in fields(EvmHeader)}
"""Length in bytes of each field, None for numbers."""
