"""From the batch's public counter to a secret status index: a keyed permutation of the whole list.

Counters `first … first + size - 1` are taken on chain, so indexes never collide; the key stays with the profile, so
an index says nothing about its place in the roster (`docs/protocol.md 2`). A Feistel network of 8 rounds over
`log2size` bits whose round function is HMAC-SHA-256; on an odd number of bits the halves differ by one.
"""

import functools
import hashlib
import struct
from typing import Any, Final

__all__ = ["KEY_BYTES", "Permutation", "status_index"]

KEY_BYTES: Final = 32
_ROUNDS: Final = 8
_DOMAIN: Final = b"testamur status index 1"
_MESSAGE: Final = struct.Struct(">BBI")


def status_index(key: bytes, counter: int, log2size: int) -> int:
    """The status index of `counter` in a list of `2 ** log2size` entries, under the list's 32-byte `key`."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a list key has {KEY_BYTES} bytes, not {len(key)}")
    if not 2 <= log2size <= 32 or not 0 <= counter < 1 << log2size:
        raise ValueError(f"counter {counter} of a list of 2^{log2size} entries")
    low_bits = log2size // 2
    low_mask, high_mask = (1 << low_bits) - 1, (1 << (log2size - low_bits)) - 1
    high, low = counter >> low_bits, counter & low_mask
    for round_number in range(_ROUNDS):
        if round_number % 2 == 0:
            high ^= _round(key, log2size, round_number, low) & high_mask
        else:
            low ^= _round(key, log2size, round_number, high) & low_mask
    return high << low_bits | low


class Permutation:
    """`status_index` of one list for many counters: each round's few values are computed once and kept."""

    __slots__ = ("_key", "_known", "_log2size")

    def __init__(self, key: bytes, log2size: int) -> None:
        self._key = key
        self._log2size = log2size
        self._known: dict[tuple[int, int], int] = {}

    def status_index(self, counter: int) -> int:
        """The status index of `counter`."""
        if not 0 <= counter < 1 << self._log2size:
            return status_index(self._key, counter, self._log2size)  # says what is wrong
        known = self._known
        low_bits = self._log2size // 2
        high_bits = self._log2size - low_bits
        high, low = counter >> low_bits, counter & ((1 << low_bits) - 1)
        for round_number in range(_ROUNDS):
            half = low if round_number % 2 == 0 else high
            place = round_number, half
            value = known.get(place)
            if value is None:
                value = known[place] = _round(self._key, self._log2size, round_number, half)
            if round_number % 2 == 0:
                high ^= value & ((1 << high_bits) - 1)
            else:
                low ^= value & ((1 << low_bits) - 1)
        return high << low_bits | low


def _round(key: bytes, log2size: int, round_number: int, half: int) -> int:
    inner, outer = _hmac_states(key)
    digest = inner.copy()
    digest.update(_DOMAIN + _MESSAGE.pack(log2size, round_number, half))
    result = outer.copy()
    result.update(digest.digest())
    return int.from_bytes(result.digest()[:4], "big")


@functools.lru_cache(maxsize=16)
def _hmac_states(key: bytes) -> tuple[Any, Any]:
    """The two hash states that HMAC-SHA-256 (RFC 2104) has after its key: copying them is three times as fast."""
    block = key.ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    return inner, outer
