"""Receipts and logs: what the execution of a transaction left behind, in the consensus encoding and for readers."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from testamur.proof.hashing import keccak256

from testamur_node.codec import DecodingError, Item, minimal, number_of, rlp_decode, rlp_encode, rlp_end

__all__ = ["Log", "Receipt", "EMPTY_BLOOM", "bloom_of", "encode_receipt", "decode_logs", "decode_receipt", "union_of"]

EMPTY_BLOOM = bytes(256)


@dataclass(frozen=True, slots=True)
class Log:
    """One event."""

    address: bytes
    topics: tuple[bytes, ...]
    """At most four, 32 bytes each."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of one transaction in its block."""

    type_id: int
    is_successful: bool
    """False also for a pre-Byzantium receipt, which does not tell: see `state_root`."""
    state_root: bytes | None
    """Pre-Byzantium only: the root after the transaction, in place of the status."""
    cumulative_gas_used: int
    """Gas of the block up to and with this transaction."""
    gas_used: int
    """Gas of this transaction alone (not part of the consensus encoding)."""
    logs: tuple[Log, ...]
    logs_bloom: bytes
    """256 bytes."""


def bloom_of(logs: Iterable[Log]) -> bytes:
    """The 2048-bit filter over addresses and topics (Yellow Paper 4.3.1)."""
    bloom = 0
    for log in logs:
        for part in (log.address, *log.topics):
            bloom |= _bits_of(part)
    return bloom.to_bytes(256, "big")


@lru_cache(maxsize=1_024)
def _bits_of(part: bytes) -> int:
    """The three bits of an address or topic; contracts and event names come again and again."""
    digest = keccak256(part)
    bits = 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits


def union_of(blooms: Iterable[bytes]) -> bytes:
    """The filter of a block out of its receipts' filters."""
    union = 0
    for bloom in blooms:
        union |= int.from_bytes(bloom, "big")
    return union.to_bytes(256, "big")


def encode_receipt(receipt: Receipt) -> bytes:
    """The EIP-2718 encoding that the receipts root is built on."""
    outcome = receipt.state_root if receipt.state_root is not None else (b"\x01" if receipt.is_successful else b"")
    logs: list[Item] = [[log.address, list(log.topics), log.data] for log in receipt.logs]
    body = rlp_encode([outcome, minimal(receipt.cumulative_gas_used), receipt.logs_bloom, logs])
    return bytes([receipt.type_id]) + body if receipt.type_id else body


def decode_receipt(encoded: bytes, cumulative_gas_before: int) -> Receipt:
    """The receipt that `encoded` holds, given the cumulative gas of the one before it in the block (0 for the
    first).
    """
    type_id = encoded[0] if encoded and encoded[0] < 0xC0 else 0
    fields = rlp_decode(encoded[1:] if type_id else encoded)
    if not isinstance(fields, list) or len(fields) != 4 or not isinstance(fields[0], bytes):
        raise DecodingError("a receipt has four fields, its outcome first")
    outcome, cumulative, bloom, logs = fields[0], number_of(fields[1]), fields[2], fields[3]
    if not isinstance(bloom, bytes) or not isinstance(logs, list):
        raise DecodingError("a receipt holds a filter and a list of logs")
    return Receipt(
        type_id=type_id,
        is_successful=outcome == b"\x01",
        state_root=outcome if len(outcome) == 32 else None,
        cumulative_gas_used=cumulative,
        gas_used=cumulative - cumulative_gas_before,
        logs=tuple(_log(item) for item in logs),
        logs_bloom=bloom,
    )


def decode_logs(encoded: bytes) -> tuple[Log, ...]:
    """The logs alone of an encoded receipt; the filter, most of its bytes, is not decoded for them."""
    at = 0 if encoded[0] >= 0xC0 else 1
    at += 1 if encoded[at] < 0xF8 else encoded[at] - 0xF6  # the list's own head
    for _ in range(3):
        at = rlp_end(encoded, at)
    logs = rlp_decode(encoded[at:])
    if not isinstance(logs, list):
        raise DecodingError("a receipt has four fields, its logs last")
    return tuple(_log(item) for item in logs)


def _log(item: Item) -> Log:
    if not isinstance(item, list) or len(item) != 3:
        raise DecodingError("a log has three fields")
    address, topics, data = item
    if not isinstance(address, bytes) or not isinstance(topics, list) or not isinstance(data, bytes):
        raise DecodingError("a log holds an address, a list of topics and data")
    return Log(address, tuple(topic for topic in topics if isinstance(topic, bytes)), data)
