"""Headers and blocks of every fork from Homestead to Prague, and their RLP.

`keccak(rlp(header))` is the block's hash and, for our engines, the app_hash (docs/protocol.md 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from testamur.proof.hashing import keccak256

from testamur_node.chain.transaction import Transaction, decode_transaction
from testamur_node.codec import DecodingError, Item, minimal, number_of, rlp_decode, rlp_encode

__all__ = [
    "Header", "Withdrawal", "Block", "encode_header", "decode_header", "encode_block", "decode_block",
    "encode_header_list", "encode_body", "decode_body",
    "EMPTY_OMMERS_HASH", "EMPTY_TRIE_ROOT",
]  # fmt: skip

EMPTY_OMMERS_HASH = keccak256(b"\xc0")
EMPTY_TRIE_ROOT = keccak256(b"\x80")
_LENGTHS = (15, 16, 17, 20, 21)
"""Fields before London, in London, Shanghai, Cancun, Prague."""


@dataclass(frozen=True, slots=True)
class Header:
    """An EVM block header."""

    parent_hash: bytes
    ommers_hash: bytes
    coinbase: bytes
    state_root: bytes
    transactions_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    """256 bytes."""
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    """Seconds since 1970."""
    extra_data: bytes
    mix_hash: bytes
    """PREVRANDAO since Paris."""
    nonce: bytes
    """8 bytes."""
    base_fee: int | None = None
    """London."""
    withdrawals_root: bytes | None = None
    """Shanghai."""
    blob_gas_used: int | None = None
    """Cancun."""
    excess_blob_gas: int | None = None
    """Cancun."""
    parent_beacon_root: bytes | None = None
    """Cancun."""
    requests_hash: bytes | None = None
    """Prague."""

    @property
    def hash(self) -> bytes:
        """The block's hash."""
        return keccak256(encode_header(self))


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A beacon chain withdrawal (EIP-4895); only in imported chains."""

    index: int
    validator_index: int
    address: bytes
    amount_gwei: int


@dataclass(frozen=True, slots=True)
class Block:
    """A header with what it commits to."""

    header: Header
    hash: bytes
    transactions: tuple[Transaction, ...] = ()
    ommers: tuple[Header, ...] = ()
    withdrawals: tuple[Withdrawal, ...] | None = None
    """None before Shanghai."""

    @property
    def number(self) -> int:
        """Its height."""
        return self.header.number


def encode_header(header: Header) -> bytes:
    """The RLP that the hash is taken of."""
    return rlp_encode(_header_items(header))


def decode_header(encoded: bytes) -> Header:
    """The header that `encoded` holds; `DecodingError` where it holds none."""
    return _header(rlp_decode(encoded))


def encode_block(block: Block) -> bytes:
    """The RLP of the whole block, as chain.rlp files and debug_getRawBlock have it."""
    transactions: list[Item] = [
        rlp_decode(transaction.raw) if transaction.type_id == 0 else transaction.raw
        for transaction in block.transactions
    ]
    parts: list[Item] = [
        _header_items(block.header),
        transactions,
        [_header_items(ommer) for ommer in block.ommers],
    ]
    if block.withdrawals is not None:
        parts.append([
            [minimal(item.index), minimal(item.validator_index), item.address, minimal(item.amount_gwei)]
            for item in block.withdrawals
        ])  # fmt: skip
    return rlp_encode(parts)


def decode_block(encoded: Item) -> Block:
    """The block that RLP bytes, or an already decoded item, hold."""
    parts = rlp_decode(encoded) if isinstance(encoded, bytes) else encoded
    if not isinstance(parts, list) or len(parts) not in (3, 4) or not all(isinstance(part, list) for part in parts):
        raise DecodingError("a block is a list of header, transactions, ommers and, since Shanghai, withdrawals")
    header = _header(parts[0])
    return Block(
        header=header,
        hash=header.hash,
        transactions=tuple(
            decode_transaction(item if isinstance(item, bytes) else rlp_encode(item)) for item in parts[1]
        ),
        ommers=tuple(_header(item) for item in parts[2]),
        withdrawals=tuple(_withdrawal(item) for item in parts[3]) if len(parts) == 4 else None,
    )


def encode_header_list(headers: Sequence[Header]) -> bytes:
    """The RLP whose keccak is the ommers hash."""
    return rlp_encode([_header_items(header) for header in headers])


def encode_body(block: Block) -> bytes:
    """Ommers and withdrawals alone: what a store keeps beside header and transactions."""
    withdrawals = [
        [minimal(item.index), minimal(item.validator_index), item.address, minimal(item.amount_gwei)]
        for item in block.withdrawals or ()
    ]
    parts: list[Item] = [[_header_items(ommer) for ommer in block.ommers]]
    return rlp_encode(parts if block.withdrawals is None else [*parts, withdrawals])


def decode_body(encoded: bytes) -> tuple[tuple[Header, ...], tuple[Withdrawal, ...] | None]:
    """What `encode_body` wrote."""
    parts = rlp_decode(encoded)
    if not isinstance(parts, list) or len(parts) not in (1, 2):
        raise DecodingError("a stored body holds ommers and, since Shanghai, withdrawals")
    withdrawals = tuple(_withdrawal(item) for item in parts[1]) if len(parts) == 2 else None
    return tuple(_header(item) for item in parts[0]), withdrawals


def _header_items(header: Header) -> list[Item]:
    items: list[Item] = [
        header.parent_hash, header.ommers_hash, header.coinbase, header.state_root, header.transactions_root,
        header.receipts_root, header.logs_bloom, minimal(header.difficulty), minimal(header.number),
        minimal(header.gas_limit), minimal(header.gas_used), minimal(header.timestamp), header.extra_data,
        header.mix_hash, header.nonce,
    ]  # fmt: skip
    later: tuple[int | bytes | None, ...] = (
        header.base_fee, header.withdrawals_root, header.blob_gas_used, header.excess_blob_gas,
        header.parent_beacon_root, header.requests_hash,
    )  # fmt: skip
    present = [index for index, value in enumerate(later) if value is not None]
    # made-up headers may lack one that a later one follows: it is empty then, as in geth
    for value in later[: present[-1] + 1 if present else 0]:
        items.append(minimal(value) if isinstance(value, int) else value or b"")
    return items


def _header(items: Item) -> Header:
    if not isinstance(items, list) or len(items) not in _LENGTHS:
        raise DecodingError("a header has 15, 16, 17, 20 or 21 fields")
    numbers = {7, 8, 9, 10, 11, 15, 17, 18}
    sizes = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8, 16: 32, 19: 32, 20: 32}
    values: list[int | bytes] = []
    for position, item in enumerate(items):
        if position in numbers:
            values.append(number_of(item))
        elif isinstance(item, bytes) and len(item) == sizes.get(position, len(item)):
            values.append(item)
        else:
            raise DecodingError(f"header field {position} has a wrong size")
    return Header(*values)  # type: ignore[arg-type] # positions 7-11, 15, 17, 18 are the numbers, checked above


def _withdrawal(item: Item) -> Withdrawal:
    if not isinstance(item, list) or len(item) != 4 or not isinstance(item[2], bytes):
        raise DecodingError("a withdrawal has four fields")
    return Withdrawal(number_of(item[0], 8), number_of(item[1], 8), item[2], number_of(item[3], 8))
