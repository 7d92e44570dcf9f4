"""Base58 in the Bitcoin alphabet, and the two multibase values of a proof: an Ed25519 key and a signature.

`z` + base58btc (Multibase); a key is 0xed01 followed by 32 bytes (Multikey, "Data Integrity EdDSA Cryptosuites" 2.1).
"""

import functools
from typing import Final

__all__ = ["base58_decode", "base58_encode", "decode_key", "encode_key"]

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_PAIR_BASE: Final = 58**2
_BLOCK_PAIRS: Final = 5
_BLOCK_BASE: Final = _PAIR_BASE**_BLOCK_PAIRS
"""58^10 is the largest even power of 58 that stays below 2^60, so one division of the long number yields ten digits."""

_DIGITS: Final = bytes.maketrans(_ALPHABET.encode(), bytes(range(58)))
_MAX_DIGITS: Final = 128
_LANES: Final = tuple(
    (8 << step, int.from_bytes((bytes(1 << step) + b"\xff" * (1 << step)) * (64 >> step), "big"), 58 ** (1 << step))
    for step in range(7)
)
"""Width in bits, mask of every second lane and base, for joining neighbours: 128 digits become one in 7 steps."""

_ED25519_PREFIX: Final = b"\xed\x01"


def base58_encode(data: bytes) -> str:
    """`data` in base58, a leading `1` for each leading zero byte."""
    value = int.from_bytes(data, "big")
    pairs: list[str] = []
    while value:
        value, block = divmod(value, _BLOCK_BASE)
        for _ in range(_BLOCK_PAIRS):
            block, pair = divmod(block, _PAIR_BASE)
            pairs.append(_PAIRS[pair])
    digits = "".join(reversed(pairs)).lstrip("1")
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def base58_decode(text: str, size: int) -> bytes | None:
    """The `size` bytes (at most 64) that `base58_encode` writes as `text`, or None where there are none.

    Digits stand in lanes of one long integer; joining each two neighbours (left × base + right) in all lanes at once
    halves their number.
    """
    if not text.isascii() or len(text) > _MAX_DIGITS or text.strip(_ALPHABET):
        return None
    value = int.from_bytes(text.encode().translate(_DIGITS), "big")
    for width, mask, base in _LANES:
        value = (value >> width & mask) * base + (value & mask)
    try:
        data = value.to_bytes(size, "big")
    except OverflowError:
        return None
    is_canonical = len(text) - len(text.lstrip("1")) == size - len(data.lstrip(b"\0"))
    return data if is_canonical else None


def encode_key(key: bytes) -> str:
    """The Multikey text of a raw 32-byte Ed25519 public key: `z6Mk…`."""
    return "z" + base58_encode(_ED25519_PREFIX + key)


def decode_key(text: str) -> bytes | None:
    """The raw 32-byte key of a Multikey text, or None where it is no Ed25519 key."""
    return _decode_key(text) if len(text) <= _MAX_DIGITS else None


@functools.lru_cache(maxsize=256)
def _decode_key(text: str) -> bytes | None:
    data = base58_decode(text[1:], len(_ED25519_PREFIX) + 32) if text.startswith("z") else None
    return data[len(_ED25519_PREFIX) :] if data is not None and data.startswith(_ED25519_PREFIX) else None
